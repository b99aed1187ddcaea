//! dbt's manifest v12 form, written while it is walked: no tree of values is built.

mod maps;
mod node;
mod parts;
mod pieces;
mod resources;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

pub use self::pieces::Pieces;
pub use self::resources::freshness_json;

use self::maps::{ChildMap, Disabled, GroupMap, ParentMap, values};
use self::node::NodeJson;
use self::resources::{DocJson, ExposureJson, GroupJson, MacroJson, SourceJson, UnitTestJson};
use super::metadata::{project_id, utc_with_offset};
use super::{CompiledNodes, Manifest, ManifestMetadata, Node, ResourceType};

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

/// What takes the entries of a manifest in order.
trait Entries {
    type Error;

    fn entry<T: Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Self::Error>;

    /// An entry that depends on nothing but who depends on whom.
    fn links<T: Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Self::Error> {
        self.entry(key, value)
    }

    fn nodes(&mut self, key: &'static str, value: &NodesJson<'_>) -> Result<(), Self::Error> {
        self.entry(key, value)
    }
}

impl<M: SerializeMap> Entries for M {
    type Error = M::Error;

    fn entry<T: Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Self::Error> {
        self.serialize_entry(key, value)
    }
}

impl ManifestJson<'_> {
    fn entries<E: Entries>(&self, out: &mut E) -> Result<(), E::Error> {
        let Self { manifest, .. } = *self;
        out.entry("metadata", &self.metadata())?;
        out.nodes("nodes", &NodesJson { this: self, functions: false })?;
        out.entry("sources", &values(&manifest.sources, |_, source| SourceJson(source)))?;
        out.entry("macros", &values(&manifest.macros, |_, item| MacroJson(item)))?;
        out.entry("docs", &values(&manifest.docs, |_, doc| DocJson(doc)))?;
        out.entry("exposures", &values(&manifest.exposures, |_, exposure| ExposureJson(exposure)))?;
        out.entry("metrics", &manifest.semantic.metrics)?;
        out.entry("groups", &values(&manifest.groups, |_, group| GroupJson(group)))?;
        out.entry("selectors", &manifest.selectors)?;
        out.entry("disabled", &Disabled(manifest))?;
        out.links("parent_map", &ParentMap(manifest))?;
        out.links("child_map", &ChildMap(manifest))?;
        out.entry("group_map", &GroupMap(manifest))?;
        out.entry("saved_queries", &manifest.semantic.saved_queries)?;
        out.entry("semantic_models", &manifest.semantic.semantic_models)?;
        out.entry("unit_tests", &values(&manifest.unit_tests, |_, test| UnitTestJson(test)))?;
        out.nodes("functions", &NodesJson { this: self, functions: true })
    }
}

impl Serialize for ManifestJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(17))?;
        self.entries(&mut map)?;
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

impl<'a> ManifestJson<'a> {
    fn metadata(&self) -> MetadataJson<'a> {
        let Manifest { project_name, adapter_type, .. } = self.manifest;
        MetadataJson { project_name, adapter_type, metadata: self.metadata }
    }
}

/// The nodes of a manifest: functions, or all others. dbt keeps them in two maps.
struct NodesJson<'a> {
    this: &'a ManifestJson<'a>,
    functions: bool,
}

impl<'a> NodesJson<'a> {
    fn nodes(&self) -> impl Iterator<Item = (&'a str, NodeJson<'a>)> {
        let ManifestJson { manifest, compiled, .. } = *self.this;
        let is_here = |node: &Node| (node.resource_type == ResourceType::Function) == self.functions;
        let nodes = manifest.nodes.iter().filter(move |(_, node)| is_here(node));
        nodes.map(|(id, node)| (id.as_str(), NodeJson::new(node, compiled.get(id))))
    }
}

impl Serialize for NodesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (id, node) in self.nodes() {
            map.serialize_entry(id, &node)?;
        }
        map.end()
    }
}

/// The `metadata` of `manifest.json`, which is its first entry.
#[derive(Clone, Copy)]
pub struct MetadataJson<'a> {
    /// Name of the root project.
    pub project_name: &'a str,
    /// dbt's adapter type.
    pub adapter_type: &'a str,
    /// Who wrote it when.
    pub metadata: &'a ManifestMetadata,
}

impl Serialize for MetadataJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { project_name, adapter_type, metadata } = *self;
        let quoting = metadata.quoting;
        let mut map = serializer.serialize_map(None)?;
        metadata.artifact.serialize_entries("manifest/v12", &mut map)?;
        map.serialize_entry("project_name", project_name)?;
        map.serialize_entry("project_id", &project_id(project_name))?;
        map.serialize_entry("user_id", &())?;
        map.serialize_entry("send_anonymous_usage_stats", &false)?;
        map.serialize_entry("adapter_type", adapter_type)?;
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
