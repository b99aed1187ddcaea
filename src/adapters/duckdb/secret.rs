//! A secret of a profile's `secrets` list, for DuckDB's secret manager.

use serde_json::{Map, Value};

use super::credentials::invalid;
use super::literal;
use crate::diagnostics::Diagnostic;

/// The statement that creates the secret of one entry; unnamed ones are numbered from 1.
pub(super) fn create_sql(entry: &Value, number: usize) -> Result<String, Diagnostic> {
    let Value::Object(entry) = entry else { return Err(invalid("an entry of `secrets` is not a mapping")) };
    let Some(kind) = entry.get("type").and_then(Value::as_str) else {
        return Err(invalid("an entry of `secrets` has no `type`").hint("such as `type: s3`"));
    };
    let name = match entry.get("name") {
        Some(Value::String(name)) => name.clone(),
        _ => format!("_dbt_secret_{number}"),
    };
    let persistent = if entry.get("persistent") == Some(&Value::Bool(true)) { " PERSISTENT" } else { "" };
    Ok(format!("CREATE OR REPLACE{persistent} SECRET {name} ({})", parameters(kind, entry).join(", ")))
}

fn parameters(kind: &str, entry: &Map<String, Value>) -> Vec<String> {
    let mut parameters = vec![format!("type {kind}")];
    let written = |key: &String| !["type", "name", "persistent", "scope"].contains(&key.as_str());
    parameters.extend(
        entry.iter().filter(|(key, value)| written(key) && !value.is_null()).map(|(key, value)| parameter(key, value)),
    );
    match entry.get("scope") {
        Some(Value::Array(scopes)) => parameters.extend(scopes.iter().map(scope)),
        Some(Value::Null) | None => {}
        Some(one) => parameters.push(scope(one)),
    }
    parameters
}

fn scope(value: &Value) -> String {
    format!("scope {}", quoted(value))
}

fn parameter(key: &str, value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(name, value)| format!("{}: {}", literal::string(name), quoted(value))).collect();
            format!("{key} map {{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("{key} array [{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        other if ["provider", "extra_http_headers"].contains(&key) => format!("{key} {}", literal::setting_text(other)),
        other => format!("{key} {}", quoted(other)),
    }
}

fn quoted(value: &Value) -> String {
    literal::string(&literal::setting_text(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_written_with_their_scopes() {
        let entry = json!({
            "type": "s3", "provider": "config", "key_id": "a'b", "scope": ["s3://x", "s3://y"], "headers": {"h": "v"}
        });
        assert_eq!(
            create_sql(&entry, 1).unwrap(),
            "CREATE OR REPLACE SECRET _dbt_secret_1 (type s3, provider config, key_id 'a''b', headers map {'h': 'v'}, \
             scope 's3://x', scope 's3://y')"
        );
        assert!(create_sql(&json!({"name": "x"}), 1).is_err());
    }
}
