//! `seed`.

use std::process::ExitCode;

use clap::Args;

use super::opening::with_project;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

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
        with_project("seed", self.selection.to_map(), overrides, |opening| {
            opening.build(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Seed],
                mode: Mode::Topological,
                action: Action::Build,
            })
        })
    }
}
