//! `source freshness`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::opening::{Opening, Outcome, with_project};
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::{CompiledNodes, ResourceType};
use crate::plan::{Mode, Plan};
use crate::runner::{Action, FreshnessReport, Runner, RunnerParts, Safeguards, Stop, has_freshness};

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
        let runner = Runner::new(RunnerParts {
            safeguards: Safeguards::default(),
            session: Arc::clone(&project.session),
            manifest: Arc::clone(&project.manifest),
            stop,
            action: Action::Build,
            deferred: Arc::default(),
            batches: HashMap::new(),
        })?;
        let report = runner.check_freshness(&plan)?;
        opening.write_manifest(&project, &CompiledNodes::default())?;
        opening.write_sources(&report, self.output.as_deref())?;
        opening.make_reports(&project.manifest, &report.results, report.elapsed)?;
        Ok(report.is_success().into())
    }
}
