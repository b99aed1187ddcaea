//! `lint`.

use std::fs;
use std::process::ExitCode;

use clap::Args;
use rayon::prelude::*;
use serde_json::Map;

use super::finding_args::FindingArgs;
use super::linting::{FileArgs, LintedFile, Linting, deepen_stacks};
use super::opening::{Opening, Outcome, with_project};
use super::project_rules::ProjectRules;
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::lint::sql::{Mender, Settings, check, fix};
use crate::lint::{self, Finding, Severity};

/// Look for problems in the SQL of models, snapshots, analyses and tests, by sqlfluff's rules and settings, and in what is said of
/// them, by the rules of `check`
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    files: FileArgs,
    /// Mend what can be mended without changing a query
    #[arg(long)]
    fix: bool,
    /// Only these rules: sqlfluff's codes, names or groups, or rules of `hetl check`, with commas between them
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    rules: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    exclude_rules: Vec<String>,
    #[command(flatten)]
    shown: FindingArgs,
}

impl Lint {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        deepen_stacks();
        with_project("lint", Map::new(), overrides, |opening| self.lint(opening))
    }

    fn lint(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let (project_rules, sql_rules) = split(&self.rules);
        let (not_of_project, not_of_sql) = split(&self.exclude_rules);
        let mut rules = ProjectRules::choose(opening, &project_rules, &not_of_project)?;
        if project_rules.is_empty() && !sql_rules.is_empty() {
            rules = rules.without_any();
        }
        let is_about_sql = self.rules.is_empty() || !sql_rules.is_empty();
        let some = |names: Vec<String>| Some(names).filter(|names| !names.is_empty());
        let base = Settings { rules: some(sql_rules), exclude_rules: some(not_of_sql), ..Settings::default() };
        let mut linting = Linting::begin(opening, base)?;
        let scope = linting.scope(&self.files)?;
        let mut files = if is_about_sql { linting.read(scope.files)? } else { Vec::new() };
        let mut notes = Vec::new();
        if self.fix {
            let mended = mend(&linting, &mut files)?;
            if mended.has_changed {
                linting = linting.again()?;
            }
            notes = mended.notes;
        }
        let checked = linting.for_each(files.par_iter(), |renderer, file| {
            let mut checked = check(renderer, &linting.linters, &file.settings, &file.path, &file.source);
            checked.findings = lint::as_set(checked.findings, &rules.settings, &file.source);
            checked
        });
        refuse_bad_settings(&linting, &files)?;
        linting.keep_findings();
        let mut findings = Vec::new();
        for (file, checked) in files.iter().zip(checked) {
            if let Some(reason) = &checked.skipped {
                linting.report_skipped(&file.path, reason);
            }
            findings.extend(checked.findings);
        }
        findings.extend(rules.findings(&linting, scope.resources)?);
        Finding::sort(&mut findings);
        let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
        self.shown.hand_on(opening, findings, notes, &paths)
    }
}

/// Names of rules about the project, and those of rules about SQL.
fn split(names: &[String]) -> (Vec<String>, Vec<String>) {
    names.iter().cloned().partition(|name| lint::named(name).is_some())
}

/// Settings that the linter refuses end the command: each is told once.
pub(super) fn refuse_bad_settings(linting: &Linting<'_>, files: &[LintedFile]) -> Result<(), Diagnostics> {
    let mut told: Vec<String> = Vec::new();
    let mut problems = Diagnostics::new();
    for file in files {
        if let Some(problem) = linting.linters.problem_with(&file.settings)
            && !told.contains(&problem)
        {
            told.push(problem.clone());
            let message = format!("the settings for {} are refused: {}", file.path, problem.trim_end_matches('.'));
            problems.push(Diagnostic::error(Code::LINT_SETTINGS, message));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What became of files that were to be mended.
struct Mended {
    has_changed: bool,
    /// What could not be mended safely.
    notes: Vec<Finding>,
}

/// Mends files where they are.
fn mend(linting: &Linting<'_>, files: &mut [LintedFile]) -> Result<Mended, Diagnostics> {
    let dialect = linting.project.session.adapter().dialect();
    let outcomes = linting.for_each(files.par_iter_mut(), |renderer, file| -> Result<Mended, Diagnostic> {
        let mender = Mender { renderer, linters: &linting.linters, dialect, path: &file.path };
        // What cannot be worked on is told when the file is looked at.
        let outcome = fix(&mender, &file.source, &file.settings).unwrap_or_default();
        let notes = outcome.refused.iter().map(|rule| refused(&file.path, rule)).collect();
        let has_changed = !outcome.text.is_empty() && outcome.text != file.source;
        if has_changed {
            fs::write(&file.file, &outcome.text).map_err(|error| unwritable(&file.path, &error))?;
            file.source = outcome.text;
        }
        Ok(Mended { has_changed, notes })
    });
    let mut mended = Mended { has_changed: false, notes: Vec::new() };
    for outcome in outcomes {
        let outcome = outcome?;
        mended.has_changed |= outcome.has_changed;
        mended.notes.extend(outcome.notes);
    }
    Ok(mended)
}

pub(super) fn unwritable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {path}: {error}"))
}

fn refused(path: &str, rule: &str) -> Finding {
    Finding {
        rule: rule.to_owned().into(),
        severity: Severity::Info,
        path: path.to_owned(),
        range: None,
        message: "its fix was left out: the query would not have been surely the same".into(),
        hint: None,
        edits: Vec::new(),
    }
}
