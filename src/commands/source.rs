//! `source`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand};

use super::opening::{Opening, Outcome, with_project};
use super::selection_args::SelectionArgs;
use crate::artifacts::{FreshnessOutcome, FreshnessResult};
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::{CompiledNodes, ResourceType, Source as SourceTable};
use crate::plan::NodeStatus;
use crate::runner::check_freshness;

/// Ask sources how old their newest rows are
#[derive(Debug, Args)]
pub(crate) struct Source {
    #[command(subcommand)]
    command: SourceCommand,
}

#[derive(Debug, Subcommand)]
enum SourceCommand {
    #[command(alias = "snapshot-freshness")]
    Freshness(Freshness),
}

/// Compare the age of sources with what their `freshness` allows; writes target/sources.json
#[derive(Debug, Args)]
struct Freshness {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Write the result here instead of target/sources.json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Source {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let SourceCommand::Freshness(freshness) = &self.command;
        with_project("freshness", freshness.selection.to_map(), overrides, |opening| freshness.check(opening))
    }
}

impl Freshness {
    fn check(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let begin = Instant::now();
        let project = opening.parse()?;
        opening.report_found(&project.manifest);
        let ids = opening.select(&project, &self.selection, &[ResourceType::Source], false)?;
        let is_checked = |source: &&Arc<SourceTable>| {
            source.freshness.as_ref().is_some_and(|rule| rule.warn_after.is_some() || rule.error_after.is_some())
        };
        let sources: Vec<Arc<SourceTable>> =
            ids.iter().filter_map(|id| project.manifest.sources.get(id)).filter(is_checked).cloned().collect();
        opening.write_manifest(&project, &CompiledNodes::default())?;
        if sources.is_empty() {
            opening.report(&Event::NothingToDo {});
        }
        let (results, problems): (Vec<FreshnessResult>, Vec<_>) =
            check_freshness(&project.session, &project.manifest, &sources)?.into_iter().unzip();
        for problem in problems.iter().flatten() {
            opening.report(&Event::diagnosed(problem, &opening.sources));
        }
        opening.write_sources(&results, begin.elapsed().as_secs_f64(), self.output.as_deref())?;
        opening.report(&Event::Note { msg: "Done.".into() });
        let is_good = |result: &FreshnessResult| match &result.outcome {
            FreshnessOutcome::Known(known) => known.status != NodeStatus::Error,
            FreshnessOutcome::Failed(_) => false,
        };
        Ok(results.iter().all(is_good).into())
    }
}
