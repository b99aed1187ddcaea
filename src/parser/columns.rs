//! Columns as property files describe them, and their tests.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::manifest::{ColumnProperties, Constraint};
use crate::yaml::Node;

/// A column with the tests that hang on it, before descriptions are rendered.
#[derive(Debug, Clone)]
pub(super) struct ColumnEntry {
    /// What the manifest shows.
    pub(super) properties: ColumnProperties,
    /// Its tests as written.
    pub(super) data_tests: Vec<Value>,
}

const CONSTRAINT_TYPES: &[&str] = &["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];

/// The columns below `owner` (an entry, a version or a source table).
pub(super) fn columns(entry: &Entry, owner: &Map<String, Value>, yaml: &Node) -> Result<Vec<ColumnEntry>, Diagnostic> {
    let items = match owner.get("columns") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => {
            let place = yaml.get("columns").unwrap_or(yaml);
            return Err(Diagnostic::error(
                Code::YAML_TYPE,
                format!("`columns` of `{}` must be a list, not {}", entry.name, place.type_name()),
            )
            .at(place.span, "expected a list of items that begin with `- name:`"));
        }
    };
    let places = yaml.get("columns").and_then(Node::as_seq).unwrap_or(&[]);
    let mut found = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = places.get(index).unwrap_or(yaml);
        let Value::Object(item) = item else {
            return Err(Diagnostic::error(
                Code::YAML_TYPE,
                format!("each column of `{}` must be a mapping, not {}", entry.name, place.type_name()),
            )
            .at(place.span, "expected `name: …`"));
        };
        // `include`/`exclude` of a versioned model is not a column.
        if !item.contains_key("name") && (item.contains_key("include") || item.contains_key("exclude")) {
            continue;
        }
        found.push(column(entry, item, place)?);
    }
    Ok(found)
}

fn column(entry: &Entry, item: &Map<String, Value>, place: &Node) -> Result<ColumnEntry, Diagnostic> {
    let name = match item.get("name") {
        Some(Value::String(name)) => name.clone(),
        Some(other) if !other.is_null() => {
            return Err(Diagnostic::error(
                Code::YAML_TYPE,
                format!("the `name` of a column of `{}` must be a string, not {other}", entry.name),
            )
            .at(place.get("name").map_or(place.span, |node| node.span), "expected a string")
            .hint("quote it"));
        }
        _ => {
            return Err(Diagnostic::error(
                Code::YAML_MISSING_KEY,
                format!("a column of `{}` has no `name`", entry.name),
            )
            .at(place.span, "`name` is missing here"));
        }
    };
    let config = match item.get("config") {
        Some(Value::Object(config)) => config.clone(),
        _ => Map::new(),
    };
    let mut meta = match item.get("meta") {
        Some(Value::Object(meta)) => meta.clone(),
        _ => Map::new(),
    };
    if let Some(Value::Object(inner)) = config.get("meta") {
        meta.extend(inner.clone());
    }
    let mut tags = strings(item.get("tags"));
    for tag in strings(config.get("tags")) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let data_tests = match item.get("data_tests") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(tests)) => tests.clone(),
        Some(_) => {
            let span = place.get("data_tests").or(place.get("tests")).map_or(place.span, |node| node.span);
            return Err(Diagnostic::error(Code::YAML_TYPE, format!("the tests of column `{name}` must be a list"))
                .at(span, "expected a list"));
        }
    };
    let text = |key: &str| match item.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(Diagnostic::error(
            Code::YAML_TYPE,
            format!("the `{key}` of column `{name}` must be a string, not {other}"),
        )
        .at(place.get(key).map_or(place.span, |node| node.span), "expected a string")),
    };
    let properties = ColumnProperties {
        description: text("description")?.unwrap_or_default(),
        data_type: text("data_type")?,
        constraints: constraints(&format!("column `{name}`"), item, place)?,
        quote: item.get("quote").and_then(Value::as_bool),
        config,
        meta,
        tags,
        doc_blocks: Vec::new(),
        extra: extra(item),
        span: Some(place.get("name").map_or(place.span, |node| node.span)),
        name,
    };
    Ok(ColumnEntry { properties, data_tests })
}

/// Keys that dbt carries along without reading them.
fn extra(item: &Map<String, Value>) -> Map<String, Value> {
    const KNOWN: &[&str] = &[
        "name",
        "description",
        "meta",
        "data_type",
        "constraints",
        "quote",
        "config",
        "tags",
        "data_tests",
        "tests",
        "docs",
        "doc_blocks",
    ];
    item.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The constraints of a model or column.
pub(super) fn constraints(owner: &str, item: &Map<String, Value>, place: &Node) -> Result<Vec<Constraint>, Diagnostic> {
    let span = place.get("constraints").map_or(place.span, |node| node.span);
    let items = match item.get("constraints") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => {
            return Err(Diagnostic::error(Code::YAML_TYPE, format!("`constraints` of {owner} must be a list"))
                .at(span, "expected a list of items that begin with `- type:`"));
        }
    };
    items.iter().map(|item| constraint(owner, item, span)).collect()
}

fn constraint(owner: &str, item: &Value, span: Span) -> Result<Constraint, Diagnostic> {
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    let Some(given) = item.as_object().filter(|_| CONSTRAINT_TYPES.contains(&kind)) else {
        return Err(Diagnostic::error(Code::INVALID_RESOURCE, format!("Invalid constraint type on {owner}: `{kind}`"))
            .at(span, "in these constraints")
            .hint(format!("the types are {}", CONSTRAINT_TYPES.join(", "))));
    };
    let mut values = Map::new();
    values.insert("type".into(), Value::from(kind));
    values.insert("name".into(), given.get("name").cloned().unwrap_or(Value::Null));
    values.insert("expression".into(), given.get("expression").cloned().unwrap_or(Value::Null));
    values.insert("warn_unenforced".into(), given.get("warn_unenforced").cloned().unwrap_or(Value::Bool(true)));
    values.insert("warn_unsupported".into(), given.get("warn_unsupported").cloned().unwrap_or(Value::Bool(true)));
    values.insert("to".into(), given.get("to").cloned().unwrap_or(Value::Null));
    values.insert("to_columns".into(), given.get("to_columns").cloned().unwrap_or_else(|| Value::Array(Vec::new())));
    if let Some(columns) = given.get("columns") {
        values.insert("columns".into(), columns.clone());
    }
    Ok(Constraint { values })
}

/// A list of strings, or a single one.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// By name, as a manifest holds them; the last of equal names wins, as in dbt.
pub(super) fn by_name(columns: &[ColumnEntry]) -> IndexMap<String, ColumnProperties> {
    columns.iter().map(|column| (column.properties.name.clone(), column.properties.clone())).collect()
}
