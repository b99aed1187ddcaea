//! The files of a project and its packages: found, read and hashed in parallel.
//!
//! Which folder a file lies in decides what it is ([`FileKind`]); its contents are the business of others.

use std::collections::HashMap;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A file with its text, if that was needed.
#[derive(Debug, Clone)]
pub(super) struct ProjectFile {
    pub(super) kind: FileKind,
    pub(super) package: Arc<str>,
    /// Root folder of its package, absolute.
    pub(super) root: Arc<Path>,
    /// Path below the package's root, with `/`.
    pub(super) original_path: String,
    /// Path below the folder that it was found in.
    pub(super) relative_path: String,
    /// Its text as a source; of a seed only the name.
    pub(super) source: SourceId,
    /// The text without white space around it, as dbt keeps it; empty for seeds, and for files that were not read.
    pub(super) text: Arc<str>,
    /// Bytes of white space before `text` in the file.
    pub(super) offset: usize,
    /// Hash of the text, without white space around it.
    pub(super) checksum: Checksum,
    /// What the file system said of it before it was read.
    pub(super) stamp: Stamp,
    /// Whether `text` and `offset` are those of the file.
    pub(super) is_read: bool,
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

/// What the file system says of a file: as long as it stays the same, the file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    /// Bytes.
    pub(super) size: u64,
    /// When its contents changed, in nanoseconds since 1970.
    pub(super) modified: u64,
    /// When anything of it changed; 0 where the system does not say.
    pub(super) changed: u64,
    /// Its number in the file system; 0 where the system does not say.
    pub(super) inode: u64,
}

impl Stamp {
    fn new(metadata: &std::fs::Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let (changed, inode) = beyond_time(metadata);
        let modified = modified.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Self { size: metadata.len(), modified, changed, inode }
    }

    /// Whether a change after `time` (nanoseconds since 1970) would show: clocks of file systems go by hundredths of a second,
    /// or by two seconds, and then times are whole seconds.
    pub(super) fn is_settled(&self, time: u64) -> bool {
        const SECOND: u64 = 1_000_000_000;
        let tick = if self.modified.is_multiple_of(SECOND) { 2 * SECOND } else { SECOND / 20 };
        self.modified.max(self.changed).saturating_add(tick) < time
    }
}

#[cfg(unix)]
fn beyond_time(metadata: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    (u64::try_from(changed).unwrap_or(0), metadata.ino())
}

#[cfg(not(unix))]
fn beyond_time(_: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
}

/// A file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: FileKind,
    pub(super) package: Arc<str>,
    root: Arc<Path>,
    pub(super) path: PathBuf,
    /// Path below the package's root, with `/`.
    pub(super) original_path: String,
    relative_path: String,
    pub(super) stamp: Stamp,
}

/// Finds every file of a project and its packages, in order. What cannot be reached is reported and left out.
pub(super) fn find(root: &Project) -> (Vec<Found>, Diagnostics) {
    let mut problems = Diagnostics::new();
    let mut all = Vec::new();
    for project in root.all() {
        let mut found = Walks::new(project, root).find(&mut problems);
        found.sort_by(|a, b| (a.kind, &a.original_path).cmp(&(b.kind, &b.original_path)));
        found.dedup_by(|a, b| a.kind == b.kind && a.original_path == b.original_path);
        all.extend(found);
    }
    (all, problems)
}

/// Reads files; those of which `known` knows the hash are left unread. Files that cannot be read are reported and left out.
pub(super) fn read(
    found: Vec<Found>,
    root: &Project,
    sources: &SourceMap,
    known: &(dyn Fn(&Found, usize) -> Option<Checksum> + Sync),
) -> (Vec<ProjectFile>, Diagnostics) {
    let results: Vec<Result<(Found, Contents), Diagnostic>> = found
        .into_par_iter()
        .enumerate()
        .map(|(number, found)| {
            let contents = match known(&found, number) {
                Some(checksum) => Contents::unread(checksum),
                None => {
                    contents(found.kind, &found.path, &found.original_path, &root.display_path(&found.path), sources)?
                }
            };
            Ok((found, contents))
        })
        .collect();
    let mut problems = Diagnostics::new();
    let files = results.into_iter().filter_map(|result| problems.collect(result));
    // Texts are numbered in the order of the files, whichever was read first.
    let files = files
        .map(|(found, contents)| {
            let shown = root.display_path(&found.path);
            let source = match contents.whole {
                Some(whole) => sources.add(shown, whole),
                None if found.kind == FileKind::Seed => sources.add(shown, ""),
                None => sources.add_unread(shown, &found.path),
            };
            ProjectFile {
                kind: found.kind,
                package: found.package,
                root: found.root,
                original_path: found.original_path,
                relative_path: found.relative_path,
                source,
                text: contents.text,
                offset: contents.offset,
                checksum: contents.checksum,
                stamp: found.stamp,
                is_read: contents.is_read,
            }
        })
        .collect();
    (files, problems)
}

/// Reads a file that was left unread.
pub(super) fn read_again(file: &mut ProjectFile, root: &Project, sources: &SourceMap) -> Result<(), Diagnostic> {
    let path = file.root.join(&file.original_path);
    let contents = contents(file.kind, &path, &file.original_path, &root.display_path(&path), sources)?;
    if let Some(whole) = contents.whole {
        sources.fill(file.source, whole);
    }
    file.text = contents.text;
    file.offset = contents.offset;
    file.checksum = contents.checksum;
    file.is_read = true;
    Ok(())
}

/// The folders of one package; each is walked once.
struct Walks<'a> {
    project: &'a Project,
    root: &'a Project,
    package: Arc<str>,
    project_root: Arc<Path>,
    walked: HashMap<&'a str, Arc<Walk>>,
}

/// What lies below a folder.
#[derive(Default)]
struct Walk {
    start: PathBuf,
    files: Vec<(PathBuf, String, Stamp)>,
    unreachable: Vec<ignore::Error>,
}

impl<'a> Walks<'a> {
    fn new(project: &'a Project, root: &'a Project) -> Self {
        let package = project.name.as_str().into();
        Self { project, root, package, project_root: project.root.as_path().into(), walked: HashMap::new() }
    }

    fn find(&mut self, unreachable: &mut Diagnostics) -> Vec<Found> {
        let paths = &self.project.paths;
        let mut found = Vec::new();
        let mut walk = |folders: &'a [String], kind: fn(&str, &str) -> Option<FileKind>| {
            for folder in folders {
                unreachable.extend(self.walk_folder(folder, kind, &mut found));
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
        let documented =
            [&paths.model, &paths.seed, &paths.snapshot, &paths.analysis, &paths.macros, &paths.test, &paths.function];
        let properties = |_: &str, extension: &str| matches!(extension, "yml" | "yaml").then_some(FileKind::Properties);
        documented.into_iter().for_each(|folders| walk(folders, properties));
        let docs = |_: &str, extension: &str| (extension == "md").then_some(FileKind::Docs);
        if paths.docs.is_empty() {
            documented.into_iter().for_each(|folders| walk(folders, docs));
        } else {
            walk(&paths.docs, docs);
        }
        found
    }

    /// Adds what lies below a folder; returns what cannot be reached.
    fn walk_folder(
        &mut self,
        folder: &'a str,
        kind: fn(&str, &str) -> Option<FileKind>,
        found: &mut Vec<Found>,
    ) -> Diagnostics {
        let project = self.project;
        let walk = Arc::clone(self.walked.entry(folder).or_insert_with(|| Arc::new(walk(project, folder))));
        for (path, relative_path, stamp) in &walk.files {
            let Some(extension) = extension(path) else { continue };
            if let Some(kind) = kind(relative_path, &extension) {
                found.push(Found {
                    kind,
                    package: Arc::clone(&self.package),
                    root: Arc::clone(&self.project_root),
                    path: path.clone(),
                    original_path: slashes(path.strip_prefix(&self.project.root).unwrap_or(path)),
                    relative_path: relative_path.clone(),
                    stamp: *stamp,
                });
            }
        }
        walk.unreachable.iter().filter_map(|error| not_reached(error, &walk.start, self.root, kind)).collect()
    }
}

/// The extension in lower case: dbt finds `a.SQL` too.
fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn sql(extension: &str, kind: FileKind) -> Option<FileKind> {
    (extension == "sql").then_some(kind)
}

/// Everything below a folder. A folder that links to one above it is left out.
fn walk(project: &Project, folder: &str) -> Walk {
    let start = project.root.join(folder);
    if !start.is_dir() {
        return Walk::default();
    }
    let mut walk = ignore::WalkBuilder::new(&start);
    walk.standard_filters(false).follow_links(true);
    let ignored = project.root.join(".dbtignore");
    if ignored.is_file() {
        walk.add_ignore(ignored);
    }
    let (mut files, mut unreachable) = (Vec::new(), Vec::new());
    for entry in walk.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unreachable.push(error);
                continue;
            }
        };
        if !entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) {
            continue;
        }
        let stamp = entry.metadata().map(|metadata| Stamp::new(&metadata)).unwrap_or_default();
        let path = entry.into_path();
        let relative_path = slashes(path.strip_prefix(&start).unwrap_or(&path));
        files.push((path, relative_path, stamp));
    }
    Walk { start, files, unreachable }
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
    let is_read = match extension(path) {
        Some(extension) => kind(&relative, &extension).is_some(),
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

/// What was read of a file.
struct Contents {
    /// All of it; none of a file that is not read.
    whole: Option<Arc<str>>,
    text: Arc<str>,
    offset: usize,
    checksum: Checksum,
    is_read: bool,
}

impl Contents {
    fn unread(checksum: Checksum) -> Self {
        Self { whole: None, text: Arc::from(""), offset: 0, checksum, is_read: false }
    }
}

fn contents(
    kind: FileKind,
    path: &Path,
    original_path: &str,
    shown: &str,
    sources: &SourceMap,
) -> Result<Contents, Diagnostic> {
    let unreadable =
        |error: std::io::Error| Diagnostic::error(Code::UNREADABLE_FILE, format!("{shown} cannot be read: {error}"));
    if kind == FileKind::Seed {
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        let checksum = if size > LARGEST_HASHED_SEED {
            Checksum { name: "path", checksum: original_path.to_owned() }
        } else {
            sha256(std::fs::read(path).map_err(unreadable)?.trim_ascii())
        };
        return Ok(Contents { whole: Some(Arc::from("")), is_read: true, ..Contents::unread(checksum) });
    }
    let whole: Arc<str> = decode(sources.read(path).map_err(unreadable)?, shown, sources)?.into();
    let text = whole.trim();
    let offset = text.as_ptr().addr() - whole.as_ptr().addr();
    let checksum = sha256(text.as_bytes());
    let text = if text.len() == whole.len() { Arc::clone(&whole) } else { text.into() };
    Ok(Contents { whole: Some(whole), text, offset, checksum, is_read: true })
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
