//! `graph`: the whole project as dicts, made when it is first looked at. It is one object for all nodes of an invocation and
//! can be written to: packages keep there what their hooks and tests share.

use std::sync::Arc;

use minijinja::Value;

use super::scope::Scope;
use super::values::dict;
use crate::jinja::from_json;
use crate::manifest::Manifest;

/// `graph` of a scope: empty while parsing, since nothing is complete yet.
pub(super) fn graph(scope: &Arc<Scope>) -> Value {
    match scope.run() {
        Some(run) => scope.session.graph(run.manifest()),
        None => dict::<String>([]),
    }
}

/// The graph of a manifest as a value.
pub(super) fn graph_value(manifest: &Manifest) -> Value {
    let semantic = &manifest.semantic;
    let written = |map: &indexmap::IndexMap<String, serde_json::Value>| {
        dict(map.iter().map(|(id, json)| (id.clone(), from_json(json))))
    };
    let exposures = manifest.exposures.iter().map(|(id, exposure)| (id.clone(), from_json(&exposure.to_json())));
    let groups = manifest.groups.iter().map(|(id, group)| (id.clone(), from_json(&group.to_json())));
    let nodes = manifest.nodes.iter().map(|(id, node)| (id.clone(), from_json(&node.to_json(None))));
    let sources = manifest.sources.iter().map(|(id, source)| (id.clone(), from_json(&source.to_json())));
    dict([
        ("exposures", dict(exposures)),
        ("groups", dict(groups)),
        ("metrics", written(&semantic.metrics)),
        ("nodes", dict(nodes)),
        ("sources", dict(sources)),
        ("semantic_models", written(&semantic.semantic_models)),
        ("saved_queries", written(&semantic.saved_queries)),
        ("functions", dict::<String>([])),
    ])
}
