//! SQL of the command line as a node.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::context::Session;
use crate::manifest::{Manifest, Node, NodeConfig, ResourceType};

/// A node of the root project that holds SQL (or a call of a macro) from the command line.
pub fn inline_node(session: &Session, manifest: &Manifest, name: &str, code: &str) -> Node {
    let project = &session.config().project;
    let source = session.sources().add(format!("{name}.sql"), code);
    let adapter = session.adapter();
    let id = format!("sql_operation.{}.{name}", manifest.project_name);
    Node {
        path: format!("sql/{name}"),
        original_file_path: format!("inline/{name}.sql"),
        fqn: vec![project.name.clone(), "sql".into(), name.to_owned()],
        database: Some(adapter.database().to_owned()),
        schema: adapter.schema().to_owned(),
        config: NodeConfig::new(config()),
        raw_code: Arc::from(code),
        span: Some(crate::diagnostics::Span::new(source, 0, code.len())),
        created_at: session.config().invocation.started_at.as_millisecond() as f64 / 1e3,
        ..Node::new(ResourceType::SqlOperation, id, name.to_owned(), project.name.clone())
    }
}

fn config() -> Map<String, Value> {
    let values = json!({
        "enabled": true, "materialized": "view", "tags": [], "meta": {}, "pre-hook": [], "post-hook": [],
        "quoting": {}, "column_types": {}, "packages": [], "docs": {"show": true, "node_color": null},
        "contract": {"enforced": false, "alias_types": true}, "grants": {}, "persist_docs": {},
    });
    match values {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
