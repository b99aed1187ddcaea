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
    let called = called_name(args.first());
    let matches = match tree.clone().try_get_matches_from(args) {
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
    if innermost.get_flag("version") {
        ui::print_line(&commands::version_text(&called));
        return ExitCode::SUCCESS;
    }
    match commands::read_global_flags(innermost) {
        Ok(overrides) => cli.command.run(&overrides, &tree),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use clap::ArgMatches;
    use serde_json::Value;

    /// How a flag is given: nothing after it, any text, a number, or one of these words.
    fn values(kind: &Value) -> Vec<Option<&str>> {
        match kind {
            Value::Array(words) => words.iter().map(Value::as_str).collect(),
            Value::String(kind) => match kind.as_str() {
                "switch" => vec![None],
                "number" => vec![Some("3")],
                _ => vec![Some("{a: b}")],
            },
            other => panic!("{other} is not a kind of flag"),
        }
    }

    fn accept(tree: &mut clap::Command, words: &[&str]) -> Result<ArgMatches, String> {
        let words = ["hetl"].iter().chain(words).copied();
        let matches = tree.try_get_matches_from_mut(words).map_err(|usage| usage.render().to_string())?;
        Cli::from_arg_matches(&matches).map_err(|usage| usage.render().to_string())?;
        let mut innermost = &matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        commands::read_global_flags(innermost)?;
        Ok(matches)
    }

    /// `tests/differential/flags.json` holds every flag of every command of dbt 1.11, by `scripts/record_flags.py`. The empty
    /// command's are those that stand before the command.
    #[test]
    fn every_flag_of_dbt_is_accepted() {
        let recorded: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(include_str!("../tests/differential/flags.json")).expect("it is JSON");
        let mut refused = Vec::new();
        let mut count = 0;
        let mut tree = commands::add_global_flags(Cli::command());
        let docs = tree.find_subcommand("docs").expect("there is such a command");
        let serves = docs.find_subcommand("serve").is_some();
        for (command, flags) in recorded.iter().filter(|(command, _)| serves || *command != "docs serve") {
            for (flag, kind) in flags {
                for value in values(kind) {
                    let given: Vec<&str> = [flag.as_str()].into_iter().chain(value).collect();
                    let words: Vec<&str> = match command.as_str() {
                        "" => given.iter().copied().chain(["parse"]).collect(),
                        "run-operation" => command.split(' ').chain(["a_macro"]).chain(given).collect(),
                        _ => command.split(' ').chain(given).collect(),
                    };
                    count += 1;
                    if let Err(problem) = accept(&mut tree, &words) {
                        refused.push(format!("{}: {}", words.join(" "), problem.lines().next().unwrap_or_default()));
                    }
                }
            }
        }
        assert!(count > 1000, "only {count} flags are recorded");
        assert!(refused.is_empty(), "{} of {count} are refused:\n{}", refused.len(), refused.join("\n"));
    }

    #[test]
    fn the_version_is_told_after_a_command_too() {
        let mut tree = commands::add_global_flags(Cli::command());
        assert!(accept(&mut tree, &["run", "--version"]).expect("it is accepted").subcommand().is_some());
    }
}
