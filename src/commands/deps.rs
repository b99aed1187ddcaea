//! `deps`.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::events::Event;
use crate::yaml;

/// Install the packages that packages.yml asks for
#[derive(Debug, Args)]
pub(crate) struct Deps {
    /// Accepted for dbt's sake
    #[arg(long, hide = true)]
    upgrade: bool,
    /// Accepted for dbt's sake
    #[arg(long, hide = true)]
    lock: bool,
}

impl Deps {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("deps", Map::new(), overrides, deps)
    }
}

/// A package that is still to be installed.
struct Wanted {
    kind: String,
    /// As written.
    location: String,
    /// The folder that a local location is relative to.
    base: PathBuf,
    span: Option<Span>,
}

fn deps(opening: &Opening) -> Result<Outcome, Diagnostics> {
    let project = &opening.config.project;
    let mut queue: VecDeque<Wanted> = project
        .package_specs
        .iter()
        .map(|spec| Wanted {
            kind: spec.kind.to_owned(),
            location: spec.location.clone(),
            base: project.root.clone(),
            span: Some(spec.span),
        })
        .collect();
    if queue.is_empty() {
        opening.report(&Event::DepsNoPackagesFound { packages_filename: "packages.yml".into() });
        return Ok(Outcome::Success);
    }
    let folder = project.packages_dir();
    std::fs::create_dir_all(&folder).map_err(|problem| unwritable(&folder, &problem))?;
    let mut installed: Vec<(String, String)> = Vec::new();
    while let Some(wanted) = queue.pop_front() {
        if wanted.kind != "local" {
            return Err(Diagnostic::error(
                Code::PACKAGE,
                format!("`{}` cannot be installed: only local packages are supported by this version", wanted.location),
            )
            .at_some(wanted.span, "asked for here")
            .hint(format!("put the package's folder into {} yourself", folder.display()))
            .into());
        }
        let source = wanted.base.join(&wanted.location);
        let name = package_name(opening, &source, wanted.span)?;
        if name == project.name || installed.iter().any(|(known, _)| *known == name) {
            continue;
        }
        opening.report(&Event::DepsStartPackageInstall { package_name: wanted.location.clone() });
        install(&source, &folder.join(&name))?;
        opening.report(&Event::DepsInstallInfo { version_name: format!("<local @ {}>", wanted.location) });
        queue.extend(nested(opening, &source));
        installed.push((name, wanted.location));
    }
    write_lock(&project.root, &installed)?;
    Ok(Outcome::Success)
}

/// Links the package into the folder of packages, or copies it where links cannot be made. What is there is replaced.
fn install(source: &Path, target: &Path) -> Result<(), Diagnostic> {
    let source = source.canonicalize().map_err(|problem| unwritable(source, &problem))?;
    if let Ok(about) = std::fs::symlink_metadata(target) {
        let removed = if about.is_dir() { std::fs::remove_dir_all(target) } else { std::fs::remove_file(target) };
        removed.map_err(|problem| unwritable(target, &problem))?;
    }
    link(&source, target).or_else(|_| copy(&source, target)).map_err(|problem| unwritable(target, &problem))
}

#[cfg(unix)]
fn link(source: &Path, target: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(source, target)
}

#[cfg(not(unix))]
fn link(_source: &Path, _target: &Path) -> std::io::Result<()> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}

fn copy(source: &Path, target: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(target)?;
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        let to = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn package_name(opening: &Opening, folder: &Path, span: Option<Span>) -> Result<String, Diagnostic> {
    let path = folder.join("dbt_project.yml");
    let missing = |problem: String| {
        Diagnostic::error(Code::PACKAGE, problem)
            .at_some(span, "asked for here")
            .hint("a local package is a folder with a dbt_project.yml; the path is relative to the project")
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|problem| missing(format!("no package in `{}`: {problem}", folder.display())))?;
    let tree = read(opening, &path, &text);
    let name = tree.as_ref().and_then(|tree| tree.get("name")).and_then(yaml::Node::as_str);
    name.map(str::to_owned).ok_or_else(|| missing(format!("`{}` has no name", path.display())))
}

fn read(opening: &Opening, path: &Path, text: &str) -> Option<yaml::Node> {
    let source = opening.sources.add(path.display().to_string(), text);
    yaml::parse_into(source, text, &mut Diagnostics::new())
}

/// What a package asks for itself.
fn nested(opening: &Opening, folder: &Path) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for file in ["packages.yml", "dependencies.yml"] {
        let path = folder.join(file);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let tree = read(opening, &path, &text);
        for item in tree.iter().filter_map(|tree| tree.get("packages")?.as_seq()).flatten() {
            let kinds = ["local", "package", "git", "tarball", "private"];
            let found = kinds.into_iter().find_map(|kind| Some((kind, item.get(kind)?.as_str()?)));
            if let Some((kind, location)) = found {
                wanted.push(Wanted {
                    kind: kind.to_owned(),
                    location: location.to_owned(),
                    base: folder.to_owned(),
                    span: Some(item.span),
                });
            }
        }
    }
    wanted
}

fn write_lock(root: &Path, installed: &[(String, String)]) -> Result<(), Diagnostic> {
    let mut text = String::from("packages:\n");
    for (name, location) in installed {
        text.push_str(&format!("  - local: {location}\n    name: {name}\n"));
    }
    let path = root.join("package-lock.yml");
    std::fs::write(&path, text).map_err(|problem| unwritable(&path, &problem))
}

fn unwritable(path: &Path, problem: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot install a package in `{}`: {problem}", path.display()))
}
