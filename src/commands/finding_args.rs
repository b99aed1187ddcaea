//! [`FindingArgs`]: which findings of `lint` and `check` are shown.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::linting::{hand_on, has_errors};
use super::opening::{Opening, Outcome};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::lint::{Baseline, Finding, Severity};

/// Which findings are shown, and which are known from before.
#[derive(Debug, Args)]
pub(super) struct FindingArgs {
    /// Show findings from this severity on
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    level: Level,
    /// Leave out the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to this file, to be left out from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

impl FindingArgs {
    /// Prints the findings that are news, or writes all of them to a baseline; the command fails if there are errors among those
    /// that are printed. `notes` are printed whatever their severity; `files` are the files that were looked at.
    pub(super) fn hand_on(
        &self,
        opening: &Opening,
        mut findings: Vec<Finding>,
        notes: Vec<Finding>,
        files: &[String],
    ) -> Result<Outcome, Diagnostics> {
        let line = |path: &str, number: usize| {
            let text = fs::read_to_string(opening.config.project.root.join(path)).ok()?;
            text.lines().nth(number.checked_sub(1)?).map(str::to_owned)
        };
        let folder = &opening.config.invocation.working_dir;
        if let Some(file) = &self.write_baseline {
            let baseline = Baseline::of(&findings, line);
            let problem = |error| Diagnostic::error(Code::UNWRITABLE_FILE, format!("{}: {error}", file.display()));
            fs::write(folder.join(file), baseline.to_json()).map_err(problem)?;
            let msg = format!("{} findings are in {} and are left out by --baseline", baseline.len(), file.display());
            opening.report(&Event::Note { msg });
            return Ok(Outcome::Success);
        }
        if let Some(file) = &self.baseline {
            let problem = |error| Diagnostic::error(Code::UNREADABLE_FILE, format!("{}: {error}", file.display()));
            let text = fs::read_to_string(folder.join(file)).map_err(|error| problem(error.to_string()))?;
            findings = Baseline::from_json(&text).map_err(problem)?.filter(findings, line);
        }
        findings.retain(|finding| finding.severity >= self.level.severity());
        findings.extend(notes);
        Finding::sort(&mut findings);
        let outcome = Outcome::from(!has_errors(&findings));
        hand_on(opening, findings, files);
        Ok(outcome)
    }
}
