//! `semantic_models:`, `metrics:` and `saved_queries:`: carried into the manifest in dbt's form, with what they depend on.
//!
//! Nothing here is executed. What dbt derives from a definition (metrics of measures, the measures behind a metric) is filled
//! in; what it checks of the semantic layer as a whole is not.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::names::fqn;
use super::node_config::{ConfigSources, resolve};
use super::parsing::Parsing;
use super::properties::Entry;
use super::references::{self, Reference};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::manifest::{Manifest, Node, RefCall, ResourceType};

/// Adds the semantic layer of all property files to a manifest whose nodes are known.
pub(super) fn add(parsing: &Parsing, entries: &[Arc<Entry>], manifest: &mut Manifest, problems: &mut Diagnostics) {
    let of = |section: &'static str| entries.iter().filter(move |entry| entry.section == section);
    for entry in of("semantic_models") {
        if let Some(mut value) = problems.collect(semantic_model(parsing, entry, manifest)).flatten() {
            pass_meta_down(&mut value);
            insert(&mut manifest.semantic.semantic_models, value, entry, problems);
        }
        for measure in items(entry.values.get("measures")) {
            if measure.get("create_metric").and_then(Value::as_bool) == Some(true) {
                let value = metric_of_measure(parsing, entry, measure);
                insert(&mut manifest.semantic.metrics, value, entry, problems);
            }
        }
    }
    for entry in of("metrics") {
        if let Some(value) = metric(parsing, entry) {
            insert(&mut manifest.semantic.metrics, value, entry, problems);
        }
    }
    link_metrics(manifest);
    for entry in of("saved_queries") {
        if let Some(value) = saved_query(parsing, entry, manifest) {
            insert(&mut manifest.semantic.saved_queries, value, entry, problems);
        }
    }
    manifest.semantic.metrics.sort_keys();
    for exposure in manifest.exposures.values_mut().filter(|exposure| !exposure.metrics.is_empty()) {
        let exposure = Arc::make_mut(exposure);
        for call in &exposure.metrics {
            let found = call.last().and_then(|name| id_of_metric(&manifest.semantic.metrics, name));
            exposure.depends_on.nodes.extend(found);
        }
    }
}

fn insert(into: &mut IndexMap<String, Value>, value: Value, entry: &Entry, problems: &mut Diagnostics) {
    let id = value["unique_id"].as_str().unwrap_or_default().to_owned();
    if into.contains_key(&id) {
        let message = format!("dbt found two resources of the name \"{}\" ({id})", entry.name);
        problems
            .push(Diagnostic::error(Code::DUPLICATE_RESOURCE, message).at(entry.span("name"), "defined again here"));
        return;
    }
    into.insert(id, value);
}

/// Entities, measures and dimensions have the `meta` of their semantic model, and their own on top of it.
fn pass_meta_down(model: &mut Value) {
    let Some(above) = model["config"]["meta"].as_object().cloned() else { return };
    for parts in ["entities", "measures", "dimensions"] {
        for part in model[parts].as_array_mut().into_iter().flatten() {
            let mut meta = above.clone();
            meta.extend(part["config"]["meta"].as_object().cloned().unwrap_or_default());
            part["config"]["meta"] = Value::Object(meta);
        }
    }
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The keys that all have, the name aside; none if the config disables it.
fn base(parsing: &Parsing, entry: &Entry, kind: ResourceType, name: &str) -> Option<Map<String, Value>> {
    let package = entry.file.package.as_ref();
    let fqn = fqn(package, &entry.file.relative_path, name);
    let given = entry.values.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let sources = ConfigSources { package, kind, fqn: &fqn, properties: Some(&given), call: &Map::new() };
    let resolved = resolve(parsing.project(), &sources);
    if !resolved.config.enabled() {
        return None;
    }
    let mut config = json!({"enabled": true, "group": null, "meta": {}});
    let own = ["enabled", "group", "meta", "export_as", "cache"];
    for (key, value) in resolved.config.values() {
        if own.contains(&key.as_str()) || given.contains_key(key) {
            config[key] = value.clone();
        }
    }
    if let Some(meta) = entry.values.get("meta").and_then(Value::as_object) {
        config["meta"] = json!(meta);
    }
    let group = config["group"].clone();
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
        "unrendered_config": resolved.unrendered,
        "group": group,
        "depends_on": {"macros": [], "nodes": []},
        "refs": [],
        "created_at": parsing.created_at(),
    });
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Fills what an item leaves out.
fn filled(item: &Value, defaults: Value) -> Value {
    let (Value::Object(mut all), Some(given)) = (defaults, item.as_object()) else { return item.clone() };
    for (key, value) in given {
        all.insert(key.clone(), value.clone());
    }
    let meta = all.get("config").and_then(|config| config.get("meta")).cloned().unwrap_or_else(|| json!({}));
    if all.contains_key("config") {
        all.insert("config".into(), json!({"meta": meta}));
    }
    Value::Object(all)
}

fn semantic_model(parsing: &Parsing, entry: &Entry, manifest: &Manifest) -> Result<Option<Value>, Diagnostic> {
    let Some(mut map) = base(parsing, entry, ResourceType::SemanticModel, &entry.name) else { return Ok(None) };
    let text = entry.text("model")?.ok_or_else(|| {
        Diagnostic::error(Code::YAML_MISSING_KEY, format!("semantic model `{}` has no `model`", entry.name))
            .at(entry.yaml.span, "`model` is missing here")
            .hint("write `model: ref('…')`")
    })?;
    let place = entry.span("model");
    let Reference::Ref(call) = references::parse(&text, place)? else {
        return Err(Diagnostic::error(Code::YAML_VALUE, format!("`{text}` is not a `ref`")).at(place, "expected `ref`"));
    };
    let node = find(manifest, &call, &entry.file.package).ok_or_else(|| {
        let names = manifest.nodes.values().filter(|node| node.is_refable()).map(|node| node.name.as_str());
        Diagnostic::error(
            Code::REF_NOT_FOUND,
            format!("semantic model `{}` depends on a node named '{}' which was not found", entry.name, call.name),
        )
        .at(place, "referenced here")
        .suggest(&call.name, names)
    })?;
    let part = |key: &str, defaults: Value| -> Value {
        items(entry.values.get(key)).map(|item| filled(item, defaults.clone())).collect()
    };
    map.insert("model".into(), text.into());
    map.insert(
        "node_relation".into(),
        json!({
            "alias": node.alias, "schema_name": node.schema, "database": node.database,
            "relation_name": node.relation_name,
        }),
    );
    map.insert("defaults".into(), entry.values.get("defaults").cloned().unwrap_or_default());
    map.insert("primary_entity".into(), entry.values.get("primary_entity").cloned().unwrap_or_default());
    let entity = json!({"description": null, "label": null, "role": null, "expr": null, "config": {"meta": {}}});
    map.insert("entities".into(), part("entities", entity));
    let measure = json!({
        "description": null, "label": null, "create_metric": false, "expr": null, "agg_params": null,
        "non_additive_dimension": null, "agg_time_dimension": null, "config": {"meta": {}},
    });
    let mut measures = part("measures", measure);
    for measure in measures.as_array_mut().into_iter().flatten() {
        measure["create_metric"] = false.into();
    }
    map.insert("measures".into(), measures);
    let dimension = json!({
        "description": null, "label": null, "is_partition": false, "type_params": null, "expr": null, "metadata": null,
        "config": {"meta": {}},
    });
    let mut dimensions = part("dimensions", dimension);
    for dimension in dimensions.as_array_mut().into_iter().flatten() {
        if let Some(params) = dimension["type_params"].as_object_mut() {
            params.entry("validity_params").or_insert(Value::Null);
        }
    }
    map.insert("dimensions".into(), dimensions);
    map.insert("refs".into(), json!([{"name": call.name, "package": call.package, "version": call.version}]));
    map["depends_on"]["nodes"] = json!([node.unique_id]);
    Ok(Some(Value::Object(map)))
}

/// The node that a call means, seen from a package.
fn find<'m>(manifest: &'m Manifest, call: &RefCall, package: &str) -> Option<&'m Node> {
    let text = |version: &Value| super::names::version_text(version);
    let is_meant = |node: &Node| {
        node.is_refable()
            && node.name == call.name
            && call.package.as_ref().is_none_or(|package| *package == node.package_name)
            && match (&call.version, &node.version) {
                (Some(wanted), Some(version)) => *wanted == text(version),
                (Some(_), None) => false,
                (None, version) => *version == node.latest_version,
            }
    };
    let found = manifest.nodes.values().filter(|node| is_meant(node));
    found.min_by_key(|node| node.package_name != package).map(AsRef::as_ref)
}

fn metric(parsing: &Parsing, entry: &Entry) -> Option<Value> {
    let map = base(parsing, entry, ResourceType::Metric, &entry.name)?;
    let params = entry.values.get("type_params").cloned().unwrap_or_else(|| json!({}));
    let kind = entry.values.get("type").cloned().unwrap_or_default();
    let mut whole =
        finished_metric(map, kind, &params, entry.values.get("filter"), entry.values.get("time_granularity"));
    if let Some(tags) = entry.values.get("tags").filter(|tags| tags.is_array()) {
        whole["tags"] = tags.clone();
    }
    Some(whole)
}

fn metric_of_measure(parsing: &Parsing, entry: &Entry, measure: &Value) -> Value {
    let name = measure.get("name").and_then(Value::as_str).unwrap_or_default();
    let mut map = base(parsing, entry, ResourceType::Metric, name).unwrap_or_default();
    // The group of the semantic model is not the metric's.
    map.insert("group".into(), Value::Null);
    if let Some(config) = map["config"].as_object_mut() {
        config.insert("group".into(), Value::Null);
    }
    if let Some(written) = map["unrendered_config"].as_object_mut() {
        written.remove("group");
        written.insert("enabled".into(), true.into());
    }
    map.insert("description".into(), json!(format!("Metric created from measure {name}")));
    map.insert("label".into(), measure.get("label").filter(|label| !label.is_null()).cloned().unwrap_or(name.into()));
    let params = json!({"measure": name, "expr": measure.get("expr").filter(|expr| !expr.is_null()).cloned().unwrap_or(name.into())});
    finished_metric(map, "simple".into(), &params, None, None)
}

fn finished_metric(
    mut map: Map<String, Value>,
    kind: Value,
    params: &Value,
    filter: Option<&Value>,
    granularity: Option<&Value>,
) -> Value {
    let mut all = json!({
        "measure": null, "input_measures": [], "numerator": null, "denominator": null, "expr": null, "window": null,
        "grain_to_date": null, "metrics": [], "conversion_type_params": null, "cumulative_type_params": null,
        "metric_aggregation_params": null,
    });
    for (key, value) in params.as_object().into_iter().flatten() {
        all[key] = match key.as_str() {
            "measure" => input_measure(value),
            "numerator" | "denominator" => input_metric(value),
            "metrics" => items(Some(value)).map(input_metric).collect(),
            "window" => window(value),
            "cumulative_type_params" => cumulative(value),
            "conversion_type_params" => conversion(value),
            _ => value.clone(),
        };
    }
    if map.get("description").is_some_and(Value::is_null) {
        map.insert("description".into(), "".into());
    }
    map.insert("type".into(), kind);
    map.insert("type_params".into(), all);
    map.insert("filter".into(), filter.map_or(Value::Null, filters));
    map.insert("time_granularity".into(), granularity.cloned().unwrap_or_default());
    map.insert("meta".into(), map["config"]["meta"].clone());
    map.insert("tags".into(), json!([]));
    map.insert("sources".into(), json!([]));
    map.insert("metrics".into(), json!([]));
    Value::Object(map)
}

/// `7 days` as a number and a grain; anything else as it is.
fn window(value: &Value) -> Value {
    let parsed = || {
        let (count, grain) = value.as_str()?.trim().split_once(' ')?;
        let grain = grain.trim().to_lowercase();
        let known = ["nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month"];
        let single = grain.strip_suffix('s').filter(|one| known.contains(one) || ["quarter", "year"].contains(one));
        Some(json!({"count": count.parse::<u64>().ok()?, "granularity": single.unwrap_or(&grain)}))
    };
    parsed().unwrap_or_else(|| value.clone())
}

fn cumulative(value: &Value) -> Value {
    let defaults = json!({"window": null, "grain_to_date": null, "period_agg": "first", "metric": null});
    let mut whole = filled(value, defaults);
    if let Some(text) = whole.get("window") {
        whole["window"] = window(text);
    }
    if let Some(metric) = whole.get("metric").filter(|metric| !metric.is_null()) {
        whole["metric"] = input_metric(metric);
    }
    whole
}

fn conversion(value: &Value) -> Value {
    let mut whole = value.clone();
    if let Some(text) = value.get("window") {
        whole["window"] = window(text);
    }
    whole
}

/// One condition or several, in the form that dbt's manifest has.
fn filters(value: &Value) -> Value {
    let all: Vec<&Value> = match value {
        Value::Null => return Value::Null,
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    json!({"where_filters": all.into_iter().map(|sql| json!({"where_sql_template": sql})).collect::<Vec<_>>()})
}

fn named(value: &Value, defaults: Value) -> Value {
    let given = if value.is_string() { json!({"name": value}) } else { value.clone() };
    let mut whole = filled(&given, defaults);
    if let Some(filter) = given.get("filter") {
        whole["filter"] = filters(filter);
    }
    if let Some(text) = given.get("offset_window") {
        whole["offset_window"] = window(text);
    }
    whole
}

fn input_measure(value: &Value) -> Value {
    let defaults =
        json!({"name": null, "filter": null, "alias": null, "join_to_timespine": false, "fill_nulls_with": null});
    named(value, defaults)
}

fn input_metric(value: &Value) -> Value {
    let defaults = json!({"name": null, "filter": null, "alias": null, "offset_window": null, "offset_to_grain": null});
    named(value, defaults)
}

fn id_of_metric(metrics: &IndexMap<String, Value>, name: &str) -> Option<String> {
    metrics.iter().find(|(_, metric)| metric["name"] == name).map(|(id, _)| id.clone())
}

/// Tells metrics what they depend on: the semantic model of their measure, the metrics that they are made of.
fn link_metrics(manifest: &mut Manifest) {
    let semantic = &mut manifest.semantic;
    let known = semantic.metrics.clone();
    let model_of = |measure: &str| {
        let has = |model: &Value| items(model.get("measures")).any(|known| known["name"] == measure);
        semantic.semantic_models.iter().find(|(_, model)| has(model)).map(|(id, _)| id.clone())
    };
    for metric in semantic.metrics.values_mut() {
        let params = &metric["type_params"];
        let mut ids: Vec<String> = params["measure"]["name"].as_str().and_then(model_of).into_iter().collect();
        for conversion in ["base_measure", "conversion_measure"] {
            let measure = params["conversion_type_params"][conversion]
                .as_str()
                .or_else(|| params["conversion_type_params"][conversion]["name"].as_str());
            ids.extend(measure.and_then(model_of));
        }
        ids.extend(inputs(params).filter_map(|name| id_of_metric(&known, name)));
        ids.dedup();
        let measures = measures_behind(metric, &known, 0);
        metric["depends_on"]["nodes"] = json!(ids);
        metric["type_params"]["input_measures"] = Value::Array(measures);
    }
}

fn inputs(params: &Value) -> impl Iterator<Item = &str> {
    let both = [&params["numerator"], &params["denominator"]].into_iter().chain(items(params.get("metrics")));
    both.filter_map(|metric| metric["name"].as_str())
}

fn measures_behind(metric: &Value, known: &IndexMap<String, Value>, depth: usize) -> Vec<Value> {
    let params = &metric["type_params"];
    let mut found: Vec<Value> = [params["measure"].clone()].into_iter().filter(Value::is_object).collect();
    // A metric that is made of itself is refused by the graph; here it only must not go on for ever.
    if depth < 32 {
        for name in inputs(params) {
            let other = known.values().find(|other| other["name"] == name);
            for measure in other.map(|other| measures_behind(other, known, depth + 1)).unwrap_or_default() {
                if !found.contains(&measure) {
                    found.push(measure);
                }
            }
        }
    }
    found
}

fn saved_query(parsing: &Parsing, entry: &Entry, manifest: &Manifest) -> Option<Value> {
    let mut map = base(parsing, entry, ResourceType::SavedQuery, &entry.name)?;
    let adapter = parsing.adapter();
    let given = entry.values.get("query_params").cloned().unwrap_or_else(|| json!({}));
    let list = |key: &str| given.get(key).filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([]));
    let metrics = list("metrics");
    let ids: Vec<String> =
        items(Some(&metrics)).filter_map(|name| id_of_metric(&manifest.semantic.metrics, name.as_str()?)).collect();
    let exports: Vec<Value> = items(entry.values.get("exports"))
        .map(|export| {
            let config = export.get("config").cloned().unwrap_or_else(|| json!({}));
            let name = export.get("name").cloned().unwrap_or_default();
            let or = |key: &str, default: Value| {
                config.get(key).filter(|value| !value.is_null()).cloned().unwrap_or(default)
            };
            json!({
                "name": name,
                "config": {
                    "export_as": or("export_as", Value::Null),
                    "schema_name": or("schema", adapter.schema().into()),
                    "alias": or("alias", name.clone()),
                    "database": or("database", adapter.database().into()),
                },
                "unrendered_config": config,
            })
        })
        .collect();
    map.insert(
        "query_params".into(),
        json!({
            "metrics": metrics,
            "group_by": list("group_by"),
            "where": given.get("where").map_or(Value::Null, filters),
            "order_by": list("order_by"),
            "limit": given.get("limit").cloned().unwrap_or_default(),
        }),
    );
    map.insert("exports".into(), json!(exports));
    let mut config = json!({
        "enabled": true, "group": null, "meta": {}, "export_as": null, "schema": null, "cache": {"enabled": false},
    });
    for (key, value) in map["config"].as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    map.insert("tags".into(), config.get("tags").cloned().unwrap_or_else(|| json!([])));
    map.insert("config".into(), config);
    map["depends_on"]["nodes"] = json!(ids);
    Some(Value::Object(map))
}
