//! Models, seeds and snapshots: their materialization is a macro; what it returns are the relations that it made.

use std::sync::Arc;

use minijinja::Value;

use super::failure::Failure;
use super::node::Done;
use super::run::Runner;
use crate::artifacts::CodePath;
use crate::compiler::Compiled;
use crate::context::NodeRun;
use crate::diagnostics::{Code, Diagnostic};

/// Runs the node's materialization.
pub(super) fn execute(runner: &Runner, run: &Arc<NodeRun>, compiled: Option<&Compiled>) -> Result<Done, Failure> {
    let returned = materialize(runner, run, compiled)?;
    run.remember_relations(&returned)?;
    let main = run.statement_result("main").ok_or_else(|| {
        Diagnostic::error(Code::INVALID_RESOURCE, "main is not being called during running model")
            .hint("a materialization must run its SQL with `{% call statement('main') %}`")
    })?;
    Ok(Done {
        message: Some(main.response.message.clone()),
        adapter_response: main.response.to_map(),
        ..Done::default()
    })
}

/// Calls the materialization that the node's config names; writes what its main statement ran to `target/run`.
pub(super) fn materialize(runner: &Runner, run: &Arc<NodeRun>, compiled: Option<&Compiled>) -> Result<Value, Failure> {
    let node = run.node();
    let name = node.config.materialized();
    let session = &runner.session;
    let prefixes = session.adapter().dispatch_prefixes();
    let found = session.macros().find_materialization(name, prefixes).ok_or_else(|| {
        Diagnostic::error(
            Code::INVALID_CONFIG,
            format!(
                "No materialization '{name}' was found for adapter {}! (searched types 'default', '{}')",
                session.adapter().type_name(),
                session.adapter().type_name()
            ),
        )
        .at_some(node.span, "materialized by this config")
    })?;
    let returned = run.call_macro(found, &[]);
    if let Some(statement) = run.main_sql() {
        let path = runner.target.write_run(&CodePath::of_node(node), &statement)?;
        runner.keep_compiled(&node.unique_id, |known| known.build_path = Some(path));
    }
    returned.map_err(|problem| place(problem, compiled, node))
}

/// A database error gets the compiled SQL as its place, where it has none of its own.
fn place(problem: Diagnostic, _compiled: Option<&Compiled>, node: &crate::manifest::Node) -> Failure {
    if problem.labels.is_empty() {
        return problem.at_some(node.span, "").into();
    }
    problem.into()
}
