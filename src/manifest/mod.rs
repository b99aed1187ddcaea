//! The nouns of a parsed project: [`Node`], [`Source`], … and the [`Manifest`] that holds them all, frozen once made.
//!
//! [`ManifestJson`] writes dbt's manifest v12 form, [`Manifest::from_json`] reads an earlier one. Nothing here reads files
//! or YAML.

mod compiled;
mod config;
mod contract;
mod deprecation_date;
mod described;
mod json;
mod metadata;
mod node;
mod node_info;
mod publish;
mod read;
mod resources;
#[cfg(test)]
pub(crate) mod sample;
mod search_order;
mod time_limit;

pub use compiled::{CompiledNode, CompiledNodes};
pub use config::NodeConfig;
pub use deprecation_date::moment;
pub use described::Described;
pub use json::{ManifestJson, MetadataJson, Pieces, freshness_json};
pub use metadata::{ArtifactMetadata, COMPATIBLE_DBT_VERSION, ManifestMetadata, python_utc, schema_version, utc};
pub use node::{
    Checksum, ColumnProperties, Constraint, DependsOn, FunctionDetails, Node, RefCall, RefVersion, ResourceType,
    TestDetails, TestMetadata,
};
pub use publish::{Publish, publish_setting, publishes_in_place};
pub use resources::{
    Doc, Exposure, FreshnessRule, FreshnessThreshold, Group, Macro, MacroArgument, Source, TimePeriod, UnitTest,
};
pub use search_order::SearchOrder;
pub use time_limit::time_limit;

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostics::SourceId;

/// Everything a project defines, resolved. Made once by the parser.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The root project's name.
    pub project_name: String,
    /// The target's adapter type.
    pub adapter_type: String,
    /// Models, seeds, snapshots, analyses, data tests, functions and operations by unique id.
    pub nodes: IndexMap<String, Arc<Node>>,
    /// Source tables by unique id.
    pub sources: IndexMap<String, Arc<Source>>,
    /// Macros by unique id (`macro.package.name`), built-in ones included.
    pub macros: IndexMap<String, Arc<Macro>>,
    /// Doc blocks by unique id (`doc.package.name`).
    pub docs: IndexMap<String, Arc<Doc>>,
    /// Exposures by unique id.
    pub exposures: IndexMap<String, Arc<Exposure>>,
    /// Groups by unique id.
    pub groups: IndexMap<String, Arc<Group>>,
    /// Unit tests by unique id.
    pub unit_tests: IndexMap<String, Arc<UnitTest>>,
    /// Disabled nodes by unique id (an id can be disabled several times).
    pub disabled: IndexMap<String, Vec<Arc<Node>>>,
    /// Disabled sources by unique id.
    pub disabled_sources: IndexMap<String, Vec<Arc<Source>>>,
    /// Disabled exposures by unique id.
    pub disabled_exposures: IndexMap<String, Vec<Arc<Exposure>>>,
    /// Disabled unit tests by unique id.
    pub disabled_unit_tests: IndexMap<String, Vec<Arc<UnitTest>>>,
    /// Named selectors of `selectors.yml`, as JSON.
    pub selectors: serde_json::Map<String, serde_json::Value>,
    /// Metrics, semantic models and saved queries, as they were written (unique id to JSON).
    pub semantic: SemanticLayer,
    /// Of each file whose nodes the parse cache keeps: a hash of all that these nodes were before references were resolved.
    pub file_hashes: HashMap<SourceId, u64>,
}

/// Resources of the semantic layer: carried into the manifest, not executed.
#[derive(Debug, Clone, Default)]
pub struct SemanticLayer {
    /// Metrics by unique id.
    pub metrics: IndexMap<String, serde_json::Value>,
    /// Semantic models by unique id.
    pub semantic_models: IndexMap<String, serde_json::Value>,
    /// Saved queries by unique id.
    pub saved_queries: IndexMap<String, serde_json::Value>,
    /// Disabled ones of all three kinds; one id can be disabled several times.
    pub disabled: IndexMap<String, Vec<serde_json::Value>>,
}

impl Manifest {
    /// What a node, source, exposure or unit test depends on, by unique id; empty for what is not in the manifest.
    pub fn depends_on(&self, unique_id: &str) -> &[String] {
        if let Some(node) = self.nodes.get(unique_id) {
            &node.depends_on.nodes
        } else if let Some(exposure) = self.exposures.get(unique_id) {
            &exposure.depends_on.nodes
        } else if let Some(test) = self.unit_tests.get(unique_id) {
            &test.depends_on.nodes
        } else {
            &[]
        }
    }

    /// What a resource depends on, resources of the semantic layer included, by unique id.
    pub fn dependencies<'a>(&'a self, unique_id: &str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        let semantic = &self.semantic;
        let json = [&semantic.metrics, &semantic.semantic_models, &semantic.saved_queries]
            .into_iter()
            .find_map(|kind| kind.get(unique_id));
        match json {
            Some(value) => Box::new(
                value
                    .pointer("/depends_on/nodes")
                    .and_then(serde_json::Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(serde_json::Value::as_str),
            ),
            None => Box::new(self.depends_on(unique_id).iter().map(String::as_str)),
        }
    }

    /// What kind of resource a unique id names, if it is in the manifest (macros and docs included).
    pub fn resource_type(&self, unique_id: &str) -> Option<ResourceType> {
        if let Some(node) = self.nodes.get(unique_id) {
            return Some(node.resource_type);
        }
        let semantic = &self.semantic;
        let known = [
            (self.sources.contains_key(unique_id), ResourceType::Source),
            (self.exposures.contains_key(unique_id), ResourceType::Exposure),
            (self.unit_tests.contains_key(unique_id), ResourceType::UnitTest),
            (self.groups.contains_key(unique_id), ResourceType::Group),
            (self.macros.contains_key(unique_id), ResourceType::Macro),
            (self.docs.contains_key(unique_id), ResourceType::Doc),
            (semantic.metrics.contains_key(unique_id), ResourceType::Metric),
            (semantic.semantic_models.contains_key(unique_id), ResourceType::SemanticModel),
            (semantic.saved_queries.contains_key(unique_id), ResourceType::SavedQuery),
        ];
        known.into_iter().find(|(found, _)| *found).map(|(_, kind)| kind)
    }
}
