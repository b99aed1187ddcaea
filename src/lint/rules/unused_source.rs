//! A source table is read by no model, snapshot, analysis, test of data or exposure.
//!
//! Tests of the source itself do not count: they would go with it.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashSet;

use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "unused-source",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("unused_source.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let manifest = subject.manifest;
    let readers = manifest.nodes.values().filter(|node| {
        node.resource_type != ResourceType::Test || node.test.metadata.is_none() || node.depends_on.nodes.len() > 1
    });
    let mut used: HashSet<&str> = readers.flat_map(|node| &node.depends_on.nodes).map(String::as_str).collect();
    used.extend(manifest.exposures.values().flat_map(|exposure| &exposure.depends_on.nodes).map(String::as_str));
    for source in subject.source_tables().filter(|source| !used.contains(source.unique_id.as_str())) {
        let message = format!("the source `{}.{}` is read by nothing", source.source_name, source.name);
        found.at_or_file(source.span, &source.original_file_path, message, "remove it");
    }
}
