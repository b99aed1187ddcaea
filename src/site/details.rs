//! What only the page of a resource shows: description, columns, code, configuration.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::build::SiteParts;
use super::columns::{Catalog, Column};
use super::markdown;
use super::resource::{Body, Resource};
use crate::manifest::{Node, Source, freshness_json};

/// Collects what is there and leaves out what is not.
#[derive(Default)]
struct Page(Map<String, Value>);

impl Page {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if !is_empty {
            self.0.insert(key.to_owned(), value);
        }
    }
}

/// The page of a resource.
pub(super) fn page(
    parts: &SiteParts<'_>,
    resource: &Resource<'_>,
    columns: &[Column<'_>],
    catalog: &Catalog<'_>,
    places: &HashMap<&str, usize>,
) -> Value {
    let mut page = Page::default();
    page.put("path", resource.path);
    page.put("description", markdown::render(resource.description));
    page.put("columns", columns.iter().map(Column::to_json).collect::<Vec<_>>());
    if let Some(row) = catalog.of(resource).first() {
        page.put("relation_type", row.relation_type.as_str());
        page.put("relation_owner", row.owner.as_deref());
        page.put("comment", row.comment.as_deref());
    }
    match &resource.body {
        Body::Node(node) => node_page(&mut page, parts, node, places),
        Body::Source(source) => source_page(&mut page, source),
        Body::Exposure(exposure) => {
            page.put("owner", exposure.owner.clone());
            page.put("meta", exposure.meta.clone());
            page.put(
                "facts",
                facts(&[
                    ("type", Some(exposure.exposure_type.as_str())),
                    ("maturity", exposure.maturity.as_deref()),
                    ("url", exposure.url.as_deref().filter(|url| markdown::is_safe_address(url))),
                ]),
            );
        }
        Body::UnitTest(test) => {
            page.put("given", test.given.clone());
            page.put("expect", test.expect.clone());
            page.put("overrides", test.overrides.clone());
        }
        Body::Macro(item) => {
            page.put("raw", item.macro_sql.as_ref());
            page.put("meta", item.meta.clone());
            let arguments = item
                .arguments
                .iter()
                .map(|argument| json!([argument.name, argument.data_type, markdown::render(&argument.description)]));
            page.put("arguments", arguments.collect::<Vec<_>>());
            page.put("macros", macros(&item.depends_on_macros, places));
        }
        Body::Semantic(value) => {
            const SHOWN_ELSEWHERE: [&str; 12] = [
                "name",
                "description",
                "label",
                "tags",
                "unique_id",
                "fqn",
                "path",
                "original_file_path",
                "resource_type",
                "package_name",
                "depends_on",
                "created_at",
            ];
            let mut definition = value.as_object().cloned().unwrap_or_default();
            definition.retain(|key, value| !SHOWN_ELSEWHERE.contains(&key.as_str()) && !value.is_null());
            page.put("definition", definition);
        }
    }
    Value::Object(page.0)
}

fn node_page(page: &mut Page, parts: &SiteParts<'_>, node: &Node, places: &HashMap<&str, usize>) {
    let compiled = parts.compiled.get(&node.unique_id);
    page.put("raw", node.raw_code.as_ref());
    page.put("compiled", compiled.and_then(|compiled| compiled.code.as_deref()));
    let relation = node.relation_name.as_deref();
    page.put("relation", relation.or_else(|| compiled.and_then(|compiled| compiled.relation_name.as_deref())));
    let mut config = node.config.values().clone();
    config.retain(|key, value| {
        !matches!(key.as_str(), "meta" | "tags" | "group" | "docs" | "contract" | "access") && !is_blank(value)
    });
    page.put("config", config);
    page.put("meta", node.meta.clone());
    page.put("owner", node.meta.get("owner").cloned());
    page.put("macros", macros(&node.depends_on.macros, places));
    page.put("primary_key", node.primary_key.clone());
    if let Some(metadata) = &node.test.metadata {
        let mut arguments = metadata.kwargs.clone();
        arguments.retain(|key, _| key != "model");
        page.put("test_arguments", arguments);
    }
    let constraints: Vec<Value> =
        node.constraints.iter().map(|constraint| Value::Object(constraint.values.clone())).collect();
    page.put("constraints", constraints);
    if node.resource_type == crate::manifest::ResourceType::Model {
        let text = |value: &Option<Value>| value.as_ref().map(|value| value.to_string().trim_matches('"').to_owned());
        let (version, latest) = (text(&node.version), text(&node.latest_version));
        page.put(
            "facts",
            facts(&[
                ("access", Some(node.access.as_str())),
                ("version", version.as_deref()),
                ("latest version", latest.as_deref()),
                ("deprecated from", node.deprecation_date.as_deref()),
            ]),
        );
    }
}

fn source_page(page: &mut Page, source: &Source) {
    page.put("relation", source.relation_name.as_str());
    page.put("meta", source.meta.clone());
    page.put("owner", source.meta.get("owner").or_else(|| source.source_meta.get("owner")).cloned());
    page.put("source_description", markdown::render(&source.source_description));
    if let Some(rule) = &source.freshness {
        page.put("freshness", freshness_json(Some(rule)));
    }
    page.put(
        "facts",
        facts(&[
            ("source", Some(source.source_name.as_str())),
            ("loader", Some(source.loader.as_str())),
            ("loaded at", source.loaded_at_field.as_deref().or(source.loaded_at_query.as_deref())),
        ]),
    );
}

fn facts(facts: &[(&str, Option<&str>)]) -> Vec<Value> {
    let known = facts.iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    known.map(|(name, value)| json!([name, value])).collect()
}

fn macros(ids: &[String], places: &HashMap<&str, usize>) -> Vec<Value> {
    ids.iter().filter_map(|id| places.get(id.as_str())).map(|at| json!(at)).collect()
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
