//! An incremental model has no `unique_key`.
//!
//! Rows that come again are then there twice. A model that appends on purpose says so by `incremental_strategy: append`, and is no finding; nor is a
//! microbatch model, which replaces whole batches.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};

pub(super) const RULE: Rule = Rule {
    name: "incremental-without-unique-key",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("incremental_without_unique_key.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().filter(|node| node.config.materialized() == "incremental") {
        let strategy = node.config.str("incremental_strategy").unwrap_or_default();
        if node.config.get("unique_key").is_none() && !matches!(strategy, "append" | "microbatch" | "insert_overwrite") {
            let message = format!("the incremental model `{}` has no `unique_key`", node.name);
            found.in_model(node, message, "set `unique_key`, or `incremental_strategy: append` if rows never come again");
        }
    }
}
