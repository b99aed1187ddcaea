//! `clone`.

use std::process::ExitCode;

use clap::Args;

use super::opening::with_project;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Make the relations of another environment (--state) appear in this one: clones where the warehouse can, else views
#[derive(Debug, Args)]
pub(crate) struct Clone {
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Clone {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("clone", self.selection.to_map(), overrides, |opening| {
            opening.build(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot],
                mode: Mode::Independent,
                action: Action::Clone,
            })
        })
    }
}
