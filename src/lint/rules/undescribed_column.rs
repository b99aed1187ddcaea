//! A column that a model gives is not described.
//!
//! Only models that are described in a property file with at least one column are looked at; which columns there are is known from their SQL.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::manifest::ColumnProperties;

pub(super) const RULE: Rule = Rule {
    name: "undescribed-column",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Lineage,
    text: include_str!("undescribed_column.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let Some(lineage) = &subject.lineage else { return };
    let dialect = subject.adapter.dialect();
    for node in subject.models().filter(|node| !node.columns.is_empty()) {
        let Some(known) = lineage.nodes.get(&node.unique_id).filter(|known| known.problem.is_none()) else { continue };
        let is_described = |name: &str| {
            let same = |column: &&ColumnProperties| dialect.key(&column.name) == dialect.key(name);
            node.columns.values().find(same).is_some_and(|column| !column.description.trim().is_empty())
        };
        for column in known.columns.iter().filter(|column| !is_described(&column.name)) {
            let message = format!("the column `{}` of `{}` is not described", column.name, node.name);
            found.at_or_file(subject.described_at(node), &node.original_file_path, message, "describe it");
        }
    }
}
