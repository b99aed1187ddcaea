//! Values from and to JSON.

use minijinja::Value;
use minijinja::value::ValueKind;
use serde_json::{Map, Number, Value as Json};

use super::dict::pairs_of;
use super::repr::float_of;
use super::{Decimal, Dict, List, to_text};

/// JSON as Python would hold it: objects and arrays become mutable dicts and lists.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::from(integer),
            (None, Some(integer)) => Value::from(integer),
            _ => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => List::value(items.iter().map(from_json).collect()),
        Json::Object(pairs) => {
            Dict::value(pairs.iter().map(|(key, value)| (Value::from(key.as_str()), from_json(value))))
        }
    }
}

/// The value as JSON; a `Decimal` becomes a float, what JSON cannot say (objects of Rust, NaN) its text or null, undefined becomes null.
pub fn to_json(value: &Value) -> Json {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Invalid => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => match float_of(value) {
            Some(float) => Number::from_f64(float).map_or(Json::Null, Json::Number),
            None => match value.as_i64() {
                Some(integer) => Json::from(integer),
                None => u64::try_from(value.clone()).map_or_else(|_| Json::String(value.to_string()), Json::from),
            },
        },
        ValueKind::Seq | ValueKind::Iterable => {
            Json::Array(value.try_iter().into_iter().flatten().map(|item| to_json(&item)).collect())
        }
        ValueKind::Map => {
            let mut map = Map::new();
            for (key, item) in pairs_of(value).unwrap_or_default() {
                map.insert(json_key(&key), to_json(&item));
            }
            Json::Object(map)
        }
        _ => match value.downcast_object_ref::<Decimal>() {
            Some(decimal) => Number::from_f64(decimal.to_float()).map_or(Json::Null, Json::Number),
            None => Json::String(value.to_string()),
        },
    }
}

/// Keys of an object are strings: Python's `json` writes `true`, `null` and numbers in quotes.
fn json_key(key: &Value) -> String {
    match key.kind() {
        ValueKind::Bool => key.is_true().to_string(),
        ValueKind::None => "null".to_owned(),
        _ => to_text(key),
    }
}

/// Python's `json.dumps`: `", "` and `": "` between items, everything beyond ASCII escaped.
pub(crate) fn json_text(value: &Value, indent: Option<usize>) -> String {
    let mut out = String::new();
    write_json(&to_json(value), indent, 0, &mut out);
    out
}

fn write_json(json: &Json, indent: Option<usize>, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        if let Some(width) = indent {
            out.push('\n');
            out.push_str(&" ".repeat(width * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    match json {
        Json::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                line(depth + 1, out);
                write_json(item, indent, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Json::Object(pairs) if !pairs.is_empty() => {
            out.push('{');
            for (index, (key, item)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                line(depth + 1, out);
                write_text(key, out);
                out.push_str(": ");
                write_json(item, indent, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        Json::String(text) => write_text(text, out),
        Json::Number(number) if number.is_f64() => {
            out.push_str(&super::repr::float_text(number.as_f64().unwrap_or(f64::NAN)));
        }
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}
