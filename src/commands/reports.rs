//! What a run leaves beside its artifacts, where it was asked to: annotations and summary on GitHub (`--format github`),
//! JUnit XML (`--junit`), the slowest nodes (`--timings`).

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use indexmap::IndexMap;

use super::opening::Opening;
use crate::artifacts::junit_xml;
use crate::config::OutputFormat;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::events::Event;
use crate::manifest::{Described, Manifest};
use crate::plan::{NodeResult, NodeStatus};
use crate::ui::{StepSummary, SummaryRow};

/// How many nodes are among the slowest.
const SLOWEST: usize = 10;

impl Opening {
    /// Makes the reports that the flags ask for. `seconds` is how long the whole took.
    pub(crate) fn make_reports(
        &self,
        manifest: &Manifest,
        results: &[NodeResult],
        seconds: f64,
    ) -> Result<(), Diagnostics> {
        let flags = &self.config.flags;
        if flags.timings {
            self.report_slowest(results, seconds);
        }
        if flags.format == OutputFormat::Github {
            for result in results {
                self.annotate(manifest, result);
            }
            if let Some(path) = self.config.invocation.env("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
                self.write_step_summary(Path::new(path), manifest, results, seconds)?;
            }
        }
        if let Some(path) = &flags.junit {
            let path = self.config.invocation.working_dir.join(path);
            let xml = self.console.without_secrets(junit_xml(&self.command(), results, manifest, seconds));
            let folder = path.parent().unwrap_or(&path);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, xml))
                .map_err(|error| unwritable(&path, &error))?;
        }
        Ok(())
    }

    fn command(&self) -> String {
        format!("hetl {}", self.config.invocation.which)
    }

    fn report_slowest(&self, results: &[NodeResult], seconds: f64) {
        let slowest = slowest(results);
        self.report(&Event::blank());
        self.report(&Event::Note { msg: format!("Slowest of {} in {seconds:.2}s:", results.len()) });
        for result in slowest {
            let line = format!("{:>9.2}s  {}", result.execution_time, result.unique_id);
            self.report(&Event::Note { msg: line });
        }
    }

    /// A failure or warning, shown at its line.
    fn annotate(&self, manifest: &Manifest, result: &NodeResult) {
        let is_warning = result.status == NodeStatus::Warn;
        if !is_warning && (!result.is_failure() || result.status == NodeStatus::Skipped) {
            return;
        }
        let about = manifest.describe(&result.unique_id);
        if result.diagnostics.is_empty() {
            let message = result.message.as_deref().unwrap_or_default();
            let problem = Diagnostic::error(Code::TEST_FAILED, format!("{}: {message}", about.name));
            self.annotate_at(&about, problem, is_warning);
        }
        for problem in &result.diagnostics {
            self.annotate_at(&about, problem.clone(), is_warning);
        }
    }

    fn annotate_at(&self, about: &Described<'_>, mut problem: Diagnostic, is_warning: bool) {
        if is_warning {
            problem.severity = Severity::Warning;
        }
        // Compiled SQL is not in the repository.
        let root = &self.config.project.root;
        let target = root.join(&self.config.project.target_path);
        let is_in_project = |path: &str| {
            let path = root.join(path);
            path.is_file() && !path.starts_with(&target)
        };
        problem.labels.retain(|label| is_in_project(&self.sources.get(label.span.source).path));
        if problem.labels.is_empty() {
            problem = problem.at_some(about.span, "");
        }
        self.console.annotate(&problem, &self.sources);
    }

    fn write_step_summary(
        &self,
        path: &Path,
        manifest: &Manifest,
        results: &[NodeResult],
        seconds: f64,
    ) -> Result<(), Diagnostics> {
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        for result in results {
            *counts.entry(result.status.as_str()).or_default() += 1;
        }
        let is_problem = |result: &&NodeResult| {
            result.status == NodeStatus::Warn || (result.is_failure() && result.status != NodeStatus::Skipped)
        };
        let row = |result: &NodeResult| {
            let about = manifest.describe(&result.unique_id);
            SummaryRow {
                name: about.name.to_owned(),
                status: result.status.as_str().to_owned(),
                message: result.message.clone().unwrap_or_default(),
                path: about.path.to_owned(),
            }
        };
        let summary = StepSummary {
            command: self.command(),
            counts: counts.into_iter().map(|(status, count)| (status.to_owned(), count)).collect(),
            problems: results.iter().filter(is_problem).map(row).collect(),
            slowest: slowest(results).map(|result| (result.unique_id.clone(), result.execution_time)).collect(),
            seconds,
        };
        let file = OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| file.write_all(summary.markdown().as_bytes()));
        written.map_err(|error| unwritable(path, &error).into())
    }
}

fn slowest(results: &[NodeResult]) -> impl Iterator<Item = &NodeResult> {
    let mut ran: Vec<&NodeResult> = results.iter().filter(|result| result.execution_time > 0.0).collect();
    ran.sort_by(|one, other| other.execution_time.total_cmp(&one.execution_time));
    ran.into_iter().take(SLOWEST)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {}: {error}", path.display()))
}
