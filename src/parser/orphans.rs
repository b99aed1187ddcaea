//! Properties that belong to no node, or to one of several that are disabled.

use std::collections::HashMap;

use super::nodes::NodeSet;
use super::patches::{Patch, Patches};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};

/// Checks the properties of all packages.
pub(super) fn check(patches: &HashMap<&str, Patches>, nodes: &NodeSet, problems: &mut Diagnostics) {
    warn_of_orphans(patches, nodes, problems);
    check_disabled(patches, nodes, problems);
}

/// Properties of nodes that no file defines are most often a misspelling.
fn warn_of_orphans(patches: &HashMap<&str, Patches>, nodes: &NodeSet, problems: &mut Diagnostics) {
    let known = |patch: &Patch, file: &str| {
        let package = patch.entry.file.package.as_ref();
        let kind = match patch.entry.section {
            "models" => "model",
            "seeds" => "seed",
            "snapshots" => "snapshot",
            "analyses" => "analysis",
            "functions" => "function",
            _ => "test",
        };
        let mut ids = vec![format!("{kind}.{package}.{file}")];
        if let Some(version) = &patch.version {
            ids.push(format!("{kind}.{package}.{}.v{}", patch.entry.name, super::names::version_text(&version.v)));
        }
        nodes.broken.contains(file)
            || ids.iter().any(|id| nodes.enabled.contains_key(id) || nodes.disabled.contains_key(id))
            || patches.values().any(|other| other.has_adopted(patch))
    };
    let mut orphans: Vec<(&str, &Patch)> =
        patches.values().flat_map(Patches::iter).filter(|(file, patch)| !known(patch, file)).collect();
    orphans.sort_by_key(|(_, patch)| (patch.entry.file.source, patch.entry.yaml.span.start));
    let names: Vec<&str> = nodes.enabled.values().map(|node| node.name.as_str()).collect();
    for (file, patch) in orphans {
        problems.push(
            Diagnostic::warning(
                Code::ORPHAN_PATCH,
                format!(
                    "Did not find matching node for patch with name '{file}' in the '{}' section of file '{}'",
                    patch.entry.section, patch.entry.file.original_path
                ),
            )
            .at(patch.entry.span("name"), "nothing of this name exists")
            .suggest(file, names.iter().copied()),
        );
    }
}

/// Properties cannot enable a node of which there are several that are disabled: which one is meant?
fn check_disabled(patches: &HashMap<&str, Patches>, nodes: &NodeSet, problems: &mut Diagnostics) {
    let enabling = |patch: &&Patch| patch.config.get("enabled").and_then(serde_json::Value::as_bool) == Some(true);
    for patch in patches.values().flat_map(Patches::iter).map(|(_, patch)| patch).filter(enabling) {
        let Some(kind) = patch.entry.section.strip_suffix('s') else { continue };
        let id = format!("{kind}.{}.{}", patch.entry.file.package, patch.entry.name);
        let count = nodes.disabled.get(&id).map_or(0, Vec::len);
        if count > 1 && !nodes.enabled.contains_key(&id) {
            problems.push(
                Diagnostic::error(
                    Code::INVALID_CONFIG,
                    format!("Found {count} matching disabled nodes for {kind} '{}'", patch.entry.name),
                )
                .at(patch.entry.span("config"), "enabled here")
                .hint("enable the one that is meant in its own file or in `dbt_project.yml`"),
            );
        }
    }
}
