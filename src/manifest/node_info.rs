//! What events say of a node.

use serde_json::{Map, Value, json};

use super::{Exposure, Group, Node, ResourceType, Source, UnitTest};
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
            ..NodeInfo::bare(&self.unique_id, &self.name, self.resource_type.as_str())
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
            ..NodeInfo::bare(&self.unique_id, &self.name, ResourceType::UnitTest.as_str())
        }
    }
}

impl Group {
    /// The group as events show it.
    pub fn to_logged(&self) -> Value {
        let text = |value: &Value| crate::jinja::to_text(&crate::jinja::from_json(value));
        let told = self.owner.iter().filter(|(_, value)| !value.is_null());
        let owner: Map<String, Value> = told.map(|(key, value)| (key.clone(), text(value).into())).collect();
        json!({"name": self.name, "package_name": self.package_name, "owner": owner})
    }
}

impl Exposure {
    /// The exposure as events show it, before it has started.
    pub fn node_info(&self) -> NodeInfo {
        NodeInfo {
            meta: self.meta.clone(),
            node_path: self.path.clone(),
            ..NodeInfo::bare(&self.unique_id, &self.name, ResourceType::Exposure.as_str())
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
                // dbt knows no alias of a source.
                alias: String::new(),
                database: self.database.clone().unwrap_or_default(),
                relation_name: self.relation_name.clone(),
                schema: self.schema.clone(),
            },
            ..NodeInfo::bare(&self.unique_id, &self.name, ResourceType::Source.as_str())
        }
    }
}
