//! `snapshot`.

use std::process::ExitCode;

use clap::Args;

use super::opening::with_project;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Record changes of rows in history tables
#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Snapshot {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("snapshot", self.selection.to_map(), overrides, |opening| {
            opening.build(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Snapshot],
                mode: Mode::Topological,
                action: Action::Build,
            })
        })
    }
}
