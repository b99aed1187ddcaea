//! [`Subject`]: the project as rules see it, with what is derived from it only if a rule asks.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use indexmap::IndexMap;

use super::Settings;
use super::layer::{Layer, layer_of};
use super::sql_of::ModelSql;
use crate::adapters::Adapter;
use crate::config::Config;
use crate::diagnostics::{Diagnostic, SourceMap, Span};
use crate::graph::Graph;
use crate::lineage::{Lineage, Relations};
use crate::manifest::{Manifest, Node, ResourceType, Source};

/// What rules look at. Only resources of the root project are checked.
pub struct Subject<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// What depends on what.
    pub graph: &'a Graph,
    /// How the project is configured.
    pub config: &'a Config,
    /// Whose SQL it is.
    pub adapter: &'a dyn Adapter,
    /// The texts that spans point into.
    pub sources: &'a SourceMap,
    /// What `hetl.yml` says of rules.
    pub settings: &'a Settings,
    /// What parsing complained of.
    pub warnings: &'a [Diagnostic],
    /// The SQL of models by unique id, if a rule that applies needs it.
    pub sql: IndexMap<String, ModelSql>,
    /// Where columns come from, if a rule that applies needs it.
    pub lineage: Option<Lineage>,
    /// The resources to be checked; all of them if none are named.
    pub selected: Option<HashSet<String>>,
    pub(super) relations: OnceLock<Relations<'a>>,
    pub(super) keys: OnceLock<HashMap<&'a str, Vec<Vec<String>>>>,
}

impl<'a> Subject<'a> {
    /// Whether a resource is to be checked.
    pub fn is_selected(&self, unique_id: &str) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.contains(unique_id))
    }

    /// Enabled nodes of the root project of one kind that are to be checked.
    pub(super) fn nodes(&self, kind: ResourceType) -> impl Iterator<Item = &'a Node> + '_ {
        let manifest: &'a Manifest = self.manifest;
        let own = manifest.nodes.values().map(AsRef::as_ref).filter(move |node: &&Node| {
            node.resource_type == kind && node.package_name == manifest.project_name && node.config.enabled()
        });
        own.filter(|node| self.is_selected(&node.unique_id))
    }

    /// Models of the root project that are to be checked.
    pub fn models(&self) -> impl Iterator<Item = &'a Node> + '_ {
        self.nodes(ResourceType::Model)
    }

    /// Sources of the root project that are to be checked.
    pub(super) fn source_tables(&self) -> impl Iterator<Item = &'a Source> + '_ {
        let manifest: &'a Manifest = self.manifest;
        let own = manifest.sources.values().map(AsRef::as_ref);
        own.filter(|source: &&Source| source.package_name == self.manifest.project_name)
            .filter(|source| self.is_selected(&source.unique_id))
    }

    /// Models with their SQL, as far as it is understood.
    pub(super) fn models_with_sql(&self) -> impl Iterator<Item = (&'a Node, &ModelSql)> + '_ {
        self.models().filter_map(|node| Some((node, self.sql.get(&node.unique_id)?)))
    }

    /// The files in which what is to be checked stands or is described; none if that is the whole project.
    pub(super) fn selected_paths(&self) -> Option<HashSet<&str>> {
        let selected = self.selected.as_ref()?;
        let mut paths = HashSet::new();
        for id in selected {
            if let Some(node) = self.manifest.nodes.get(id) {
                paths.insert(node.original_file_path.as_str());
                paths
                    .extend(node.patch_path.as_deref().and_then(|patch| patch.split_once("://")).map(|(_, path)| path));
            } else if let Some(source) = self.manifest.sources.get(id) {
                paths.insert(source.original_file_path.as_str());
            }
        }
        Some(paths)
    }

    /// The layer that a model belongs to, by the settings, its folders or its name.
    pub(super) fn layer(&self, node: &Node) -> Option<Layer> {
        layer_of(node, self.settings)
    }

    /// Where a node is described, else its file as a whole.
    pub(super) fn described_at(&self, node: &Node) -> Option<Span> {
        node.properties_span.filter(|_| node.patch_path.is_some())
    }

    /// The relations of the project by the names that SQL has for them.
    pub(super) fn relations(&self) -> &Relations<'a> {
        self.relations.get_or_init(|| Relations::of(self.manifest, self.adapter))
    }

    /// Sets of columns that tests and constraints make unique, by unique id of the table. Names are compared as the dialect does.
    pub(super) fn keys(&self) -> &HashMap<&'a str, Vec<Vec<String>>> {
        self.keys.get_or_init(|| super::keys::unique_keys(self.manifest, self.adapter.dialect()))
    }
}
