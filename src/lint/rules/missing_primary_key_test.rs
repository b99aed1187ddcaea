//! No test or constraint says which columns identify a row of a model.
//!
//! Without such a test nobody notices when a join upstream has multiplied rows. Tests `unique` with `not_null`, `unique_combination_of_columns` of dbt_utils,
//! and constraints `primary_key` and `unique` count. Ephemeral models are no findings.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};

pub(super) const RULE: Rule = Rule {
    name: "missing-primary-key-test",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("missing_primary_key_test.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().filter(|node| !node.is_ephemeral()) {
        if node.primary_key.is_empty() && !subject.keys().contains_key(node.unique_id.as_str()) {
            let message = format!("no test says what identifies a row of `{}`", node.name);
            let hint = "test a column for `unique` and `not_null`, or several for being unique together";
            found.at_or_file(subject.described_at(node), &node.original_file_path, message, hint);
        }
    }
}
