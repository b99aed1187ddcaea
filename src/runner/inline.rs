//! SQL of the command line as a node.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::context::Session;
use crate::manifest::{Checksum, DependsOn, Manifest, Node, NodeConfig, ResourceType, TestDetails};

/// A node of the root project that holds SQL (or a call of a macro) from the command line.
pub fn inline_node(session: &Session, manifest: &Manifest, name: &str, code: &str) -> Node {
    let project = &session.config().project;
    let source = session.sources().add(format!("{name}.sql"), code);
    let adapter = session.adapter();
    Node {
        unique_id: format!("sql_operation.{}.{name}", manifest.project_name),
        resource_type: ResourceType::SqlOperation,
        name: name.to_owned(),
        package_name: project.name.clone(),
        path: format!("{name}.sql"),
        original_file_path: format!("inline/{name}.sql"),
        fqn: vec![project.name.clone(), "sql".into(), name.to_owned()],
        alias: name.to_owned(),
        database: Some(adapter.database().to_owned()),
        schema: adapter.schema().to_owned(),
        relation_name: None,
        checksum: Checksum { name: "none", checksum: String::new() },
        config: NodeConfig::new(config()),
        unrendered_config: Map::new(),
        config_call: Map::new(),
        raw_code: Arc::from(code),
        span: Some(crate::diagnostics::Span::new(source, 0, code.len())),
        language: "sql",
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        depends_on: DependsOn::default(),
        description: String::new(),
        columns: indexmap::IndexMap::new(),
        tags: Vec::new(),
        meta: Map::new(),
        group: None,
        docs: Map::new(),
        patch_path: None,
        properties_span: None,
        doc_blocks: Vec::new(),
        created_at: session.config().invocation.started_at.as_millisecond() as f64 / 1e3,
        access: "protected".into(),
        version: None,
        latest_version: None,
        deprecation_date: None,
        constraints: Vec::new(),
        primary_key: Vec::new(),
        time_spine: None,
        test: TestDetails::default(),
        root_path: None,
        index: None,
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
