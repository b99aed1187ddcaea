//! `graph_summary.json`: the graph in few bytes, for tools that watch its shape.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, json};

use crate::graph::Graph;
use crate::manifest::{Manifest, ResourceType};

/// The graph of a project; serializes to the file's text.
#[derive(Clone, Copy)]
pub struct GraphSummaryJson<'a> {
    /// Names the nodes.
    pub manifest: &'a Manifest,
    /// By what they depend on.
    pub linked: &'a Graph,
    /// With the order of `build`, if that is the command.
    pub with_test_edges: Option<&'a Graph>,
    /// Id of the invocation.
    pub invocation_id: &'a str,
}

impl Serialize for GraphSummaryJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_invocation_id", self.invocation_id)?;
        map.serialize_entry("linked", &Nodes(self.linked, self.manifest))?;
        if let Some(graph) = self.with_test_edges {
            map.serialize_entry("with_test_edges", &Nodes(graph, self.manifest))?;
        }
        map.end()
    }
}

/// Nodes by number, with the numbers of those below.
struct Nodes<'a>(&'a Graph, &'a Manifest);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(graph, manifest) = self;
        serializer.collect_map(graph.links().enumerate().map(|(number, (id, below))| {
            let mut node = Map::new();
            node.insert("name".to_owned(), json!(id));
            node.insert("type".to_owned(), json!(manifest.resource_type(id).map(ResourceType::as_str)));
            if !below.is_empty() {
                node.insert("succ".to_owned(), json!(below));
            }
            (number.to_string(), node)
        }))
    }
}
