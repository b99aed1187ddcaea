//! The maps of a manifest: resources by id, disabled ones, who depends on whom, members of groups.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

use super::node::NodeJson;
use super::resources::{ExposureJson, SourceJson, UnitTestJson};
use crate::manifest::Manifest;

/// A map written with each value in its JSON form.
pub(super) struct Values<'a, T, F>(&'a IndexMap<String, T>, F);

/// A map written with the JSON form that `form` gives each value.
pub(super) fn values<'a, T, J, F: Fn(&'a str, &'a T) -> J>(map: &'a IndexMap<String, T>, form: F) -> Values<'a, T, F> {
    Values(map, form)
}

impl<'a, T, J: Serialize, F: Fn(&'a str, &'a T) -> J> Serialize for Values<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, value) in self.0 {
            map.serialize_entry(id, &(self.1)(id, value))?;
        }
        map.end()
    }
}

/// A list written with each item in its JSON form.
pub(super) struct Items<'a, T, F>(&'a [T], F);

/// A list written with the JSON form that `form` gives each item.
pub(super) fn items<'a, T, J, F: Fn(&'a T) -> J>(list: &'a [T], form: F) -> Items<'a, T, F> {
    Items(list, form)
}

impl<'a, T, J: Serialize, F: Fn(&'a T) -> J> Serialize for Items<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            list.serialize_element(&(self.1)(item))?;
        }
        list.end()
    }
}

/// Disabled resources: for each id a list, because one id can be disabled several times.
pub(super) struct Disabled<'a>(pub(super) &'a Manifest);

impl Serialize for Disabled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Manifest { disabled, disabled_sources, disabled_exposures, disabled_unit_tests, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (id, nodes) in disabled {
            map.serialize_entry(id, &items(nodes, |node| NodeJson::new(node, None)))?;
        }
        for (id, sources) in disabled_sources {
            map.serialize_entry(id, &items(sources, |source| SourceJson(source)))?;
        }
        for (id, exposures) in disabled_exposures {
            map.serialize_entry(id, &items(exposures, |exposure| ExposureJson(exposure)))?;
        }
        for (id, tests) in disabled_unit_tests {
            map.serialize_entry(id, &items(tests, |test| UnitTestJson(test)))?;
        }
        for (id, resources) in &self.0.semantic.disabled {
            map.serialize_entry(id, resources)?;
        }
        map.end()
    }
}

/// Everything that depends on something or is depended on, in dbt's order: nodes first.
pub(super) fn members(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let semantic = &manifest.semantic;
    manifest
        .nodes
        .keys()
        .chain(manifest.sources.keys())
        .chain(manifest.exposures.keys())
        .chain(semantic.metrics.keys())
        .chain(semantic.semantic_models.keys())
        .chain(semantic.saved_queries.keys())
        .chain(manifest.unit_tests.keys())
        .map(String::as_str)
}

/// What each depends on, sorted.
pub(super) struct ParentMap<'a>(pub(super) &'a Manifest);

impl Serialize for ParentMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for id in members(self.0) {
            let mut parents: Vec<&str> = self.0.dependencies(id).collect();
            parents.sort_unstable();
            map.serialize_entry(id, &parents)?;
        }
        map.end()
    }
}

/// What depends on each, sorted.
pub(super) struct ChildMap<'a>(pub(super) &'a Manifest);

impl Serialize for ChildMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ids: Vec<&str> = members(self.0).collect();
        let mut children: HashMap<&str, Vec<&str>> = HashMap::with_capacity(ids.len());
        for &id in &ids {
            for parent in self.0.dependencies(id) {
                children.entry(parent).or_default().push(id);
            }
        }
        let mut map = serializer.serialize_map(Some(ids.len()))?;
        for id in ids {
            let mut children = children.remove(id).unwrap_or_default();
            children.sort_unstable();
            map.serialize_entry(id, &children)?;
        }
        map.end()
    }
}

/// Members of each group, by the group's name.
pub(super) struct GroupMap<'a>(pub(super) &'a Manifest);

impl Serialize for GroupMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: IndexMap<&str, Vec<&str>> =
            self.0.groups.values().map(|group| (group.name.as_str(), Vec::new())).collect();
        let semantic = &self.0.semantic;
        let of_json = [&semantic.saved_queries, &semantic.semantic_models, &semantic.metrics]
            .into_iter()
            .flatten()
            .filter_map(|(id, value)| Some((id.as_str(), value.get("group").and_then(Value::as_str)?)));
        let grouped =
            self.0.nodes.iter().filter_map(|(id, node)| Some((id.as_str(), node.group.as_deref()?))).chain(of_json);
        for (id, group) in grouped {
            if let Some(members) = groups.get_mut(group) {
                members.push(id);
            }
        }
        groups.serialize(serializer)
    }
}
