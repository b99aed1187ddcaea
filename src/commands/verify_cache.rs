//! `--verify-parse-cache`: is the project as the cache has it also what its files say?

use std::sync::Arc;

use serde_json::Value;

use super::opening::Opening;
use crate::adapters::Adapter;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, render};
use crate::events::Silent;
use crate::manifest::Manifest;
use crate::parser::{self, ParseParts, Parsed};

impl Opening {
    /// Parses again without the cache; that both give different results is an error.
    pub(super) fn verify_parse_cache(
        &self,
        adapter: Arc<dyn Adapter>,
        cached: &Manifest,
        said: &Diagnostics,
    ) -> Result<(), Diagnostics> {
        let Parsed { manifest, diagnostics, .. } = parser::parse(ParseParts {
            config: self.config.clone(),
            adapter,
            reporter: Arc::new(Silent),
            sources: Arc::clone(&self.sources),
            is_cached: false,
        });
        let texts = |problems: &Diagnostics| {
            let mut texts: Vec<String> = problems.iter().map(|problem| render::text(problem, &self.sources)).collect();
            texts.sort();
            texts
        };
        match first_difference(cached, &manifest) {
            Some(place) => Err(differs(&place).into()),
            None if texts(said) != texts(&diagnostics) => Err(differs("what there is to say about the project").into()),
            None => Ok(()),
        }
    }
}

fn differs(place: &str) -> Diagnostic {
    Diagnostic::error(
        Code::PARSE_CACHE_DIFFERS,
        format!("the parse cache gives something else than the files: {place}"),
    )
    .hint("delete hetl_parse_cache.bin in the target folder, and report this: the cache must never make a difference")
}

/// Where two manifests differ first: the id of a resource, or an id that only one of them has.
fn first_difference(cached: &Manifest, parsed: &Manifest) -> Option<String> {
    let ids = |manifest: &Manifest| -> Vec<String> {
        let semantic = &manifest.semantic;
        let maps = [&semantic.metrics, &semantic.semantic_models, &semantic.saved_queries];
        manifest
            .nodes
            .keys()
            .chain(manifest.sources.keys())
            .chain(manifest.exposures.keys())
            .chain(manifest.unit_tests.keys())
            .chain(maps.into_iter().flat_map(|map| map.keys()))
            .chain(manifest.disabled.keys())
            .cloned()
            .collect()
    };
    let (ours, theirs) = (ids(cached), ids(parsed));
    if let Some((ours, theirs)) = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs) {
        return Some(format!("{ours} stands where {theirs} should"));
    }
    if ours.len() != theirs.len() {
        return Some(format!("{} resources instead of {}", ours.len(), theirs.len()));
    }
    let json = |manifest: &Manifest, id: &str| {
        let mut json = manifest.resource_json(id);
        // Of a kept node, when it was first parsed.
        if let Some(Value::Object(fields)) = &mut json {
            fields.remove("created_at");
        }
        json
    };
    let disabled = |manifest: &Manifest| -> Vec<Value> {
        manifest.disabled.values().flatten().map(|node| without_time(node.to_json(None))).collect()
    };
    let different = ours.iter().find(|id| json(cached, id) != json(parsed, id)).cloned();
    different.or_else(|| (disabled(cached) != disabled(parsed)).then(|| "disabled resources".to_owned()))
}

fn without_time(mut json: Value) -> Value {
    if let Value::Object(fields) = &mut json {
        fields.remove("created_at");
    }
    json
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{differs, first_difference};
    use crate::manifest::{Manifest, Node, ResourceType};

    fn manifest(names: &[&str]) -> Manifest {
        let node = |name: &&str| {
            let id = format!("model.shop.{name}");
            (id.clone(), Arc::new(Node::new(ResourceType::Model, id, (*name).to_owned(), "shop".into())))
        };
        Manifest { nodes: names.iter().map(node).collect(), ..Manifest::default() }
    }

    #[test]
    fn the_first_resource_that_differs_is_named() {
        assert_eq!(first_difference(&manifest(&["a", "b"]), &manifest(&["a", "b"])), None);
        let missing = first_difference(&manifest(&["a"]), &manifest(&["a", "b"]));
        assert_eq!(missing.as_deref(), Some("1 resources instead of 2"));
        let mut changed = manifest(&["a", "b"]);
        changed.nodes.values_mut().for_each(|node| Arc::make_mut(node).created_at = 5.0);
        assert_eq!(first_difference(&changed, &manifest(&["a", "b"])), None);
        Arc::make_mut(&mut changed.nodes["model.shop.b"]).alias = "other".into();
        let place = first_difference(&changed, &manifest(&["a", "b"])).unwrap();
        assert_eq!(differs(&place).code.id, "E0105");
        assert_eq!(place, "model.shop.b");
    }
}
