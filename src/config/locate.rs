//! Where the project and the profiles are, and how their files are read.

use std::path::{Path, PathBuf};

use super::{Invocation, Overrides, secrets};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, SourceMap};
use crate::yaml::{self, Node};

/// The name of a project's own file.
pub(super) const PROJECT_FILE: &str = "dbt_project.yml";
/// The name of the file with profiles.
pub(super) const PROFILES_FILE: &str = "profiles.yml";

/// A YAML file that was read.
#[derive(Debug)]
pub(super) struct YamlFile {
    pub(super) source: SourceId,
    pub(super) root: Node,
}

/// The project's folder, absolute: `--project-dir`, `DBT_PROJECT_DIR`, or the nearest folder upwards that has one.
pub fn project_dir(invocation: &Invocation, overrides: &Overrides) -> Result<PathBuf, Diagnostic> {
    let here = &invocation.working_dir;
    let (given, giver) = match (&overrides.project_dir, invocation.env_flag("PROJECT_DIR")) {
        (Some(folder), _) => (Some(folder.clone()), "--project-dir".to_owned()),
        (None, Some((name, folder))) => (Some(PathBuf::from(folder)), name),
        (None, None) => (None, String::new()),
    };
    let Some(given) = given else {
        return here.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file()).map(Path::to_path_buf).ok_or_else(
            || {
                Diagnostic::error(Code::NO_PROJECT, format!("no {PROJECT_FILE} here or in a folder above"))
                    .note(format!("looked upwards from {}", here.display()))
                    .hint("change to the project's folder, name it with --project-dir, or begin one with `hetl init`")
            },
        );
    };
    let folder = absolute(here, &given);
    if folder.join(PROJECT_FILE).is_file() {
        return Ok(folder);
    }
    Err(if folder.is_dir() {
        Diagnostic::error(Code::NO_PROJECT, format!("no {PROJECT_FILE} in {}", given.display()))
            .note(format!("the folder was named by {giver}"))
    } else {
        Diagnostic::error(Code::USAGE, format!("{giver} names a folder that does not exist: {}", given.display()))
    })
}

/// The folder of the project that a folder belongs to: the nearest upwards, else the only one or the first by name of the least depth below,
/// down to three levels. Hidden folders and those that hetl and package managers fill are passed over.
pub fn project_around(folder: &Path) -> Option<PathBuf> {
    const PASSED_OVER: &[&str] = &["target", "dbt_packages", "dbt_modules", "node_modules", "venv"];
    if let Some(above) = folder.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file()) {
        return Some(above.to_path_buf());
    }
    let is_looked_at = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        folder.is_dir() && !name.starts_with('.') && !PASSED_OVER.contains(&&*name)
    };
    let mut level = vec![folder.to_path_buf()];
    for _ in 0..3 {
        let entries = level.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let mut next: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_looked_at).collect();
        next.sort();
        if let Some(found) = next.iter().find(|folder| folder.join(PROJECT_FILE).is_file()) {
            return Some(found.clone());
        }
        level = next;
    }
    None
}

/// The folder with `profiles.yml`: `--profiles-dir`, `DBT_PROFILES_DIR`, the working folder, `~/.dbt`, and at last the project's.
/// The second value says who named it, if somebody did.
pub(super) fn profiles_dir(
    invocation: &Invocation,
    overrides: &Overrides,
    project_dir: &Path,
) -> (Option<PathBuf>, Option<String>) {
    let here = &invocation.working_dir;
    if let Some((folder, name)) = named_profiles_dir(invocation, overrides) {
        return (Some(folder), Some(name));
    }
    let home = invocation.home_dir.as_ref().map(|home| home.join(".dbt"));
    let found = [Some(here.clone()), home, Some(project_dir.to_path_buf())]
        .into_iter()
        .flatten()
        .find(|folder| folder.join(PROFILES_FILE).is_file());
    (found, None)
}

/// The folder that `--profiles-dir` or `DBT_PROFILES_DIR` names, absolute, and which of them does.
pub fn named_profiles_dir(invocation: &Invocation, overrides: &Overrides) -> Option<(PathBuf, String)> {
    let given = overrides.profiles_dir.clone().map(|folder| (folder, "--profiles-dir".to_owned()));
    let named = given.or_else(|| {
        let (name, folder) = invocation.env_flag("PROFILES_DIR")?;
        Some((PathBuf::from(folder), name))
    });
    named.map(|(folder, name)| (absolute(&invocation.working_dir, &folder), name))
}

/// The folder as an absolute path without `.` and `..`.
pub(super) fn absolute(here: &Path, folder: &Path) -> PathBuf {
    let mut path = PathBuf::new();
    for part in here.join(folder).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

/// The text of a file and its place in the source map.
pub(super) fn read_text(path: &Path, shown: &str, sources: &SourceMap) -> Result<(SourceId, String), Diagnostic> {
    let text = read(path, shown, sources)?;
    Ok((sources.add(shown, text.as_str()), text))
}

fn read(path: &Path, shown: &str, sources: &SourceMap) -> Result<String, Diagnostic> {
    let bytes = sources
        .read(path)
        .map_err(|error| Diagnostic::error(Code::UNREADABLE_FILE, format!("{shown} cannot be read: {error}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = String::from_utf8_lossy(&error.as_bytes()[..valid]).matches('\n').count() + 1;
            Err(Diagnostic::error(Code::NOT_UTF8, format!("{shown} is not UTF-8 text: line {line} has other bytes"))
                .hint("save the file as UTF-8"))
        }
    }
}

/// Reads a YAML file in which secrets may be written; messages show it without them.
pub(super) fn read_yaml_with_secrets(
    path: &Path,
    shown: &str,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<YamlFile> {
    let text = diagnostics.collect(read(path, shown, sources))?;
    let source = sources.add(shown, secrets::masked(&text));
    let root = yaml::parse_into(source, &text, diagnostics)?;
    Some(YamlFile { source, root })
}

/// Reads a YAML file; what is wrong is collected.
pub(super) fn read_yaml(
    path: &Path,
    shown: &str,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<YamlFile> {
    let (source, text) = diagnostics.collect(read_text(path, shown, sources))?;
    let root = yaml::parse_into(source, &text, diagnostics)?;
    Some(YamlFile { source, root })
}
