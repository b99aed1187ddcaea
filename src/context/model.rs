//! `this`, `model`, `database`, `schema`, `pre_hooks`, `post_hooks`: what a template sees of its own node.

use std::sync::Arc;

use minijinja::Value;
use serde_json::{Value as Json, json};

use super::ParseNode;
use super::relation::relation_value;
use super::scope::{Scope, Stage};
use super::values::{list, none, optional};
use crate::adapters::{Relation, RelationParts};
use crate::diagnostics::Diagnostic;
use crate::jinja::from_json;
use crate::manifest::{Node, ResourceType, Source};

/// Quoting of a resource: its own word, else the project's.
pub(super) fn quoting(own: Option<&Json>, project: RelationParts<bool>) -> RelationParts<bool> {
    let part = |name: &str, default: bool| own.and_then(|own| own.get(name)).and_then(Json::as_bool).unwrap_or(default);
    RelationParts {
        database: part("database", project.database),
        schema: part("schema", project.schema),
        identifier: part("identifier", project.identifier),
    }
}

/// The relation that a node will be, as far as it is known while parsing.
pub(super) fn parse_relation(scope: &Scope, node: &ParseNode) -> Relation {
    let session = &scope.session;
    let quoting = quoting(node.config.get("quoting"), session.quoting());
    session.adapter().relation(node.database.as_deref(), Some(&node.schema), Some(&node.alias)).with_quoting(quoting)
}

/// The relation that a node is.
pub fn node_relation(session: &super::Session, node: &Node) -> Relation {
    let quoting = quoting(node.config.get("quoting"), session.quoting());
    session.adapter().relation(node.database.as_deref(), Some(&node.schema), Some(&node.alias)).with_quoting(quoting)
}

/// The relation that a source is; a location to read in place comes before its name. What the project says of quoting is not for sources,
/// as in dbt.
pub fn source_relation(session: &super::Session, source: &Source) -> Result<Relation, Diagnostic> {
    let own = Json::Object(source.quoting.clone());
    let mut relation = session
        .adapter()
        .relation(source.database.as_deref(), Some(&source.schema), Some(&source.identifier))
        .with_quoting(quoting(Some(&own), session.adapter().default_quoting()));
    relation.replacement = session.adapter().source_location(&source.to_json())?;
    Ok(relation)
}

/// `this`: none for hooks, undefined for a macro that is called by itself.
pub(super) fn this(scope: &Arc<Scope>) -> Value {
    match &scope.stage {
        Stage::Parse { node, .. } if node.resource_type == ResourceType::Operation => none(),
        Stage::Parse { node, .. } => relation_value(parse_relation(scope, node)),
        Stage::Run(run) if run.node().resource_type == ResourceType::Operation => none(),
        Stage::Run(run) if run.node().resource_type == ResourceType::Macro => Value::UNDEFINED,
        Stage::Run(run) => {
            run.this_override().unwrap_or_else(|| relation_value(node_relation(&scope.session, run.node())))
        }
        _ => Value::UNDEFINED,
    }
}

/// `database`: the node's, else the target's.
pub(super) fn database(scope: &Arc<Scope>) -> Value {
    match &scope.stage {
        Stage::Parse { node, .. } => optional(node.database.as_deref()),
        Stage::Run(run) if run.node().resource_type != ResourceType::Operation => {
            optional(run.node().database.as_deref())
        }
        _ => Value::from(scope.session.adapter().database()),
    }
}

/// `schema`: the node's, else the target's.
pub(super) fn schema(scope: &Arc<Scope>) -> Value {
    match &scope.stage {
        Stage::Parse { node, .. } => Value::from(node.schema.as_str()),
        Stage::Run(run) if run.node().resource_type != ResourceType::Operation => {
            Value::from(run.node().schema.as_str())
        }
        _ => Value::from(scope.session.adapter().schema()),
    }
}

/// `model`: the node as a dict.
pub(super) fn model(scope: &Arc<Scope>) -> Value {
    match &scope.stage {
        Stage::Parse { node, .. } => from_json(&parse_json(node)),
        Stage::Run(run) => run.model_value(),
        _ => Value::UNDEFINED,
    }
}

/// A node that is being parsed as dbt's dict of it.
pub(super) fn parse_json(node: &ParseNode) -> Json {
    json!({
        "name": node.name,
        "resource_type": node.resource_type.as_str(),
        "package_name": node.package_name,
        "path": node.path,
        "original_file_path": node.original_file_path,
        "unique_id": node.unique_id,
        "fqn": node.fqn,
        "alias": node.alias,
        "database": node.database,
        "schema": node.schema,
        "config": node.config,
        "tags": node.config.get("tags").cloned().unwrap_or_else(|| json!([])),
        "meta": node.config.get("meta").cloned().unwrap_or_else(|| json!({})),
        "raw_code": &*node.raw_code,
        "language": "sql",
        "description": "",
        "columns": {},
        "refs": [],
        "sources": [],
        "metrics": [],
        "depends_on": {"macros": [], "nodes": []},
        "docs": {"show": true},
    })
}

/// `pre_hooks` or `post_hooks`: dicts of `sql`, `transaction` and `index`.
pub(super) fn hooks(scope: &Arc<Scope>, name: &str) -> Value {
    let key = if name == "pre_hooks" { "pre-hook" } else { "post-hook" };
    let config = match &scope.stage {
        Stage::Parse { node, .. } => node.config.get(key).cloned(),
        Stage::Run(run) if matches!(run.node().resource_type, ResourceType::Test | ResourceType::Operation) => None,
        Stage::Run(run) => run.node().config.get(key).cloned(),
        _ => return none(),
    };
    let hooks = match config {
        Some(Json::Array(hooks)) => hooks,
        Some(hook) => vec![hook],
        None => Vec::new(),
    };
    list(hooks.iter().map(|hook| from_json(&hook_json(hook))).collect())
}

/// A hook as a dict; a text is SQL (or dbt's JSON form of a hook) inside the transaction.
fn hook_json(hook: &Json) -> Json {
    match hook {
        Json::String(text) => match serde_json::from_str::<Json>(text) {
            Ok(json @ Json::Object(_)) if json.get("sql").is_some() => hook_json(&json),
            _ => json!({"sql": text, "transaction": true, "index": null}),
        },
        Json::Object(map) => {
            let mut map = map.clone();
            map.entry("transaction").or_insert(Json::Bool(true));
            Json::Object(map)
        }
        other => other.clone(),
    }
}
