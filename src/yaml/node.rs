//! The tree that a YAML text becomes.

use crate::diagnostics::Span;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// What a YAML node holds, as PyYAML's safe loader understands it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on` …
    Bool(bool),
    /// A whole number that fits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(String),
    /// A date, or a date-time in ISO form (YAML 1.1 timestamps).
    Timestamp(String),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping in written order.
    Map(Mapping),
}

/// A mapping in written order; keys are unique.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    entries: Vec<(Node, Node)>,
}

impl Mapping {
    /// A mapping of these entries.
    pub fn new(entries: Vec<(Node, Node)>) -> Self {
        Self { entries }
    }

    /// The value under a string key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Key and value under a string key.
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries.iter().find(|(k, _)| k.as_str() == Some(key)).map(|(k, v)| (k, v))
    }

    /// The entries themselves, in written order.
    pub fn into_entries(self) -> Vec<(Node, Node)> {
        self.entries
    }

    /// All entries in written order.
    pub fn iter(&self) -> impl Iterator<Item = (&Node, &Node)> {
        self.entries.iter().map(|(k, v)| (k, v))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Node {
    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// A few words for the type, as used in messages: "a list".
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::Timestamp(_) => "a date",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The scalar as text (numbers, booleans and dates as Python prints them), if it is a scalar.
    pub fn scalar_text(&self) -> Option<String> {
        Some(match &self.value {
            Value::Null | Value::Seq(_) | Value::Map(_) => return None,
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => {
                serde_json::Number::from_f64(*number).map_or_else(|| number.to_string(), |n| n.to_string())
            }
            Value::Str(text) | Value::Timestamp(text) => text.clone(),
        })
    }

    /// The same as JSON, places forgotten. Keys that are not strings become their text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Str(text) | Value::Timestamp(text) => Json::from(text.as_str()),
            Value::Seq(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(map) => Json::Object(
                map.iter().map(|(k, v)| (k.scalar_text().unwrap_or_else(|| "null".into()), v.to_json())).collect(),
            ),
        }
    }
}
