//! The JSON form of models, seeds, snapshots, analyses, data tests, functions and hooks.

use indexmap::IndexMap;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::maps::items;
use super::parts::{ColumnsJson, ConstraintsJson, DependsOnMacros, DocsJson, RefJson};
use crate::manifest::{CompiledNode, Node, ResourceType, TestMetadata};

/// A node with what compiling added.
pub(super) struct NodeJson<'a> {
    node: &'a Node,
    compiled: Option<&'a CompiledNode>,
}

impl<'a> NodeJson<'a> {
    pub(super) fn new(node: &'a Node, compiled: Option<&'a CompiledNode>) -> Self {
        Self { node, compiled }
    }

    /// The node, if that is all there is to write.
    pub(super) fn uncompiled(&self) -> Option<&'a Node> {
        self.compiled.is_none().then_some(self.node)
    }

    fn targets(&self) -> Option<&'a IndexMap<String, String>> {
        self.compiled.map(|compiled| &compiled.foreign_keys)
    }

    fn common<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        let relation_name =
            self.compiled.and_then(|compiled| compiled.relation_name.as_ref()).or(node.relation_name.as_ref());
        map.serialize_entry("database", &node.database)?;
        map.serialize_entry("schema", &node.schema)?;
        map.serialize_entry("name", &node.name)?;
        map.serialize_entry("resource_type", node.resource_type.as_str())?;
        map.serialize_entry("package_name", &node.package_name)?;
        map.serialize_entry("path", &node.path)?;
        map.serialize_entry("original_file_path", &node.original_file_path)?;
        map.serialize_entry("unique_id", &node.unique_id)?;
        map.serialize_entry("fqn", &node.fqn)?;
        map.serialize_entry("alias", &node.alias)?;
        map.serialize_entry("checksum", &node.checksum)?;
        map.serialize_entry("config", &node.config)?;
        map.serialize_entry("tags", &node.tags)?;
        map.serialize_entry("description", &node.description)?;
        map.serialize_entry("columns", &ColumnsJson { columns: &node.columns, targets: self.targets() })?;
        map.serialize_entry("meta", &node.meta)?;
        map.serialize_entry("group", &node.group)?;
        map.serialize_entry("docs", &DocsJson(&node.docs))?;
        map.serialize_entry("patch_path", &node.patch_path)?;
        map.serialize_entry("build_path", &self.compiled.and_then(|compiled| compiled.build_path.as_ref()))?;
        map.serialize_entry("unrendered_config", &node.unrendered_config)?;
        map.serialize_entry("created_at", &node.created_at)?;
        map.serialize_entry("relation_name", &relation_name)?;
        map.serialize_entry("raw_code", &*node.raw_code)?;
        map.serialize_entry("doc_blocks", &node.doc_blocks)
    }

    fn code<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        map.serialize_entry("language", node.language)?;
        map.serialize_entry("refs", &items(&node.refs, RefJson))?;
        map.serialize_entry("sources", &node.sources)?;
        map.serialize_entry("metrics", &node.metrics)?;
        map.serialize_entry("functions", &node.functions)?;
        map.serialize_entry("depends_on", &node.depends_on)?;
        map.serialize_entry("compiled_path", &self.compiled.and_then(|compiled| compiled.compiled_path.as_ref()))?;
        if let Some((compiled, code)) = self.compiled.and_then(|compiled| Some((compiled, compiled.code.as_ref()?))) {
            map.serialize_entry("compiled", &true)?;
            map.serialize_entry("compiled_code", code)?;
            map.serialize_entry("extra_ctes_injected", &true)?;
            map.serialize_entry(
                "extra_ctes",
                &items(&compiled.extra_ctes, |(id, sql)| ExtraCte { id, sql: format!(" {sql}") }),
            )?;
        }
        map.serialize_entry("contract", &Contract(node))
    }

    fn model<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let node = self.node;
        map.serialize_entry("access", &node.access)?;
        let constraints = ConstraintsJson { constraints: &node.constraints, of_model: true, targets: self.targets() };
        map.serialize_entry("constraints", &constraints)?;
        map.serialize_entry("version", &node.version)?;
        map.serialize_entry("latest_version", &node.latest_version)?;
        map.serialize_entry("deprecation_date", &node.deprecation_date)?;
        map.serialize_entry("primary_key", &node.primary_key)?;
        map.serialize_entry("time_spine", &node.time_spine)
    }
}

impl Serialize for NodeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        let mut map = serializer.serialize_map(None)?;
        self.common(&mut map)?;
        if node.resource_type == ResourceType::Seed {
            map.serialize_entry("root_path", &node.root_path)?;
            map.serialize_entry("depends_on", &DependsOnMacros { macros: &node.depends_on.macros })?;
            return map.end();
        }
        self.code(&mut map)?;
        match node.resource_type {
            ResourceType::Model => self.model(&mut map)?,
            ResourceType::Function => {
                map.serialize_entry("arguments", &node.function.arguments)?;
                map.serialize_entry("returns", &node.function.returns)?;
            }
            ResourceType::Operation => map.serialize_entry("index", &node.index)?,
            ResourceType::Test => {
                if let Some(metadata) = &node.test.metadata {
                    map.serialize_entry("column_name", &node.test.column_name)?;
                    map.serialize_entry("file_key_name", &node.test.file_key_name)?;
                    map.serialize_entry("attached_node", &node.test.attached_node)?;
                    map.serialize_entry("test_metadata", &TestMetadataJson(metadata))?;
                }
            }
            _ => {}
        }
        map.end()
    }
}

#[derive(Serialize)]
struct ExtraCte<'a> {
    id: &'a str,
    /// dbt has a blank before it.
    sql: String,
}

struct TestMetadataJson<'a>(&'a TestMetadata);

impl Serialize for TestMetadataJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("kwargs", &self.0.kwargs)?;
        map.serialize_entry("namespace", &self.0.namespace)?;
        map.end()
    }
}

/// The contract as configured, with a checksum of what it promises.
struct Contract<'a>(&'a Node);

impl Serialize for Contract<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contract = self.0.config.get("contract");
        let flag = |key: &str, default| {
            contract.and_then(|contract| contract.get(key)).and_then(Value::as_bool).unwrap_or(default)
        };
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("enforced", &flag("enforced", false))?;
        map.serialize_entry("alias_types", &flag("alias_types", true))?;
        map.serialize_entry("checksum", &self.0.contract_checksum())?;
        map.end()
    }
}
