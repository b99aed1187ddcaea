//! `ref` and `source` at run time: from a name to a relation.

use std::sync::Arc;

use minijinja::Error;

use super::super::NodeRun;
use super::super::model::{node_relation, source_relation};
use super::super::raise::{OrRaise, raise};
use crate::adapters::{Relation, RelationParts, RelationType};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{ColumnProperties, Node, NodeConfig, RefCall, ResourceType, Source};

/// The relation of a node.
pub(in crate::context) fn node(run: &Arc<NodeRun>, call: &RefCall) -> Result<Relation, Error> {
    let target = find(run, call)?;
    if let Some(fixture) = run.fixture(&target.unique_id) {
        return Ok(fixture.clone());
    }
    must_be_given(run, &target.name)?;
    if target.is_ephemeral() {
        return ephemeral(run, &target);
    }
    let mut relation = node_relation(run.session(), &target);
    if let Some(staged) = run.staged(&target.unique_id) {
        relation = staged.clone();
    } else if let Some(other) = run.deferred(&target.unique_id) {
        let favoured = run.session().config().flags.favor_state
            && !run.session().selected().iter().any(|id| *id == target.unique_id);
        if favoured || super::super::adapter::find_relation(run, &relation)?.is_none() {
            relation = other.clone();
        }
    }
    limit(run, &mut relation, &target.config, target.columns.values());
    Ok(relation)
}

/// In a unit test all inputs of the model have rows of their own.
fn must_be_given(run: &NodeRun, name: &str) -> Result<(), Error> {
    if run.node().resource_type != ResourceType::UnitTest {
        return Ok(());
    }
    let test = &run.node().name;
    let problem = format!("unit test `{test}` gives no rows for `{name}`, which its model reads");
    Err(raise(
        Diagnostic::error(Code::REF_NOT_FOUND, problem)
            .hint("add it to the test's `given`, with the version that the model names"),
    ))
}

/// The node that a call means: among what the caller depends on, else anywhere.
fn find(run: &NodeRun, call: &RefCall) -> Result<Arc<Node>, Error> {
    let caller = run.node();
    let manifest = run.manifest();
    let rank = |node: &Node| run.session().search_order().rank(&node.package_name, &caller.package_name);
    let declared = caller.depends_on.nodes.iter().filter_map(|id| manifest.nodes.get(id));
    let best = declared.filter(|node| is_meant(node, call)).min_by_key(|node| rank(node));
    if let Some(node) = best {
        return Ok(Arc::clone(node));
    }
    let anywhere = manifest.nodes.values().filter(|node| is_meant(node, call)).min_by_key(|node| rank(node));
    match anywhere {
        Some(node) if !run.checks_dependencies() || node.unique_id == caller.unique_id => Ok(Arc::clone(node)),
        Some(node) => Err(raise(not_declared(caller, call, node))),
        None => Err(raise(not_found(run, call))),
    }
}

fn is_meant(node: &Node, call: &RefCall) -> bool {
    if node.name != call.name || !node.is_refable() {
        return false;
    }
    if call.package.as_ref().is_some_and(|package| *package != node.package_name) {
        return false;
    }
    let text = |version: &serde_json::Value| match version {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (&call.version, &node.version) {
        (Some(wanted), Some(version)) => wanted.to_string() == text(version),
        (Some(_), None) => false,
        (None, Some(version)) => node.latest_version.as_ref().is_none_or(|latest| text(latest) == text(version)),
        (None, None) => true,
    }
}

/// The relation of a user-defined function.
pub(in crate::context) fn user_function(run: &Arc<NodeRun>, call: &[String]) -> Result<Relation, Error> {
    let name = call.last().map(String::as_str).unwrap_or_default();
    let package = (call.len() > 1).then(|| call[0].as_str());
    let is_meant = |node: &&Arc<Node>| {
        node.resource_type == ResourceType::Function
            && node.name == name
            && package.is_none_or(|package| package == node.package_name)
    };
    let order = run.session().search_order();
    let rank = |node: &&Arc<Node>| order.rank(&node.package_name, &run.node().package_name);
    let functions = || run.manifest().nodes.values().filter(|node| node.resource_type == ResourceType::Function);
    let Some(found) = functions().filter(is_meant).min_by_key(rank) else {
        let problem = Diagnostic::error(Code::REF_NOT_FOUND, format!("function `{}` is not found", call.join(".")))
            .note(format!("{} depends on it", run.node().unique_id));
        return Err(raise(problem.suggest(name, functions().map(|node| node.name.as_str()))));
    };
    let mut relation = node_relation(run.session(), found);
    if let Some(other) = run.deferred(&found.unique_id) {
        let favoured = run.session().config().flags.favor_state
            && !run.session().selected().iter().any(|id| *id == found.unique_id);
        if favoured || super::super::adapter::find_relation(run, &relation)?.is_none() {
            relation = other.clone();
        }
    }
    Ok(relation.with_type(Some(RelationType::Function)))
}

/// How a call is written.
fn written(call: &RefCall) -> String {
    let mut arguments: Vec<String> = call.package.iter().chain([&call.name]).map(|part| format!("'{part}'")).collect();
    arguments.extend(call.version.iter().map(|version| format!("v={version}")));
    format!("ref({})", arguments.join(", "))
}

fn not_declared(caller: &Node, call: &RefCall, target: &Node) -> Diagnostic {
    Diagnostic::error(
        Code::REF_NOT_DECLARED,
        format!(
            "dbt was unable to infer all dependencies for the model \"{}\": `{}` was not called while the project was parsed",
            caller.name,
            written(call)
        ),
    )
    .note(format!("this happens when a call stands in a condition that is false while parsing; it means {}", target.unique_id))
    .hint(format!("write this at the top of the model: -- depends_on: {{{{ {} }}}}", written(call)))
}

fn not_found(run: &NodeRun, call: &RefCall) -> Diagnostic {
    let disabled = run.manifest().disabled.values().flatten().any(|node| is_meant(node, call));
    let what = call.package.as_ref().map_or_else(|| call.name.clone(), |package| format!("{package}.{}", call.name));
    if disabled {
        return Diagnostic::error(Code::REF_DISABLED, format!("node `{what}` is disabled"))
            .note(format!("{} depends on it", run.node().unique_id));
    }
    let names = run.manifest().nodes.values().filter(|node| node.is_refable()).map(|node| node.name.as_str());
    Diagnostic::error(Code::REF_NOT_FOUND, format!("node `{what}` is not found"))
        .note(format!("{} depends on it", run.node().unique_id))
        .suggest(&call.name, names)
}

/// An ephemeral model is a CTE of whoever refers to it.
fn ephemeral(run: &NodeRun, target: &Node) -> Result<Relation, Error> {
    // `run-operation` has no SQL of its own that a CTE could stand in.
    if matches!(run.node().resource_type, ResourceType::SqlOperation | ResourceType::Macro)
        && run.node().raw_code.is_empty()
    {
        return Err(raise(
            Diagnostic::error(
                Code::UNSUPPORTED,
                format!("operations cannot ref() ephemeral nodes, but {} is ephemeral", target.name),
            )
            .hint("materialize the model as a view"),
        ));
    }
    run.add_cte(&target.unique_id);
    let mut relation = cte(&target.alias);
    limit(run, &mut relation, &target.config, target.columns.values());
    Ok(relation)
}

/// The CTE of an ephemeral model or of a fixture.
fn cte(identifier: &str) -> Relation {
    let name = format!("__dbt__cte__{identifier}");
    Relation::new(None, None, Some(&name)).with_type(Some(RelationType::Cte)).with_quoting(RelationParts {
        database: true,
        schema: true,
        identifier: false,
    })
}

/// Puts `--empty` and the event-time filter on an input.
fn limit<'a>(
    run: &NodeRun,
    relation: &mut Relation,
    config: &NodeConfig,
    mut columns: impl Iterator<Item = &'a ColumnProperties>,
) {
    relation.names_subqueries = run.session().adapter().names_subqueries();
    if run.session().config().flags.empty {
        relation.limit = Some(0);
    }
    let (Some(range), Some(field)) = (run.event_time(), config.str("event_time")) else { return };
    if !matches!(run.node().resource_type, ResourceType::Model | ResourceType::Snapshot) {
        return;
    }
    let quoted = columns
        .find(|column| column.name == field)
        .and_then(|column| column.quote)
        .or_else(|| {
            config.get("quoting").and_then(|quoting| quoting.get("column")).and_then(serde_json::Value::as_bool)
        })
        .unwrap_or(false);
    let field = if quoted { run.session().adapter().quote(field) } else { field.to_owned() };
    let mut conditions = Vec::new();
    conditions.extend(range.start.as_ref().map(|start| format!("{field} >= '{start}'")));
    conditions.extend(range.end.as_ref().map(|end| format!("{field} < '{end}'")));
    if !conditions.is_empty() {
        relation.filter = Some(conditions.join(" and "));
    }
}

/// The relation of a source.
pub(in crate::context) fn source(run: &Arc<NodeRun>, source: &str, table: &str) -> Result<Relation, Error> {
    let target = find_source(run, source, table)?;
    if let Some(fixture) = run.fixture(&target.unique_id) {
        return Ok(fixture.clone());
    }
    must_be_given(run, &format!("{source}.{table}"))?;
    let mut relation = source_relation(run.session(), &target).or_raise()?;
    limit(run, &mut relation, &target.config, target.columns.values());
    Ok(relation)
}

fn find_source(run: &NodeRun, source: &str, table: &str) -> Result<Arc<Source>, Error> {
    let manifest = run.manifest();
    let is_meant = |other: &&Arc<Source>| other.source_name == source && other.name == table;
    let order = run.session().search_order();
    let found = order
        .named(&run.node().package_name)
        .into_iter()
        .find_map(|package| manifest.sources.get(&format!("source.{package}.{source}.{table}")))
        .or_else(|| manifest.sources.values().find(is_meant));
    if let Some(found) = found {
        return Ok(Arc::clone(found));
    }
    let disabled = manifest.disabled_sources.values().flatten().any(|other| is_meant(&other));
    if disabled {
        return Err(raise(Diagnostic::error(Code::REF_DISABLED, format!("source `{source}.{table}` is disabled"))));
    }
    let names: Vec<String> =
        manifest.sources.values().map(|other| format!("{}.{}", other.source_name, other.name)).collect();
    let wanted = format!("{source}.{table}");
    let problem = Diagnostic::error(Code::SOURCE_NOT_FOUND, format!("source `{wanted}` is not found"))
        .note(format!("{} depends on it", run.node().unique_id));
    Err(raise(problem.suggest(&wanted, names.iter().map(String::as_str))))
}
