//! `test`.

use std::process::ExitCode;

use clap::Args;

use super::opening::with_project;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Test what is in the warehouse: data tests and unit tests
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Test {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("test", self.selection.to_map(), overrides, |opening| {
            opening.build(&Request {
                selection: &self.selection,
                kinds: &[ResourceType::Test, ResourceType::UnitTest],
                mode: Mode::Independent,
                action: Action::Build,
            })
        })
    }
}
