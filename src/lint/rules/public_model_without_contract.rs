//! A model with `access: public` has no enforced contract.
//!
//! Other projects build on a public model: which columns and types it has is a promise, which a contract keeps at build time.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use serde_json::Value;

pub(super) const RULE: Rule = Rule {
    name: "public-model-without-contract",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("public_model_without_contract.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().filter(|node| node.access == "public") {
        let contract = node.config.get("contract").and_then(|contract| contract.get("enforced"));
        if contract.and_then(Value::as_bool) != Some(true) {
            let message = format!("`{}` is public and has no contract", node.name);
            let hint = "set `contract: {enforced: true}` and the types of its columns";
            found.at_or_file(subject.described_at(node), &node.original_file_path, message, hint);
        }
    }
}
