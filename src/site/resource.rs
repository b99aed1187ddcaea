//! [`Resource`]: one thing that has a page, whatever its kind, with what all kinds share.

use indexmap::IndexMap;
use serde_json::Value;

use crate::manifest::{ColumnProperties, Exposure, Macro, Manifest, Node, ResourceType, Source, UnitTest};

/// A resource with a page of its own.
pub(super) struct Resource<'a> {
    /// Unique id.
    pub(super) id: &'a str,
    pub(super) kind: &'static str,
    /// What the site calls it: `orders`, `orders.v2`, `raw.orders` of a source.
    pub(super) label: String,
    pub(super) package: &'a str,
    /// The file that defines it, below its package.
    pub(super) path: &'a str,
    /// `database.schema`, of relations.
    pub(super) schema: Option<String>,
    pub(super) materialized: Option<&'a str>,
    pub(super) tags: Vec<&'a str>,
    pub(super) group: Option<&'a str>,
    pub(super) description: &'a str,
    pub(super) columns: Option<&'a IndexMap<String, ColumnProperties>>,
    /// Unique ids of what it depends on.
    pub(super) parents: Vec<&'a str>,
    pub(super) body: Body<'a>,
}

/// What only its kind has.
pub(super) enum Body<'a> {
    Node(&'a Node),
    Source(&'a Source),
    Exposure(&'a Exposure),
    UnitTest(&'a UnitTest),
    Macro(&'a Macro),
    Semantic(&'a Value),
}

impl Resource<'_> {
    /// Whether it stands in the graph: tests and macros do not.
    pub(super) fn is_in_graph(&self) -> bool {
        !matches!(self.kind, "test" | "unit_test" | "macro")
    }
}

/// All resources that have a page. Those of the graph come first, then tests, then macros; those of `built_in` packages are
/// left out.
pub(super) fn resources<'a>(manifest: &'a Manifest, built_in: &[&str]) -> Vec<Resource<'a>> {
    let nodes = |is_test: bool| {
        let shown = move |node: &&'a Node| match node.resource_type {
            ResourceType::Test => is_test,
            ResourceType::Operation | ResourceType::SqlOperation => false,
            // `docs: {show: false}`
            _ if node.docs.get("show") == Some(&Value::Bool(false)) => false,
            _ => !is_test,
        };
        manifest.nodes.values().map(AsRef::as_ref).filter(shown).map(of_node)
    };
    let semantic = &manifest.semantic;
    let semantic = [
        ("metric", &semantic.metrics),
        ("semantic_model", &semantic.semantic_models),
        ("saved_query", &semantic.saved_queries),
    ];
    let semantic = semantic.into_iter().flat_map(|(kind, map)| map.iter().map(move |(id, value)| (kind, id, value)));
    let macros = manifest.macros.values().filter(|item| !built_in.contains(&item.package_name.as_str()));
    nodes(false)
        .chain(manifest.sources.values().map(|source| of_source(source)))
        .chain(manifest.exposures.values().map(|exposure| of_exposure(exposure)))
        .chain(semantic.map(|(kind, id, value)| of_semantic(manifest, kind, id, value)))
        .chain(nodes(true))
        .chain(manifest.unit_tests.values().map(|test| of_unit_test(test)))
        .chain(macros.map(|item| of_macro(item)))
        .collect()
}

fn strings(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn of_node(node: &Node) -> Resource<'_> {
    let is_relation = node.is_refable() && !node.is_ephemeral();
    Resource {
        id: &node.unique_id,
        kind: node.resource_type.as_str(),
        label: node.search_name(),
        package: &node.package_name,
        path: &node.original_file_path,
        schema: is_relation.then(|| qualified(node.database.as_deref(), &node.schema)),
        materialized: node.is_refable().then(|| node.config.materialized()),
        tags: strings(&node.tags),
        group: node.group.as_deref(),
        description: &node.description,
        columns: Some(&node.columns),
        parents: strings(&node.depends_on.nodes),
        body: Body::Node(node),
    }
}

fn qualified(database: Option<&str>, schema: &str) -> String {
    database.map_or_else(|| schema.to_owned(), |database| format!("{database}.{schema}"))
}

fn of_source(source: &Source) -> Resource<'_> {
    Resource {
        id: &source.unique_id,
        kind: "source",
        label: format!("{}.{}", source.source_name, source.name),
        package: &source.package_name,
        path: &source.original_file_path,
        schema: Some(qualified(source.database.as_deref(), &source.schema)),
        materialized: None,
        tags: strings(&source.tags),
        group: None,
        description: &source.description,
        columns: Some(&source.columns),
        parents: Vec::new(),
        body: Body::Source(source),
    }
}

fn of_exposure(exposure: &Exposure) -> Resource<'_> {
    Resource {
        id: &exposure.unique_id,
        kind: "exposure",
        label: exposure.label.clone().unwrap_or_else(|| exposure.name.clone()),
        package: &exposure.package_name,
        path: &exposure.original_file_path,
        schema: None,
        materialized: None,
        tags: strings(&exposure.tags),
        group: None,
        description: &exposure.description,
        columns: None,
        parents: strings(&exposure.depends_on.nodes),
        body: Body::Exposure(exposure),
    }
}

fn of_unit_test(test: &UnitTest) -> Resource<'_> {
    Resource {
        id: &test.unique_id,
        kind: "unit_test",
        label: test.name.clone(),
        package: &test.package_name,
        path: &test.original_file_path,
        schema: None,
        materialized: None,
        tags: test.config.tags(),
        group: None,
        description: &test.description,
        columns: None,
        parents: strings(&test.depends_on.nodes),
        body: Body::UnitTest(test),
    }
}

fn of_macro(item: &Macro) -> Resource<'_> {
    Resource {
        id: &item.unique_id,
        kind: "macro",
        label: item.name.clone(),
        package: &item.package_name,
        path: &item.original_file_path,
        schema: None,
        materialized: None,
        tags: Vec::new(),
        group: None,
        description: &item.description,
        columns: None,
        parents: Vec::new(),
        body: Body::Macro(item),
    }
}

fn of_semantic<'a>(manifest: &'a Manifest, kind: &'static str, id: &'a str, value: &'a Value) -> Resource<'a> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let label = value.get("label").and_then(Value::as_str).unwrap_or_else(|| text("name")).to_owned();
    Resource {
        id,
        kind,
        label,
        package: text("package_name"),
        path: text("original_file_path"),
        schema: None,
        materialized: None,
        tags: value.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect(),
        group: value.get("group").and_then(Value::as_str),
        description: text("description"),
        columns: None,
        parents: manifest.dependencies(id).collect(),
        body: Body::Semantic(value),
    }
}
