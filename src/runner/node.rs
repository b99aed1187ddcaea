//! One job from its start line to its result: what all kinds of nodes share.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::audit::NodeAudit;
use super::failure::{self, Failure};
use super::microbatch::BatchErrand;
use super::pool::{Errands, Taken};
use super::run::{Action, Runner};
use super::sample::Window;
use super::stop::StopReason;
use super::subject::Subject;
use super::time_limit::TimeLimit;
use super::{cloning, data_test, microbatch, model, repair, seed, show, unit_test};
use crate::artifacts::CodePath;
use crate::compiler::Compiled;
use crate::context::{Audit, NodeRun, RunOptions, Transaction, Worker};
use crate::diagnostics::Diagnostic;
use crate::events::{Event, NodeInfo};
use crate::manifest::{Node, ResourceType};
use crate::plan::{BatchResults, NodeResult, NodeStatus, Timing};

/// What executing a node gave.
#[derive(Debug, Clone, Default)]
pub(super) struct Done {
    /// Success where none is given.
    pub(super) status: Option<NodeStatus>,
    /// What people read.
    pub(super) message: Option<String>,
    /// What the warehouse said.
    pub(super) adapter_response: Map<String, Value>,
    /// Rows that a test found.
    pub(super) failures: Option<i64>,
    /// The problem of a test or batch that failed.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Of a microbatch model.
    pub(super) batch_results: Option<BatchResults>,
}

/// A job while it runs.
pub(super) struct Running<'a> {
    pub(super) runner: &'a Runner,
    pub(super) worker: &'a Arc<Worker>,
    pub(super) pool: &'a dyn Errands<BatchErrand>,
    node_info: NodeInfo,
    timing: Vec<Timing>,
    /// Seconds that belong to another job's time (less than 0), or that another job spent on this one.
    elsewhere: f64,
    /// What is to be said after its line.
    note: Option<String>,
}

impl<'a> Running<'a> {
    fn new(
        runner: &'a Runner,
        worker: &'a Arc<Worker>,
        pool: &'a dyn Errands<BatchErrand>,
        node_info: NodeInfo,
    ) -> Self {
        Self { runner, worker, pool, node_info, timing: Vec::new(), elsewhere: 0.0, note: None }
    }
}

impl Running<'_> {
    /// dbt's two events for what has no step of its own.
    pub(super) fn says_that_it_runs(&mut self) {
        self.says_that_it_is("compiling");
        self.says_that_it_is("executing");
    }

    fn says_that_it_is(&mut self, status: &str) {
        status.clone_into(&mut self.node_info.node_status);
        let node_info = self.node_info.clone();
        self.runner.report(&match status {
            "compiling" => Event::NodeCompiling { node_info },
            _ => Event::NodeExecuting { node_info },
        });
    }

    /// Says which step begins; what the node's templates log says it too.
    fn begins_to(&mut self, status: &str, run: &NodeRun) {
        self.says_that_it_is(status);
        run.set_node_info(self.node_info.clone());
    }

    pub(super) fn node_info(&self) -> &NodeInfo {
        &self.node_info
    }

    /// Measures a step.
    pub(super) fn timed<T>(&mut self, name: &'static str, step: impl FnOnce(&mut Self) -> T) -> T {
        let started_at = Some(Timestamp::now());
        self.timing.push(Timing { name, started_at, completed_at: None });
        let at = self.timing.len() - 1;
        let outcome = step(self);
        self.timing[at].completed_at = Some(Timestamp::now());
        outcome
    }
}

/// Where a node lies, as its result says it. Of what has no SQL, dbt's results do not say it.
fn relation_name(subject: &Subject) -> Option<String> {
    match subject {
        Subject::Node(node) if node.resource_type != ResourceType::Seed => node.relation_name.clone(),
        _ => None,
    }
}

/// Runs a job, or says that it is skipped.
pub(super) fn run(
    runner: &Runner,
    subject: &Subject,
    worker: &Arc<Worker>,
    pool: &dyn Errands<BatchErrand>,
    taken: Taken,
    total: usize,
) -> NodeResult {
    let begin = Instant::now();
    let mut node_info = subject.node_info_with_group(&runner.manifest);
    node_info.node_started_at = iso_now();
    node_info.node_status = "started".into();
    let unique_id = node_info.unique_id.clone();
    runner.report(&Event::NodeStart { node_info: node_info.clone() });
    if taken.skipped_because_of.is_some() {
        node_info.node_status = "skipped".into();
        if runner.action == Action::Build {
            runner.report(&subject.skip_line(taken.index, total, node_info.clone()));
        }
        let result = NodeResult {
            thread_id: worker.name.clone(),
            relation_name: relation_name(subject),
            ..NodeResult::skipped(unique_id, subject.resource_type(), None)
        };
        finished(runner, &result, node_info);
        return result;
    }
    if runner.action == Action::Build
        && let Some(line) = subject.start_line(taken.index, total, &node_info)
    {
        runner.report(&line);
    }
    let mut running = Running::new(runner, worker, pool, node_info);
    runner.stop.begins(&unique_id, worker);
    let limit = TimeLimit::begin(subject.time_limit(), worker);
    let outcome = match subject {
        Subject::Node(node) => node_job(&mut running, node),
        Subject::UnitTest(test) => {
            running.says_that_it_runs();
            let outcome = unit_test::run(&mut running, test);
            if running.timing.len() < 2 {
                // It fails where its SQL is made, which is a part of executing it in dbt.
                running.timed("execute", |_| ());
            }
            outcome
        }
        Subject::Exposure(_) | Subject::Source(_) | Subject::Semantic(..) => {
            running.timed("compile", |_| ());
            running.says_that_it_runs();
            running.timed("execute", |_| ());
            Ok(Done {
                status: Some(NodeStatus::NoOp),
                message: Some("NO-OP".into()),
                failures: Some(0),
                ..Done::default()
            })
        }
    };
    drop(limit);
    runner.stop.ends(&unique_id);
    worker.halt.clear();
    close_transaction(worker);
    if outcome.is_err() && worker.is_one_transaction && worker.connection().return_to_mark().is_err() {
        // Nothing more can be built in the run's transaction.
        runner.stop.request(StopReason::FailFast);
    }
    let ephemeral = match (subject, &outcome) {
        (Subject::Node(node), Err(_)) => broken_ephemeral(runner, node, worker),
        _ => None,
    };
    let mut result = match outcome {
        Err(failure) if ephemeral.is_some() => NodeResult {
            message: Some(format!(
                "Compilation Error in {unique_id}, caused by compilation error in referenced ephemeral model {}",
                ephemeral.clone().unwrap_or_default()
            )),
            diagnostics: failure.diagnostics,
            ..NodeResult::new(&unique_id, subject.resource_type(), NodeStatus::Skipped)
        },
        Ok(done) => NodeResult {
            message: done.message,
            adapter_response: done.adapter_response,
            failures: done.failures,
            diagnostics: done.diagnostics,
            batch_results: done.batch_results,
            ..NodeResult::new(&unique_id, subject.resource_type(), done.status.unwrap_or(NodeStatus::Success))
        },
        Err(failure) => failed(runner, subject, failure),
    };
    let mut node_info = running.node_info;
    result.timing = running.timing;
    result.thread_id.clone_from(&worker.name);
    result.execution_time = begin.elapsed().as_secs_f64() + running.elsewhere;
    if result.batch_results.is_some() {
        // Each batch has SQL of its own.
        result.compiled = Some(false);
    } else if let Some(compiled) = runner.compiled_node(&unique_id) {
        result.compiled = compiled.code.is_some().then_some(true);
        result.compiled_code = compiled.code;
        result.compiled_path = compiled.compiled_path;
    }
    result.relation_name = relation_name(subject);
    node_info.node_finished_at = iso_now();
    node_info.node_status = result.status.as_str().into();
    if runner.action == Action::Build && ephemeral.is_some() {
        runner.report(&Event::LogSkipBecauseError {
            index: taken.index,
            relation: subject.name().to_owned(),
            schema: node_info.node_relation.schema.clone(),
            status: "error".into(),
            total,
        });
    } else if runner.action == Action::Build {
        runner.report(&subject.result_line(&result, taken.index, total, node_info.clone()));
    }
    if let Some(msg) = running.note {
        runner.report(&Event::Note { msg });
    }
    finished(runner, &result, node_info);
    result
}

/// Runs a batch that the worker of another job has offered.
pub(super) fn help(runner: &Runner, worker: &Arc<Worker>, pool: &dyn Errands<BatchErrand>, errand: BatchErrand) {
    let node_info = errand.node_info().clone();
    errand.run(&Running::new(runner, worker, pool, node_info));
}

/// Says that a job has ended, and that what is below one that failed will be skipped.
pub(super) fn finished(runner: &Runner, result: &NodeResult, node_info: NodeInfo) {
    runner.report(&Event::NodeFinished { node_info, run_result: result_json(result) });
    if is_told_of_dependents(runner, result.status) {
        runner.report(&Event::MarkSkippedChildren {
            run_result: result_json(result),
            status: result.status.as_str().into(),
            unique_id: result.unique_id.clone(),
        });
    }
}

/// Whether dbt says after a job of this status that what is below it is skipped: in `build` also after tests that failed and of what is
/// skipped itself.
fn is_told_of_dependents(runner: &Runner, status: NodeStatus) -> bool {
    match status {
        NodeStatus::Error | NodeStatus::PartialSuccess => true,
        NodeStatus::Fail | NodeStatus::Skipped => runner.session.config().invocation.which == "build",
        _ => false,
    }
}

/// A result as log events have it.
fn result_json(result: &NodeResult) -> Value {
    let timing: Vec<Value> = result
        .timing
        .iter()
        .map(|step| {
            json!({
                "name": step.name,
                "started_at": step.started_at.map(crate::manifest::utc),
                "completed_at": step.completed_at.map(crate::manifest::utc),
            })
        })
        .collect();
    json!({
        "adapter_response": result.adapter_response,
        "execution_time": result.execution_time,
        "message": result.message.clone().unwrap_or_default(),
        "num_failures": result.failures.unwrap_or(0),
        "status": result.status.as_str(),
        "thread": result.thread_id,
        "timing_info": timing,
    })
}

/// A model, seed, snapshot, data test, analysis: compiled, then executed.
fn node_job(running: &mut Running<'_>, node: &Arc<Node>) -> Result<Done, Failure> {
    let runner = running.runner;
    if let Some(staging) = runner.staging.get() {
        staging.prepare(runner, node, running.worker)?;
    }
    if runner.action == Action::Build && node.config.is_microbatch() && runner.session.runs_batches() {
        return microbatch::run(running, node);
    }
    if runner.action == Action::Clone {
        running.timed("compile", |_| ());
        running.says_that_it_runs();
        return running.timed("execute", |running| cloning::run(running, node));
    }
    if runner.action == Action::Build
        && let Some(audited) = runner.audits().take(&node.unique_id)
    {
        running.says_that_it_runs();
        running.timing.clone_from(&audited.timing);
        running.elsewhere = audited.seconds;
        return runner.tell_audited(node, running.worker, audited);
    }
    let samples = matches!(node.resource_type, ResourceType::Model | ResourceType::Snapshot);
    let event_time = runner.sample.filter(|_| samples).map(Window::range);
    let audit = NodeAudit::of_node(runner, node);
    let transaction = match &audit {
        Some(audit) => Transaction::Audited(Arc::clone(audit) as Arc<dyn Audit>),
        None => Transaction::Own,
    };
    let mut options = RunOptions { event_time, transaction, ..RunOptions::default() };
    let mut compiled_ahead = None;
    if node.resource_type == ResourceType::Test && runner.action == Action::Build {
        running.note = runner.look_at_candidates(node, &mut options);
        if let Some(ahead) = runner.shared_scans().take(runner, node, running.worker) {
            compiled_ahead = Some(ahead.compiled);
            options.foreseen = ahead.count;
        }
    }
    let run = runner.node_run(node, running.worker, options);
    running.begins_to("compiling", &run);
    let compiled = running.timed("compile", |running| {
        compile(runner, &running.node_info, &run, &CodePath::of_node(node), |run| {
            compiled_ahead.map_or_else(|| runner.compiler.compile(run), Ok)
        })
    })?;
    running.begins_to("executing", &run);
    match runner.action {
        // There is nothing to execute; dbt has the step all the same.
        Action::Compile => return running.timed("execute", |_| Ok(Done::default())),
        Action::Show(limit) => {
            return running.timed("execute", |running| show::query(running.runner, &run, compiled.as_ref(), limit));
        }
        Action::PlanRepair => return running.timed("execute", |running| repair::plan(running.runner, &run)),
        Action::Build | Action::Clone => {}
    }
    let outcome = running.timed("execute", |running| match node.resource_type {
        ResourceType::Test => data_test::execute(running.runner, &run, compiled.as_ref()),
        ResourceType::Seed => seed::execute(running.runner, &run),
        _ => model::execute(running.runner, &run, compiled.as_ref()),
    });
    let Some(audit) = audit else { return outcome };
    running.elsewhere = -audit.seconds();
    let (outcome, note) = audit.conclude(runner, &run, outcome);
    running.note = note;
    outcome
}

/// Makes a node's SQL by `make` and writes it; seeds have none.
pub(super) fn compile(
    runner: &Runner,
    node_info: &NodeInfo,
    run: &Arc<NodeRun>,
    path: &CodePath,
    make: impl FnOnce(&Arc<NodeRun>) -> Result<Compiled, Diagnostic>,
) -> Result<Option<Compiled>, Failure> {
    let node = run.node();
    if node.resource_type == ResourceType::Seed {
        return Ok(None);
    }
    let compiled = make(run)?;
    run.set_compiled_code(compiled.code.as_str());
    let foreign_keys = run.resolve_foreign_keys()?;
    let foreign_keys =
        foreign_keys.into_iter().map(|(to, name)| (to, run.published_text(&name).into_owned())).collect();
    runner.report(&Event::WritingInjectedSQLForNode { node_info: node_info.clone() });
    let code = run.published_text(&compiled.code).into_owned();
    // The query of a snapshot is in what `target/run` has of it.
    let written = match node.resource_type {
        ResourceType::Snapshot => None,
        _ => Some(runner.target.write_compiled(path, &code)?),
    };
    runner.keep_compiled(&node.unique_id, |known| {
        known.code = Some(code);
        known.foreign_keys = foreign_keys;
        known.extra_ctes.clone_from(&compiled.extra_ctes);
        known.compiled_path = written;
        // The name that holds when the run is over.
        let published = runner.manifest.nodes.get(&node.unique_id).unwrap_or(node);
        known.relation_name.clone_from(&published.relation_name);
    });
    Ok(Some(compiled))
}

/// The ephemeral model upstream of a failed node that cannot be compiled, if that is why it failed.
fn broken_ephemeral(runner: &Runner, node: &Arc<Node>, worker: &Arc<Worker>) -> Option<String> {
    let upstream = node.depends_on.nodes.iter().filter_map(|id| runner.manifest.nodes.get(id));
    upstream.filter(|up| up.is_ephemeral()).find_map(|up| {
        let run = runner.node_run(up, worker, RunOptions::default());
        let deeper = broken_ephemeral(runner, up, worker);
        deeper.or_else(|| runner.compiler.compile(&run).is_err().then(|| up.unique_id.clone()))
    })
}

fn failed(runner: &Runner, subject: &Subject, failure: Failure) -> NodeResult {
    NodeResult {
        message: Some(failure::message(&failure, subject, &runner.session)),
        diagnostics: failure
            .diagnostics
            .into_iter()
            .map(failure::without_drawing)
            .map(|problem| failure::shown_in_project(problem, subject.span(), runner.session.sources()))
            .collect(),
        ..NodeResult::new(subject.node_info().unique_id, subject.resource_type(), NodeStatus::Error)
    }
}

/// Nothing of a node stays open: what it did not commit is undone, also where it succeeded, as in dbt.
pub(super) fn close_transaction(worker: &Worker) {
    if worker.is_one_transaction {
        return;
    }
    let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
    if connection.in_transaction() {
        // The connection may be broken by what made the node fail; the failure is reported already.
        let _ = connection.rollback();
    }
}

/// Now, as dbt writes times of nodes in logs: UTC without a zone.
pub(super) fn iso_now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}
