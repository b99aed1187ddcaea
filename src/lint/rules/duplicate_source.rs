//! Two source tables of the project are one table in the warehouse.
//!
//! Their tests, descriptions and freshness differ sooner or later, and nobody knows which of them holds.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashMap;

use crate::manifest::Source;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-source",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("duplicate_source.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let mut first: HashMap<String, &Source> = HashMap::new();
    for source in subject.manifest.sources.values().filter(|source| source.package_name == subject.manifest.project_name) {
        // A source that lies in a file of its own has a location that its name does not tell.
        if source.config.get("external_location").is_some() || source.meta.contains_key("external_location") {
            continue;
        }
        let relation = subject.adapter.dialect().key(&source.relation_name);
        match first.get(&relation) {
            None => {
                first.insert(relation, source);
            }
            Some(other) if subject.is_selected(&source.unique_id) => {
                let message = format!(
                    "the sources `{}.{}` and `{}.{}` are both {}",
                    other.source_name, other.name, source.source_name, source.name, source.relation_name
                );
                found.at_or_file(source.span, &source.original_file_path, message, "keep one of them");
            }
            Some(_) => {}
        }
    }
}
