//! `meta: {hetl: {publish: …}}`: whether `build` shows a node to others before or after its tests.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Node, NodeConfig, ResourceType};

/// When `build` makes a node visible under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Publish {
    /// After its data tests passed.
    #[default]
    Audited,
    /// As soon as it is built; its tests run afterwards, as in dbt.
    Immediate,
}

impl Publish {
    /// The value of a setting's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "audited" => Some(Self::Audited),
            "immediate" => Some(Self::Immediate),
            _ => None,
        }
    }

    /// When a node is published; `default` is what holds for nodes that do not say it. What is changed outside of the node's
    /// own transaction (materialized views, files, batches that commit one by one) cannot wait.
    pub fn of_node(node: &Node, default: Self) -> Self {
        let can_wait = match node.resource_type {
            ResourceType::Seed | ResourceType::Snapshot => true,
            ResourceType::Model => {
                !matches!(node.config.materialized(), "ephemeral" | "materialized_view" | "external")
                    && node.config.str("incremental_strategy") != Some("microbatch")
            }
            _ => false,
        };
        if !can_wait {
            return Self::Immediate;
        }
        // The parser has refused any other word.
        publish_setting(&node.config).ok().flatten().unwrap_or(default)
    }
}

/// What a config says. An error says what is wrong with the value.
pub fn publish_setting(config: &NodeConfig) -> Result<Option<Publish>, String> {
    match config.get("meta").and_then(|meta| meta.get("hetl")?.get("publish")) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(Publish::parse)
            .map(Some)
            .ok_or_else(|| format!("must be 'audited' or 'immediate', and is {value}")),
    }
}

/// Whether a config says that its table stays and only its rows change (`meta: {hetl: {publish_in_place: …}}`); none if it does not say. An error
/// says what is wrong with the value.
pub fn publishes_in_place(config: &NodeConfig) -> Result<Option<bool>, String> {
    match config.get("meta").and_then(|meta| meta.get("hetl")?.get("publish_in_place")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(is_wished)) => Ok(Some(*is_wished)),
        Some(other) => Err(format!("must be true or false, and is {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(value: &Value) -> Result<Option<Publish>, String> {
        let config = json!({"meta": {"hetl": {"publish": value}}});
        publish_setting(&NodeConfig::new(config.as_object().cloned().unwrap_or_default()))
    }

    #[test]
    fn two_words_are_known() {
        assert_eq!(setting(&json!("audited")), Ok(Some(Publish::Audited)));
        assert_eq!(setting(&json!("immediate")), Ok(Some(Publish::Immediate)));
        assert_eq!(setting(&json!(null)), Ok(None));
        assert_eq!(publish_setting(&NodeConfig::default()), Ok(None));
        assert!(setting(&json!("later")).expect_err("it is no setting").contains("'audited'"));
        assert!(setting(&json!(true)).is_err());
    }
}
