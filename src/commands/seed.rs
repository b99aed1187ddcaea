//! `seed`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::opening::{Opening, Outcome, with_project};
use super::parsed::ParsedProject;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::context::{TableLimits, drawn_table};
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::{Action, RunReport};

/// Load CSV files
#[derive(Debug, Args)]
pub(crate) struct Seed {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Show some rows of what was loaded
    #[arg(long)]
    show: bool,
}

impl Seed {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let mut args = self.selection.to_map();
        args.insert("show".into(), self.show.into());
        with_project("seed", args, overrides, |opening| {
            let finished = opening.run_nodes(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Seed],
                mode: Mode::Topological,
                action: Action::Build,
            })?;
            let Some(report) = finished.report else { return Ok(Outcome::Success) };
            if self.show {
                show(opening, &finished.project, &report);
            }
            Ok(report.results.is_success().into())
        })
    }
}

/// Shows rows of the seeds that a run loaded.
pub(super) fn show(opening: &Opening, project: &ParsedProject, report: &RunReport) {
    for (id, table) in &report.tables {
        let Some(node) = project.manifest.nodes.get(id) else { continue };
        let header = format!("Sample of table: {}.{}", node.schema, node.alias);
        let limits = TableLimits { rows: 10, columns: usize::MAX, ..TableLimits::default() };
        let drawn = drawn_table(Arc::new(table.clone()), limits);
        let rule = "-".repeat(header.len());
        for msg in [String::new(), header, rule, drawn, String::new()] {
            opening.report(&Event::Formatting { msg });
        }
    }
}
