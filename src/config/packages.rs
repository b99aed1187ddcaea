//! What a project asks for in `packages.yml` or `dependencies.yml`.

use std::path::Path;

use super::locate::read_yaml_with_secrets;
use super::project::{PackageSpec, Project};
use super::reader::{to_json, unknown_key, wrong_type};
use super::template::Templates;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml::{self, Node};

const PACKAGES_FILE: &str = "packages.yml";
const DEPENDENCIES_FILE: &str = "dependencies.yml";
const LOCK_FILE: &str = "package-lock.yml";
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
        let file = if path.is_file() {
            read_yaml_with_secrets(&path, &format!("{shown}{name}"), sources, diagnostics)
        } else {
            None
        };
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
        (Some(list), _) => specs(list, list, DEPENDENCIES_FILE, diagnostics),
        (None, Some(list)) => {
            let rendered = templates.tree(list, &|_| false, diagnostics);
            specs(&rendered, list, PACKAGES_FILE, diagnostics)
        }
        (None, None) => Vec::new(),
    }
}

/// The entries of a list, rendered and as written; both have the same shape.
pub(super) fn specs(list: &Node, written: &Node, file: &str, diagnostics: &mut Diagnostics) -> Vec<PackageSpec> {
    let (Some(items), Some(written)) = (list.as_seq(), written.as_seq()) else {
        if !list.is_null() {
            diagnostics.push(wrong_type(file, "packages", list, "a list"));
        }
        return Vec::new();
    };
    items.iter().zip(written).filter_map(|(item, written)| spec(item, written, file, diagnostics)).collect()
}

fn spec(item: &Node, written: &Node, file: &str, diagnostics: &mut Diagnostics) -> Option<PackageSpec> {
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
        diagnostics.push(match *kind {
            "package" => refuse("A hub package is missing the value of `package`, its name".to_owned()),
            _ => wrong_type(file, kind, place, "a string that is not empty"),
        });
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
    let unrendered = written.as_map().map(to_json).unwrap_or_default();
    Some(PackageSpec { kind, location: location.to_owned(), values: to_json(map), unrendered, span: item.span })
}

/// The file that a project lists its packages in, `packages.yml` where it lists none.
pub(super) fn specified_in(project: &Project, sources: &SourceMap) -> &'static str {
    let listed = project.package_specs.first().map(|spec| sources.get(spec.span.source));
    if listed.is_some_and(|file| file.path.ends_with(DEPENDENCIES_FILE)) { DEPENDENCIES_FILE } else { PACKAGES_FILE }
}

/// Says that packages are asked for and not installed. Other tools look for the sentence with `dbt deps`.
pub(super) fn not_installed(project: &Project, installed: usize, sources: &SourceMap) -> Diagnostic {
    let mut problem = Diagnostic::error(
        Code::PACKAGE,
        format!(
            "dbt found {} package(s) specified in {}, but only {installed} package(s) installed in {}. \
             Run \"dbt deps\" to install package dependencies",
            project.package_specs.len(),
            specified_in(project, sources),
            project.packages_install_path.display()
        ),
    );
    // Local packages are found where they are.
    let specs = &project.package_specs;
    if let Some(first) = specs.iter().find(|spec| spec.kind != "local").or(specs.first()) {
        problem = problem.at(first.span, "asked for here");
    }
    let missing = missing_names(project);
    if !missing.is_empty() {
        problem = problem.note(format!("not installed: {}", missing.join(", ")));
    }
    problem.hint("`hetl deps` installs them, as `dbt deps` does")
}

/// Packages that `package-lock.yml` names and that have no folder.
fn missing_names(project: &Project) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(project.root.join(LOCK_FILE)) else { return Vec::new() };
    let sources = SourceMap::new();
    let tree = yaml::parse_into(sources.add(LOCK_FILE, text.as_str()), &text, &mut Diagnostics::new());
    let entries = tree.as_ref().and_then(|tree| tree.get("packages")).and_then(Node::as_seq).unwrap_or_default();
    let names = entries.iter().filter_map(|entry| entry.get("name")?.as_str());
    names.filter(|name| !project.packages_dir().join(name).exists()).map(str::to_owned).collect()
}
