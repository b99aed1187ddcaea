//! A model or seed has `full_refresh: true`: it is dropped and built again in each run.
//!
//! An incremental model that is never built incrementally is a table with more code; what it had kept beyond its sources is lost with the first run.
//! `full_refresh: false` protects a table from being rebuilt and is no finding.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "always-full-refresh",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("always_full_refresh.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().chain(subject.nodes(ResourceType::Seed)) {
        let is_kept = node.config.materialized() == "incremental" || node.resource_type == ResourceType::Seed;
        if is_kept && node.config.flag("full_refresh") == Some(true) {
            let message = format!("`{}` is dropped and built again in each run", node.name);
            found.in_model(node, message, "remove `full_refresh`, and pass `--full-refresh` when it is needed");
        }
    }
}
