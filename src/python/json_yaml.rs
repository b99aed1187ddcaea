//! `fromjson`, `tojson`, `fromyaml`, `toyaml`.

use std::fmt::Write as _;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::arguments::{bind, flag, required, text};
use super::raise::compilation;
use super::values::none;
use crate::diagnostics::SourceMap;
use crate::jinja::{Set, from_json, pairs_of, to_json, type_name};

/// `fromjson(string, default=none)`.
pub(crate) fn fromjson(args: &[Value]) -> Result<Value, Error> {
    let [string, default] = bind("fromjson", ["string", "default"], args)?;
    let string = text("fromjson", "string", string)?;
    Ok(serde_json::from_str::<Json>(&string).map_or_else(|_| default.unwrap_or_else(none), |json| from_json(&json)))
}

/// `tojson(value, default=none, sort_keys=false)`.
pub(crate) fn tojson(args: &[Value]) -> Result<Value, Error> {
    let [value, _default, sort_keys] = bind("tojson", ["value", "default", "sort_keys"], args)?;
    let value = required("tojson", "value", value)?;
    if let Some(other) = no_json(&value) {
        return Err(compilation(format!("Object of type {other} is not JSON serializable")));
    }
    let json = to_json(&value);
    let mut out = String::new();
    write_json(&mut out, &json, None, flag(sort_keys.as_ref()), 0);
    Ok(Value::from(out))
}

/// `fromyaml(value, default=none)`.
pub(crate) fn fromyaml(args: &[Value]) -> Result<Value, Error> {
    let [string, default] = bind("fromyaml", ["value", "default"], args)?;
    let string = text("fromyaml", "value", string)?;
    let sources = SourceMap::new();
    let source = sources.add("fromyaml", string.as_str());
    Ok(crate::yaml::parse(source, &string).map_or_else(|_| default.unwrap_or_else(none), |node| node_value(&node)))
}

/// `toyaml(value, default=none, sort_keys=false)`.
pub(crate) fn toyaml(args: &[Value]) -> Result<Value, Error> {
    let [value, default, sort_keys] = bind("toyaml", ["value", "default", "sort_keys"], args)?;
    let value = required("toyaml", "value", value)?;
    if !has_yaml(&value) {
        return Ok(default.unwrap_or_else(none));
    }
    let json = to_json(&value);
    let mut out = String::new();
    write_yaml(&mut out, &json, 0, flag(sort_keys.as_ref()), false);
    if !json.is_object() && !json.is_array() {
        out.push_str("...\n");
    }
    Ok(Value::from(out))
}

/// The type of the first value in it that JSON cannot say, and Python's `json` does not write.
fn no_json(value: &Value) -> Option<String> {
    match value.kind() {
        ValueKind::Plain => Some(type_name(value).trim_start_matches("decimal.").to_owned()),
        ValueKind::Iterable if value.downcast_object_ref::<Set>().is_some() => Some("set".to_owned()),
        ValueKind::Seq => value.try_iter().into_iter().flatten().find_map(|item| no_json(&item)),
        ValueKind::Map => pairs_of(value).unwrap_or_default().iter().find_map(|(_, item)| no_json(item)),
        _ => None,
    }
}

/// Whether PyYAML's safe dumper takes a value: data and dates, not objects such as relations.
fn has_yaml(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Plain => matches!(type_name(value).as_str(), "date" | "datetime"),
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter().is_ok_and(|mut items| items.all(|item| has_yaml(&item)))
        }
        ValueKind::Map => value
            .try_iter()
            .is_ok_and(|mut keys| keys.all(|key| value.get_item(&key).is_ok_and(|item| has_yaml(&item)))),
        _ => true,
    }
}

/// A YAML node as a value, dates as dates.
fn node_value(node: &crate::yaml::Node) -> Value {
    use crate::yaml::Value as Yaml;
    match &node.value {
        Yaml::Timestamp(text) => {
            super::modules::datetime::from_yaml(text).unwrap_or_else(|| Value::from(text.as_str()))
        }
        Yaml::Seq(items) => super::values::list(items.iter().map(node_value).collect()),
        Yaml::Map(map) => super::values::dict(map.iter().map(|(key, value)| (node_value(key), node_value(value)))),
        _ => from_json(&node.to_json()),
    }
}

/// JSON as Python's `json.dumps(…, sort_keys=True, indent=4)`.
pub(crate) fn indented_json(json: &Json) -> String {
    let mut out = String::new();
    write_json(&mut out, json, Some(4), true, 0);
    out
}

/// JSON as Python's `json.dumps(…)`, on one line.
pub(crate) fn json_line(json: &Json) -> String {
    let mut out = String::new();
    write_json(&mut out, json, None, false, 0);
    out
}

/// JSON as Python's `json.dumps`: `, ` and `: ` between parts, ASCII only.
fn write_json(out: &mut String, json: &Json, indent: Option<usize>, sorted: bool, depth: usize) {
    let open = |out: &mut String, depth: usize| {
        if let Some(width) = indent {
            out.push('\n');
            out.push_str(&" ".repeat(width * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    match json {
        Json::String(text) => write_string(out, text),
        Json::Number(number) => out.push_str(&number_text(number)),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(map) if map.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                open(out, depth + 1);
                write_json(out, item, indent, sorted, depth + 1);
            }
            open(out, depth);
            out.push(']');
        }
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            if sorted {
                entries.sort_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                open(out, depth + 1);
                write_string(out, key);
                out.push_str(": ");
                write_json(out, value, indent, sorted, depth + 1);
            }
            open(out, depth);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// A number as Python prints it.
fn number_text(number: &serde_json::Number) -> String {
    if number.is_f64() {
        number.as_f64().map_or_else(String::new, |float| Value::from(float).to_string())
    } else {
        number.to_string()
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// YAML as PyYAML's `safe_dump`: blocks, lists not indented under their key. `inline`: the cursor stands after `- `.
fn write_yaml(out: &mut String, json: &Json, depth: usize, sorted: bool, inline: bool) {
    let pad = "  ".repeat(depth);
    match json {
        Json::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            if sorted {
                entries.sort_by_key(|(key, _)| *key);
            }
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 || !inline {
                    out.push_str(&pad);
                }
                out.push_str(&yaml_scalar(&Json::String(key.clone())));
                out.push(':');
                match value {
                    Json::Object(inner) if !inner.is_empty() => {
                        out.push('\n');
                        write_yaml(out, value, depth + 1, sorted, false);
                    }
                    Json::Array(items) if !items.is_empty() => {
                        out.push('\n');
                        write_yaml(out, value, depth, sorted, false);
                    }
                    scalar => {
                        out.push(' ');
                        out.push_str(&yaml_scalar(scalar));
                        out.push('\n');
                    }
                }
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 || !inline {
                    out.push_str(&pad);
                }
                out.push_str("- ");
                match item {
                    Json::Object(inner) if !inner.is_empty() => write_yaml(out, item, depth + 1, sorted, true),
                    Json::Array(inner) if !inner.is_empty() => write_yaml(out, item, depth + 1, sorted, true),
                    scalar => {
                        out.push_str(&yaml_scalar(scalar));
                        out.push('\n');
                    }
                }
            }
        }
        scalar => {
            out.push_str(&yaml_scalar(scalar));
            out.push('\n');
        }
    }
}

fn yaml_scalar(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(flag) => flag.to_string(),
        Json::Number(number) => number_text(number),
        Json::Array(_) => "[]".into(),
        Json::Object(_) => "{}".into(),
        Json::String(text) => yaml_string(text),
    }
}

/// Plain where YAML would read it back as the same text, else in quotes.
fn yaml_string(text: &str) -> String {
    if text.contains(['\n', '\t', '\u{0}', '\r']) || text.chars().any(char::is_control) {
        let mut out = String::new();
        write_string(&mut out, text);
        return out;
    }
    let lower = text.to_lowercase();
    let reserved = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<"];
    let indicator = text
        .starts_with(['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'])
        && !(text.starts_with(['-', '?', ':']) && text.len() > 1 && !text[1..].starts_with(' '));
    let number = text.parse::<f64>().is_ok() && !lower.contains("inf") && !lower.contains("nan");
    let date = text.len() >= 8 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    let colon = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    let sexagesimal = text.split(':').count() > 1
        && text.split(':').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let spaces = text.starts_with(' ') || text.ends_with(' ');
    if reserved.contains(&lower.as_str()) || indicator || number || date || colon || sexagesimal || spaces {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_written_as_python_writes_it() {
        let value = from_json(&json!({"b": [1, 2.0, null, true], "a": "é\n"}));
        assert_eq!(tojson(&[value]).unwrap().to_string(), r#"{"b": [1, 2.0, null, true], "a": "\u00e9\n"}"#);
    }

    #[test]
    fn yaml_is_written_as_pyyaml_writes_it() {
        let value = from_json(&json!({"dogs": ["good", {"name": "x", "age": 3}], "no": "yes", "m": {"k": []}}));
        assert_eq!(
            toyaml(&[value]).unwrap().to_string(),
            "dogs:\n- good\n- name: x\n  age: 3\n'no': 'yes'\nm:\n  k: []\n"
        );
    }

    #[test]
    fn what_cannot_be_read_gives_the_default() {
        assert!(fromjson(&[Value::from("{"), Value::from(7)]).unwrap() == Value::from(7));
        assert!(fromjson(&[Value::from("{")]).unwrap().is_none());
        let read = fromyaml(&[Value::from("a: [1, yes]")]).unwrap();
        assert_eq!(read.to_string(), "{'a': [1, True]}");
    }
}
