//! What an event says of the node it is about.

use serde::Serialize;
use serde_json::{Map, Value};

/// The node an event is about, with dbt's field names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeInfo {
    /// `view`, `table`, `test` …
    pub materialized: String,
    /// The node's `meta`.
    pub meta: Map<String, Value>,
    /// Hash of its file, where it has one.
    pub node_checksum: String,
    /// When it was done (UTC, without zone); empty before.
    pub node_finished_at: String,
    /// Name.
    pub node_name: String,
    /// Path below the resource's folder.
    pub node_path: String,
    /// Where it is in the warehouse.
    pub node_relation: NodeRelation,
    /// When it began (UTC, without zone); empty before.
    pub node_started_at: String,
    /// `None` before it starts, `started`, `compiling`, `executing`, then its result's status.
    pub node_status: String,
    /// `model`, `seed` …
    pub resource_type: String,
    /// Unique id.
    pub unique_id: String,
    /// The group that it belongs to, with its owner. Of the data of an event it is a part of its own.
    #[serde(skip)]
    pub group: Option<Value>,
}

/// Where a node is in the warehouse; empty strings where it is nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NodeRelation {
    /// Name.
    pub alias: String,
    /// Database.
    pub database: String,
    /// As written in SQL.
    pub relation_name: String,
    /// Schema.
    pub schema: String,
}

impl NodeInfo {
    /// A resource of which no more is known than this.
    pub fn bare(unique_id: &str, name: &str, resource_type: &str) -> Self {
        Self {
            materialized: String::new(),
            meta: Map::new(),
            node_checksum: String::new(),
            node_finished_at: String::new(),
            node_name: name.to_owned(),
            node_path: String::new(),
            node_relation: NodeRelation::default(),
            node_started_at: String::new(),
            node_status: "None".into(),
            resource_type: resource_type.to_owned(),
            unique_id: unique_id.to_owned(),
            group: None,
        }
    }

    /// The same node in another state.
    #[must_use]
    pub fn with_status(&self, status: impl Into<String>) -> Self {
        Self { node_status: status.into(), ..self.clone() }
    }
}
