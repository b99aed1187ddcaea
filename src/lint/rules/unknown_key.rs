//! A property file or `dbt_project.yml` has a key that nobody reads.
//!
//! Most of them are misspelled: what they say is without effect. Configs may have any name in dbt; one that is nearly the name of a real config is a finding too.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashSet;
use std::sync::Arc;

use crate::diagnostics::Code;
use crate::manifest::Node;

pub(super) const RULE: Rule = Rule {
    name: "unknown-key",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("unknown_key.rs"),
    check,
};

/// Configs of dbt and its adapters that are looked for in misspelled ones.
const CONFIGS: &[&str] = &[
    "materialized", "incremental_strategy", "unique_key", "on_schema_change", "full_refresh", "schema", "database", "alias", "tags",
    "enabled", "persist_docs", "contract", "pre-hook", "post-hook", "pre_hook", "post_hook", "grants", "access", "group", "docs", "meta",
    "quoting", "event_time", "batch_size", "lookback", "begin", "severity", "warn_if", "error_if", "store_failures", "store_failures_as",
    "where", "limit", "fail_calc", "strategy", "updated_at", "check_cols", "target_schema", "target_database", "hard_deletes",
    "invalidate_hard_deletes", "column_types", "quote_columns", "delimiter", "freshness", "packages", "merge_exclude_columns",
    "merge_update_columns", "incremental_predicates", "sql_header", "timeout",
];

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let paths = subject.selected_paths();
    for warning in subject.warnings.iter().filter(|warning| warning.code == Code::YAML_UNKNOWN_KEY) {
        let Some(label) = warning.labels.first() else { continue };
        let path = &subject.sources.get(label.span.source).path;
        if paths.as_ref().is_some_and(|paths| !paths.contains(path.as_str())) {
            continue;
        }
        found.at(label.span, warning.message.clone(), warning.hint.as_deref().unwrap_or("remove it"));
    }
    let own = |node: &&Arc<Node>| node.package_name == subject.manifest.project_name && subject.is_selected(&node.unique_id);
    let mut told = HashSet::new();
    for node in subject.manifest.nodes.values().filter(own) {
        for key in node.unrendered_config.keys().filter(|key| !CONFIGS.contains(&key.as_str())) {
            let similar = CONFIGS.iter().find(|known| is_misspelled(key, known));
            let Some(similar) = similar else { continue };
            if told.insert((node.original_file_path.as_str(), key.as_str())) {
                let message = format!("`{}` has the config `{key}`, which nobody reads", node.name);
                let hint = format!("a similar name exists: `{similar}`");
                found.at_or_file(subject.described_at(node), &node.original_file_path, message, &hint);
            }
        }
    }
}

/// Whether a name is one or two letters from a longer known one.
fn is_misspelled(name: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(name, known);
    distance > 0 && distance <= if known.len() >= 8 { 2 } else { 1 } && known.len() >= 5 && name != known
}
