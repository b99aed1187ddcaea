//! The resolved configuration of a node: dbt's open mapping with typed readers.

use serde_json::{Map, Value};

/// Every config of a node, defaults included, in the order dbt writes them; own keys of users come last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeConfig {
    values: Map<String, Value>,
}

impl NodeConfig {
    /// A resolved config.
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values }
    }

    /// A value that is set and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| !value.is_null())
    }

    /// A string that is set.
    pub fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// A boolean; `default` where it is not set.
    pub fn bool(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or(default)
    }

    /// A boolean, if set.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key).and_then(Value::as_bool)
    }

    /// A list of strings; a single string counts as a list of one.
    pub fn strings(&self, key: &str) -> Vec<&str> {
        match self.get(key) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the node takes part at all.
    pub fn enabled(&self) -> bool {
        self.bool("enabled", true)
    }

    /// Takes the node out of everything that is run.
    pub fn disable(&mut self) {
        self.values.insert("enabled".into(), Value::Bool(false));
    }

    /// `view`, `table`, `incremental`, …
    pub fn materialized(&self) -> &str {
        self.str("materialized").unwrap_or("view")
    }

    /// Its tags, sorted and unique.
    pub fn tags(&self) -> Vec<&str> {
        self.strings("tags")
    }

    /// All values in order.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }
}
