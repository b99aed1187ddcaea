//! The files of a project and its packages: found, read and hashed in parallel.
//!
//! Which folder a file lies in decides what it is ([`FileKind`]); its contents are the business of others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::config::Project;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::manifest::Checksum;

/// Seeds above this size in bytes are known by path only, as in dbt.
const LARGEST_HASHED_SEED: u64 = 1024 * 1024;

/// What a file is, by folder and extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileKind {
    Macro,
    GenericTest,
    Model,
    Analysis,
    SingularTest,
    Snapshot,
    Seed,
    Docs,
    Properties,
    Fixture,
    /// A user-defined function, in SQL or Python.
    Function,
    /// A Python model, which cannot be run.
    Unsupported,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct ProjectFile {
    pub(super) kind: FileKind,
    pub(super) package: Arc<str>,
    /// Root folder of its package, absolute.
    pub(super) root: PathBuf,
    /// Path below the package's root, with `/`.
    pub(super) original_path: String,
    /// Path below the folder that it was found in.
    pub(super) relative_path: String,
    /// Its text as a source; of a seed only the name.
    pub(super) source: SourceId,
    /// The text without white space around it, as dbt keeps it; empty for seeds.
    pub(super) text: Arc<str>,
    /// Bytes of white space before `text` in the file.
    pub(super) offset: usize,
    /// Hash of the text, without white space around it.
    pub(super) checksum: Checksum,
}

impl ProjectFile {
    /// A range of `text` as a place in the file.
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.source, range.start + self.offset, range.end + self.offset)
    }

    /// The whole text as a place.
    pub(super) fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }
}

/// A file that was found.
struct Found {
    kind: FileKind,
    path: PathBuf,
    original_path: String,
    relative_path: String,
}

/// Reads every file of a package. Files that cannot be read are reported and left out.
pub(super) fn read(project: &Project, root: &Project, sources: &SourceMap) -> (Vec<ProjectFile>, Diagnostics) {
    let package: Arc<str> = project.name.as_str().into();
    let mut unreachable = Diagnostics::new();
    let results: Vec<Result<ProjectFile, Diagnostic>> = find(project, root, &mut unreachable)
        .into_par_iter()
        .map(|found| read_one(found, project, root, &package, sources))
        .collect();
    let mut problems = unreachable;
    let files = results.into_iter().filter_map(|result| problems.collect(result)).collect();
    (files, problems)
}

fn find(project: &Project, root: &Project, unreachable: &mut Diagnostics) -> Vec<Found> {
    let paths = &project.paths;
    let mut found = Vec::new();
    let mut walk = |folders: &[String], kind: fn(&str, &str) -> Option<FileKind>| {
        for folder in folders {
            unreachable.extend(walk_folder(project, root, folder, kind, &mut found));
        }
    };
    walk(&paths.macros, |_, extension| sql(extension, FileKind::Macro));
    walk(&paths.model, |_, extension| match extension {
        "py" => Some(FileKind::Unsupported),
        _ => sql(extension, FileKind::Model),
    });
    walk(&paths.function, |_, extension| matches!(extension, "sql" | "py" | "js").then_some(FileKind::Function));
    walk(&paths.analysis, |_, extension| sql(extension, FileKind::Analysis));
    walk(&paths.snapshot, |_, extension| sql(extension, FileKind::Snapshot));
    walk(&paths.seed, |_, extension| (extension == "csv").then_some(FileKind::Seed));
    walk(&paths.test, |path, extension| match extension {
        "sql" if path.starts_with("generic/") => Some(FileKind::GenericTest),
        "csv" | "sql" if path.starts_with("fixtures/") => Some(FileKind::Fixture),
        "sql" => Some(FileKind::SingularTest),
        _ => None,
    });
    let documented: Vec<String> =
        [&paths.model, &paths.seed, &paths.snapshot, &paths.analysis, &paths.macros, &paths.test, &paths.function]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
    let properties = |_: &str, extension: &str| matches!(extension, "yml" | "yaml").then_some(FileKind::Properties);
    walk(&documented, properties);
    let docs = if paths.docs.is_empty() { &documented } else { &paths.docs };
    walk(docs, |_, extension| (extension == "md").then_some(FileKind::Docs));
    found.sort_by(|a, b| (a.kind, &a.original_path).cmp(&(b.kind, &b.original_path)));
    found.dedup_by(|a, b| a.kind == b.kind && a.original_path == b.original_path);
    found
}

fn sql(extension: &str, kind: FileKind) -> Option<FileKind> {
    (extension == "sql").then_some(kind)
}

/// Adds what lies below a folder; returns what cannot be reached. A folder that links to one above it is left out.
fn walk_folder(
    project: &Project,
    root: &Project,
    folder: &str,
    kind: fn(&str, &str) -> Option<FileKind>,
    found: &mut Vec<Found>,
) -> Diagnostics {
    let mut unreachable = Diagnostics::new();
    let start = project.root.join(folder);
    if !start.is_dir() {
        return unreachable;
    }
    let mut walk = ignore::WalkBuilder::new(&start);
    walk.standard_filters(false).follow_links(true);
    let ignored = project.root.join(".dbtignore");
    if ignored.is_file() {
        walk.add_ignore(ignored);
    }
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unreachable.extend(not_reached(&error, &start, root, kind));
                continue;
            }
        };
        if !entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) {
            continue;
        }
        let path = entry.path();
        let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else { continue };
        let relative_path = slashes(path.strip_prefix(&start).unwrap_or(path));
        if let Some(kind) = kind(&relative_path, extension) {
            let original_path = slashes(path.strip_prefix(&project.root).unwrap_or(path));
            found.push(Found { kind, path: path.to_owned(), original_path, relative_path });
        }
    }
    unreachable
}

/// A file that would be read, or a folder, that is there and cannot be opened: a link that leads nowhere, or permissions.
fn not_reached(
    error: &ignore::Error,
    start: &Path,
    root: &Project,
    kind: fn(&str, &str) -> Option<FileKind>,
) -> Option<Diagnostic> {
    let (path, reason) = match error {
        ignore::Error::WithDepth { err, .. } => return not_reached(err, start, root, kind),
        ignore::Error::WithPath { path, err } => (path, err),
        _ => return None,
    };
    let relative = slashes(path.strip_prefix(start).unwrap_or(path));
    let is_read = match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => kind(&relative, extension).is_some(),
        None => path.is_dir(),
    };
    let message = format!("{} cannot be read: {reason}", root.display_path(path));
    is_read.then(|| Diagnostic::error(Code::UNREADABLE_FILE, message))
}

/// A path as dbt writes it on every system.
fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace('\\', "/") }
}

fn read_one(
    found: Found,
    project: &Project,
    root: &Project,
    package: &Arc<str>,
    sources: &SourceMap,
) -> Result<ProjectFile, Diagnostic> {
    let shown = root.display_path(&found.path);
    let unreadable =
        |error: std::io::Error| Diagnostic::error(Code::UNREADABLE_FILE, format!("{shown} cannot be read: {error}"));
    let (source, text, offset, checksum) = if found.kind == FileKind::Seed {
        let size = std::fs::metadata(&found.path).map_err(unreadable)?.len();
        let checksum = if size > LARGEST_HASHED_SEED {
            Checksum { name: "path", checksum: found.original_path.clone() }
        } else {
            sha256(std::fs::read(&found.path).map_err(unreadable)?.trim_ascii())
        };
        (sources.add(shown, ""), Arc::from(""), 0, checksum)
    } else {
        let whole = decode(std::fs::read(&found.path).map_err(unreadable)?, &shown, sources)?;
        let text = whole.trim();
        let offset = text.as_ptr() as usize - whole.as_ptr() as usize;
        let checksum = sha256(text.as_bytes());
        let text: Arc<str> = text.into();
        (sources.add(shown, whole), text, offset, checksum)
    };
    Ok(ProjectFile {
        kind: found.kind,
        package: Arc::clone(package),
        root: project.root.clone(),
        original_path: found.original_path,
        relative_path: found.relative_path,
        source,
        text,
        offset,
        checksum,
    })
}

/// The text of a file; bytes that are not UTF-8, or that no text has, are shown with their place.
fn decode(bytes: Vec<u8>, path: &str, sources: &SourceMap) -> Result<String, Diagnostic> {
    let (at, bytes) = match String::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => return Ok(text),
            Some(at) => (at, text.into_bytes()),
        },
        Err(error) => (error.utf8_error().valid_up_to(), error.into_bytes()),
    };
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let source = sources.add(path, String::from_utf8_lossy(&bytes).into_owned());
    Err(Diagnostic::error(
        Code::NOT_UTF8,
        format!("{path} is not UTF-8 text: byte {at}, on line {line}, cannot be read"),
    )
    .at(Span::new(source, at, at + 1), "")
    .hint("save the file in the encoding UTF-8"))
}

/// The hash that dbt records for a text.
pub(super) fn sha256(bytes: &[u8]) -> Checksum {
    Checksum { name: "sha256", checksum: hex::encode(Sha256::digest(bytes)) }
}
