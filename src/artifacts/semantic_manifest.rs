//! `semantic_manifest.json`: metrics, semantic models and saved queries as the query tools of the semantic layer read them.

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::manifest::{Manifest, Node};

/// The semantic layer of a project; serializes to the file's text.
#[derive(Clone, Copy)]
pub struct SemanticManifestJson<'a>(pub &'a Manifest);

const SEMANTIC_MODEL: &[&str] = &[
    "name",
    "defaults",
    "description",
    "node_relation",
    "primary_entity",
    "entities",
    "measures",
    "dimensions",
    "label",
    "metadata",
    "config",
];
const METRIC: &[&str] =
    &["name", "description", "type", "type_params", "filter", "metadata", "label", "config", "time_granularity"];
const SAVED_QUERY: &[&str] = &["name", "query_params", "description", "metadata", "label", "exports", "tags"];

impl Serialize for SemanticManifestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let semantic = &self.0.semantic;
        let spines: Vec<Value> = self.0.nodes.values().filter_map(|node| time_spine(node)).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("semantic_models", &chosen(&semantic.semantic_models, SEMANTIC_MODEL))?;
        map.serialize_entry("metrics", &chosen(&semantic.metrics, METRIC))?;
        map.serialize_entry(
            "project_configuration",
            &json!({
                "time_spine_table_configurations": [],
                "metadata": null,
                "dsi_package_version": {"major_version": "0", "minor_version": "9", "patch_version": "0"},
                "time_spines": spines,
            }),
        )?;
        map.serialize_entry("saved_queries", &chosen(&semantic.saved_queries, SAVED_QUERY))?;
        map.end()
    }
}

/// Of each resource the keys that belong there; of configs only `meta`.
fn chosen(resources: &IndexMap<String, Value>, keys: &[&str]) -> Vec<Map<String, Value>> {
    let pick = |resource: &Value| {
        keys.iter()
            .map(|&key| {
                let value = resource.get(key).cloned().unwrap_or_default();
                let value =
                    if key == "config" { json!({"meta": value.get("meta").unwrap_or(&json!({}))}) } else { value };
                (key.to_owned(), value)
            })
            .collect()
    };
    resources.values().map(pick).collect()
}

fn time_spine(node: &Node) -> Option<Value> {
    let spine = node.time_spine.as_ref()?;
    let column = spine.get("standard_granularity_column")?.as_str()?;
    let granularity = node.columns.get(column).and_then(|column| column.extra.get("granularity"));
    Some(json!({
        "node_relation": {
            "alias": node.alias,
            "schema_name": node.schema,
            "database": node.database,
            "relation_name": node.relation_name,
        },
        "primary_column": {"name": column, "time_granularity": granularity},
        "custom_granularities": spine.get("custom_granularities").cloned().unwrap_or_else(|| json!([])),
    }))
}
