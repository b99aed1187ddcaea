//! `retry`: the last command again, for what failed or was skipped in it.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use super::compile::KINDS;
use super::global_flags;
use super::opening::{Opening, Outcome, with_project};
use super::run_operation::RunOperation;
use crate::artifacts::{PreviousRun, read_previous_run};
use crate::config::{self, Invocation, Loaded, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::manifest::Publish;
use crate::plan::{Mode, NodeStatus, Plan};
use crate::runner::Action;

/// Run the last command again, only for what failed or was skipped
#[derive(Debug, Args)]
pub(crate) struct Retry {}

/// Flags that are those of this command and not of the one before: where things are, and how lines are written.
const OWN: &[&str] = &[
    "log_path",
    "profiles_dir",
    "project_dir",
    "defer_state",
    "target_path",
    "warn_error",
    "use_colors",
    "use_colors_file",
    "log_format",
    "log_format_file",
    "log_level",
    "log_level_file",
    "quiet",
    "debug",
    "which",
    "invocation_command",
    "show",
];

impl Retry {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("retry", Map::new(), overrides, |opening| retry(opening, overrides))
    }
}

fn retry(opening: &Opening, overrides: &Overrides) -> Result<Outcome, Diagnostics> {
    let project = &opening.config.project;
    let folder = opening.config.flags.state.clone().unwrap_or_else(|| project.target_path.clone());
    // A run that selected nothing is no run to go on from, as in dbt.
    let previous = read_previous_run(&project.root.join(&folder))?.filter(|previous| !previous.results.is_empty());
    let Some(previous) = previous else {
        return Err(no_run(&folder).into());
    };
    let which = previous.args.get("which").and_then(Value::as_str).unwrap_or_default();
    if which == "run-operation" {
        if !previous.results.iter().any(|result| NodeStatus::parse(&result.status).is_some_and(NodeStatus::is_failure))
        {
            return Ok(Outcome::Success);
        }
        let again = reopened(opening, which, &previous.args, overrides)?;
        return RunOperation::of_arguments(&previous.args).call(&again);
    }
    let (mode, action) = match which {
        "build" => (Mode::Build(Publish::default()), Action::Build),
        "run" | "seed" | "snapshot" => (Mode::Topological, Action::Build),
        "test" => (Mode::Independent, Action::Build),
        "clone" => (Mode::Independent, Action::Clone),
        "compile" | "generate" => (Mode::Topological, Action::Compile),
        other => {
            let problem = Diagnostic::error(Code::USAGE, format!("the last command, `{other}`, cannot be retried"));
            return Err(problem.hint("run it again").into());
        }
    };
    let again = reopened(opening, which, &previous.args, overrides)?;
    let mode = if matches!(mode, Mode::Build(_)) { Mode::Build(again.publish()?.0) } else { mode };
    again.retry_nodes(&previous, mode, action)
}

fn no_run(folder: &Path) -> Diagnostic {
    Diagnostic::error(Code::USAGE, format!("Could not find previous run in '{}' target directory", folder.display()))
        .hint("`retry` goes on from the run_results.json of an earlier command; name its folder with --state")
}

/// The command of the earlier run with its flags; threads and variables may be given anew.
fn reopened(
    opening: &Opening,
    which: &str,
    args: &Map<String, Value>,
    overrides: &Overrides,
) -> Result<Opening, Diagnostics> {
    let kept: Map<String, Value> = args
        .iter()
        .filter(|(key, _)| !OWN.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut merged = global_flags::of_arguments(&kept).map_err(|problem| Diagnostic::error(Code::USAGE, problem))?;
    let own = overrides.clone();
    merged.project_dir = own.project_dir;
    merged.profiles_dir = own.profiles_dir;
    merged.target_path = own.target_path;
    merged.log_path = own.log_path;
    merged.defer_state = own.defer_state;
    merged.warn_error = own.warn_error;
    merged.threads = own.threads.or(merged.threads);
    merged.vars = own.vars.or(merged.vars);
    let flags = opening.config.invocation_args();
    let mut commands_own: Map<String, Value> = kept.into_iter().filter(|(key, _)| !flags.contains_key(key)).collect();
    if let Some(threads) = merged.threads {
        commands_own.insert("threads".into(), threads.into());
    }
    let invocation =
        Invocation { which: which.to_owned(), args: commands_own, ..opening.config.invocation.as_ref().clone() };
    let Loaded { config, diagnostics, .. } = config::load(invocation, &merged, &opening.sources);
    let Some(config) = config else { return Err(diagnostics) };
    Ok(Opening {
        config,
        console: Arc::clone(&opening.console),
        sources: Arc::clone(&opening.sources),
        deprecations: Arc::clone(&opening.deprecations),
    })
}

impl Opening {
    fn retry_nodes(&self, previous: &PreviousRun, mode: Mode, action: Action) -> Result<Outcome, Diagnostics> {
        let retried = |status: &str| {
            let Some(status) = NodeStatus::parse(status) else { return false };
            status.is_failure() || (status == NodeStatus::Warn && self.config.flags.warn_error)
        };
        let project = self.parse()?;
        self.report_found(&project.manifest);
        let failed = previous.results.iter().filter(|result| retried(&result.status) || !result.is_published);
        let ids: Vec<&str> =
            failed.clone().map(|result| result.unique_id.as_str()).filter(|id| !id.starts_with("operation.")).collect();
        if let Some(gone) = ids.iter().find(|id| project.manifest.resource_type(id).is_none()) {
            let message = format!("Couldn't find model '{gone}' -- does it exist or is it disabled?");
            return Err(Diagnostic::error(Code::USAGE, message)
                .hint("the command to retry has run it; run that command again as a whole")
                .into());
        }
        let is_kept = |id: &&str| {
            action != Action::Compile || project.manifest.resource_type(id).is_some_and(|kind| KINDS.contains(&kind))
        };
        let chosen = ids.iter().copied().filter(is_kept);
        let plan = match action {
            Action::Compile => Plan::with_ephemeral(&project.graph, &project.manifest, chosen),
            _ => Plan::build(&project.graph, &project.manifest, chosen, mode),
        };
        project.session.set_selected(ids.iter().map(|&id| id.to_owned()).collect());
        let batches: HashMap<_, _> = failed
            .filter_map(|result| Some((result.unique_id.clone(), result.batches.clone()?)))
            .filter(|(_, batches)| !batches.successful.is_empty() && !batches.failed.is_empty())
            .collect();
        let finished = self.run_plan(project, plan, action, batches)?;
        match finished.report {
            Some(report) if action == Action::Compile => self.failed_nodes(&report),
            Some(report) => Ok(report.results.is_success().into()),
            None => Ok(Outcome::Success),
        }
    }
}
