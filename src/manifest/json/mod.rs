//! dbt's manifest v12 form, written while it is walked: no tree of values is built.

mod maps;
mod node;
mod parts;
mod resources;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

pub use self::resources::freshness_json;

use self::maps::{ChildMap, Disabled, GroupMap, ParentMap, values};
use self::node::NodeJson;
use self::resources::{DocJson, ExposureJson, GroupJson, MacroJson, SourceJson, UnitTestJson};
use super::metadata::{project_id, utc_with_offset};
use super::{CompiledNodes, Manifest, ManifestMetadata, ResourceType};

/// A manifest with what belongs into `manifest.json` besides; serializes to that file's text.
#[derive(Clone, Copy)]
pub struct ManifestJson<'a> {
    /// What was parsed.
    pub manifest: &'a Manifest,
    /// Who wrote it when.
    pub metadata: &'a ManifestMetadata,
    /// What was compiled; may be empty.
    pub compiled: &'a CompiledNodes,
}

impl Serialize for ManifestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { manifest, .. } = *self;
        let mut map = serializer.serialize_map(Some(17))?;
        map.serialize_entry("metadata", &Metadata(self))?;
        map.serialize_entry("nodes", &NodesJson { this: self, functions: false })?;
        map.serialize_entry("sources", &values(&manifest.sources, |_, source| SourceJson(source)))?;
        map.serialize_entry("macros", &values(&manifest.macros, |_, item| MacroJson(item)))?;
        map.serialize_entry("docs", &values(&manifest.docs, |_, doc| DocJson(doc)))?;
        map.serialize_entry("exposures", &values(&manifest.exposures, |_, exposure| ExposureJson(exposure)))?;
        map.serialize_entry("metrics", &manifest.semantic.metrics)?;
        map.serialize_entry("groups", &values(&manifest.groups, |_, group| GroupJson(group)))?;
        map.serialize_entry("selectors", &manifest.selectors)?;
        map.serialize_entry("disabled", &Disabled(manifest))?;
        map.serialize_entry("parent_map", &ParentMap(manifest))?;
        map.serialize_entry("child_map", &ChildMap(manifest))?;
        map.serialize_entry("group_map", &GroupMap(manifest))?;
        map.serialize_entry("saved_queries", &manifest.semantic.saved_queries)?;
        map.serialize_entry("semantic_models", &manifest.semantic.semantic_models)?;
        map.serialize_entry("unit_tests", &values(&manifest.unit_tests, |_, test| UnitTestJson(test)))?;
        map.serialize_entry("functions", &NodesJson { this: self, functions: true })?;
        map.end()
    }
}

impl Manifest {
    /// The entry of one node, source, exposure, unit test or resource of the semantic layer in `manifest.json`, nothing
    /// compiled.
    pub fn resource_json(&self, unique_id: &str) -> Option<Value> {
        let semantic = &self.semantic;
        let maps = [&semantic.metrics, &semantic.semantic_models, &semantic.saved_queries];
        (self.nodes.get(unique_id).map(|node| node.to_json(None)))
            .or_else(|| self.sources.get(unique_id).map(|source| source.to_json()))
            .or_else(|| self.exposures.get(unique_id).map(|exposure| exposure.to_json()))
            .or_else(|| self.unit_tests.get(unique_id).map(|test| test.to_json()))
            .or_else(|| maps.into_iter().find_map(|map| map.get(unique_id)).cloned())
    }
}

macro_rules! to_json {
    ($($what:ty, $form:expr;)*) => {$(
        impl $what {
            /// As the manifest writes it.
            pub fn to_json(&self) -> Value {
                let form = $form;
                serde_json::to_value(form(self)).unwrap_or_default()
            }
        }
    )*};
}

to_json! {
    super::Source, SourceJson;
    super::Macro, MacroJson;
    super::Exposure, ExposureJson;
    super::Group, GroupJson;
    super::UnitTest, UnitTestJson;
}

impl super::Node {
    /// As the manifest writes it, with what compiling added.
    pub fn to_json(&self, compiled: Option<&super::CompiledNode>) -> Value {
        serde_json::to_value(NodeJson::new(self, compiled)).unwrap_or_default()
    }
}

/// The nodes of a manifest: functions, or all others. dbt keeps them in two maps.
struct NodesJson<'a> {
    this: &'a ManifestJson<'a>,
    functions: bool,
}

impl Serialize for NodesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (id, node) in &self.this.manifest.nodes {
            if (node.resource_type == ResourceType::Function) == self.functions {
                map.serialize_entry(id, &NodeJson::new(node, self.this.compiled.get(id)))?;
            }
        }
        map.end()
    }
}

struct Metadata<'a>(&'a ManifestJson<'a>);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ManifestJson { manifest, metadata, .. } = *self.0;
        let quoting = metadata.quoting;
        let mut map = serializer.serialize_map(None)?;
        metadata.artifact.serialize_entries("manifest/v12", &mut map)?;
        map.serialize_entry("project_name", &manifest.project_name)?;
        map.serialize_entry("project_id", &project_id(&manifest.project_name))?;
        map.serialize_entry("user_id", &())?;
        map.serialize_entry("send_anonymous_usage_stats", &false)?;
        map.serialize_entry("adapter_type", &manifest.adapter_type)?;
        map.serialize_entry(
            "quoting",
            &parts::Quoting {
                database: Some(quoting.database),
                schema: Some(quoting.schema),
                identifier: Some(quoting.identifier),
                column: None,
            },
        )?;
        map.serialize_entry("run_started_at", &utc_with_offset(metadata.artifact.invocation_started_at))?;
        map.end()
    }
}
