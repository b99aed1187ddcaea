//! The commands, one file each: its arguments, whose doc comments are the help, and what it does.
//!
//! `opening` begins and ends them all; `selection` turns `--select` and its like into unique ids. Nothing here speaks to a
//! warehouse or prints: that is done by the rooms below and by `ui`.

mod global_flags;
mod opening;
mod selection_args;

mod clean;
mod init;

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Overrides;

pub(crate) use global_flags::{add as add_global_flags, read as read_global_flags};

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Clean(clean::Clean),
    Init(init::Init),
}

impl Command {
    /// Does what was asked and returns dbt's exit code: 0, 1 if a node failed, 2 if the command could not be carried out.
    pub(crate) fn run(&self, overrides: Overrides) -> ExitCode {
        match self {
            Self::Clean(command) => command.run(&overrides),
            Self::Init(command) => command.run(&overrides),
        }
    }
}

/// What `--version` prints. The first number is ours: tools choose by it which log events they expect (dbt Core's).
pub(crate) fn version_text() -> String {
    format!("hetl {} (runs dbt projects as dbt Core {})", env!("CARGO_PKG_VERSION"), crate::config::DBT_VERSION)
}
