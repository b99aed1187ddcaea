//! `sources:` of property files → [`Source`]s and the tests on them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::columns::{self, ColumnEntry, strings};
use super::names::fqn_prefix;
use super::node_config::{ConfigSources, check_enabled, resolve};
use super::parsing::Parsing;
use super::properties::Entry;
use crate::adapters::RelationParts;
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::manifest::{FreshnessRule, FreshnessThreshold, NodeConfig, ResourceType, Source, TimePeriod};
use crate::yaml::Node;

/// A source table and what is needed to make tests of it.
pub(super) struct SourceEntry {
    pub(super) source: Source,
    /// The entry that it comes from.
    pub(super) entry: Arc<Entry>,
    /// Columns with their tests.
    pub(super) columns: Vec<ColumnEntry>,
    /// Tests of the table as a whole.
    pub(super) data_tests: Vec<Value>,
    /// Tags that its tests inherit: those beside `config`, as in dbt.
    pub(super) test_tags: Vec<String>,
    /// Whether names of columns are quoted where they do not say.
    pub(super) quote_columns: bool,
}

/// All tables of one source.
pub(super) fn tables(parsing: &Parsing, entry: &Arc<Entry>) -> Vec<Result<SourceEntry, Diagnostic>> {
    let tables = match entry.list("tables") {
        Ok(tables) => tables,
        Err(problem) => return vec![Err(problem)],
    };
    let places = entry.yaml.get("tables").and_then(Node::as_seq).unwrap_or(&[]);
    tables
        .iter()
        .enumerate()
        .map(|(index, table)| {
            let place = places.get(index).unwrap_or(&entry.yaml);
            let Value::Object(table) = table else {
                return Err(Diagnostic::error(
                    Code::YAML_TYPE,
                    format!("each table of source `{}` must be a mapping, not {}", entry.name, place.type_name()),
                )
                .at(place.span, "expected `name: …`"));
            };
            one_table(parsing, entry, table, place)
        })
        .collect()
}

fn one_table(
    parsing: &Parsing,
    entry: &Arc<Entry>,
    table: &Map<String, Value>,
    place: &Node,
) -> Result<SourceEntry, Diagnostic> {
    let Some(name) = table.get("name").map(super::names::python_str) else {
        return Err(Diagnostic::error(
            Code::YAML_MISSING_KEY,
            format!("a table of source `{}` has no `name`", entry.name),
        )
        .at(place.span, "`name` is missing here"));
    };
    let package = entry.file.package.as_ref();
    let mut fqn = fqn_prefix(package, &entry.file.relative_path);
    fqn.extend([entry.name.clone(), name.clone()]);
    let entry_config = entry.mapping("config")?;
    let table_config = object(table.get("config"));
    let mut given = entry_config.clone();
    given.extend(table_config.clone());
    given.insert("meta".into(), Value::Object(meta(entry, &entry_config, table, &table_config)));
    given.insert("tags".into(), json!(tags(entry, &entry_config, table, &table_config)));
    let freshness = freshness(entry, &entry_config, table, &table_config, place)?;
    given.remove("freshness");
    match &freshness {
        Given::Rule(rule) => {
            given.insert("freshness".into(), freshness_json(rule));
        }
        Given::Off => {
            given.insert("freshness".into(), Value::Null);
        }
        Given::Nothing => {}
    }
    let pick = |key: &str| {
        [table.get(key), table_config.get(key), entry.values.get(key), entry_config.get(key)]
            .into_iter()
            .flatten()
            .find(|value| !value.is_null())
            .cloned()
            .unwrap_or(Value::Null)
    };
    let table_says = |key: &str| table.contains_key(key) || table_config.contains_key(key);
    let loaded_at_field = if table_says("loaded_at_field") {
        table.get("loaded_at_field").or(table_config.get("loaded_at_field")).cloned().unwrap_or(Value::Null)
    } else {
        pick("loaded_at_field")
    };
    if loaded_at_field.as_str() == Some("") {
        let message = format!("`loaded_at_field` of the source table `{}.{name}` is empty", entry.name);
        return Err(Diagnostic::error(Code::YAML_VALUE, message).at(place.span, "of this table"));
    }
    let loaded_at_query = if table_says("loaded_at_field") && !table_says("loaded_at_query") {
        Value::Null
    } else {
        pick("loaded_at_query")
    };
    given.insert("loaded_at_field".into(), loaded_at_field.clone());
    given.insert("loaded_at_query".into(), loaded_at_query.clone());
    let sources =
        ConfigSources { package, kind: ResourceType::Source, fqn: &fqn, properties: Some(&given), call: &Map::new() };
    let mut resolved = resolve(parsing.project(), &sources);
    // As in dbt, tags of the project's section do not reach sources.
    if resolved.config.get("tags") != given.get("tags") {
        let mut values = resolved.config.values().clone();
        values.insert("tags".into(), given["tags"].clone());
        resolved.config = NodeConfig::new(values);
    }
    check_enabled(&resolved.config, &name).map_err(|problem| problem.at(place.span, "of this table"))?;
    let freshness = match resolved.config.get("freshness") {
        Some(value) => Some(threshold_rule(value, place.span)?),
        None if matches!(freshness, Given::Off) => None,
        None => Some(FreshnessRule::default()),
    };
    let columns = columns::columns(entry, table, place)?;
    let source = Source {
        unique_id: format!("source.{package}.{}.{name}", entry.name),
        package_name: package.to_owned(),
        original_file_path: entry.file.original_path.clone(),
        source_name: entry.name.clone(),
        identifier: table.get("identifier").and_then(Value::as_str).unwrap_or(&name).to_owned(),
        database: database(parsing, entry),
        schema: schema(entry),
        unrendered_database: entry.yaml.get("database").and_then(crate::yaml::Node::scalar_text),
        unrendered_schema: entry.yaml.get("schema").and_then(crate::yaml::Node::scalar_text),
        relation_name: String::new(),
        quoting: quoting(entry, table),
        resolved_quoting: resolved_quoting(parsing, &quoting(entry, table)),
        description: table.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
        source_description: entry.text("description")?.unwrap_or_default(),
        source_meta: {
            let mut meta = entry.mapping("meta")?;
            meta.extend(object(entry_config.get("meta")));
            meta
        },
        loader: entry.text("loader")?.unwrap_or_default(),
        loaded_at_field: loaded_at_field.as_str().map(str::to_owned),
        loaded_at_query: loaded_at_query.as_str().map(str::to_owned),
        freshness,
        columns: columns::by_name(&columns),
        meta: object(resolved.config.get("meta")),
        tags: resolved.config.tags().into_iter().map(str::to_owned).collect(),
        config: resolved.config,
        unrendered_config: resolved.unrendered,
        external: table.get("external").filter(|value| !value.is_null()).map(external),
        doc_blocks: Vec::new(),
        created_at: parsing.created_at(),
        span: Some(place.span),
        name,
        fqn,
    };
    let data_tests = match table.get("data_tests") {
        Some(Value::Array(tests)) => tests.clone(),
        _ => Vec::new(),
    };
    let quote_columns = source.quoting.get("column").and_then(Value::as_bool).unwrap_or(false);
    let test_tags = [entry.values.get("tags"), table.get("tags")].into_iter().flat_map(strings).collect();
    Ok(SourceEntry { source, entry: Arc::clone(entry), columns, data_tests, test_tags, quote_columns })
}

/// The properties of external tables with dbt's defaults.
fn external(given: &Value) -> Value {
    let Some(given) = given.as_object() else { return given.clone() };
    let mut all = Map::new();
    for key in ["location", "file_format", "row_format", "tbl_properties", "partitions"] {
        all.insert(key.into(), Value::Null);
    }
    all.extend(given.clone());
    Value::Object(all)
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn database(parsing: &Parsing, entry: &Entry) -> Option<String> {
    let given = entry.values.get("database").and_then(Value::as_str);
    Some(given.unwrap_or(parsing.adapter().database()).to_owned())
}

fn schema(entry: &Entry) -> String {
    entry.values.get("schema").and_then(Value::as_str).unwrap_or(&entry.name).to_owned()
}

fn meta(
    entry: &Entry,
    config: &Map<String, Value>,
    table: &Map<String, Value>,
    table_config: &Map<String, Value>,
) -> Map<String, Value> {
    let mut meta = object(entry.values.get("meta"));
    for more in [config.get("meta"), table.get("meta"), table_config.get("meta")] {
        meta.extend(object(more));
    }
    meta
}

fn tags(
    entry: &Entry,
    config: &Map<String, Value>,
    table: &Map<String, Value>,
    table_config: &Map<String, Value>,
) -> Vec<String> {
    let mut tags: Vec<String> =
        [entry.values.get("tags"), config.get("tags"), table.get("tags"), table_config.get("tags")]
            .into_iter()
            .flat_map(strings)
            .collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// `quoting` of the source, with that of the table over it.
fn quoting(entry: &Entry, table: &Map<String, Value>) -> Map<String, Value> {
    let mut quoting = Map::new();
    for key in ["database", "schema", "identifier", "column"] {
        let value = [table.get("quoting"), entry.values.get("quoting")]
            .into_iter()
            .flatten()
            .find_map(|quoting| quoting.get(key).filter(|value| !value.is_null()));
        quoting.insert(key.to_owned(), value.cloned().unwrap_or(Value::Null));
    }
    quoting
}

fn resolved_quoting(parsing: &Parsing, given: &Map<String, Value>) -> RelationParts<bool> {
    let default = parsing.quoting();
    let part = |key: &str, default: bool| given.get(key).and_then(Value::as_bool).unwrap_or(default);
    RelationParts {
        database: part("database", default.database),
        schema: part("schema", default.schema),
        identifier: part("identifier", default.identifier),
    }
}

/// What a source says of its freshness.
enum Given {
    Nothing,
    Off,
    Rule(FreshnessRule),
}

/// Merges the four places where freshness may stand, the table's over the source's (dbt's `merge_source_freshness`).
fn freshness(
    entry: &Entry,
    config: &Map<String, Value>,
    table: &Map<String, Value>,
    table_config: &Map<String, Value>,
    place: &Node,
) -> Result<Given, Diagnostic> {
    let mut merged = Given::Nothing;
    for value in
        [entry.values.get("freshness"), config.get("freshness"), table.get("freshness"), table_config.get("freshness")]
            .into_iter()
            .flatten()
    {
        if value.is_null() {
            merged = Given::Off;
            continue;
        }
        let mut rule = threshold_rule(value, place.span)?;
        if let Given::Rule(base) = merged {
            // An empty mapping, unlike null, leaves what is above it.
            let says = |part: &Value| part.as_object().is_none_or(|age| age.values().any(|value| !value.is_null()));
            let given = |key: &str| value.get(key).is_some_and(says);
            if !given("warn_after") {
                rule.warn_after = base.warn_after;
            }
            if !given("error_after") {
                rule.error_after = base.error_after;
            }
            if !given("filter") {
                rule.filter = base.filter;
            }
        }
        merged = Given::Rule(rule);
    }
    Ok(merged)
}

fn threshold_rule(value: &Value, span: Span) -> Result<FreshnessRule, Diagnostic> {
    let threshold = |key: &str| -> Result<Option<FreshnessThreshold>, Diagnostic> {
        let Some(given) = value.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        let (count, period) = (given.get("count"), given.get("period"));
        if count.is_none_or(Value::is_null) && period.is_none_or(Value::is_null) {
            return Ok(None);
        }
        let count = count.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
        let period = match period.and_then(Value::as_str) {
            Some("minute") => Some(TimePeriod::Minute),
            Some("hour") => Some(TimePeriod::Hour),
            Some("day") => Some(TimePeriod::Day),
            _ => None,
        };
        match (count, period) {
            (Some(count), Some(period)) => Ok(Some(FreshnessThreshold { count, period })),
            _ => Err(Diagnostic::error(Code::YAML_VALUE, format!("`{key}` of a freshness rule is not an age"))
                .at(span, "in the freshness of this")
                .hint("write `{count: 12, period: hour}`; periods are minute, hour and day")),
        }
    };
    Ok(FreshnessRule {
        warn_after: threshold("warn_after")?,
        error_after: threshold("error_after")?,
        filter: value.get("filter").and_then(Value::as_str).map(str::to_owned),
    })
}

fn freshness_json(rule: &FreshnessRule) -> Value {
    let age = |age: Option<FreshnessThreshold>| match age {
        Some(age) => json!({"count": age.count, "period": age.period.as_str()}),
        None => json!({"count": null, "period": null}),
    };
    json!({"warn_after": age(rule.warn_after), "error_after": age(rule.error_after), "filter": rule.filter})
}
