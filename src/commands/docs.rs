//! `docs`.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::compile::KINDS;
use super::opening::{Opening, Outcome, with_project};
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::plan::Mode;
use crate::runner::{Action, catalog_rows};

/// Describe the project and what is in the warehouse
#[derive(Debug, Args)]
pub(crate) struct Docs {
    #[command(subcommand)]
    command: DocsCommand,
}

#[derive(Debug, Subcommand)]
enum DocsCommand {
    Generate(Generate),
}

/// Write target/manifest.json and target/catalog.json
#[derive(Debug, Args)]
struct Generate {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Do not ask the warehouse; the catalog is empty
    #[arg(long)]
    empty_catalog: bool,
    /// Compile nodes first (this is so unless --no-compile is given)
    #[arg(long, overrides_with = "no_compile")]
    compile: bool,
    /// Do not compile nodes
    #[arg(long)]
    no_compile: bool,
    /// Accepted for dbt's sake
    #[arg(long, hide = true)]
    r#static: bool,
}

impl Docs {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let DocsCommand::Generate(generate) = &self.command;
        with_project("generate", generate.selection.to_map(), overrides, |opening| generate.write(opening))
    }
}

impl Generate {
    fn write(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let mut outcome = Outcome::Success;
        let mut compiled = None;
        let project = if self.no_compile {
            let project = opening.parse()?;
            opening.report_found(&project.manifest);
            project
        } else {
            let request =
                Request { selection: &self.selection, kinds: KINDS, mode: Mode::Topological, action: Action::Compile };
            let finished = opening.run_nodes(&request)?;
            compiled = finished.report.as_ref().map(|report| report.compiled.clone());
            if let Some(report) = &finished.report {
                outcome = opening.failed_nodes(report)?;
            }
            finished.project
        };
        opening.copy_assets()?;
        if self.empty_catalog {
            opening.write_catalog(&project, &[])?;
            return Ok(outcome);
        }
        opening.report(&Event::BuildingCatalog {});
        let rows = catalog_rows(&project.session, &project.manifest)?;
        opening.write_catalog(&project, &rows)?;
        // What is not selected is not compiled, and its lineage would be missing.
        if let (Some(compiled), true) = (compiled, self.selection.is_empty()) {
            opening.write_lineage(&opening.lineage_of(&project, &compiled)?)?;
        }
        Ok(outcome)
    }
}
