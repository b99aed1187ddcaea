//! Small manifests for tests.

use serde_json::{Map, Value, json};

use super::Manifest;

/// A manifest of nodes by unique id with what they depend on. Kinds follow from the ids.
pub(crate) fn sample(nodes: &[(&str, &[&str])]) -> Manifest {
    let mut kinds: Map<String, Value> = Map::new();
    for (id, depends_on) in nodes {
        let mut parts = id.split('.');
        let (kind, package) = (parts.next().unwrap(), parts.next().unwrap());
        let name = parts.next_back().unwrap();
        let map = match kind {
            "source" => "sources",
            "exposure" => "exposures",
            "unit_test" => "unit_tests",
            _ => "nodes",
        };
        let node = json!({
            "unique_id": id,
            "resource_type": kind,
            "name": name,
            "alias": name,
            "package_name": package,
            "fqn": [package, name],
            "path": format!("{name}.sql"),
            "original_file_path": format!("models/{name}.sql"),
            "raw_code": "select 1",
            "schema": "main",
            "database": "db",
            "depends_on": {"macros": [], "nodes": depends_on},
        });
        kinds.entry(map).or_insert_with(|| json!({}))[*id] = node;
    }
    kinds.insert("metadata".to_owned(), json!({"project_name": "shop", "adapter_type": "duckdb"}));
    Manifest::from_json(&Value::Object(kinds)).0
}
