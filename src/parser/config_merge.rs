//! How configs from several places become one: dbt's defaults for each kind of resource, and its rules for adding,
//! merging and replacing. Reads no files; the places themselves are found by `config::ConfigTree` and the parsers.

use serde_json::{Map, Value, json};

use crate::manifest::ResourceType;

/// What happens when a key is given again (dbt's `MergeBehavior`).
enum Rule {
    /// The later value replaces the earlier one.
    Replace,
    /// Lists are joined; a scalar counts as a list of one.
    Append,
    /// Mappings are merged key by key.
    Update,
    /// As `Update`, but a key written `+key` appends to that key's list (`grants`).
    AppendByKey,
}

fn rule(key: &str) -> Rule {
    match key {
        "tags" | "pre-hook" | "post-hook" | "packages" => Rule::Append,
        "meta" | "docs" | "contract" | "quoting" | "column_types" => Rule::Update,
        "grants" => Rule::AppendByKey,
        _ => Rule::Replace,
    }
}

/// Adds configs of a more special place to what was known so far.
pub(super) fn merge(into: &mut Map<String, Value>, partial: &Map<String, Value>) {
    for (key, value) in partial {
        let key = translate(key);
        match rule(key) {
            Rule::Replace => {
                into.insert(key.to_owned(), value.clone());
            }
            Rule::Append => append(into, key, value),
            Rule::Update => update(into, key, value),
            Rule::AppendByKey => update_by_key(into, key, value),
        }
    }
}

/// dbt's other spellings of a config.
pub(super) fn translate(key: &str) -> &str {
    match key {
        "pre_hook" => "pre-hook",
        "post_hook" => "post-hook",
        other => other,
    }
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn append(into: &mut Map<String, Value>, key: &str, value: &Value) {
    let items = as_list(value);
    match into.get_mut(key) {
        Some(Value::Array(existing)) => existing.extend(items),
        Some(existing) if !existing.is_null() => {
            let mut all = as_list(existing);
            all.extend(items);
            *existing = Value::Array(all);
        }
        _ => {
            into.insert(key.to_owned(), Value::Array(items));
        }
    }
}

fn update(into: &mut Map<String, Value>, key: &str, value: &Value) {
    match (into.get_mut(key), value) {
        (Some(Value::Object(existing)), Value::Object(added)) => {
            for (k, v) in added {
                existing.insert(k.clone(), v.clone());
            }
        }
        (Some(Value::Object(_)), Value::Null) => {}
        _ => {
            into.insert(key.to_owned(), value.clone());
        }
    }
}

fn update_by_key(into: &mut Map<String, Value>, key: &str, value: &Value) {
    let Value::Object(added) = value else {
        into.insert(key.to_owned(), value.clone());
        return;
    };
    let existing = into.entry(key.to_owned()).or_insert_with(|| json!({}));
    let Value::Object(existing) = existing else { return };
    for (k, v) in added {
        match k.strip_prefix('+') {
            Some(name) => append(existing, name, &Value::Array(as_list(v))),
            None => {
                existing.insert(k.clone(), Value::Array(as_list(v)));
            }
        }
    }
}

/// The configs that a resource has where nobody says anything, in the order dbt writes them.
pub(super) fn defaults(kind: ResourceType) -> Map<String, Value> {
    let defaults = match kind {
        ResourceType::Test => json!({
            "enabled": true, "alias": null, "schema": "dbt_test__audit", "database": null, "tags": [], "meta": {},
            "group": null, "static_analysis": null, "materialized": "test", "severity": "ERROR", "store_failures": null,
            "store_failures_as": null, "where": null, "limit": null, "fail_calc": "count(*)", "warn_if": "!= 0",
            "error_if": "!= 0",
        }),
        ResourceType::Source => json!({
            "enabled": true, "event_time": null, "freshness": {
                "warn_after": {"count": null, "period": null}, "error_after": {"count": null, "period": null}, "filter": null,
            }, "loaded_at_field": null, "loaded_at_query": null,
            "meta": {}, "tags": [], "static_analysis": null,
        }),
        ResourceType::Exposure => json!({"enabled": true, "tags": [], "meta": {}}),
        ResourceType::UnitTest => json!({"tags": [], "meta": {}, "enabled": true, "static_analysis": null}),
        ResourceType::Group => json!({"meta": {}}),
        _ => node_defaults(kind),
    };
    match defaults {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn node_defaults(kind: ResourceType) -> Value {
    let materialized = match kind {
        ResourceType::Seed => "seed",
        ResourceType::Snapshot => "snapshot",
        ResourceType::Function => "function",
        _ => "view",
    };
    let mut values = json!({
        "enabled": true, "alias": null, "schema": null, "database": null, "tags": [], "meta": {}, "group": null,
        "static_analysis": null, "materialized": materialized, "incremental_strategy": null, "batch_size": null,
        "lookback": 1, "begin": null, "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {},
        "column_types": {}, "full_refresh": null, "unique_key": null, "on_schema_change": "ignore",
        "on_configuration_change": "apply", "grants": {}, "packages": [], "docs": {"show": true, "node_color": null},
        "contract": {"enforced": false, "alias_types": true}, "event_time": null, "concurrent_batches": null,
    });
    let own = match kind {
        ResourceType::Model => json!({"access": "protected", "freshness": null}),
        ResourceType::Seed => json!({"delimiter": ",", "quote_columns": null}),
        ResourceType::Function => {
            json!({"type": "scalar", "volatility": null, "runtime_version": null, "entry_point": null})
        }
        ResourceType::Snapshot => json!({
            "strategy": null, "target_schema": null, "target_database": null, "updated_at": null, "check_cols": null,
            "snapshot_meta_column_names": {},
            "dbt_valid_to_current": null,
        }),
        _ => json!({}),
    };
    if let (Value::Object(values), Value::Object(own)) = (&mut values, own) {
        values.extend(own);
    }
    values
}

/// The columns of a snapshot that can have other names.
const SNAPSHOT_COLUMNS: &[&str] = &["dbt_valid_to", "dbt_valid_from", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"];

/// Brings a merged config into the form that others rely on: hooks as `{sql, transaction, index}`, `store_failures` and `store_failures_as` in
/// agreement (dbt's `finalize_and_validate`).
pub(super) fn finish(kind: ResourceType, config: &mut Map<String, Value>) {
    for key in ["pre-hook", "post-hook"] {
        if let Some(Value::Array(hooks)) = config.get_mut(key) {
            for hook in hooks {
                *hook = hook_object(hook);
            }
        }
    }
    match kind {
        ResourceType::Test => agree_on_stored_failures(config),
        ResourceType::Snapshot => {
            if let Some(Value::Object(names)) = config.get_mut("snapshot_meta_column_names") {
                *names = SNAPSHOT_COLUMNS
                    .iter()
                    .map(|key| ((*key).to_owned(), names.get(*key).cloned().unwrap_or_default()))
                    .collect();
            }
        }
        ResourceType::Model => {
            if let Some(Value::Object(rule)) =
                config.get_mut("freshness").and_then(|given| given.get_mut("build_after"))
            {
                rule.entry("updates_on").or_insert_with(|| json!("any"));
            }
        }
        _ => {}
    }
    let is_node = !matches!(
        kind,
        ResourceType::Test
            | ResourceType::Source
            | ResourceType::Exposure
            | ResourceType::UnitTest
            | ResourceType::Group
    );
    // Of these two dbt keeps nothing that it does not know.
    for (key, known) in [("docs", ["show", "node_color"]), ("contract", ["enforced", "alias_types"])] {
        if let Some(Value::Object(values)) = config.get_mut(key).filter(|_| is_node) {
            values.retain(|name, _| known.contains(&name.as_str()));
        }
    }
}

fn agree_on_stored_failures(config: &mut Map<String, Value>) {
    let stored_as = config.get("store_failures_as").and_then(Value::as_str);
    match stored_as {
        Some(kind) => {
            let stores = kind != "ephemeral";
            config.insert("store_failures".into(), Value::Bool(stores));
        }
        None => {
            let kind = match config.get("store_failures").and_then(Value::as_bool) {
                Some(true) => json!("table"),
                Some(false) => json!("ephemeral"),
                None => Value::Null,
            };
            config.insert("store_failures_as".into(), kind);
        }
    }
}

/// A hook as dbt keeps it. A string may itself be JSON (what the `before_begin` and `after_commit` macros return).
fn hook_object(hook: &Value) -> Value {
    let parsed = match hook {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(map)) if map.contains_key("sql") => map,
            _ => return json!({"sql": text, "transaction": true, "index": null}),
        },
        Value::Object(map) => map.clone(),
        // No SQL: told where types are checked.
        other => return json!({"sql": other, "transaction": true, "index": null}),
    };
    json!({
        "sql": parsed.get("sql").cloned().unwrap_or_else(|| json!("")),
        "transaction": parsed.get("transaction").cloned().unwrap_or(Value::Bool(true)),
        "index": parsed.get("index").cloned().unwrap_or(Value::Null),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("not a mapping: {other}"),
        }
    }

    #[test]
    fn tags_and_hooks_add_up_and_others_replace() {
        let mut config = defaults(ResourceType::Model);
        merge(&mut config, &map(json!({"tags": "a", "pre_hook": "select 1", "materialized": "table"})));
        merge(&mut config, &map(json!({"tags": ["b", "a"], "pre-hook": ["select 2"], "materialized": "view"})));
        finish(ResourceType::Model, &mut config);
        assert_eq!(config["tags"], json!(["a", "b", "a"]));
        assert_eq!(config["pre-hook"][1]["sql"], json!("select 2"));
        assert_eq!(config["materialized"], json!("view"));
    }

    /// BigQuery's words for database and schema are configs of the user's own elsewhere.
    #[test]
    fn words_of_other_warehouses_are_left_alone() {
        let mut config = defaults(ResourceType::Model);
        merge(&mut config, &map(json!({"project": "billing", "dataset": "x"})));
        assert_eq!((&config["database"], &config["schema"]), (&Value::Null, &Value::Null));
        assert_eq!(config["project"], json!("billing"));
    }

    #[test]
    fn grants_append_only_where_asked() {
        let mut config = defaults(ResourceType::Model);
        merge(&mut config, &map(json!({"grants": {"select": "a"}})));
        merge(&mut config, &map(json!({"grants": {"+select": ["b"]}})));
        assert_eq!(config["grants"], json!({"select": ["a", "b"]}));
        merge(&mut config, &map(json!({"grants": {"select": ["c"]}})));
        assert_eq!(config["grants"], json!({"select": ["c"]}));
    }

    #[test]
    fn store_failures_as_wins() {
        let mut config = defaults(ResourceType::Test);
        merge(&mut config, &map(json!({"store_failures": true, "store_failures_as": "ephemeral"})));
        finish(ResourceType::Test, &mut config);
        assert_eq!(config["store_failures"], json!(false));
    }
}
