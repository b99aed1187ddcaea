//! The resolved configuration of a node: dbt's open mapping with typed readers.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Every config of a node, defaults included, in the order dbt writes them; own keys of users come last.
///
/// Most nodes of a project have the same configs as many others, so a clone shares the values, and their JSON is written
/// once for all that share them.
#[derive(Debug, Clone, Default)]
pub struct NodeConfig {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    values: Map<String, Value>,
    json: OnceLock<Box<RawValue>>,
}

impl PartialEq for NodeConfig {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.values() == other.values()
    }
}

impl Serialize for NodeConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(json) = self.shared.json.get() {
            return json.serialize(serializer);
        }
        let json = serde_json::value::to_raw_value(self.values()).map_err(serde::ser::Error::custom)?;
        self.shared.json.get_or_init(|| json).serialize(serializer)
    }
}

impl NodeConfig {
    /// A resolved config.
    pub fn new(values: Map<String, Value>) -> Self {
        Self { shared: Arc::new(Shared { values, json: OnceLock::new() }) }
    }

    /// Whether both are one in memory, which says nothing of those that are not.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// A number that those have in common that are one in memory, as long as they live.
    pub(crate) fn shared_key(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }

    /// A value that is set and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values().get(key).filter(|value| !value.is_null())
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
        let mut values = self.values().clone();
        values.insert("enabled".into(), Value::Bool(false));
        *self = Self::new(values);
    }

    /// `view`, `table`, `incremental`, …
    pub fn materialized(&self) -> &str {
        self.str("materialized").unwrap_or("view")
    }

    /// Whether it says `materialized: incremental` with `incremental_strategy: microbatch`.
    pub fn is_microbatch(&self) -> bool {
        self.materialized() == "incremental" && self.str("incremental_strategy") == Some("microbatch")
    }

    /// Its tags, each once, in the order of the config.
    pub fn tags(&self) -> Vec<&str> {
        let mut tags = self.strings("tags");
        let mut seen = HashSet::new();
        tags.retain(|tag| seen.insert(*tag));
        tags
    }

    /// All values in order.
    pub fn values(&self) -> &Map<String, Value> {
        &self.shared.values
    }
}
