//! Text and names as SQL.

use serde_json::Value;

/// A string literal.
pub(super) fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A quoted identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A setting's value as the text that DuckDB casts to the setting's type.
pub(super) fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(setting_text).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
