//! [`check()`]: rules on a project, and what comments allow.

use std::collections::HashMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::rule::{Found, Needs, Rule};
use super::subject::Subject;
use super::suppression::{self, Suppressions};
use super::{Finding, RuleLevel, rules};

/// The rules to be applied: those of `only`, or all that the settings switch on if it is empty, without those of `except`. Else the name that
/// is no rule.
pub fn chosen(only: &[String], except: &[String], settings: &super::Settings) -> Result<Vec<&'static Rule>, String> {
    if let Some(unknown) = only.iter().chain(except).find(|name| named(name).is_none()) {
        return Err(unknown.clone());
    }
    let is_named = |names: &[String], rule: &Rule| names.iter().any(|name| name == rule.name);
    let is_chosen = |rule: &&&Rule| if only.is_empty() { rule.is_on(settings) } else { is_named(only, rule) };
    Ok(rules::ALL.iter().filter(is_chosen).filter(|rule| !is_named(except, rule)).copied().collect())
}

/// A rule by its name.
pub fn named(name: &str) -> Option<&'static Rule> {
    rules::ALL.iter().find(|rule| rule.name == name).copied()
}

/// The most that any of these rules needs.
pub fn needs(rules: &[&'static Rule]) -> Needs {
    rules.iter().map(|rule| rule.needs).max().unwrap_or(Needs::Project)
}

/// What these rules find, without what comments allow, in order. A rule that was named finds even where settings switch it off.
pub fn check(subject: &Subject<'_>, rules: &[&'static Rule], is_named: bool) -> Vec<Finding> {
    let mut findings: Vec<Finding> = rules
        .par_iter()
        .flat_map_iter(|rule| {
            let (sources, settings) = (subject.sources, subject.settings);
            let mut found = Found { sources, settings, rule, is_asked_for: is_named, findings: Vec::new() };
            (rule.check)(subject, &mut found);
            found.findings
        })
        .collect();
    let packages = subject.config.project.packages_install_path.to_string_lossy().into_owned();
    let mut allowed: HashMap<String, Suppressions> = HashMap::new();
    for id in subject.sources.ids() {
        let file = subject.sources.get(id);
        if file.text.contains(suppression::MARK) && !file.path.starts_with(&packages) {
            allowed.insert(file.path.clone(), Suppressions::of(&file.text));
        }
    }
    findings.retain(|finding| !allowed.get(&finding.path).is_some_and(|allowed| allowed.allow(finding)));
    if subject.selected.is_none() && !is_named {
        let is_known = |name: &str| named(name).is_some() || super::settings::is_code(name);
        findings.extend(allowed.iter().flat_map(|(path, allowed)| allowed.findings(path, is_known)));
    }
    Finding::sort(&mut findings);
    findings.dedup();
    findings
}

/// Findings of rules about SQL in a file with this text as `hetl.yml` and the comments of the file will have them.
pub fn as_set(findings: Vec<Finding>, settings: &super::Settings, text: &str) -> Vec<Finding> {
    let allowed = Suppressions::of(text);
    let level = |mut finding: Finding| {
        match settings.level(&finding.rule, &finding.path) {
            Some(RuleLevel::Off) => return None,
            Some(RuleLevel::At(severity)) => finding.severity = severity,
            None => {}
        }
        Some(finding)
    };
    findings.into_iter().filter_map(level).filter(|finding| !allowed.allow(finding)).collect()
}

impl<'a> Subject<'a> {
    /// A subject of which only the project is known: `sql` and `lineage` are to be added if rules need them.
    pub fn new(
        project: (&'a crate::manifest::Manifest, &'a crate::graph::Graph),
        config: &'a crate::config::Config,
        adapter: &'a dyn crate::adapters::Adapter,
        sources: &'a crate::diagnostics::SourceMap,
        settings: &'a super::Settings,
    ) -> Self {
        Self {
            manifest: project.0,
            graph: project.1,
            config,
            adapter,
            sources,
            settings,
            warnings: &[],
            sql: indexmap::IndexMap::new(),
            lineage: None,
            selected: None,
            relations: OnceLock::new(),
            keys: OnceLock::new(),
        }
    }
}
