//! A model, a snapshot or a source table has no description.
//!
//! The description is what people find in the documentation, and where it is decided whether they may use the table.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "missing-description",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("missing_description.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let nodes = subject.models().chain(subject.nodes(ResourceType::Snapshot));
    for node in nodes.filter(|node| node.description.trim().is_empty()) {
        let message = format!("the {} `{}` has no description", node.resource_type.as_str(), node.name);
        found.at_or_file(subject.described_at(node), &node.original_file_path, message, "describe it in a property file");
    }
    for source in subject.source_tables().filter(|source| source.description.trim().is_empty()) {
        let message = format!("the source `{}.{}` has no description", source.source_name, source.name);
        found.at_or_file(source.span, &source.original_file_path, message, "describe what a row of it is");
    }
}
