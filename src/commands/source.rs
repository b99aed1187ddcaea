//! `source freshness`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::opening::{Opening, Outcome, with_project};
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::manifest::{CompiledNodes, Manifest, ResourceType};
use crate::plan::{Mode, Plan};
use crate::runner::{FreshnessReport, Runner, Safeguards, Stop, has_freshness};

/// Ask about sources
#[derive(Debug, Args)]
pub(crate) struct Source {
    #[command(subcommand)]
    command: SourceCommand,
}

#[derive(Debug, Subcommand)]
enum SourceCommand {
    #[command(visible_alias = "snapshot-freshness")]
    Freshness(Freshness),
}

/// Find out when sources were last loaded, and write target/sources.json
#[derive(Debug, Args)]
struct Freshness {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Write the results to this file instead
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Source {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let SourceCommand::Freshness(freshness) = &self.command;
        let mut args = freshness.selection.to_map();
        let output = freshness.output.as_ref().map(|path| Value::from(path.to_string_lossy().into_owned()));
        args.insert("output".into(), output.unwrap_or_default());
        with_project("freshness", args, overrides, |opening| freshness.check(opening))
    }
}

impl Freshness {
    fn check(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        if let Some(output) = &self.output {
            let message = format!("`--output {}` is deprecated", output.display());
            let warning = Diagnostic::warning(Code::DEPRECATED, message)
                .named("CustomOutputPathInSourceFreshnessDeprecation")
                .hint("use `--target-path`");
            opening.check(warning.into())?;
        }
        let project = opening.parse()?;
        opening.report_found(&project.manifest);
        let ids = opening.select(&project, &self.selection, &[ResourceType::Source], false)?;
        let checked = |id: &&str| project.manifest.sources.get(*id).is_some_and(|source| has_freshness(source));
        let chosen = ids.iter().map(String::as_str).filter(checked);
        let plan = Plan::build(&project.graph, &project.manifest, chosen, Mode::Independent);
        if plan.is_empty() {
            opening.report(&Event::NothingToDo {});
            opening.write_sources(&FreshnessReport::default(), self.output.as_deref())?;
            return Ok(Outcome::Success);
        }
        project.session.set_selected(plan.jobs().iter().map(|job| job.unique_id.clone()).collect());
        let stop = Stop::new(opening.config.flags.fail_fast);
        stop.listen();
        let runner = Runner::new(project.runner_parts(stop, Safeguards::default()))?;
        warn_of_hooks(opening, &project.manifest)?;
        let report = runner.check_freshness(&plan)?;
        opening.write_manifest(&project, &CompiledNodes::default())?;
        opening.write_sources(&report, self.output.as_deref())?;
        opening.make_reports(&project.manifest, &report.results, report.elapsed)?;
        Ok(report.is_success().into())
    }
}

/// Hooks of the project run with `source freshness` too, unless a flag of the project says otherwise.
fn warn_of_hooks(opening: &Opening, manifest: &Manifest) -> Result<(), Diagnostics> {
    let has_hooks = || manifest.nodes.values().any(|node| node.resource_type == ResourceType::Operation);
    if opening.config.flags.behaves("source_freshness_run_project_hooks") || !has_hooks() {
        return Ok(());
    }
    let warning = Diagnostic::warning(Code::DEPRECATED, "on-run-start and on-run-end are not run here")
        .named("SourceFreshnessProjectHooksNotRun")
        .hint("set the flag `source_freshness_run_project_hooks` in dbt_project.yml");
    opening.check(warning.into())
}
