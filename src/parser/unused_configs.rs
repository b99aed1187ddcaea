//! Configs of `dbt_project.yml` whose path leads to no resource: most often a misspelt folder.

use std::collections::HashSet;

use super::node_config::section;
use crate::config::{ConfigKind, Project};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::manifest::ResourceType;

/// Where resources of a kind lie: every prefix of every fqn.
#[derive(Debug, Default)]
pub(super) struct ConfiguredPaths<'a>(HashSet<(ConfigKind, &'a [String])>);

impl<'a> ConfiguredPaths<'a> {
    /// Notes a resource.
    pub(super) fn add(&mut self, kind: ResourceType, fqn: &'a [String]) {
        let Some(section) = section(kind) else { return };
        for length in (0..=fqn.len()).rev() {
            // A prefix that is known has known prefixes.
            if !self.0.insert((section, &fqn[..length])) {
                break;
            }
        }
    }

    /// Warns of paths of the root project that no resource lies below (dbt's `UnusedResourceConfigPath`).
    pub(super) fn warn_of_unused(&self, project: &Project, problems: &mut Diagnostics) {
        for (kind, tree) in &project.configs {
            for (path, span) in tree.paths() {
                if path.is_empty() || self.0.contains(&(*kind, path.as_slice())) {
                    continue;
                }
                let whole = format!("{}.{}", kind.key(), path.join("."));
                let names = self.0.iter().filter(|(known, _)| known == kind).filter_map(|(_, fqn)| fqn.last());
                let last = path.last().map_or("", String::as_str);
                problems.push(
                    Diagnostic::warning(
                        Code::UNUSED_CONFIG_PATH,
                        format!(
                            "Configuration paths exist in your dbt_project.yml file which do not apply to any resources: {whole}"
                        ),
                    )
                    .at(span, "no resource lies below this")
                    .suggest(last, names.map(String::as_str)),
                );
            }
        }
    }
}
