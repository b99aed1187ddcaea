//! A macro of the project is called by nothing in it.
//!
//! Macros that something else calls are no findings: materializations, generic tests, implementations of a dispatched name (`default__x`), macros that
//! replace one of dbt or of a package, and those that are described with a description (people call them by `run-operation`).

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule {
    name: "unused-macro",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("unused_macro.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let manifest = subject.manifest;
    let by_nodes = manifest.nodes.values().flat_map(|node| &node.depends_on.macros);
    let by_macros = manifest.macros.values().flat_map(|found| {
        found.depends_on_macros.iter().filter(|id| **id != found.unique_id)
    });
    let mut used: HashSet<&str> = by_nodes.chain(by_macros).map(String::as_str).collect();
    let all_macros = || manifest.macros.values();
    // Names that are called in texts which are rendered without being nodes: hooks in dbt_project.yml, property files.
    let project = &subject.config.project;
    let hooks: Vec<&str> = project.on_run_start.iter().chain(&project.on_run_end).map(|hook| hook.sql.as_str()).collect();
    let configs: Vec<String> = manifest
        .nodes
        .values()
        .flat_map(|node| ["pre-hook", "post-hook"].map(|key| node.config.get(key).map(ToString::to_string)))
        .flatten()
        .collect();
    let is_named = |name: &str| hooks.iter().any(|sql| sql.contains(name)) || configs.iter().any(|text| text.contains(name));
    let replaced: HashSet<&str> = all_macros()
        .filter(|other| other.package_name != manifest.project_name)
        .map(|other| other.name.as_str())
        .collect();
    used.retain(|id| manifest.macros.contains_key(*id));
    for found_macro in all_macros().filter(|found| found.package_name == manifest.project_name) {
        let name = found_macro.name.as_str();
        let is_called_otherwise = name.starts_with("materialization_")
            || name.starts_with("test_")
            || name.contains("__")
            || replaced.contains(name)
            || !found_macro.description.trim().is_empty()
            || is_named(name);
        if !used.contains(found_macro.unique_id.as_str()) && !is_called_otherwise && subject.selected.is_none() {
            let message = format!("the macro `{name}` is called by nothing");
            found.at_or_file(found_macro.span, &found_macro.original_file_path, message, "remove it, or describe what it is for");
        }
    }
}
