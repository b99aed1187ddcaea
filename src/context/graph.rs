//! `graph`: the whole project as dicts, made when it is first looked at.

use std::sync::{Arc, OnceLock};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::scope::Scope;
use super::values::{dict, none};
use crate::jinja::from_json;
use crate::manifest::Manifest;

const KEYS: &[&str] =
    &["exposures", "groups", "metrics", "nodes", "sources", "semantic_models", "saved_queries", "functions"];

/// The graph of a manifest; each part is made once.
#[derive(Debug)]
pub(super) struct Graph {
    manifest: Arc<Manifest>,
    parts: [OnceLock<Value>; 8],
}

impl Graph {
    fn part(&self, index: usize) -> Value {
        let manifest = &self.manifest;
        match KEYS[index] {
            "nodes" => dict(manifest.nodes.iter().map(|(id, node)| (id.clone(), from_json(&node.to_json(None))))),
            "sources" => dict(manifest.sources.iter().map(|(id, source)| (id.clone(), from_json(&source.to_json())))),
            "exposures" => {
                dict(manifest.exposures.iter().map(|(id, exposure)| (id.clone(), from_json(&exposure.to_json()))))
            }
            "groups" => dict(manifest.groups.iter().map(|(id, group)| (id.clone(), from_json(&group.to_json())))),
            "metrics" => dict(manifest.semantic.metrics.iter().map(|(id, json)| (id.clone(), from_json(json)))),
            "semantic_models" => {
                dict(manifest.semantic.semantic_models.iter().map(|(id, json)| (id.clone(), from_json(json))))
            }
            "saved_queries" => {
                dict(manifest.semantic.saved_queries.iter().map(|(id, json)| (id.clone(), from_json(json))))
            }
            _ => dict::<String>([]),
        }
    }
}

impl Object for Graph {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let index = KEYS.iter().position(|known| *known == key)?;
        Some(self.parts[index].get_or_init(|| self.part(index)).clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(KEYS)
    }
}

/// `graph` of a scope: empty while parsing, since nothing is complete yet.
pub(super) fn graph(scope: &Arc<Scope>) -> Value {
    match scope.run() {
        Some(run) => scope.session.graph(run.manifest()),
        None => none(),
    }
}

/// The graph of a manifest as a value.
pub(super) fn graph_value(manifest: &Arc<Manifest>) -> Value {
    Value::from_object(Graph { manifest: Arc::clone(manifest), parts: std::array::from_fn(|_| OnceLock::new()) })
}
