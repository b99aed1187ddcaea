//! Sources that are read where they lie: dbt-duckdb's `external_location`.
//!
//! The location is a template over the source's own fields, in one of Python's three ways to write one.

use serde_json::{Map, Value};

use crate::diagnostics::{Code, Diagnostic};

/// What is written in SQL in place of the source's name, if its `meta` or `config` has an `external_location`.
pub(super) fn of(source: &Value) -> Result<Option<String>, Diagnostic> {
    let fields = fields(source);
    let Some(template) = fields.get("external_location").filter(|value| !value.is_null()) else { return Ok(None) };
    let invalid = |reason: String| {
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
        Diagnostic::error(Code::INVALID_CONFIG, format!("the `external_location` of source `{name}` {reason}"))
    };
    let Some(template) = template.as_str() else { return Err(invalid("is not text".to_owned())) };
    let formatter = fields.get("formatter").and_then(Value::as_str).unwrap_or("newstyle");
    let location = match formatter {
        "newstyle" => braces(template, &fields),
        "oldstyle" => percents(template, &fields),
        "template" => dollars(template, &fields),
        other => {
            return Err(invalid(format!("has an unknown `formatter` `{other}`"))
                .hint("use `newstyle` ({name}), `oldstyle` (%(name)s) or `template` (${name})"));
        }
    }
    .map_err(|reason| {
        let known = fields.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        invalid(format!("cannot be formatted: {reason}")).note(format!("known names: {known}"))
    })?;
    // A function call and a quoted path are SQL already.
    let is_sql = location.contains('(') || location.starts_with('\'');
    Ok(Some(if is_sql { location } else { format!("'{location}'") }))
}

/// The names that a template can use: the source's own, then those of its `meta` and of its `config`.
fn fields(source: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    for key in ["name", "identifier", "schema", "database", "tags"] {
        fields.insert(key.to_owned(), source.get(key).cloned().unwrap_or(Value::Null));
    }
    let config = source.get("config");
    let layers = [source.get("meta"), config.and_then(|config| config.get("meta")), config];
    for layer in layers.into_iter().flatten().filter_map(Value::as_object) {
        let own = ["enabled", "meta", "tags", "freshness", "event_time", "loaded_at_field", "loaded_at_query"];
        for (key, value) in layer.iter().filter(|(key, value)| !own.contains(&key.as_str()) && !value.is_null()) {
            fields.insert(key.clone(), value.clone());
        }
    }
    fields
}

/// A value as Python prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn look_up(fields: &Map<String, Value>, name: &str) -> Result<String, String> {
    let mut parts = name.split('[');
    let first = parts.next().unwrap_or(name);
    let mut value = fields.get(first).ok_or_else(|| format!("there is no `{first}`"))?;
    for part in parts {
        let key = part.trim_end_matches(']');
        let inner = match value {
            Value::Array(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            other => other.get(key),
        };
        value = inner.ok_or_else(|| format!("there is no `{key}` in `{first}`"))?;
    }
    Ok(printed(value))
}

/// `{name}`, with `{{` and `}}` for braces.
fn braces(template: &str, fields: &Map<String, Value>) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let end = rest.find('}').ok_or("a `{` is not closed")?;
            let name = &rest[..end];
            if name.contains(['!', ':']) {
                return Err(format!("`{{{name}}}` has a conversion or format, which is not supported"));
            }
            text.push_str(&look_up(fields, name)?);
            rest = &rest[end + 1..];
        } else {
            return Err("a `}` is not opened; write `}}` for a brace".to_owned());
        }
    }
    text.push_str(rest);
    Ok(text)
}

/// `%(name)s`, with `%%` for a percent sign.
fn percents(template: &str, fields: &Map<String, Value>) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let named = rest.strip_prefix('(').and_then(|named| named.split_once(')'));
        let (name, after) = named.ok_or("a `%` is not followed by `(name)s`; write `%%` for a percent sign")?;
        rest = after.strip_prefix(['s', 'd']).ok_or_else(|| format!("`%({name})` is not followed by `s`"))?;
        text.push_str(&look_up(fields, name)?);
    }
    text.push_str(rest);
    Ok(text)
}

/// `$name` and `${name}`, with `$$` for a dollar sign.
fn dollars(template: &str, fields: &Map<String, Value>) -> Result<String, String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            text.push('$');
            rest = after;
            continue;
        }
        let (name, after) = if let Some(braced) = rest.strip_prefix('{') {
            braced.split_once('}').ok_or("a `${` is not closed")?
        } else {
            rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()))
        };
        if name.is_empty() {
            return Err("a `$` is not followed by a name; write `$$` for a dollar sign".to_owned());
        }
        text.push_str(&look_up(fields, name)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn location(meta: Value) -> Result<Option<String>, Diagnostic> {
        of(
            &json!({"name": "events", "identifier": "ev", "schema": "raw", "database": "db", "tags": ["x"], "meta": meta}),
        )
    }

    #[test]
    fn each_way_of_writing_is_known() {
        for (meta, expected) in [
            (json!({"external_location": "data/{name}/{identifier}.json"}), "'data/events/ev.json'"),
            (json!({"external_location": "{{x}}/{tags[0]}/{day}", "day": 3}), "'{x}/x/3'"),
            (json!({"external_location": "100%%/%(name)s", "formatter": "oldstyle"}), "'100%/events'"),
            (json!({"external_location": "$$/${name}_$schema.csv", "formatter": "template"}), "'$/events_raw.csv'"),
            (json!({"external_location": "read_json('{name}.json')"}), "read_json('events.json')"),
            (json!({"external_location": "'a', 'b'"}), "'a', 'b'"),
        ] {
            assert_eq!(location(meta).unwrap().as_deref(), Some(expected));
        }
        assert_eq!(location(json!({})).unwrap(), None);
    }

    #[test]
    fn the_config_wins_over_meta() {
        let source = json!({
            "name": "s", "meta": {"external_location": "a"}, "config": {"external_location": "b/{name}", "enabled": true}
        });
        assert_eq!(of(&source).unwrap().as_deref(), Some("'b/s'"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(location(json!({"external_location": "{nme}"})).unwrap_err().message.contains("there is no `nme`"));
        assert!(location(json!({"external_location": "a}b"})).is_err());
        assert!(location(json!({"external_location": "x", "formatter": "f"})).unwrap_err().hint.is_some());
    }
}
