//! `completions`.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::ui;

/// Write completions for a shell to standard output
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Needs no project; `tree` is the whole command line.
    pub(crate) fn run(&self, tree: &clap::Command) -> ExitCode {
        let mut script = Vec::new();
        let mut tree = tree.clone();
        let name = tree.get_name().to_owned();
        clap_complete::generate(self.shell, &mut tree, name, &mut script);
        ui::print_raw(&String::from_utf8_lossy(&script));
        ExitCode::SUCCESS
    }
}
