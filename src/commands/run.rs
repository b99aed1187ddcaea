//! `run`.

use std::process::ExitCode;

use clap::Args;

use super::opening::with_project;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Build models
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Run {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("run", self.selection.to_map(), overrides, |opening| {
            opening.build(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Model],
                mode: Mode::Topological,
                action: Action::Build,
            })
        })
    }
}
