//! What can be written at a place.

use std::collections::BTreeMap;
use std::path::Path;

use lsp_types::{CompletionItem, CompletionItemKind, Documentation, MarkupContent, MarkupKind};

use super::hover::described;
use super::symbols::ctes;
use super::target::{call_at, is_in_jinja};
use super::workspace::{Meaning, Workspace, is_yaml};
use super::yaml_place::YamlPlace;
use crate::manifest::{Node, ResourceType};

impl Workspace {
    /// What can be written at a byte of an open file: names in `ref`, `source`, `doc` and `var`, macros in Jinja, columns and common table
    /// expressions in SQL, models, columns and tests in property files.
    pub(super) fn completion_at(&self, path: &Path, offset: usize) -> Vec<CompletionItem> {
        let (Some(text), Some(loaded)) = (self.text(path), &self.loaded) else { return Vec::new() };
        let manifest = &loaded.manifest;
        let mut items: BTreeMap<String, CompletionItem> = BTreeMap::new();
        let mut add = |label: &str, kind: CompletionItemKind, detail: String, meaning: Option<&Meaning<'_>>| {
            let documentation = meaning.map(|meaning| {
                Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: described(meaning) })
            });
            let (label, kind, detail) = (label.to_owned(), Some(kind), Some(detail));
            items.entry(label.clone()).or_insert(CompletionItem {
                label,
                kind,
                detail,
                documentation,
                ..CompletionItem::default()
            });
        };
        let call = call_at(&text, offset).filter(|call| call.is_in_text);
        match call.as_ref().map(|call| (call.name.as_str(), call)) {
            Some(("ref", _)) => {
                for node in self.refable() {
                    add(
                        &node.name,
                        CompletionItemKind::CLASS,
                        node.resource_type.as_str().into(),
                        Some(&Meaning::Node(node)),
                    );
                }
            }
            Some(("source", call)) => {
                let first = call.texts.first().map(|(text, _)| text.as_str()).unwrap_or_default();
                for source in manifest.sources.values() {
                    match call.argument {
                        0 => add(&source.source_name, CompletionItemKind::MODULE, "source".into(), None),
                        _ if source.source_name == first => {
                            add(
                                &source.name,
                                CompletionItemKind::CLASS,
                                "source table".into(),
                                Some(&Meaning::Source(source)),
                            );
                        }
                        _ => {}
                    }
                }
            }
            Some(("doc", _)) => {
                for doc in manifest.docs.values() {
                    add(&doc.name, CompletionItemKind::TEXT, doc.package_name.clone(), Some(&Meaning::Doc(doc)));
                }
            }
            Some(("var", _)) => {
                let own = loaded.vars.get(&manifest.project_name).and_then(serde_json::Value::as_object);
                for (name, value) in loaded.vars.iter().chain(own.into_iter().flatten()) {
                    add(name, CompletionItemKind::VARIABLE, value.to_string(), None);
                }
            }
            Some(_) => {}
            None if is_in_jinja(&text, offset) => {
                let before = &text[..offset];
                let word = super::text::name_at(before, before.len());
                let package =
                    before[..word.start].strip_suffix('.').map(|rest| &rest[super::text::name_at(rest, rest.len())]);
                let is_there = |of: &str| match package {
                    Some(package) => of == package,
                    None => of == manifest.project_name || of.starts_with("dbt") && !manifest_has_package(manifest, of),
                };
                for found in manifest.macros.values().filter(|found| is_there(&found.package_name)) {
                    let detail = format!("macro of {}", found.package_name);
                    add(&found.name, CompletionItemKind::FUNCTION, detail, Some(&Meaning::Macro(found)));
                }
                if package.is_none() {
                    for name in ["ref", "source", "config", "var", "env_var", "this", "target", "is_incremental", "doc"]
                    {
                        add(name, CompletionItemKind::KEYWORD, "dbt".into(), None);
                    }
                }
            }
            None if is_yaml(path) => {
                let place = YamlPlace::at(&text, offset);
                match place.path().as_slice() {
                    ["models" | "seeds" | "snapshots", "name"] | ["unit_tests", "model"] => {
                        let is_wanted = |node: &&Node| match place.keys[0].as_str() {
                            "seeds" => node.resource_type == ResourceType::Seed,
                            "snapshots" => node.resource_type == ResourceType::Snapshot,
                            _ => node.resource_type == ResourceType::Model,
                        };
                        for node in self.refable().filter(is_wanted) {
                            let detail = node.resource_type.as_str().into();
                            add(&node.name, CompletionItemKind::CLASS, detail, Some(&Meaning::Node(node)));
                        }
                    }
                    [.., "columns", "name"] => {
                        let owner = self.described(&place, &place.names).and_then(|id| self.columns_of(id));
                        let (_, _, columns) = owner.unwrap_or_default();
                        for column in columns {
                            let kind = column.data_type.clone().unwrap_or_default();
                            add(&column.name, CompletionItemKind::FIELD, kind, None);
                        }
                    }
                    [.., "tests" | "data_tests"] => {
                        for found in manifest.macros.values() {
                            let Some(name) = found.name.strip_prefix("test_") else { continue };
                            let is_near = found.package_name == manifest.project_name || found.package_name == "dbt";
                            let name = if is_near { name.to_owned() } else { format!("{}.{name}", found.package_name) };
                            let detail = format!("test of {}", found.package_name);
                            add(&name, CompletionItemKind::FUNCTION, detail, Some(&Meaning::Macro(found)));
                        }
                    }
                    [.., "depends_on"] => {
                        for node in self.refable() {
                            let detail = node.resource_type.as_str().into();
                            let label = format!("ref('{}')", node.name);
                            add(&label, CompletionItemKind::CLASS, detail, Some(&Meaning::Node(node)));
                        }
                    }
                    _ => {}
                }
            }
            None => {
                let before = &text[..offset];
                let word = super::text::name_at(before, before.len());
                let qualifier =
                    before[..word.start].strip_suffix('.').map(|rest| &rest[super::text::name_at(rest, rest.len())]);
                if qualifier.is_none() && self.node_in(path).is_some() {
                    for range in ctes(&text) {
                        add(&text[range], CompletionItemKind::VARIABLE, "common table expression".into(), None);
                    }
                }
                for meaning in &self.columns(path, &text, qualifier) {
                    if let Meaning::Column(table, _, column) = meaning {
                        let kind = column.data_type.clone().unwrap_or_default();
                        add(
                            &column.name,
                            CompletionItemKind::FIELD,
                            format!("{kind} {table}").trim().into(),
                            Some(meaning),
                        );
                    }
                }
            }
        }
        items.into_values().collect()
    }
}

/// Whether a package has models: then it is one that was installed, not one of the built-in ones.
fn manifest_has_package(manifest: &crate::manifest::Manifest, package: &str) -> bool {
    manifest.nodes.values().any(|node| node.package_name == package)
}
