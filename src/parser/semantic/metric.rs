//! One metric, and what metrics are made of.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::reading::{filled, filters, items, missing, sql_text, text, window, word};
use super::{Places, base};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{ResourceType, SemanticLayer};
use crate::parser::parsing::Parsing;
use crate::parser::properties::Entry;

const TYPES: &[&str] = &["simple", "ratio", "cumulative", "derived", "conversion"];
const PERIOD_AGGREGATIONS: &[&str] = &["first", "last", "average"];
const CALCULATIONS: &[&str] = &["conversions", "conversion_rate"];

/// Reads one.
pub(super) fn metric(parsing: &Parsing, entry: &Entry) -> Result<Value, Diagnostic> {
    check_name(entry)?;
    let given = entry.mapping("config")?;
    let map = base(parsing, entry, ResourceType::Metric, &entry.name, &given);
    for key in ["label", "type", "type_params"] {
        if entry.values.get(key).is_none_or(Value::is_null) {
            return Err(missing(&entry.name, key, entry.yaml.span));
        }
    }
    let params = Value::Object(entry.mapping("type_params")?);
    let kind = entry.values.get("type").cloned().unwrap_or_default();
    let kind = word(&kind, "type", &entry.name, TYPES, entry.span("type"))?;
    let mut value = finished(map, &kind, &params, &entry.name, entry.span("type_params"))?;
    // That of the config counts, where there is any.
    if value["meta"].as_object().is_none_or(Map::is_empty) {
        value["meta"] = Value::Object(entry.mapping("meta")?);
    }
    value["filter"] = filters(entry.values.get("filter"));
    value["time_granularity"] = entry.values.get("time_granularity").cloned().unwrap_or_default();
    value["tags"] = entry.values.get("tags").cloned().unwrap_or_else(|| json!([]));
    Ok(value)
}

/// The metric that `create_metric: true` of a measure makes.
pub(super) fn of_measure(parsing: &Parsing, entry: &Entry, model: &Value, measure: &Value) -> Value {
    let name = text(measure, "name").unwrap_or_default();
    let mut given = Map::new();
    given.insert("enabled".into(), model["config"]["enabled"].clone());
    given.insert("meta".into(), model["config"]["meta"].clone());
    let mut map = base(parsing, entry, ResourceType::Metric, name, &given);
    let described =
        text(measure, "description").map_or_else(|| format!("Metric created from measure {name}"), str::to_owned);
    map.insert("description".into(), described.into());
    map.insert("label".into(), text(measure, "label").unwrap_or(name).into());
    let expr = measure.get("expr").filter(|expr| !expr.is_null()).cloned().unwrap_or(name.into());
    let params = json!({"measure": name, "expr": expr});
    // Nothing of these parameters can be wrong.
    finished(map, &"simple".into(), &params, name, entry.yaml.span).unwrap_or_default()
}

fn check_name(entry: &Entry) -> Result<(), Diagnostic> {
    let name = &entry.name;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let rules = [
        (name.contains(' '), "cannot contain spaces"),
        (name.chars().count() > 250, "cannot contain more than 250 characters"),
        (!name.starts_with(|first: char| first.is_ascii_alphabetic()), "must begin with a letter"),
        (!name.chars().all(is_word), "must contain only letters, numbers and underscores"),
    ];
    let broken: Vec<&str> = rules.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, rule)| rule).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let message = format!("The metric name '{name}' is invalid.  It {}", broken.join(", "));
    Err(Diagnostic::error(Code::YAML_VALUE, message).at(entry.span("name"), "this name"))
}

fn finished(
    mut map: Map<String, Value>,
    kind: &Value,
    given: &Value,
    owner: &str,
    place: Span,
) -> Result<Value, Diagnostic> {
    if map.get("description").is_some_and(Value::is_null) {
        map.insert("description".into(), "".into());
    }
    let null = Value::Null;
    let get = |key: &str| given.get(key).unwrap_or(&null);
    let input = |key: &str| if get(key).is_null() { Ok(Value::Null) } else { input_metric(get(key), owner, place) };
    let metrics = items(given.get("metrics")).map(|metric| input_metric(metric, owner, place));
    let mut params = json!({
        "measure": input_measure(get("measure")),
        "input_measures": [],
        "numerator": input("numerator")?,
        "denominator": input("denominator")?,
        "expr": sql_text(get("expr")),
        "window": window(get("window"), owner, place)?,
        "grain_to_date": get("grain_to_date"),
        "metrics": metrics.collect::<Result<Vec<_>, _>>()?,
        "conversion_type_params": conversion(get("conversion_type_params"), owner, place)?,
        "cumulative_type_params": null,
        "metric_aggregation_params": null,
    });
    match kind.as_str().unwrap_or_default() {
        "cumulative" => params["cumulative_type_params"] = cumulative(given, owner, place)?,
        "conversion" if params["conversion_type_params"].is_null() => {
            return Err(missing(owner, "conversion_type_params", place));
        }
        "ratio" if params["numerator"].is_null() || params["denominator"].is_null() => {
            let message = format!("the ratio `{owner}` needs both a numerator and a denominator");
            return Err(Diagnostic::error(Code::YAML_MISSING_KEY, message).at(place, "one of them is missing here"));
        }
        _ => {}
    }
    if matches!(kind.as_str(), Some("simple" | "cumulative")) && params["measure"].is_null() {
        return Err(missing(owner, "measure", place));
    }
    map.insert("type".into(), kind.clone());
    map.insert("type_params".into(), params);
    map.insert("filter".into(), Value::Null);
    map.insert("time_granularity".into(), Value::Null);
    map.insert("meta".into(), map["config"]["meta"].clone());
    map.insert("tags".into(), json!([]));
    map.insert("sources".into(), json!([]));
    map.insert("metrics".into(), json!([]));
    Ok(Value::Object(map))
}

fn cumulative(given: &Value, owner: &str, place: Span) -> Result<Value, Diagnostic> {
    let own = given.get("cumulative_type_params");
    let or_older = |key: &str| {
        let inner = own.and_then(|own| own.get(key)).filter(|value| !value.is_null());
        inner.or(given.get(key)).cloned().unwrap_or_default()
    };
    let aggregation = own.and_then(|own| own.get("period_agg")).cloned().unwrap_or("first".into());
    let aggregation = word(&aggregation, "period_agg", owner, PERIOD_AGGREGATIONS, place)?;
    Ok(json!({
        "window": window(&or_older("window"), owner, place)?,
        "grain_to_date": or_older("grain_to_date"),
        "period_agg": aggregation,
        "metric": null,
    }))
}

fn conversion(given: &Value, owner: &str, place: Span) -> Result<Value, Diagnostic> {
    if !given.is_object() {
        return Ok(Value::Null);
    }
    for key in ["base_measure", "conversion_measure", "entity"] {
        if given.get(key).is_none_or(Value::is_null) {
            return Err(missing(owner, key, place));
        }
    }
    let mut all = filled(
        given,
        json!({
            "base_measure": null, "conversion_measure": null, "entity": null, "calculation": "conversion_rate",
            "window": null, "constant_properties": null,
        }),
    );
    all["calculation"] = word(&all["calculation"], "calculation", owner, CALCULATIONS, place)?;
    all["base_measure"] = input_measure(&all["base_measure"]);
    all["conversion_measure"] = input_measure(&all["conversion_measure"]);
    all["window"] = window(&all["window"], owner, place)?;
    Ok(all)
}

fn named(value: &Value, defaults: Value) -> Value {
    let given = if value.is_string() { json!({"name": value}) } else { value.clone() };
    let mut whole = filled(&given, defaults);
    if whole.is_object() {
        whole["filter"] = filters(given.get("filter"));
    }
    whole
}

fn input_measure(value: &Value) -> Value {
    let defaults =
        json!({"name": null, "filter": null, "alias": null, "join_to_timespine": false, "fill_nulls_with": null});
    named(value, defaults)
}

fn input_metric(value: &Value, owner: &str, place: Span) -> Result<Value, Diagnostic> {
    let defaults = json!({"name": null, "filter": null, "alias": null, "offset_window": null, "offset_to_grain": null});
    let mut whole = named(value, defaults);
    if whole.is_object() {
        whole["offset_window"] = window(&whole["offset_window"], owner, place)?;
    }
    Ok(whole)
}

/// The unique id of a metric.
pub(super) fn id(metrics: &IndexMap<String, Value>, name: &str) -> Option<String> {
    metrics.iter().find(|(_, metric)| metric["name"] == name).map(|(id, _)| id.clone())
}

/// Tells metrics what they depend on: the semantic models of their measures, the metrics that they are made of.
pub(super) fn link(layer: &mut SemanticLayer, places: &Places, problems: &mut Diagnostics) {
    let known = layer.metrics.clone();
    let model_of = |measure: &str| {
        let has = |model: &Value| items(model.get("measures")).any(|known| known["name"] == measure);
        layer.semantic_models.iter().find(|(_, model)| has(model)).map(|(id, _)| id.clone())
    };
    let disabled: Vec<&Value> =
        layer.disabled.values().flatten().filter(|resource| resource["resource_type"] == "semantic_model").collect();
    let disabled_model_of = |measure: &str| {
        let has = |model: &&&Value| items(model.get("measures")).any(|known| known["name"] == measure);
        disabled.iter().find(has).and_then(|model| text(model, "name"))
    };
    for (own, metric) in &mut layer.metrics {
        let mut ids: Vec<String> = Vec::new();
        let inputs: Vec<String> = inputs(metric).map(str::to_owned).collect();
        for name in inputs {
            match id(&known, &name) {
                Some(id) => ids.push(id),
                None => {
                    let is_disabled = layer.disabled.values().flatten().any(|metric| metric["name"] == name.as_str());
                    problems.push(not_found(metric, &name, is_disabled, &known, places.get(own).copied()));
                }
            }
        }
        let measures = measures_behind(metric, &known, 0);
        for measure in measures.iter().filter_map(|measure| text(measure, "name")) {
            let (None, Some(model)) = (model_of(measure), disabled_model_of(measure)) else { continue };
            let message = format!("The measure `{measure}` is referenced on disabled semantic model `{model}`.");
            problems.push(
                Diagnostic::error(Code::SEMANTIC_LAYER, message)
                    .at_some(places.get(own).copied(), "by this metric")
                    .hint("disable the metric too, or enable the semantic model"),
            );
        }
        if ids.is_empty() {
            ids.extend(measures.iter().filter_map(|measure| model_of(text(measure, "name")?)));
        }
        let mut distinct: Vec<String> = Vec::new();
        for id in ids {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        metric["depends_on"]["nodes"] = json!(distinct);
        metric["type_params"]["input_measures"] = Value::Array(measures);
    }
}

fn not_found(
    metric: &Value,
    name: &str,
    is_disabled: bool,
    known: &IndexMap<String, Value>,
    place: Option<Span>,
) -> Diagnostic {
    let reason = if is_disabled { "is disabled" } else { "does not exist" };
    let owner = text(metric, "name").unwrap_or_default();
    Diagnostic::error(Code::SEMANTIC_LAYER, format!("The metric `{name}`, an input of metric `{owner}`, {reason}"))
        .at_some(place, "used by this metric")
        .suggest(name, known.values().filter_map(|metric| text(metric, "name")))
}

/// Names of the metrics that a metric is made of.
pub(super) fn inputs(metric: &Value) -> impl Iterator<Item = &str> {
    let params = &metric["type_params"];
    let (ratio, derived) = match metric["type"].as_str() {
        Some("ratio") => (vec![&params["numerator"], &params["denominator"]], None),
        Some("derived") => (Vec::new(), params.get("metrics")),
        _ => (Vec::new(), None),
    };
    ratio.into_iter().chain(items(derived)).filter_map(|metric| metric["name"].as_str())
}

fn measures_behind(metric: &Value, known: &IndexMap<String, Value>, depth: usize) -> Vec<Value> {
    let params = &metric["type_params"];
    let conversion = &params["conversion_type_params"];
    let own: Vec<&Value> = match metric["type"].as_str() {
        Some("simple" | "cumulative") => vec![&params["measure"]],
        Some("conversion") => vec![&conversion["base_measure"], &conversion["conversion_measure"]],
        _ => Vec::new(),
    };
    let mut found: Vec<Value> = Vec::new();
    let mut add = |measure: &Value| {
        if measure.is_object() && !found.contains(measure) {
            found.push(measure.clone());
        }
    };
    own.into_iter().for_each(&mut add);
    // A metric that is made of itself is refused by the graph; here it only must not go on for ever.
    if depth < 32 {
        for name in inputs(metric) {
            let other = known.values().find(|other| other["name"] == name);
            let deeper = other.map(|other| measures_behind(other, known, depth + 1)).unwrap_or_default();
            deeper.iter().for_each(&mut add);
        }
    }
    found
}
