//! `core.json`: what the first page, the trees, the search by name and the graph need of every resource, in few bytes.
//!
//! Words that repeat (packages, folders, schemas, tags …) stand once in a list and are named by their place in it.
//! Resources are named by their place in the list of resources throughout the site.

use std::collections::HashMap;

use indexmap::IndexSet;
use serde_json::{Map, Value, json};

use super::build::SiteParts;
use super::layout::lay_out;
use super::markdown;
use super::resource::{Body, Resource};

/// Bits of `flags`.
const DESCRIBED: u32 = 1;
const CONTRACT: u32 = 2;
const PRIVATE: u32 = 4;
const PUBLIC: u32 = 8;

/// Words that stand once, in the order in which they were first met.
#[derive(Default)]
struct Words<'a>(IndexSet<std::borrow::Cow<'a, str>>);

impl<'a> Words<'a> {
    fn place(&mut self, word: impl Into<std::borrow::Cow<'a, str>>) -> usize {
        self.0.insert_full(word.into()).0
    }

    fn list(&self) -> Vec<&str> {
        self.0.iter().map(AsRef::as_ref).collect()
    }
}

/// The file; `starts` are the first resources of the shards, `columns` how many columns each resource has and how many of them
/// are described.
pub(super) fn core_file(
    parts: &SiteParts<'_>,
    resources: &[Resource<'_>],
    places: &HashMap<&str, usize>,
    columns: &[(usize, usize)],
    starts: &[usize],
    build: &str,
) -> Value {
    let (mut kinds, mut packages, mut folders) = (Words::default(), Words::default(), Words::default());
    let (mut schemas, mut materializations, mut tags) = (Words::default(), Words::default(), Words::default());
    let group_places: HashMap<&str, usize> =
        parts.manifest.groups.values().enumerate().map(|(at, group)| (group.name.as_str(), at)).collect();
    let mut nodes = Lists::default();
    let mut tests = Map::new();
    for (at, resource) in resources.iter().enumerate() {
        nodes.label.push(&resource.label);
        nodes.kind.push(kinds.place(resource.kind));
        nodes.package.push(packages.place(resource.package));
        nodes.folder.push(folders.place(resource.path.rsplit_once('/').map_or("", |(folder, _)| folder)));
        let usual = format!("{}.{}.{}", resource.kind, resource.package, resource.label);
        nodes.id.push((usual != resource.id).then_some(resource.id));
        nodes.schema.push(resource.schema.clone().map_or(-1, |schema| schemas.place(schema) as i64));
        nodes.materialized.push(resource.materialized.map_or(-1, |word| materializations.place(word) as i64));
        nodes.flags.push(flags(resource));
        nodes.parents.push(resource.parents.iter().filter_map(|id| places.get(id).copied()).collect());
        if !resource.tags.is_empty() {
            let tags: Vec<usize> = resource.tags.iter().map(|tag| tags.place(*tag)).collect();
            nodes.tags.insert(at.to_string(), json!(tags));
        }
        if let Some(group) = resource.group.and_then(|name| group_places.get(name)) {
            nodes.groups.insert(at.to_string(), json!(group));
        }
        if let Some(test) = test(resource, places) {
            tests.insert(at.to_string(), test);
        }
    }
    let (ranks, heights) = graph(resources, &nodes.parents);
    json!({
        "format": 1,
        "build": build,
        "project": {
            "name": parts.manifest.project_name,
            "adapter": parts.manifest.adapter_type,
            "generated_at": crate::manifest::utc(parts.generated_at),
            "version": env!("CARGO_PKG_VERSION"),
            "overview": overview(parts),
        },
        "kinds": kinds.list(),
        "packages": packages.list(),
        "folders": folders.list(),
        "schemas": schemas.list(),
        "materializations": materializations.list(),
        "tags": tags.list(),
        "groups": groups(parts),
        "nodes": {
            "label": nodes.label,
            "id": nodes.id,
            "kind": nodes.kind,
            "package": nodes.package,
            "folder": nodes.folder,
            "schema": nodes.schema,
            "materialized": nodes.materialized,
            "flags": nodes.flags,
            "columns": columns.iter().map(|(all, _)| all).collect::<Vec<_>>(),
            "described": columns.iter().map(|(_, described)| described).collect::<Vec<_>>(),
            "parents": nodes.parents,
            "tags": nodes.tags,
            "groups": nodes.groups,
        },
        "tests": tests,
        "layout": {"rank": ranks, "height": heights},
        "shards": starts,
    })
}

#[derive(Default)]
struct Lists<'a> {
    label: Vec<&'a str>,
    id: Vec<Option<&'a str>>,
    kind: Vec<usize>,
    package: Vec<usize>,
    folder: Vec<usize>,
    schema: Vec<i64>,
    materialized: Vec<i64>,
    flags: Vec<u32>,
    parents: Vec<Vec<usize>>,
    tags: Map<String, Value>,
    groups: Map<String, Value>,
}

fn flags(resource: &Resource<'_>) -> u32 {
    let mut flags = 0;
    if !resource.description.trim().is_empty() {
        flags |= DESCRIBED;
    }
    if let Body::Node(node) = resource.body
        && resource.kind == "model"
    {
        let contract = node.config.get("contract").and_then(|contract| contract.get("enforced"));
        if contract.and_then(Value::as_bool) == Some(true) {
            flags |= CONTRACT;
        }
        flags |= match node.access.as_str() {
            "private" => PRIVATE,
            "public" => PUBLIC,
            _ => 0,
        };
    }
    flags
}

/// What a test is about: the resource (-1: several, or none), the column, a short name.
fn test(resource: &Resource<'_>, places: &HashMap<&str, usize>) -> Option<Value> {
    let place = |id: Option<&str>| id.and_then(|id| places.get(id)).map_or(-1, |at| *at as i64);
    match &resource.body {
        Body::Node(node) if resource.kind == "test" => {
            let only = (node.depends_on.nodes.len() == 1).then(|| node.depends_on.nodes[0].as_str());
            let attached = place(node.test.attached_node.as_deref().or(only));
            let short = node.test.metadata.as_ref().map(|metadata| match &metadata.namespace {
                Some(package) => format!("{package}.{}", metadata.name),
                None => metadata.name.clone(),
            });
            Some(json!([attached, node.test.column_name, short]))
        }
        Body::UnitTest(test) => {
            Some(json!([place(test.depends_on.nodes.first().map(String::as_str)), null, test.name]))
        }
        _ => None,
    }
}

fn groups(parts: &SiteParts<'_>) -> Vec<Value> {
    let groups = parts.manifest.groups.values().map(|group| {
        json!({
            "name": group.name,
            "package": group.package_name,
            "owner": group.owner,
            "description": markdown::render(group.description.as_deref().unwrap_or_default()),
            "path": group.original_file_path,
        })
    });
    groups.collect()
}

/// The project's own `__overview__` block, as dbt shows it on the first page.
fn overview(parts: &SiteParts<'_>) -> String {
    let own = format!("doc.{}.__overview__", parts.manifest.project_name);
    parts.manifest.docs.get(&own).map(|doc| markdown::render(&doc.block_contents)).unwrap_or_default()
}

/// Ranks, and heights in hundredths, of the resources of the graph, which come first.
fn graph(resources: &[Resource<'_>], parents: &[Vec<usize>]) -> (Vec<u32>, Vec<i64>) {
    let count = resources.iter().take_while(|resource| resource.is_in_graph()).count();
    let edges: Vec<(u32, u32)> = parents
        .iter()
        .take(count)
        .enumerate()
        .flat_map(|(at, parents)| parents.iter().map(move |parent| (*parent as u32, at as u32)))
        .filter(|(from, _)| (*from as usize) < count)
        .collect();
    lay_out(count, &edges).into_iter().map(|place| (place.rank, (place.height * 100.0).round() as i64)).unzip()
}
