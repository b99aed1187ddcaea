//! `semantic_models:`, `metrics:` and `saved_queries:`: carried into the manifest in dbt's form, with what they depend on.
//!
//! Nothing here is executed. What dbt derives from a definition (metrics of measures, the measures behind a metric) is filled
//! in, and what can be known to be wrong without a warehouse is told ([`check`]).

mod check;
mod metric;
mod reading;
mod saved_query;
mod semantic_model;

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use self::reading::items;
use super::names::fqn;
use super::node_config::{ConfigSources, check_enabled, resolve};
use super::parsing::Parsing;
use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{Manifest, NodeConfig, ResourceType, SemanticLayer};

/// Where resources of the semantic layer are defined, by unique id.
type Places = HashMap<String, Span>;

/// Adds the semantic layer of all property files to a manifest whose nodes are known.
pub(super) fn add(parsing: &Parsing, entries: &[Arc<Entry>], manifest: &mut Manifest, problems: &mut Diagnostics) {
    let mut layer = SemanticLayer::default();
    let mut places = Places::new();
    for file in files(entries) {
        let of = |section: &'static str| file.iter().filter(move |entry| entry.section == section);
        for entry in SECTIONS.iter().flat_map(|section| of(section)) {
            problems.collect(check_config(entry));
        }
        for entry in of("metrics") {
            if let Some(value) = problems.collect(metric::metric(parsing, entry)) {
                insert(&mut layer, ResourceType::Metric, value, entry, &mut places, problems);
            }
        }
        for entry in of("semantic_models") {
            let Some(value) = problems.collect(semantic_model::semantic_model(parsing, entry, manifest)) else {
                continue;
            };
            for measure in items(entry.values.get("measures")) {
                if measure.get("create_metric").and_then(Value::as_bool) == Some(true) {
                    let metric = metric::of_measure(parsing, entry, &value, measure);
                    insert(&mut layer, ResourceType::Metric, metric, entry, &mut places, problems);
                }
            }
            insert(&mut layer, ResourceType::SemanticModel, value, entry, &mut places, problems);
        }
        for entry in of("saved_queries") {
            if let Some(value) = problems.collect(saved_query::saved_query(parsing, entry)) {
                insert(&mut layer, ResourceType::SavedQuery, value, entry, &mut places, problems);
            }
        }
    }
    describe(parsing, &mut layer, problems);
    metric::link(&mut layer, &places, problems);
    saved_query::link(&mut layer);
    for exposure in manifest.exposures.values_mut().filter(|exposure| !exposure.metrics.is_empty()) {
        let exposure = Arc::make_mut(exposure);
        for call in &exposure.metrics {
            let found = call.last().and_then(|name| metric::id(&layer.metrics, name));
            exposure.depends_on.nodes.extend(found);
        }
    }
    depend_on_metrics(&layer, manifest, problems);
    manifest.semantic = layer;
    if !problems.has_errors() {
        check::check(manifest, &places, problems);
    }
}

/// Nodes that call `metric` depend on it.
fn depend_on_metrics(layer: &SemanticLayer, manifest: &mut Manifest, problems: &mut Diagnostics) {
    for node in manifest.nodes.values_mut().filter(|node| !node.metrics.is_empty()) {
        let node = Arc::make_mut(node);
        for name in node.metrics.iter().filter_map(|call| call.last()) {
            if let Some(id) = metric::id(&layer.metrics, name) {
                if !node.depends_on.nodes.contains(&id) {
                    node.depends_on.nodes.push(id);
                }
                continue;
            }
            let is_disabled = layer.disabled.values().flatten().any(|metric| metric["name"] == name.as_str());
            let reason = if is_disabled { "is disabled" } else { "was not found" };
            let message = format!("{} depends on a metric named '{name}' which {reason}", node.unique_id);
            let known = layer.metrics.values().filter_map(|metric| metric["name"].as_str());
            problems.push(
                Diagnostic::error(Code::REF_NOT_FOUND, message)
                    .at_some(node.span, "called in here")
                    .suggest(name, known),
            );
        }
    }
}

const SECTIONS: &[&str] = &["metrics", "semantic_models", "saved_queries"];

/// What the `config` of each of these must be.
fn check_config(entry: &Entry) -> Result<(), Diagnostic> {
    let config = NodeConfig::new(entry.mapping("config")?);
    check_enabled(&config, &entry.name).map_err(|problem| problem.at(entry.span("config"), ""))
}

/// Kind and fqn of everything in these sections, which configs by folder apply to.
pub(super) fn paths(entries: &[Arc<Entry>]) -> Vec<(ResourceType, Vec<String>)> {
    let kind = |section: &str| match section {
        "metrics" => Some(ResourceType::Metric),
        "semantic_models" => Some(ResourceType::SemanticModel),
        "saved_queries" => Some(ResourceType::SavedQuery),
        _ => None,
    };
    let mut found = Vec::new();
    for entry in entries {
        let fqn = |name: &str| fqn(&entry.file.package, &entry.file.relative_path, name);
        found.extend(kind(entry.section).map(|kind| (kind, fqn(&entry.name))));
        for measure in items(entry.values.get("measures")).filter(|_| entry.section == "semantic_models") {
            found.push((ResourceType::Metric, fqn(reading::text(measure, "name").unwrap_or_default())));
        }
    }
    found
}

/// Entries by file, files in the order of their first entry.
fn files(entries: &[Arc<Entry>]) -> Vec<Vec<&Arc<Entry>>> {
    let mut files: IndexMap<*const super::properties::PropertyFile, Vec<&Arc<Entry>>> = IndexMap::new();
    for entry in entries {
        files.entry(Arc::as_ptr(&entry.file)).or_default().push(entry);
    }
    files.into_values().collect()
}

fn insert(
    layer: &mut SemanticLayer,
    kind: ResourceType,
    value: Value,
    entry: &Entry,
    places: &mut Places,
    problems: &mut Diagnostics,
) {
    let id = value["unique_id"].as_str().unwrap_or_default().to_owned();
    if value.pointer("/config/enabled") == Some(&Value::Bool(false)) {
        layer.disabled.entry(id).or_default().push(value);
        return;
    }
    let into = match kind {
        ResourceType::Metric => &mut layer.metrics,
        ResourceType::SemanticModel => &mut layer.semantic_models,
        _ => &mut layer.saved_queries,
    };
    if into.contains_key(&id) {
        let name = value["name"].as_str().unwrap_or_default();
        let message = format!("dbt found two {} with the name \"{name}\"", kind.plural());
        problems
            .push(Diagnostic::error(Code::DUPLICATE_RESOURCE, message).at(entry.span("name"), "defined again here"));
        return;
    }
    places.insert(id.clone(), entry.span("name"));
    into.insert(id, value);
}

/// The keys that all have, the name aside.
fn base(
    parsing: &Parsing,
    entry: &Entry,
    kind: ResourceType,
    name: &str,
    given: &Map<String, Value>,
) -> Map<String, Value> {
    let package = entry.file.package.as_ref();
    let fqn = fqn(package, &entry.file.relative_path, name);
    let sources = ConfigSources { package, kind, fqn: &fqn, properties: Some(given), call: &Map::new() };
    let resolved = resolve(parsing.project(), &sources);
    let mut config = json!({"enabled": true, "group": null, "meta": {}});
    if kind == ResourceType::SavedQuery {
        config["export_as"] = Value::Null;
        config["schema"] = Value::Null;
        config["cache"] = json!({"enabled": false});
    }
    let own: Vec<String> = config.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    for (key, value) in resolved.config.values() {
        // Tags stay as they were written.
        if let Some(value) = given.get(key).filter(|_| key == "tags") {
            config[key] = value.clone();
        } else if own.contains(key) || given.contains_key(key) {
            config[key] = value.clone();
        }
    }
    let group = config["group"].clone();
    // Of the project's file dbt keeps what was written for metrics only.
    let unrendered = if kind == ResourceType::Metric { resolved.unrendered } else { given.clone() };
    let value = json!({
        "name": name,
        "resource_type": kind.as_str(),
        "package_name": package,
        "path": entry.file.relative_path,
        "original_file_path": entry.file.original_path,
        "unique_id": format!("{}.{package}.{name}", kind.as_str()),
        "fqn": fqn,
        "description": entry.values.get("description").cloned().unwrap_or_default(),
        "label": entry.values.get("label").cloned().unwrap_or_default(),
        "metadata": null,
        "config": config,
        "unrendered_config": unrendered,
        "group": group,
        "depends_on": {"macros": [], "nodes": []},
        "refs": [],
        "created_at": parsing.created_at(),
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Renders the descriptions of everything that has one.
fn describe(parsing: &Parsing, layer: &mut SemanticLayer, problems: &mut Diagnostics) {
    let all = layer.metrics.values_mut().chain(layer.semantic_models.values_mut());
    for value in all.chain(layer.saved_queries.values_mut()) {
        let package = value["package_name"].as_str().unwrap_or_default().to_owned();
        let mut rendered = |text: &mut Value| {
            if let Value::String(written) = text {
                *written = parsing.describe(&package, written, &mut Vec::new(), problems, |problem| problem);
            }
        };
        rendered(&mut value["description"]);
        for part in ["dimensions", "measures", "entities"] {
            let parts = value.get_mut(part).and_then(Value::as_array_mut);
            parts.into_iter().flatten().for_each(|part| rendered(&mut part["description"]));
        }
    }
}
