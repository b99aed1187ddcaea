//! What events say of a node.

use serde_json::{Map, Value};

use super::{Exposure, Node, ResourceType, Source, UnitTest};
use crate::events::{NodeInfo, NodeRelation};

impl Node {
    /// The node as events show it, before it has started.
    pub fn node_info(&self) -> NodeInfo {
        NodeInfo {
            materialized: self.config.materialized().to_owned(),
            meta: self.meta.clone(),
            node_checksum: match self.test.metadata {
                Some(_) => String::new(),
                None => self.checksum.checksum.clone(),
            },
            node_path: self.path.clone(),
            node_relation: NodeRelation {
                alias: self.alias.clone(),
                database: self.database.clone().unwrap_or_default(),
                relation_name: self.relation_name.clone().unwrap_or_default(),
                schema: self.schema.clone(),
            },
            ..bare(&self.unique_id, &self.name, self.resource_type)
        }
    }
}

impl UnitTest {
    /// The unit test as events show it, before it has started.
    pub fn node_info(&self) -> NodeInfo {
        NodeInfo {
            materialized: "unit".into(),
            node_path: self.path.clone(),
            node_relation: NodeRelation {
                alias: self.name.clone(),
                schema: self.schema.clone().unwrap_or_default(),
                ..NodeRelation::default()
            },
            ..bare(&self.unique_id, &self.name, ResourceType::UnitTest)
        }
    }
}

impl Exposure {
    /// The exposure as events show it, before it has started.
    pub fn node_info(&self) -> NodeInfo {
        NodeInfo {
            meta: self.meta.clone(),
            node_path: self.path.clone(),
            ..bare(&self.unique_id, &self.name, ResourceType::Exposure)
        }
    }
}

impl Source {
    /// The source as events show it.
    pub fn node_info(&self) -> NodeInfo {
        NodeInfo {
            meta: self.meta.clone(),
            node_path: self.original_file_path.clone(),
            node_relation: NodeRelation {
                alias: self.identifier.clone(),
                database: self.database.clone().unwrap_or_default(),
                relation_name: self.relation_name.clone(),
                schema: self.schema.clone(),
            },
            ..bare(&self.unique_id, &self.name, ResourceType::Source)
        }
    }
}

fn bare(unique_id: &str, name: &str, kind: ResourceType) -> NodeInfo {
    NodeInfo {
        materialized: String::new(),
        meta: Map::<String, Value>::new(),
        node_checksum: String::new(),
        node_finished_at: String::new(),
        node_name: name.to_owned(),
        node_path: String::new(),
        node_relation: NodeRelation::default(),
        node_started_at: String::new(),
        node_status: "None".into(),
        resource_type: kind.as_str().to_owned(),
        unique_id: unique_id.to_owned(),
    }
}
