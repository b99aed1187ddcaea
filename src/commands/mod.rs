//! The commands, one file each: its arguments, whose doc comments are the help, and what it does.
//!
//! `opening` begins and ends them all; `selection` turns `--select` and its like into unique ids. Nothing here speaks to a
//! warehouse or prints: that is done by the rooms below and by `ui`.

mod artifacts;
mod build;
mod check;
mod clean;
mod clone;
mod compile;
mod completions;
mod debug;
mod deprecations;
mod deps;
mod docs;
mod finding_args;
mod format;
mod global_flags;
mod history;
mod init;
mod inline;
mod lineage;
mod lint;
mod linting;
mod list;
mod lsp;
mod man;
mod mending;
mod open_files;
mod opening;
mod parse;
mod parsed;
mod profile_setup;
mod project_rules;
mod read_copy;
mod reports;
mod retry;
mod rollback;
mod run;
mod run_operation;
mod running;
mod seed;
mod selection_args;
mod shim;
mod show;
mod snapshot;
mod source;
mod state;
mod test;
mod unified_diff;
mod verify;
mod verify_cache;

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Overrides;

pub(crate) use global_flags::{add as add_global_flags, read as read_global_flags};

/// All commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(build::Build),
    Check(check::Check),
    Clean(clean::Clean),
    Clone(clone::Clone),
    Compile(compile::Compile),
    Completions(completions::Completions),
    Debug(debug::Debug),
    Deps(deps::Deps),
    Docs(docs::Docs),
    Format(format::Format),
    History(history::History),
    Init(init::Init),
    Lineage(lineage::LineageCommand),
    Lint(lint::Lint),
    #[command(visible_alias = "ls")]
    List(list::List),
    Lsp(lsp::Lsp),
    Man(man::Man),
    Parse(parse::Parse),
    Retry(retry::Retry),
    Rollback(rollback::Rollback),
    Run(run::Run),
    RunOperation(run_operation::RunOperation),
    Seed(seed::Seed),
    Shim(shim::Shim),
    Show(show::Show),
    Snapshot(snapshot::Snapshot),
    Source(source::Source),
    Test(test::Test),
    Verify(verify::Verify),
}

impl Command {
    /// Does what was asked (`tree` is the whole command line) and returns dbt's exit code: 0, 1 if a node failed, 2 if the command could not be carried out.
    pub(crate) fn run(&self, overrides: &Overrides, tree: &clap::Command) -> ExitCode {
        match self {
            Self::Build(command) => command.run(overrides),
            Self::Check(command) => command.run(overrides),
            Self::Clean(command) => command.run(overrides),
            Self::Clone(command) => command.run(overrides),
            Self::Compile(command) => command.run(overrides),
            Self::Completions(command) => command.run(tree),
            Self::Debug(command) => command.run(overrides),
            Self::Deps(command) => command.run(overrides),
            Self::Docs(command) => command.run(overrides),
            Self::Format(command) => command.run(overrides),
            Self::History(command) => command.run(overrides),
            Self::Init(command) => command.run(overrides),
            Self::Lineage(command) => command.run(overrides),
            Self::Lint(command) => command.run(overrides),
            Self::List(command) => command.run(overrides),
            Self::Lsp(command) => command.run(overrides),
            Self::Man(command) => command.run(tree),
            Self::Parse(command) => command.run(overrides),
            Self::Retry(command) => command.run(overrides),
            Self::Rollback(command) => command.run(overrides),
            Self::Run(command) => command.run(overrides),
            Self::RunOperation(command) => command.run(overrides),
            Self::Seed(command) => command.run(overrides),
            Self::Shim(command) => command.run(),
            Self::Show(command) => command.run(overrides),
            Self::Snapshot(command) => command.run(overrides),
            Self::Source(command) => command.run(overrides),
            Self::Test(command) => command.run(overrides),
            Self::Verify(command) => command.run(overrides),
        }
    }
}

/// What `--version` prints. The first number is ours: tools choose by it which log events they expect (dbt Core's).
/// Called by the name dbt, it is in dbt's form, with the versions that hetl's answers are like.
pub(crate) fn version_text(called: &str) -> String {
    if called == "dbt" {
        let version = crate::config::DBT_VERSION;
        let plugins: Vec<String> = crate::adapters::registry::known_types()
            .map(|name| format!("  - {name}: {version} - Up to date!\n"))
            .collect();
        return format!(
            "Core:\n  - installed: {version}\n  - latest:    {version} - Up to date!\n\nPlugins:\n{}\n\
             This is hetl {}, called by the name dbt.\n",
            plugins.concat(),
            env!("CARGO_PKG_VERSION")
        );
    }
    format!("hetl {} (runs dbt projects as dbt Core {})", env!("CARGO_PKG_VERSION"), crate::config::DBT_VERSION)
}
