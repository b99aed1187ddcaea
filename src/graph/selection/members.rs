//! [`Member`]: what a graph index stands for, with the properties that selection asks of every kind.

use serde_json::Value;

use crate::graph::Graph;
use crate::manifest::{Exposure, Manifest, Node, ResourceType, Source, UnitTest};

/// A resource that can be selected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'m> {
    Node(&'m Node),
    Source(&'m Source),
    Exposure(&'m Exposure),
    UnitTest(&'m UnitTest),
    /// A metric, semantic model or saved query.
    Semantic(ResourceType, &'m Value),
    /// In the graph but disabled or not in the manifest: cannot be selected.
    Unknown,
}

impl<'m> Member<'m> {
    /// The members of a graph by index.
    pub(super) fn all(graph: &Graph, manifest: &'m Manifest) -> Vec<Self> {
        graph.ids().map(|id| Self::of(id, manifest)).collect()
    }

    /// What an id stands for in a manifest.
    pub(super) fn of(id: &str, manifest: &'m Manifest) -> Self {
        if let Some(node) = manifest.nodes.get(id) {
            // A test whose parent is missing.
            return if node.config.enabled() { Self::Node(node) } else { Self::Unknown };
        }
        if let Some(source) = manifest.sources.get(id) {
            return Self::Source(source);
        }
        if let Some(exposure) = manifest.exposures.get(id) {
            return Self::Exposure(exposure);
        }
        if let Some(test) = manifest.unit_tests.get(id) {
            return Self::UnitTest(test);
        }
        let semantic = &manifest.semantic;
        [
            (ResourceType::Metric, &semantic.metrics),
            (ResourceType::SemanticModel, &semantic.semantic_models),
            (ResourceType::SavedQuery, &semantic.saved_queries),
        ]
        .into_iter()
        .find_map(|(kind, map)| map.get(id).map(|value| Self::Semantic(kind, value)))
        .unwrap_or(Self::Unknown)
    }

    pub(super) fn resource_type(self) -> Option<ResourceType> {
        Some(match self {
            Self::Node(node) => node.resource_type,
            Self::Source(_) => ResourceType::Source,
            Self::Exposure(_) => ResourceType::Exposure,
            Self::UnitTest(_) => ResourceType::UnitTest,
            Self::Semantic(kind, _) => kind,
            Self::Unknown => return None,
        })
    }

    pub(super) fn name(self) -> &'m str {
        match self {
            Self::Node(node) => &node.name,
            Self::Source(source) => &source.name,
            Self::Exposure(exposure) => &exposure.name,
            Self::UnitTest(test) => &test.name,
            Self::Semantic(_, value) => json_str(value, "name"),
            Self::Unknown => "",
        }
    }

    pub(super) fn package(self) -> &'m str {
        match self {
            Self::Node(node) => &node.package_name,
            Self::Source(source) => &source.package_name,
            Self::Exposure(exposure) => &exposure.package_name,
            Self::UnitTest(test) => &test.package_name,
            Self::Semantic(_, value) => json_str(value, "package_name"),
            Self::Unknown => "",
        }
    }

    pub(super) fn file(self) -> &'m str {
        match self {
            Self::Node(node) => &node.original_file_path,
            Self::Source(source) => &source.original_file_path,
            Self::Exposure(exposure) => &exposure.original_file_path,
            Self::UnitTest(test) => &test.original_file_path,
            Self::Semantic(_, value) => json_str(value, "original_file_path"),
            Self::Unknown => "",
        }
    }

    /// The YAML file that describes it, below its package's root.
    pub(super) fn patch_file(self) -> Option<&'m str> {
        match self {
            Self::Node(node) => node.patch_path.as_deref().map(|path| path.split_once("://").map_or(path, |(_, p)| p)),
            _ => None,
        }
    }

    pub(super) fn fqn(self) -> Vec<&'m str> {
        let owned = match self {
            Self::Node(node) => &node.fqn,
            Self::Source(source) => &source.fqn,
            Self::Exposure(exposure) => &exposure.fqn,
            Self::UnitTest(test) => &test.fqn,
            Self::Semantic(_, value) => return json_strings(value.get("fqn")),
            Self::Unknown => return Vec::new(),
        };
        owned.iter().map(String::as_str).collect()
    }

    pub(super) fn tags(self) -> Vec<&'m str> {
        match self {
            Self::Node(node) => node.tags.iter().map(String::as_str).collect(),
            Self::Source(source) => source.tags.iter().map(String::as_str).collect(),
            Self::Exposure(exposure) => exposure.tags.iter().map(String::as_str).collect(),
            Self::UnitTest(test) => test.config.tags(),
            Self::Semantic(_, value) => json_strings(value.get("tags")),
            Self::Unknown => Vec::new(),
        }
    }

    /// Unique ids of macros that it calls.
    pub(super) fn macros(self) -> &'m [String] {
        match self {
            Self::Node(node) => &node.depends_on.macros,
            Self::Exposure(exposure) => &exposure.depends_on.macros,
            Self::UnitTest(test) => &test.depends_on.macros,
            _ => &[],
        }
    }

    /// Whether a file of SQL holds nothing: dbt never runs such a node.
    pub(super) fn is_blank(self) -> bool {
        match self {
            Self::Node(node) => node.resource_type != ResourceType::Seed && node.raw_code.trim().is_empty(),
            _ => false,
        }
    }

    /// Whether it can be selected by way of what it reads.
    pub(super) fn is_test(self) -> bool {
        matches!(self.resource_type(), Some(ResourceType::Test | ResourceType::UnitTest))
    }
}

fn json_str<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn json_strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
