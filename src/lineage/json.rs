//! [`LineageJson`]: `target/lineage.json`.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::nouns::{ColumnRef, Lineage, NodeLineage};

/// The lineage of a project; serializes to the file's text.
#[derive(Clone, Copy)]
pub struct LineageJson<'a> {
    /// What is written.
    pub lineage: &'a Lineage,
    /// When, in UTC: `2024-01-31T10:00:00.123456Z`.
    pub generated_at: &'a str,
    /// By which invocation.
    pub invocation_id: &'a str,
}

impl Serialize for LineageJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let coverage = self.lineage.coverage();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(
            "metadata",
            &json!({
                "schema": "hetl lineage v1",
                "hetl_version": env!("CARGO_PKG_VERSION"),
                "generated_at": self.generated_at,
                "invocation_id": self.invocation_id,
            }),
        )?;
        map.serialize_entry(
            "coverage",
            &json!({
                "columns": coverage.columns,
                "resolved": coverage.resolved,
                "nodes": coverage.nodes,
                "incomplete_nodes": coverage.incomplete,
            }),
        )?;
        map.serialize_entry("nodes", &Nodes(self.lineage))?;
        map.end()
    }
}

struct Nodes<'a>(&'a Lineage);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.nodes.iter().map(|(id, node)| (id, node_json(node))))
    }
}

fn place(column: &ColumnRef, kind: &str) -> Value {
    json!({"node": column.node, "column": column.column, "kind": kind})
}

fn node_json(node: &NodeLineage) -> Value {
    let columns = node.columns.iter().map(|column| {
        let sources: Vec<Value> =
            column.sources.iter().map(|source| place(&source.from, source.kind.as_str())).collect();
        let mut map = Map::new();
        map.insert("name".into(), column.name.clone().into());
        map.insert("data_type".into(), column.data_type.clone().into());
        map.insert("sources".into(), sources.into());
        if !column.unknown.is_empty() {
            map.insert("unknown".into(), column.unknown.clone().into());
        }
        Value::Object(map)
    });
    let influences: Vec<Value> =
        node.influences.iter().map(|influence| place(&influence.from, influence.kind.as_str())).collect();
    let mut map = Map::new();
    map.insert("columns".into(), columns.collect());
    map.insert("incomplete".into(), node.incomplete.clone().into());
    map.insert("influences".into(), influences.into());
    if !node.unknown_influences.is_empty() {
        map.insert("unknown_influences".into(), node.unknown_influences.clone().into());
    }
    map.insert("reads".into(), node.reads.clone().into());
    if let Some(problem) = &node.problem {
        map.insert("problem".into(), problem.clone().into());
    }
    Value::Object(map)
}
