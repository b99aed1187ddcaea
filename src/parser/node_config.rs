//! The configs of one resource: defaults, `dbt_project.yml` by folder, properties, the file itself, and the root project
//! over those of a package, in dbt's order of precedence.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::config_merge::{defaults, finish, merge, translate};
use crate::config::{ConfigKind, ConfigLevel, Project};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{NodeConfig, ResourceType};

/// The places that configs of one resource come from, the project files aside.
pub(super) struct ConfigSources<'a> {
    pub(super) package: &'a str,
    pub(super) kind: ResourceType,
    pub(super) fqn: &'a [String],
    /// `config` of its property entry.
    pub(super) properties: Option<&'a Map<String, Value>>,
    /// `config(...)` in its file, or what a test's definition says.
    pub(super) call: &'a Map<String, Value>,
}

/// What was resolved.
#[derive(Clone)]
pub(super) struct ResolvedConfig {
    /// All configs, defaults included.
    pub(super) config: NodeConfig,
    /// Only what was given somewhere, as written.
    pub(super) unrendered: Map<String, Value>,
}

/// `enabled` is true or false. The problem has no place yet.
pub(super) fn check_enabled(config: &NodeConfig, name: &str) -> Result<(), Diagnostic> {
    match config.get("enabled") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(other) => Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!(
                "`enabled` of `{name}` must be true or false: {} is not of type 'boolean'",
                super::names::python_repr(other)
            ),
        )),
    }
}

/// Resolves the configs of nodes; those that are given the same get one [`NodeConfig`] in memory.
#[derive(Default)]
pub(super) struct Resolver {
    known: Mutex<HashMap<Given, ResolvedConfig>>,
}

/// All that the configs of a node follow from.
#[derive(PartialEq, Eq, Hash)]
struct Given {
    package: String,
    kind: ResourceType,
    /// The part of its fqn that project files go by.
    folders: Vec<String>,
    /// `None` if there is no entry.
    properties: Option<String>,
    call: String,
}

impl Resolver {
    /// The same as [`resolve`].
    pub(super) fn resolve(&self, project: &Project, sources: &ConfigSources<'_>) -> ResolvedConfig {
        let json = |map: &Map<String, Value>| serde_json::to_string(map).unwrap_or_default();
        let given = Given {
            package: sources.package.to_owned(),
            kind: sources.kind,
            folders: section(sources.kind)
                .map(|section| project.configuring_part(sources.package, section, sources.fqn))
                .unwrap_or_default(),
            properties: sources.properties.map(json),
            call: json(sources.call),
        };
        if let Some(known) = self.lock().get(&given) {
            return known.clone();
        }
        let resolved = resolve(project, sources);
        self.lock().entry(given).or_insert(resolved).clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Given, ResolvedConfig>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves the configs of one resource.
pub(super) fn resolve(project: &Project, sources: &ConfigSources<'_>) -> ResolvedConfig {
    let mut config = defaults(sources.kind);
    let mut unrendered = Map::new();
    if let Some(section) = section(sources.kind) {
        let rendered = project.node_configs(sources.package, section, sources.fqn);
        let written = project.unrendered_node_configs(sources.package, section, sources.fqn);
        rendered.own.iter().for_each(|level| merge(&mut config, &level_json(level)));
        written.own.iter().for_each(|level| unrendered.extend(level_json(level)));
        merge_own(sources, &mut config, &mut unrendered);
        rendered.overriding.iter().for_each(|level| merge(&mut config, &level_json(level)));
        written.overriding.iter().for_each(|level| unrendered.extend(level_json(level)));
    } else {
        merge_own(sources, &mut config, &mut unrendered);
    }
    finish(sources.kind, &mut config);
    ResolvedConfig { config: NodeConfig::new(config), unrendered }
}

fn merge_own(sources: &ConfigSources<'_>, config: &mut Map<String, Value>, unrendered: &mut Map<String, Value>) {
    if let Some(properties) = sources.properties {
        merge(config, properties);
        unrendered.extend(properties.clone());
    }
    merge(config, sources.call);
    unrendered.extend(sources.call.clone());
}

fn level_json(level: &ConfigLevel<'_>) -> Map<String, Value> {
    level.iter().map(|(key, value)| ((*key).to_owned(), value.to_json())).collect()
}

/// The config of a group, which dbt looks up among those of models and keeps as it is written, hooks aside: only `meta` is
/// merged.
pub(super) fn resolve_group(
    project: &Project,
    package: &str,
    fqn: &[String],
    given: Map<String, Value>,
) -> Map<String, Value> {
    let levels = project.node_configs(package, ConfigKind::Models, fqn);
    let written = levels.own.iter().map(level_json).chain([given]).chain(levels.overriding.iter().map(level_json));
    let mut config = defaults(ResourceType::Group);
    for level in written {
        for (key, value) in level {
            match (translate(&key), value) {
                ("pre-hook" | "post-hook", _) => {}
                ("meta", value) => merge(&mut config, &Map::from_iter([(key, value)])),
                (_, value) => {
                    config.insert(key, value);
                }
            }
        }
    }
    config
}

/// The section of `dbt_project.yml` that configures a kind of resource.
pub(super) fn section(kind: ResourceType) -> Option<ConfigKind> {
    Some(match kind {
        // dbt configures analyses and hooks by `models:` too.
        ResourceType::Model | ResourceType::Analysis | ResourceType::Operation => ConfigKind::Models,
        ResourceType::Seed => ConfigKind::Seeds,
        ResourceType::Snapshot => ConfigKind::Snapshots,
        ResourceType::Source => ConfigKind::Sources,
        ResourceType::Test => ConfigKind::DataTests,
        ResourceType::UnitTest => ConfigKind::UnitTests,
        ResourceType::Exposure => ConfigKind::Exposures,
        ResourceType::Metric => ConfigKind::Metrics,
        ResourceType::SemanticModel => ConfigKind::SemanticModels,
        ResourceType::SavedQuery => ConfigKind::SavedQueries,
        ResourceType::Function => ConfigKind::Functions,
        _ => return None,
    })
}
