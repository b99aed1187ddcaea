//! A variable that `dbt_project.yml` sets is asked for by nothing in the project.
//!
//! Looked for is `var('name')` with the name as a text, in every model, test, macro, hook and property file; a variable of a package is the package's business.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::diagnostics::Span;

pub(super) const RULE: Rule = Rule {
    name: "unused-var",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("unused_var.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    if subject.selected.is_some() {
        return;
    }
    let project = &subject.config.project;
    let names = project.vars.iter().flat_map(|(name, value)| match value.as_object().filter(|_| *name == project.name) {
        Some(own) => own.keys().map(String::as_str).collect::<Vec<_>>(),
        None => vec![name.as_str()],
    });
    let packages: Vec<&str> = project.all().skip(1).map(|package| package.name.as_str()).collect();
    let names: Vec<&str> = names.filter(|name| !packages.contains(name)).collect();
    if names.is_empty() {
        return;
    }
    let file = subject.sources.get(project.source);
    let texts: Vec<_> = subject.sources.ids().map(|id| subject.sources.get(id)).collect();
    for name in names {
        let is_asked_for = texts.iter().any(|text| {
            text.text.match_indices(name).any(|(at, _)| {
                let before = text.text[..at].trim_end_matches(['"', '\'', ' ', '\n']);
                let is_quoted = text.text[..at].ends_with(['"', '\'']);
                is_quoted && before.ends_with('(') && before[..before.len() - 1].trim_end().ends_with("var")
            })
        });
        if !is_asked_for {
            let message = format!("the variable `{name}` is asked for by nothing");
            let place = file.text.match_indices(name).find(|(at, _)| {
                file.text[at + name.len()..].trim_start_matches(['"', '\'']).starts_with(':')
            });
            let span = place.map(|(at, _)| Span::new(project.source, at, at + name.len()));
            found.at_or_file(span, &file.path, message, "remove it");
        }
    }
}
