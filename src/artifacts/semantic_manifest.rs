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
        map.serialize_entry("semantic_models", &chosen(&semantic.semantic_models, SEMANTIC_MODEL, model_parts))?;
        map.serialize_entry("metrics", &chosen(&semantic.metrics, METRIC, metric_parts))?;
        map.serialize_entry(
            "project_configuration",
            &json!({
                "time_spine_table_configurations": older_time_spine(self.0),
                "metadata": null,
                "dsi_package_version": {"major_version": "0", "minor_version": "9", "patch_version": "0"},
                "time_spines": spines,
            }),
        )?;
        map.serialize_entry("saved_queries", &chosen(&semantic.saved_queries, SAVED_QUERY, query_parts))?;
        map.end()
    }
}

/// Of each resource the keys that belong there; of configs only `meta`.
fn chosen(resources: &IndexMap<String, Value>, keys: &[&str], finish: fn(&mut Value)) -> Vec<Value> {
    let pick = |resource: &Value| {
        let map = keys
            .iter()
            .map(|&key| {
                let value = resource.get(key).cloned().unwrap_or_default();
                let value =
                    if key == "config" { json!({"meta": value.get("meta").unwrap_or(&json!({}))}) } else { value };
                (key.to_owned(), value)
            })
            .collect::<Map<_, _>>();
        let mut map = Value::Object(map);
        finish(&mut map);
        map
    };
    resources.values().map(pick).collect()
}

fn each(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    list.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn model_parts(model: &mut Value) {
    for part in ["entities", "measures"] {
        for item in each(model.get_mut(part)) {
            item.insert("metadata".into(), Value::Null);
        }
    }
}

fn metric_parts(metric: &mut Value) {
    let Some(params) = metric.get_mut("type_params").and_then(Value::as_object_mut) else { return };
    params.shift_remove("metric_aggregation_params");
    if let Some(cumulative) = params.get_mut("cumulative_type_params").and_then(Value::as_object_mut) {
        cumulative.shift_remove("metric");
    }
}

fn query_parts(query: &mut Value) {
    for export in each(query.get_mut("exports")) {
        export.shift_remove("unrendered_config");
        if let Some(config) = export.get_mut("config").and_then(Value::as_object_mut) {
            config.shift_remove("database");
        }
    }
}

/// The model `metricflow_time_spine`, which counts as a time spine by its name where it is not configured as one.
fn older_time_spine(manifest: &Manifest) -> Vec<Value> {
    let is_spine = |node: &&std::sync::Arc<Node>| {
        node.name == "metricflow_time_spine" && node.is_refable() && node.time_spine.is_none()
    };
    let found = manifest.nodes.values().find(is_spine).filter(|_| !manifest.semantic.semantic_models.is_empty());
    found
        .map(|node| json!({"location": node.relation_name, "column_name": "date_day", "grain": "day"}))
        .into_iter()
        .collect()
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
