//! Properties written in one package for a node of another: a project may describe and configure what a package brings, and
//! a package's properties apply to the file by which a project replaces its own. Adopted properties are as good as own
//! ones, save that a node's own package comes first; their tests stay in the package that wrote them.

use std::collections::HashMap;
use std::sync::Arc;

use super::files::{self, ProjectFile};
use super::nodes::{NodeSet, Parsed as ParsedNode};
use super::parse::file_nodes;
use super::parsing::Parsing;
use super::patches::Patches;
use crate::diagnostics::Diagnostics;
use crate::manifest::{Node, ResourceType};

/// Gives properties without a node in their own package to the node of that name elsewhere, which is made again with them.
/// Returns whether there were any.
pub(super) fn adopt(
    parsing: &Parsing,
    files: &[ProjectFile],
    patches: &mut HashMap<&str, Patches>,
    nodes: &mut NodeSet,
    problems: &mut Diagnostics,
) -> bool {
    let targets = targets(patches, nodes);
    if targets.is_empty() {
        return false;
    }
    let mut again = Vec::new();
    for target in &targets {
        let Some(patch) = patches.get(target.writer.as_str()).and_then(|own| own.own(target.section, &target.name))
        else {
            continue;
        };
        let patch = patch.clone();
        if let Some(adopter) = patches.get_mut(target.package.as_str()) {
            adopter.adopt(target.section, target.name.clone(), patch);
        }
        again.extend(
            files.iter().filter(|file| file.package.as_ref() == target.package && file.original_path == target.path),
        );
    }
    let mut again: Vec<ProjectFile> = again.into_iter().cloned().collect();
    for file in again.iter_mut().filter(|file| !file.is_read) {
        problems.collect(files::read_again(file, parsing.project(), parsing.sources()));
    }
    let nothing_kept = again.iter().map(|_| None).collect();
    for parsed in file_nodes(parsing, &again, patches, nothing_kept) {
        replace(nodes, parsed, &targets, problems);
    }
    true
}

fn replace(nodes: &mut NodeSet, parsed: ParsedNode, targets: &[Target], problems: &mut Diagnostics) {
    let node = match parsed {
        Ok((node, _)) => node,
        Err(found) => return problems.extend(found),
    };
    if !targets.iter().any(|target| target.unique_id == node.unique_id) {
        return;
    }
    if node.config.enabled() {
        nodes.enabled.insert(node.unique_id.clone(), node);
    } else {
        nodes.enabled.shift_remove(&node.unique_id);
        nodes.disabled.entry(node.unique_id.clone()).or_default().push(node);
    }
}

/// A node that gets properties from elsewhere.
struct Target {
    unique_id: String,
    package: String,
    path: String,
    section: &'static str,
    name: String,
    /// The package that wrote the properties.
    writer: String,
}

fn targets(patches: &HashMap<&str, Patches>, nodes: &NodeSet) -> Vec<Target> {
    let mut all = Vec::new();
    for (writer, own) in patches {
        for (name, patch) in own.iter().filter(|(_, patch)| patch.version.is_none()) {
            let kind = match patch.entry.section {
                "models" => ResourceType::Model,
                "seeds" => ResourceType::Seed,
                "snapshots" => ResourceType::Snapshot,
                _ => continue,
            };
            if nodes.enabled.contains_key(&format!("{}.{writer}.{name}", kind.as_str())) {
                continue;
            }
            let fits = |node: &&Arc<Node>| node.resource_type == kind && node.name == name && node.patch_path.is_none();
            all.extend(nodes.enabled.values().find(fits).map(|node| Target {
                unique_id: node.unique_id.clone(),
                package: node.package_name.clone(),
                path: node.original_file_path.clone(),
                section: patch.entry.section,
                name: name.to_owned(),
                writer: (*writer).to_owned(),
            }));
        }
    }
    all.sort_by(|a, b| (&a.unique_id, &a.writer).cmp(&(&b.unique_id, &b.writer)));
    all.dedup_by(|a, b| a.unique_id == b.unique_id);
    all
}
