//! What all commands share that run a plan: selection, plan, run, artifacts, summary.

use std::collections::HashMap;
use std::sync::Arc;

use super::opening::{Opening, Outcome};
use super::parsed::ParsedProject;
use super::selection_args::SelectionArgs;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::manifest::{Publish, ResourceType};
use crate::plan::{BatchResults, Mode, NodeResult, Plan, RunResults};
use crate::runner::{Action, Problem, RunReport, Runner, RunnerParts, Safeguards, Stop, StopReason, report_summary};
use crate::yaml::{Node, Value};

/// What a command runs.
pub(crate) struct Request<'a> {
    /// What is selected.
    pub(crate) selection: &'a SelectionArgs,
    /// Of which types.
    pub(crate) kinds: &'a [ResourceType],
    /// How jobs wait for each other.
    pub(crate) mode: Mode,
    /// What is done with each.
    pub(crate) action: Action,
}

/// A finished run; none if nothing was selected.
pub(crate) struct Finished {
    /// The project that was run.
    pub(crate) project: ParsedProject,
    /// What became of it.
    pub(crate) report: Option<RunReport>,
}

impl Opening {
    /// When `build` publishes nodes that do not say it themselves, and whether the run is published as a whole instead:
    /// `--publish`, else `publish` of `hetl.yml`.
    pub(crate) fn publish(&self) -> Result<(Publish, bool), Diagnostic> {
        let read = |word: &str| match word {
            "run" => Some((Publish::Immediate, true)),
            word => Publish::parse(word).map(|publish| (publish, false)),
        };
        let given = self.config.invocation.args.get("publish").and_then(serde_json::Value::as_str);
        if let Some(publish) = given.and_then(read) {
            return Ok(publish);
        }
        let Some(setting) = self.config.settings.section("publish") else { return Ok((Publish::default(), false)) };
        setting.as_str().and_then(read).ok_or_else(|| {
            Diagnostic::error(Code::YAML_VALUE, "`publish` must be 'audited', 'immediate' or 'run'")
                .at(setting.span, "")
        })
    }

    /// How the command publishes and records; `keep_generations` and `history` of `hetl.yml` say what is not the default.
    pub(crate) fn safeguards(&self) -> Result<Safeguards, Diagnostic> {
        let publishes_whole_run = self.config.invocation.which == "build" && self.publish()?.1;
        let setting = |name: &str| self.config.settings.section(name);
        let wrong = |name: &str, words: &str, span| {
            Err(Diagnostic::error(Code::YAML_VALUE, format!("`{name}` must be {words}")).at(span, ""))
        };
        let keeps_previous = match setting("keep_generations") {
            None => publishes_whole_run,
            Some(Node { value: Value::Int(number @ (0 | 1)), .. }) => *number == 1,
            Some(other) => wrong("keep_generations", "0 or 1", other.span)?,
        };
        let switch = |name: &str, words: &str| match setting(name) {
            None => Ok(false),
            Some(Node { value: Value::Bool(is_on), .. }) => Ok(*is_on),
            Some(other) => wrong(name, words, other.span),
        };
        let configured = switch("history", "on or off")?;
        let publishes_in_place = switch("publish_in_place", "true or false")?;
        let records_history = match self.config.invocation.env("HETL_HISTORY") {
            Some("on" | "true" | "1") => true,
            Some("off" | "false" | "0") => false,
            _ => configured,
        };
        Ok(Safeguards { publishes_whole_run, keeps_previous, publishes_in_place, records_history })
    }

    /// Parses, selects, runs and writes artifacts; says how it went for commands that build or test.
    pub(crate) fn run_nodes(&self, request: &Request<'_>) -> Result<Finished, Diagnostics> {
        let project = self.parse()?;
        self.report_found(&project.manifest);
        let ids = self.select(&project, request.selection, request.kinds, false)?;
        project.session.set_selected(ids.clone());
        let chosen = ids.iter().map(String::as_str);
        let plan = match request.action {
            Action::Build | Action::Clone => Plan::build(&project.graph, &project.manifest, chosen, request.mode),
            Action::Compile | Action::Show(_) | Action::PlanRepair => {
                Plan::with_ephemeral(&project.graph, &project.manifest, chosen)
            }
        };
        self.run_plan(project, plan, request.action, HashMap::new())
    }

    /// Whether the command line selects.
    fn is_selective(&self) -> bool {
        let select = self.config.invocation.args.get("select").and_then(serde_json::Value::as_array);
        select.is_some_and(|select| !select.is_empty())
    }

    /// Runs a plan and writes artifacts; `batches` are those of microbatch models that are retried.
    pub(crate) fn run_plan(
        &self,
        project: ParsedProject,
        plan: Plan,
        action: Action,
        batches: HashMap<String, BatchResults>,
    ) -> Result<Finished, Diagnostics> {
        if plan.is_empty() {
            self.report(&Event::NothingToDo {});
            self.write_manifest(&project, &crate::manifest::CompiledNodes::default())?;
            self.write_run_results(&RunResults::default())?;
            return Ok(Finished { project, report: None });
        }
        // What is wrong with it is told before anything begins.
        self.read_copy()?;
        let stop = Stop::new(self.config.flags.fail_fast);
        stop.listen();
        let runner = Runner::new(RunnerParts {
            action,
            batches,
            deferred: Arc::new(self.deferred(&project, action == Action::Clone)?),
            ..project.runner_parts(Arc::clone(&stop), self.safeguards()?)
        })?;
        let plan = Arc::new(plan);
        let opening = self.clone();
        runner.at_interrupt(&plan, move |results| {
            // The results of the whole run follow, unless a second Ctrl-C ends the process.
            let _ = opening.write_run_results(results);
        });
        let mut report = match runner.run(&plan) {
            Ok(report) => report,
            Err(problems) => {
                // What was parsed is known all the same, as in dbt.
                self.write_manifest(&project, &crate::manifest::CompiledNodes::default())?;
                return Err(problems);
            }
        };
        if action == Action::Compile && !self.is_selective() {
            // dbt shows ephemeral models only to those who ask for them.
            let nodes = &project.manifest.nodes;
            let is_ephemeral =
                |result: &NodeResult| nodes.get(&result.unique_id).is_some_and(|node| node.is_ephemeral());
            report.results = report.results.without(|result| !result.is_failure() && is_ephemeral(result));
        }
        self.write_manifest(&project, &report.compiled)?;
        self.write_run_results(&report.results)?;
        self.remember(&report.results)?;
        let problem = report.problem.take();
        let writes = matches!(action, Action::Build | Action::Clone);
        let is_interrupted = stop.reason() == Some(StopReason::Interrupt);
        if writes && !matches!(problem, Some(Problem::NotPublished(_))) {
            report_summary(self.console.as_ref(), &project.manifest, &self.sources, &report.results, is_interrupted);
        }
        self.make_reports(&project.manifest, report.results.results(), report.results.elapsed_time())?;
        if writes && !is_interrupted {
            self.publish_read_copy(&project, report.results.results())?;
        }
        match problem {
            Some(Problem::NotPublished(problem)) => Err(problem.into()),
            Some(Problem::Hook(problems)) => Err(problems),
            None => Ok(Finished { project, report: Some(report) }),
        }
    }

    /// A command that builds or tests, from selection to exit code.
    pub(crate) fn build(&self, request: &Request<'_>) -> Result<Outcome, Diagnostics> {
        let finished = self.run_nodes(request)?;
        Ok(finished.report.is_none_or(|report| report.results.is_success()).into())
    }
}

impl Opening {
    /// For commands that need all of their nodes: the first failures end them.
    pub(crate) fn failed_nodes(&self, report: &RunReport) -> Result<Outcome, Diagnostics> {
        let failed: Diagnostics =
            report.results.results().iter().flat_map(|result| result.diagnostics.iter().cloned()).collect();
        if failed.has_errors() { Err(failed) } else { Ok(Outcome::Success) }
    }
}
