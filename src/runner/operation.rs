//! `run-operation`: one macro, called by name.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use super::failure;
use super::inline::inline_node;
use super::stop::Stop;
use crate::context::{NodeRun, RunParts, Session, Worker};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::from_json;
use crate::manifest::{Macro, Manifest, Node, ResourceType};
use crate::plan::{NodeResult, NodeStatus, Timing};

/// What became of a macro that was called.
#[derive(Debug)]
pub struct OperationReport {
    /// As `run_results.json` has it: the macro as a node.
    pub result: NodeResult,
    /// Why it failed.
    pub problem: Option<Diagnostic>,
}

/// The thread that calls macros.
const THREAD: &str = "MainThread";

/// Calls a macro (`name` or `package.name`) with keyword arguments. What it did stays only if it commits by itself. An error means that it
/// could not be called at all.
pub fn run_operation(
    session: &Arc<Session>,
    manifest: &Arc<Manifest>,
    stop: &Arc<Stop>,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<OperationReport, Diagnostic> {
    let macros = session.macros();
    let (package, bare) = match name.split_once('.') {
        Some((package, bare)) => (Some(package), bare),
        None => (None, name),
    };
    let found = macros.find_anywhere(bare, package).ok_or_else(|| {
        Diagnostic::error(
            Code::MACRO_NOT_FOUND,
            format!("dbt could not find a macro with the name '{bare}' in {}", package.unwrap_or("any package")),
        )
        .suggest(bare, macros.names())
    })?;
    let begin = Timestamp::now();
    let connection = match session.adapter().connect() {
        Ok(connection) => connection,
        Err(problem) => return Ok(report(session, &found.definition, [begin; 2], Err(problem))),
    };
    let worker = Arc::new(Worker::new(THREAD, connection));
    stop.begins(name, &worker);
    let run = NodeRun::new(RunParts {
        session: Arc::clone(session),
        manifest: Arc::clone(manifest),
        node: Arc::new(Node { resource_type: ResourceType::Macro, ..inline_node(session, manifest, bare, "") }),
        worker: Arc::clone(&worker),
    });
    let keywords: Vec<(&str, JinjaValue)> =
        arguments.iter().map(|(name, value)| (name.as_str(), from_json(value))).collect();
    let called = Timestamp::now();
    let outcome = run.call_macro_with(found, &[], &keywords);
    let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
    if connection.in_transaction() {
        // As in dbt: a macro that wants its changes to stay commits them.
        let _ = connection.rollback();
    }
    Ok(report(session, &found.definition, [begin, called], outcome.map(|_| ())))
}

/// What became of a call that ends now: it began at `begin` and the macro was called at `called`.
fn report(
    session: &Session,
    definition: &Macro,
    [begin, called]: [Timestamp; 2],
    outcome: Result<(), Diagnostic>,
) -> OperationReport {
    let end = Timestamp::now();
    let step = |name, from, to| Timing { name, started_at: Some(from), completed_at: Some(to) };
    let status = if outcome.is_ok() { NodeStatus::Success } else { NodeStatus::Error };
    OperationReport {
        result: NodeResult {
            timing: vec![step("compile", begin, called), step("execute", called, end)],
            thread_id: THREAD.to_owned(),
            execution_time: end.duration_since(begin).as_secs_f64(),
            failures: Some(i64::from(outcome.is_err())),
            compiled: Some(false),
            ..NodeResult::new(definition.unique_id.as_str(), ResourceType::Macro, status)
        },
        problem: outcome
            .err()
            .map(|problem| failure::shown_in_project(failure::without_drawing(problem), None, session.sources())),
    }
}
