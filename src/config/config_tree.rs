//! `models:`, `seeds:` … of `dbt_project.yml`: configs by folder.

use serde_json::Value as Json;

use super::Project;
use crate::diagnostics::Span;
use crate::yaml::{Node, Value};

/// The sections of `dbt_project.yml` that configure resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ConfigKind {
    Models,
    Seeds,
    Snapshots,
    Analyses,
    Sources,
    DataTests,
    UnitTests,
    Metrics,
    SemanticModels,
    SavedQueries,
    Exposures,
    Functions,
}

impl ConfigKind {
    /// Every section.
    pub const ALL: &'static [Self] = &[
        Self::Models,
        Self::Seeds,
        Self::Snapshots,
        Self::Analyses,
        Self::Sources,
        Self::DataTests,
        Self::UnitTests,
        Self::Metrics,
        Self::SemanticModels,
        Self::SavedQueries,
        Self::Exposures,
        Self::Functions,
    ];

    /// The attribute of dbt's configuration object.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::SemanticModels => "semantic_models",
            Self::SavedQueries => "saved_queries",
            other => other.key(),
        }
    }

    /// The key in `dbt_project.yml`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Models => "models",
            Self::Seeds => "seeds",
            Self::Snapshots => "snapshots",
            Self::Analyses => "analyses",
            Self::Sources => "sources",
            Self::DataTests => "data_tests",
            Self::UnitTests => "unit_tests",
            Self::Metrics => "metrics",
            Self::SemanticModels => "semantic-models",
            Self::SavedQueries => "saved-queries",
            Self::Exposures => "exposures",
            Self::Functions => "functions",
        }
    }
}

/// Configs of one folder: key without `+`, and value.
pub type ConfigLevel<'a> = Vec<(&'a str, &'a Node)>;

/// What the project files say of one resource, weakest first. In-file and YAML properties come between the two.
#[derive(Debug, Clone, Default)]
pub struct NodeConfigChain<'a> {
    /// From the resource's own package, from the root of the section to the deepest matching folder.
    pub own: Vec<ConfigLevel<'a>>,
    /// From the root project, if the resource is of another package: stronger than everything the package says.
    pub overriding: Vec<ConfigLevel<'a>>,
}

/// One section: rendered, and as written.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigTree {
    /// With Jinja rendered (hooks aside).
    pub rendered: Node,
    /// As written.
    pub unrendered: Node,
}

impl ConfigTree {
    /// Configs that apply to a resource of this fqn, from the root of the section to the deepest matching folder.
    pub fn levels<'a>(&'a self, fqn: &[String]) -> Vec<ConfigLevel<'a>> {
        levels(&self.rendered, fqn)
    }

    /// The same as written, before Jinja.
    pub fn unrendered_levels<'a>(&'a self, fqn: &[String]) -> Vec<ConfigLevel<'a>> {
        levels(&self.unrendered, fqn)
    }

    /// How many parts of an fqn lead to folders that have configs.
    fn depth(&self, fqn: &[String]) -> usize {
        depth(&self.rendered, fqn).max(depth(&self.unrendered, fqn))
    }

    /// Every folder that has configs, with its place; the section's own root is the empty path.
    pub fn paths(&self) -> Vec<(Vec<String>, Span)> {
        let mut paths = Vec::new();
        collect_paths(&self.rendered, self.rendered.span, &mut Vec::new(), &mut paths);
        paths
    }
}

impl Project {
    /// What this (root) project and its package `package` say of a resource.
    pub fn node_configs<'a>(&'a self, package: &str, kind: ConfigKind, fqn: &[String]) -> NodeConfigChain<'a> {
        self.chain(package, kind, |tree| tree.levels(fqn))
    }

    /// The beginning of an fqn that decides what project files say of a resource: those of one package and section that
    /// have it in common have the same [`Project::node_configs`].
    pub fn configuring_part(&self, package: &str, kind: ConfigKind, fqn: &[String]) -> Vec<String> {
        let own = if self.name == package { Some(self) } else { self.package(package) };
        let overriding = (self.name != package).then_some(self);
        let tree = |project: &Project| project.config_tree(kind).map_or(0, |tree| tree.depth(fqn));
        let depth = own.map_or(0, &tree).max(overriding.map_or(0, tree));
        fqn[..depth.min(fqn.len())].to_vec()
    }

    /// The same as written, before Jinja.
    pub fn unrendered_node_configs<'a>(
        &'a self,
        package: &str,
        kind: ConfigKind,
        fqn: &[String],
    ) -> NodeConfigChain<'a> {
        self.chain(package, kind, |tree| tree.unrendered_levels(fqn))
    }

    /// What the project file of `package` has under a key at the root of a section that is no config for want of a `+`: dbt reads `tags` and
    /// `meta` of exposures there.
    pub fn section_default(&self, package: &str, kind: ConfigKind, key: &str) -> Option<Json> {
        let of = if self.name == package { Some(self) } else { self.package(package) };
        Some(of?.config_tree(kind)?.rendered.get(key)?.to_json())
    }

    fn chain<'a>(
        &'a self,
        package: &str,
        kind: ConfigKind,
        levels: impl Fn(&'a ConfigTree) -> Vec<ConfigLevel<'a>>,
    ) -> NodeConfigChain<'a> {
        let of = |project: &'a Project| project.config_tree(kind).map(&levels).unwrap_or_default();
        if self.name == package {
            NodeConfigChain { own: of(self), overriding: Vec::new() }
        } else {
            NodeConfigChain { own: self.package(package).map(of).unwrap_or_default(), overriding: of(self) }
        }
    }
}

fn levels<'a>(root: &'a Node, fqn: &[String]) -> Vec<ConfigLevel<'a>> {
    let mut found = Vec::new();
    let mut folder = Some(root);
    let mut parts = fqn.iter();
    while let Some(map) = folder.and_then(Node::as_map) {
        let level: ConfigLevel<'a> = map
            .iter()
            .filter_map(|(key, value)| {
                let key = key.as_str()?;
                match key.strip_prefix('+') {
                    Some(config) => Some((config.trim(), value)),
                    None if matches!(value.value, Value::Map(_)) => None,
                    None => Some((key, value)),
                }
            })
            .collect();
        found.push(level);
        folder = parts.next().and_then(|part| map.get(part));
    }
    found
}

fn depth(root: &Node, fqn: &[String]) -> usize {
    let mut folder = root;
    let found = fqn.iter().take_while(|part| match folder.as_map().and_then(|map| map.get(part)) {
        Some(below) => {
            folder = below;
            true
        }
        None => false,
    });
    found.count()
}

fn collect_paths(folder: &Node, span: Span, path: &mut Vec<String>, paths: &mut Vec<(Vec<String>, Span)>) {
    let Some(map) = folder.as_map() else { return };
    let mut has_configs = false;
    for (key, value) in map.iter() {
        let Some(name) = key.as_str() else { continue };
        if !name.starts_with('+') && matches!(value.value, Value::Map(_)) {
            path.push(name.to_owned());
            collect_paths(value, key.span, path, paths);
            path.pop();
        } else {
            has_configs = true;
        }
    }
    if has_configs {
        paths.push((path.clone(), span));
    }
}
