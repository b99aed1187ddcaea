//! What a project asks for in `packages.yml` or `dependencies.yml`.

use std::path::Path;

use super::locate::read_yaml;
use super::project::{PackageSpec, Project};
use super::reader::{to_json, unknown_key, wrong_type};
use super::template::Templates;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml::Node;

const PACKAGES_FILE: &str = "packages.yml";
const DEPENDENCIES_FILE: &str = "dependencies.yml";
/// The key that names a package's kind, and the other keys of that kind.
const KINDS: &[(&str, &[&str])] = &[
    ("local", &["name"]),
    ("package", &["version", "install_prerelease", "install-prerelease", "name"]),
    ("git", &["revision", "warn-unpinned", "warn_unpinned", "subdirectory", "name"]),
    ("private", &["provider", "revision", "warn-unpinned", "warn_unpinned", "subdirectory", "name"]),
    ("tarball", &["name"]),
];

/// The packages that a project asks for, in order. `shown` is how the project's folder is called in messages.
pub(super) fn package_specs(
    root: &Path,
    shown: &str,
    templates: &Templates<'_>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Vec<PackageSpec> {
    let mut read = |name: &str| {
        let path = root.join(name);
        let file =
            if path.is_file() { read_yaml(&path, &format!("{shown}{name}"), sources, diagnostics) } else { None };
        file.map(|file| file.root)
    };
    let packages = read(PACKAGES_FILE);
    let dependencies = read(DEPENDENCIES_FILE);
    let in_packages = packages.as_ref().and_then(|root| root.get("packages"));
    let in_dependencies = dependencies.as_ref().and_then(|root| root.get("packages"));
    if let (Some(one), Some(other)) = (in_packages, in_dependencies) {
        diagnostics.push(
            Diagnostic::error(Code::PACKAGE, format!("`packages` is in {PACKAGES_FILE} and in {DEPENDENCIES_FILE}"))
                .at(one.span, "here")
                .at(other.span, "and here")
                .hint("keep one of them"),
        );
        return Vec::new();
    }
    if let Some((key, _)) = packages.as_ref().and_then(Node::as_map).and_then(|map| map.entry("projects")) {
        diagnostics.push(
            Diagnostic::error(Code::PACKAGE, format!("`projects` cannot be in {PACKAGES_FILE}"))
                .at(key.span, "")
                .hint(format!("move it to {DEPENDENCIES_FILE}")),
        );
    }
    match (in_dependencies, in_packages) {
        // dbt renders packages.yml only.
        (Some(list), _) => specs(list, DEPENDENCIES_FILE, diagnostics),
        (None, Some(list)) => {
            let list = templates.tree(list, &|_| false, diagnostics);
            specs(&list, PACKAGES_FILE, diagnostics)
        }
        (None, None) => Vec::new(),
    }
}

fn specs(list: &Node, file: &str, diagnostics: &mut Diagnostics) -> Vec<PackageSpec> {
    let Some(items) = list.as_seq() else {
        if !list.is_null() {
            diagnostics.push(wrong_type(file, "packages", list, "a list"));
        }
        return Vec::new();
    };
    items.iter().filter_map(|item| spec(item, file, diagnostics)).collect()
}

fn spec(item: &Node, file: &str, diagnostics: &mut Diagnostics) -> Option<PackageSpec> {
    let refuse = |message: String| Diagnostic::error(Code::PACKAGE, message).at(item.span, "");
    let found = item.as_map().and_then(|map| Some((map, KINDS.iter().find(|(kind, _)| map.get(kind).is_some())?)));
    let Some((map, (kind, keys))) = found else {
        diagnostics.push(
            refuse(format!("an entry of `packages` in {file} names no package"))
                .hint("begin it with one of: local, package, git, tarball, private"),
        );
        return None;
    };
    let place = map.get(kind)?;
    let Some(location) = place.as_str().filter(|text| !text.is_empty()) else {
        diagnostics.push(wrong_type(file, kind, place, "a string that is not empty"));
        return None;
    };
    if *kind == "package" {
        if map.get("version").is_none_or(Node::is_null) {
            diagnostics.push(
                refuse(format!("the package `{location}` has no version"))
                    .hint("add `version: [\">=1.0.0\", \"<2.0.0\"]`"),
            );
        }
        if !location.contains('/') {
            diagnostics.push(
                refuse(format!("`{location}` is not the name of a package on the hub"))
                    .hint("hub packages are named owner/package, such as dbt-labs/dbt_utils"),
            );
        }
    }
    for (key, _) in map.iter() {
        let name = key.as_str().unwrap_or_default();
        if name != *kind && name != "unrendered" && !keys.contains(&name) {
            diagnostics.push(unknown_key(&format!("a {kind} package"), name, key.span, keys));
        }
    }
    Some(PackageSpec { kind, location: location.to_owned(), values: to_json(map), span: item.span })
}

/// Says that packages are asked for and not installed. The sentence in quotes is one that other tools look for.
pub(super) fn not_installed(project: &Project, installed: usize) -> Diagnostic {
    let wanted = project.package_specs.len();
    let mut problem = Diagnostic::error(
        Code::PACKAGE,
        format!(
            "{wanted} package(s) are asked for, {installed} package(s) are installed in {}",
            project.packages_install_path.display()
        ),
    );
    if let Some(first) = project.package_specs.first() {
        problem = problem.at(first.span, "asked for here");
    }
    problem.hint("Run \"dbt deps\" to install package dependencies; `hetl deps` does the same")
}
