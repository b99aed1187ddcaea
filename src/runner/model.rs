//! Models, seeds and snapshots: their materialization is a macro; what it returns are the relations that it made.

use std::sync::Arc;

use minijinja::Value;

use super::failure::{Failure, undrawn};
use super::node::Done;
use super::run::Runner;
use crate::artifacts::CodePath;
use crate::compiler::Compiled;
use crate::context::NodeRun;
use crate::diagnostics::{Code, Diagnostic, Label, Span};
use crate::manifest::{Node, ResourceType};

/// Runs the node's materialization.
pub(super) fn execute(runner: &Runner, run: &Arc<NodeRun>, compiled: Option<&Compiled>) -> Result<Done, Failure> {
    execute_at(runner, run, compiled, &CodePath::of_node(run.node()))
}

/// The same with another place below `target/run`.
pub(super) fn execute_at(
    runner: &Runner,
    run: &Arc<NodeRun>,
    compiled: Option<&Compiled>,
    path: &CodePath,
) -> Result<Done, Failure> {
    let returned = materialize_at(runner, run, compiled, path)?;
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
    materialize_at(runner, run, compiled, &CodePath::of_node(run.node()))
}

/// Calls another materialization than the config names.
pub(super) fn materialize_as(runner: &Runner, run: &Arc<NodeRun>, name: &str) -> Result<Value, Failure> {
    call(runner, run, name, None, &CodePath::of_node(run.node()))
}

/// The same with another place below `target/run`.
pub(super) fn materialize_at(
    runner: &Runner,
    run: &Arc<NodeRun>,
    compiled: Option<&Compiled>,
    path: &CodePath,
) -> Result<Value, Failure> {
    call(runner, run, run.node().config.materialized(), compiled, path)
}

fn call(
    runner: &Runner,
    run: &Arc<NodeRun>,
    name: &str,
    compiled: Option<&Compiled>,
    path: &CodePath,
) -> Result<Value, Failure> {
    let node = run.node();
    let session = &runner.session;
    check_length(run)?;
    let prefixes = session.adapter().dispatch_prefixes();
    let packages_override =
        !session.config().flags.behaves("require_explicit_package_overrides_for_builtin_materializations");
    let macros = session.macros();
    let found = macros.find_materialization(name, prefixes, packages_override).ok_or_else(|| {
        Diagnostic::error(
            Code::INVALID_CONFIG,
            format!(
                "No materialization '{name}' was found for adapter {}! (searched types 'default' and '{}')",
                session.adapter().type_name(),
                session.adapter().type_name()
            ),
        )
        .at_some(crate::parser::place_of_config(session.sources(), node, "materialized"), "materialized by this config")
        .suggest(name, ["table", "view", "incremental", "ephemeral", "materialized_view"])
    })?;
    if packages_override
        && macros.find_materialization(name, prefixes, false).is_some_and(|other| !Arc::ptr_eq(other, found))
    {
        let package = &found.definition.package_name;
        let message = format!("package '{package}' overrides the built-in materialization '{name}'");
        let warning = Diagnostic::warning(Code::DEPRECATED, message)
            .named("PackageMaterializationOverrideDeprecation")
            .hint("call it from a materialization of the root project, if it is wanted");
        run.warn(warning)?;
    }
    let returned = run.call_macro(found, &[]);
    if let Some(statement) = run.main_sql() {
        let path = runner.target.write_run(path, &run.published_text(&statement))?;
        runner.keep_compiled(&node.unique_id, |known| known.build_path = Some(path));
    }
    returned.map_err(|problem| place(run, problem, compiled))
}

/// PostgreSQL would cut a longer name without a word.
fn check_length(run: &NodeRun) -> Result<(), Diagnostic> {
    let node = run.node();
    let limit = run.session().adapter().identifier_limit();
    let is_relation = matches!(node.resource_type, ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot);
    match limit.filter(|limit| is_relation && node.alias.len() > *limit) {
        Some(limit) => Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!("Relation name '{}' is longer than {limit} characters", node.alias),
        )
        .at_some(node.span, "of this resource")
        .hint("give it a shorter name in the warehouse: `alias`")),
        None => Ok(()),
    }
}

/// A database error that points into the statement that was sent points into the node's compiled SQL instead, where the
/// statement holds it, and at the line of the node's own file that it came from.
pub(super) fn place(run: &NodeRun, mut problem: Diagnostic, compiled: Option<&Compiled>) -> Failure {
    if problem.code == Code::CANCELLED {
        problem.frames.clear();
        let begin = run.node().span.map(|span| Span { end: span.start, ..span });
        problem.labels = begin.map(|span| Label { span, text: "this was being built".into() }).into_iter().collect();
        return problem.into();
    }
    let (Some(compiled), true) = (compiled, problem.code == Code::DATABASE) else { return problem.into() };
    // Built-in macros around the statement say nothing about the node.
    problem.frames.clear();
    let sources = run.session().sources();
    let Some(label) = problem.labels.first().cloned() else { return problem.into() };
    let sent = sources.get(label.span.source);
    let code = compiled.code.trim();
    let Some(at) = sent.text.find(code).filter(|_| !code.is_empty()) else { return problem.into() };
    let leading = compiled.code.len() - compiled.code.trim_start().len();
    let (start, end) = (label.span.start as usize, label.span.end as usize);
    if start < at || end > at + code.len() {
        return problem.into();
    }
    let (start, end) = (start - at + leading, end - at + leading);
    problem.labels = vec![Label { span: Span::new(compiled.source, start, end), text: label.text }];
    if let Some(own) = own_line(run.node(), &compiled.code, start) {
        problem.labels.push(Label { span: own, text: "which comes from here".into() });
    }
    // Some databases draw the place themselves, in the statement that was sent.
    let whole = problem.message.clone();
    problem.message = undrawn(&whole);
    Failure { diagnostics: vec![problem], whole: Some(whole) }
}

/// The line of the node's file that the line around `offset` in its compiled SQL came from: the same one, or the only one
/// that begins in the same way.
fn own_line(node: &Node, code: &str, offset: usize) -> Option<Span> {
    let begin = code[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = code[begin..].lines().next()?.trim();
    let span = node.span.filter(|_| node.test.metadata.is_none())?;
    let common = |own: &str| own.trim().bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
    let best = node.raw_code.lines().map(common).max().filter(|count| *count > 5 || *count == line.len())?;
    let mut candidates = node.raw_code.lines().filter(|own| common(own) == best);
    let own = candidates.next().filter(|_| candidates.next().is_none())?.trim();
    let at = own.as_ptr() as usize - node.raw_code.as_ptr() as usize;
    Some(Span::new(span.source, span.start as usize + at, span.start as usize + at + own.len()))
}
