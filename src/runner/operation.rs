//! `run-operation`: one macro, called by name.

use std::sync::{Arc, PoisonError};

use minijinja::Value as JinjaValue;
use serde_json::{Map, Value};

use super::failure;
use super::inline::inline_node;
use super::stop::Stop;
use crate::context::{NodeRun, RunParts, Session, Worker};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::from_json;
use crate::manifest::Manifest;

/// Calls a macro (`name` or `package.name`) with keyword arguments. What it did stays only if it commits by itself or succeeds.
pub fn run_operation(
    session: &Arc<Session>,
    manifest: &Arc<Manifest>,
    stop: &Arc<Stop>,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<(), Diagnostic> {
    let macros = session.macros();
    let (package, bare) = match name.split_once('.') {
        Some((package, bare)) => (Some(package), bare),
        None => (None, name),
    };
    let found = macros.find_anywhere(bare, package).ok_or_else(|| {
        Diagnostic::error(
            Code::MACRO_NOT_FOUND,
            format!("dbt could not find a macro with the name \"{bare}\" in {}", package.unwrap_or("any package")),
        )
        .suggest(bare, macros.names())
    })?;
    let connection = session.adapter().connect()?;
    let worker = Arc::new(Worker::new("MainThread", connection));
    stop.begins(name, &worker);
    let run = NodeRun::new(RunParts {
        session: Arc::clone(session),
        manifest: Arc::clone(manifest),
        node: Arc::new(inline_node(session, manifest, bare, "")),
        worker: Arc::clone(&worker),
    });
    let keywords: Vec<(&str, JinjaValue)> =
        arguments.iter().map(|(name, value)| (name.as_str(), from_json(value))).collect();
    let outcome = run.call_macro_with(found, &[], &keywords);
    let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
    if connection.in_transaction() {
        // As in dbt: a macro that wants its changes to stay commits them.
        let _ = connection.rollback();
    }
    outcome.map(drop).map_err(|problem| {
        let problem = failure::without_drawing(problem);
        failure::shown_in_project(problem, None, session.sources())
    })
}
