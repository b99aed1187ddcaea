//! `snapshot`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::opening::{Opening, with_project};
use super::running::{Finished, Request};
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Record changes of rows in history tables
#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Record nothing; `plan` tells what is wrong with the histories that are there, and with which SQL to mend it
    #[arg(long, value_name = "WHAT")]
    repair: Option<Repair>,
}

/// What `--repair` does.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Repair {
    /// Tells.
    Plan,
}

impl Snapshot {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("snapshot", self.selection.to_map(), overrides, |opening| {
            let action = if self.repair.is_some() { Action::PlanRepair } else { Action::Build };
            let finished = opening.run_nodes(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Snapshot],
                mode: Mode::Topological,
                action,
            })?;
            if self.repair.is_some() {
                tell(opening, &finished);
            }
            Ok(finished.report.is_none_or(|report| report.results.is_success()).into())
        })
    }
}

/// Prints the plan of each snapshot.
fn tell(opening: &Opening, finished: &Finished) {
    let Some(report) = &finished.report else { return };
    for (id, plan) in &report.tables {
        let lines = plan.rows().iter().map(|row| row[0].to_string());
        let msg = std::iter::once(format!("-- {id}")).chain(lines).collect::<Vec<_>>().join("\n");
        opening.report(&Event::Formatting { msg });
    }
}
