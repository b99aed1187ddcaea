//! `seed`.

use std::process::ExitCode;

use clap::Args;

use super::opening::{Opening, Outcome, with_project};
use super::parsed::ParsedProject;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::{Action, RunReport};
use crate::ui;

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
        let columns: Vec<String> = table.column_names().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> =
            table.rows().iter().map(|row| row.iter().map(super::show::shown).collect()).collect();
        let rule = "-".repeat(header.len());
        for msg in [String::new(), header, rule, ui::text_table(&columns, &rows), String::new()] {
            opening.report(&Event::Formatting { msg });
        }
    }
}
