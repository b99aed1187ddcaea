//! `lint`.

use std::fs;
use std::process::ExitCode;

use clap::Args;
use rayon::prelude::*;
use serde_json::Map;

use super::linting::{FileArgs, LintedFile, Linting, has_errors};
use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::lint::sql::{Mender, Settings, check, fix};
use crate::lint::{Finding, Severity};

/// Look for problems in the SQL of models, snapshots, analyses and tests, by sqlfluff's rules and settings
#[derive(Debug, Args)]
pub(crate) struct Lint {
    #[command(flatten)]
    files: FileArgs,
    /// Mend what can be mended without changing a query
    #[arg(long)]
    fix: bool,
    /// Only these rules: codes, names or groups, with commas between them
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    rules: Option<Vec<String>>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    exclude_rules: Option<Vec<String>>,
}

impl Lint {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("lint", Map::new(), overrides, |opening| self.lint(opening))
    }

    fn lint(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let (rules, exclude_rules) = (self.rules.clone(), self.exclude_rules.clone());
        let linting = Linting::begin(opening, Settings { rules, exclude_rules, ..Settings::default() })?;
        let mut files = linting.files(&self.files)?;
        refuse_bad_settings(&linting, &files)?;
        let mut findings = Vec::new();
        if self.fix {
            findings.extend(mend(&linting, &mut files)?);
        }
        let checked = linting.for_each(files.par_iter(), |renderer, file| {
            check(renderer, &linting.linters, &file.settings, &file.path, &file.source)
        })?;
        for (file, checked) in files.iter().zip(checked) {
            if let Some(reason) = &checked.skipped {
                linting.report_skipped(&file.path, reason);
            }
            findings.extend(checked.findings);
        }
        Finding::sort(&mut findings);
        let outcome = Outcome::from(!has_errors(&findings));
        let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
        linting.hand_on(findings, &paths);
        Ok(outcome)
    }
}

/// Settings that the linter refuses end the command: each is told once.
pub(super) fn refuse_bad_settings(linting: &Linting<'_>, files: &[LintedFile]) -> Result<(), Diagnostics> {
    let mut told: Vec<String> = Vec::new();
    let mut problems = Diagnostics::new();
    for file in files {
        if let Err(problem) = linting.linters.get(&file.settings).as_ref()
            && !told.contains(problem)
        {
            told.push(problem.clone());
            let message = format!("the settings for {} are refused: {}", file.path, problem.trim_end_matches('.'));
            problems.push(Diagnostic::error(Code::LINT_SETTINGS, message));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Mends files where they are; what could not be mended safely is a note.
pub(super) fn mend(linting: &Linting<'_>, files: &mut [LintedFile]) -> Result<Vec<Finding>, Diagnostics> {
    type Notes = Result<Vec<Finding>, Diagnostic>;
    let dialect = linting.project.session.adapter().dialect();
    let outcomes = linting.for_each(files.par_iter_mut(), |renderer, file| -> Notes {
        let mender = Mender { renderer, linters: &linting.linters, dialect, path: &file.path };
        // What cannot be worked on is told when the file is looked at.
        let Ok(outcome) = fix(&mender, &file.source, &file.settings) else { return Ok(Vec::new()) };
        if outcome.text != file.source {
            fs::write(&file.file, &outcome.text).map_err(|error| unwritable(&file.path, &error))?;
            file.source = outcome.text;
        }
        Ok(outcome.refused.iter().map(|rule| refused(&file.path, rule)).collect())
    })?;
    let mut notes = Vec::new();
    for outcome in outcomes {
        notes.extend(outcome?);
    }
    Ok(notes)
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
