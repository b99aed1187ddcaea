//! One semantic model: a relation with entities, dimensions and measures.

use serde_json::{Map, Value, json};

use super::base;
use super::reading::{GRANULARITIES, filled, filled_part, missing, sql_text, word};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Manifest, Node, RefCall, ResourceType};
use crate::parser::parsing::Parsing;
use crate::parser::properties::Entry;
use crate::parser::references::{self, Reference};

const ENTITY_TYPES: &[&str] = &["foreign", "natural", "primary", "unique"];
const DIMENSION_TYPES: &[&str] = &["categorical", "time"];
const AGGREGATIONS: &[&str] =
    &["sum", "min", "max", "count_distinct", "sum_boolean", "average", "percentile", "median", "count"];

/// Reads one.
pub(super) fn semantic_model(parsing: &Parsing, entry: &Entry, manifest: &Manifest) -> Result<Value, Diagnostic> {
    let given = entry.mapping("config")?;
    let mut map = base(parsing, entry, ResourceType::SemanticModel, &entry.name, &given);
    let text = entry
        .text("model")?
        .ok_or_else(|| missing(&entry.name, "model", entry.yaml.span).hint("write `model: ref('…')`"))?;
    let place = entry.span("model");
    let Reference::Ref(call) = references::parse(&text, place)? else {
        return Err(Diagnostic::error(Code::YAML_VALUE, format!("`{text}` is not a `ref`")).at(place, "expected `ref`"));
    };
    let meta = map["config"]["meta"].clone();
    map.insert("model".into(), text.into());
    map.insert("node_relation".into(), Value::Null);
    map.insert("defaults".into(), entry.values.get("defaults").cloned().unwrap_or_default());
    if let Some(defaults) = map.get_mut("defaults") {
        filled_part(defaults, json!({"agg_time_dimension": null}));
    }
    map.insert("primary_entity".into(), entry.values.get("primary_entity").cloned().unwrap_or_default());
    map.insert("entities".into(), parts(entry, "entities", &meta, entity)?);
    map.insert("measures".into(), parts(entry, "measures", &meta, measure)?);
    map.insert("dimensions".into(), parts(entry, "dimensions", &meta, dimension)?);
    // A version that is a number was most likely written as one.
    let version = call.version.as_ref().map(|version| version.written.clone());
    map.insert("refs".into(), json!([{"name": call.name, "package": call.package, "version": version}]));
    let is_enabled = map["config"]["enabled"] != Value::Bool(false);
    if is_enabled {
        let node = find(manifest, &call, &entry.file.package).ok_or_else(|| {
            let names = manifest.nodes.values().filter(|node| node.is_refable()).map(|node| node.name.as_str());
            Diagnostic::error(
                Code::REF_NOT_FOUND,
                format!("semantic model `{}` depends on a node named '{}' which was not found", entry.name, call.name),
            )
            .at(place, "referenced here")
            .suggest(&call.name, names)
        })?;
        map["node_relation"] = json!({
            "alias": node.alias, "schema_name": node.schema, "database": node.database,
            "relation_name": node.relation_name,
        });
        map["depends_on"]["nodes"] = json!([node.unique_id]);
    }
    Ok(Value::Object(map))
}

/// The items of a list, each with the semantic model's `meta` below its own.
fn parts(
    entry: &Entry,
    key: &str,
    meta: &Value,
    read: fn(&Value, &Entry) -> Result<Value, Diagnostic>,
) -> Result<Value, Diagnostic> {
    let mut all = Vec::new();
    for item in entry.list(key)? {
        if item.get("name").and_then(Value::as_str).is_none() {
            return Err(missing(&format!("{key} of {}", entry.name), "name", entry.span(key)));
        }
        let mut part = read(item, entry)?;
        let mut merged: Map<String, Value> = meta.as_object().cloned().unwrap_or_default();
        merged.extend(item.pointer("/config/meta").and_then(Value::as_object).cloned().unwrap_or_default());
        part["config"] = json!({"meta": merged});
        all.push(part);
    }
    Ok(Value::Array(all))
}

fn name(item: &Value) -> &str {
    item.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn entity(item: &Value, entry: &Entry) -> Result<Value, Diagnostic> {
    let defaults = json!({"name": null, "type": null, "description": null, "label": null, "role": null, "expr": null});
    let kind =
        word(item.get("type").unwrap_or(&Value::Null), "type", name(item), ENTITY_TYPES, entry.span("entities"))?;
    let mut whole = filled(item, defaults);
    whole["type"] = kind;
    Ok(whole)
}

fn measure(item: &Value, entry: &Entry) -> Result<Value, Diagnostic> {
    let place = entry.span("measures");
    let aggregation = word(item.get("agg").unwrap_or(&Value::Null), "agg", name(item), AGGREGATIONS, place)?;
    let mut whole = filled(
        item,
        json!({
            "name": null, "agg": null, "description": null, "label": null, "create_metric": false, "expr": null,
            "agg_params": null, "non_additive_dimension": null, "agg_time_dimension": null,
        }),
    );
    whole["agg"] = aggregation;
    // Metrics of measures are made when the file is read; nothing later shall make them again.
    whole["create_metric"] = false.into();
    whole["expr"] = sql_text(&whole["expr"]);
    filled_part(
        &mut whole["agg_params"],
        json!({"percentile": null, "use_discrete_percentile": false, "use_approximate_percentile": false}),
    );
    filled_part(
        &mut whole["non_additive_dimension"],
        json!({"name": null, "window_choice": null, "window_groupings": []}),
    );
    if let Some(choice) = whole["non_additive_dimension"].get_mut("window_choice") {
        *choice = word(choice, "window_choice", name(item), AGGREGATIONS, place)?;
    }
    Ok(whole)
}

fn dimension(item: &Value, entry: &Entry) -> Result<Value, Diagnostic> {
    let place = entry.span("dimensions");
    let kind = word(item.get("type").unwrap_or(&Value::Null), "type", name(item), DIMENSION_TYPES, place)?;
    let mut whole = filled(
        item,
        json!({
            "name": null, "type": null, "description": null, "label": null, "is_partition": false, "type_params": null,
            "expr": null, "metadata": null,
        }),
    );
    whole["type"] = kind;
    let params = &mut whole["type_params"];
    filled_part(params, json!({"time_granularity": null, "validity_params": null}));
    if params.is_object() {
        let mut allowed = GRANULARITIES.to_vec();
        allowed.push("year");
        params["time_granularity"] =
            word(&params["time_granularity"], "time_granularity", name(item), &allowed, place)?;
        filled_part(&mut params["validity_params"], json!({"is_start": false, "is_end": false}));
    }
    Ok(whole)
}

/// The node that a call means, seen from a package.
fn find<'m>(manifest: &'m Manifest, call: &RefCall, package: &str) -> Option<&'m Node> {
    let text = |version: &Value| crate::parser::names::version_text(version);
    let is_meant = |node: &Node| {
        node.is_refable()
            && node.name == call.name
            && call.package.as_ref().is_none_or(|package| *package == node.package_name)
            && match (&call.version, &node.version) {
                (Some(wanted), Some(version)) => wanted.to_string() == text(version),
                (Some(_), None) => false,
                (None, version) => *version == node.latest_version,
            }
    };
    let found = manifest.nodes.values().filter(|node| is_meant(node));
    found.min_by_key(|node| node.package_name != package).map(AsRef::as_ref)
}
