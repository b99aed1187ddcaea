//! `build`.

use std::process::ExitCode;

use clap::Args;

use super::opening::{Outcome, with_project};
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Load seeds, build models and snapshots, and run their tests, in one go
#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Show some rows of the seeds that were loaded
    #[arg(long)]
    show: bool,
    /// When nodes become visible under their names: after their tests passed, at once as in dbt, or all at the end of the run [default: audited]
    #[arg(long, value_name = "WHEN", value_parser = ["audited", "immediate", "run"])]
    publish: Option<String>,
}

impl Build {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let mut args = self.selection.to_map();
        if let Some(publish) = &self.publish {
            args.insert("publish".into(), publish.as_str().into());
        }
        with_project("build", args, overrides, |opening| {
            let finished = opening.run_nodes(&Request {
                selection: &self.selection,
                kinds: &[
                    ResourceType::Model,
                    ResourceType::Seed,
                    ResourceType::Snapshot,
                    ResourceType::Test,
                    ResourceType::UnitTest,
                    ResourceType::Exposure,
                    ResourceType::SavedQuery,
                    ResourceType::Function,
                ],
                mode: Mode::Build(opening.publish()?.0),
                action: Action::Build,
            })?;
            let Some(report) = finished.report else { return Ok(Outcome::Success) };
            if self.show {
                super::seed::show(opening, &finished.project, &report);
            }
            Ok(report.results.is_success().into())
        })
    }
}
