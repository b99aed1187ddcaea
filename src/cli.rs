//! The command line: its tree, and the way from arguments to an exit code.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::commands::{self, Command};
use crate::ui;

/// Runs dbt projects: builds, tests and documents the tables of a warehouse.
#[derive(Debug, Parser)]
#[command(name = "hetl", disable_version_flag = true, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Runs hetl with these arguments (the first is the program's name).
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|arg| ["--version", "-V", "-v"].iter().any(|flag| arg == flag)) {
        ui::print_line(&commands::version_text(&called_name(args.first())));
        return ExitCode::SUCCESS;
    }
    let tree = commands::add_global_flags(Cli::command());
    let matches = match tree.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(usage) => return refuse(&usage),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(usage) => return refuse(&usage),
    };
    let mut innermost = &matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    match commands::read_global_flags(innermost) {
        Ok(overrides) => cli.command.run(&overrides),
        Err(problem) => refuse(&Cli::command().error(clap::error::ErrorKind::ValueValidation, problem)),
    }
}

/// The name that the program was called by, without folder and ending.
fn called_name(first: Option<&OsString>) -> String {
    let called = first.map(Path::new).and_then(Path::file_stem).unwrap_or_default();
    called.to_string_lossy().into_owned()
}

/// Help goes to standard output with exit code 0, wrong usage to standard error with 2.
fn refuse(usage: &clap::Error) -> ExitCode {
    if usage.use_stderr() {
        ui::print_to_stderr(&usage.render().to_string());
        ExitCode::from(2)
    } else if ui::is_terminal() {
        ui::print_raw(&usage.render().ansi().to_string());
        ExitCode::SUCCESS
    } else {
        ui::print_raw(&usage.render().to_string());
        ExitCode::SUCCESS
    }
}
