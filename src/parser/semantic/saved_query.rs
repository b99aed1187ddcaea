//! One saved query, and its exports.

use serde_json::{Value, json};

use super::reading::{filters, items, missing, word};
use super::{base, metric};
use crate::diagnostics::Diagnostic;
use crate::manifest::{ResourceType, SemanticLayer};
use crate::parser::columns::strings;
use crate::parser::parsing::Parsing;
use crate::parser::properties::Entry;

/// Reads one.
pub(super) fn saved_query(parsing: &Parsing, entry: &Entry) -> Result<Value, Diagnostic> {
    let given = entry.mapping("config")?;
    let mut map = base(parsing, entry, ResourceType::SavedQuery, &entry.name, &given);
    if entry.values.get("query_params").is_none_or(Value::is_null) {
        return Err(missing(&entry.name, "query_params", entry.yaml.span));
    }
    let query = Value::Object(entry.mapping("query_params")?);
    let list = |key: &str| query.get(key).filter(|value| value.is_array()).cloned().unwrap_or_else(|| json!([]));
    map.insert(
        "query_params".into(),
        json!({
            "metrics": list("metrics"),
            "group_by": list("group_by"),
            "where": filters(query.get("where")),
            "order_by": list("order_by"),
            "limit": query.get("limit").cloned().unwrap_or_default(),
        }),
    );
    let mut exports = Vec::new();
    for item in entry.list("exports")? {
        exports.push(export(parsing, entry, item, &map["config"])?);
    }
    map.insert("exports".into(), json!(exports));
    let mut tags = strings(entry.values.get("tags"));
    tags.extend(strings(map["config"].get("tags")));
    tags.sort();
    tags.dedup();
    map.insert("tags".into(), json!(tags));
    Ok(Value::Object(map))
}

/// An export takes what it does not say itself from its query's config, and from the target.
fn export(parsing: &Parsing, entry: &Entry, item: &Value, of_query: &Value) -> Result<Value, Diagnostic> {
    let own = item.get("config").cloned().unwrap_or_else(|| json!({}));
    let name = item.get("name").filter(|name| name.is_string()).cloned();
    let name = name.ok_or_else(|| missing(&format!("an export of {}", entry.name), "name", entry.span("exports")))?;
    let get = |key: &str| own.get(key).or_else(|| of_query.get(key)).filter(|value| !value.is_null()).cloned();
    let export_as = get("export_as").unwrap_or_default();
    let owner = name.as_str().unwrap_or_default();
    let export_as = word(&export_as, "export_as", owner, &["table", "view"], entry.span("exports"))?;
    let adapter = parsing.adapter();
    Ok(json!({
        "name": name,
        "config": {
            "export_as": export_as,
            "schema_name": get("schema").or_else(|| get("schema_name")).unwrap_or_else(|| adapter.schema().into()),
            "alias": get("alias").unwrap_or_else(|| name.clone()),
            "database": get("database").unwrap_or_else(|| adapter.database().into()),
        },
        "unrendered_config": own,
    }))
}

/// Tells saved queries which metrics they depend on.
pub(super) fn link(layer: &mut SemanticLayer) {
    for query in layer.saved_queries.values_mut() {
        let metrics = query.pointer("/query_params/metrics").cloned();
        let ids: Vec<String> =
            items(metrics.as_ref()).filter_map(|name| metric::id(&layer.metrics, name.as_str()?)).collect();
        query["depends_on"]["nodes"] = json!(ids);
    }
}
