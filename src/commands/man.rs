//! `man`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::ui;

/// Write the manual page of hetl, or of one command, to standard output
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The command: `run`, `docs generate` …
    command: Vec<String>,
    /// Write the pages of hetl and of all commands into this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

impl Man {
    /// Needs no project; `tree` is the whole command line.
    pub(crate) fn run(&self, tree: &clap::Command) -> ExitCode {
        let written = match &self.out {
            Some(folder) => std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(tree.clone(), folder))
                .map_err(|problem| format!("cannot write to `{}`: {problem}", folder.display())),
            None => self.page(tree).map(|page| ui::print_raw(&page)),
        };
        match written {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                ui::print_to_stderr(&format!("error: {problem}\n"));
                ExitCode::from(2)
            }
        }
    }

    fn page(&self, tree: &clap::Command) -> Result<String, String> {
        let mut command = tree.clone();
        command.build();
        let mut name = command.get_name().to_owned();
        for word in &self.command {
            let below = command.find_subcommand(word).cloned();
            command = below.ok_or_else(|| format!("`{word}` is not a command of `{name}`"))?;
            name = format!("{name}-{}", command.get_name());
        }
        let mut page = Vec::new();
        let render = |page: &mut Vec<u8>| -> io::Result<()> {
            clap_mangen::Man::new(command.name(name)).section("1").render(page)
        };
        render(&mut page).map_err(|problem| problem.to_string())?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }
}
