//! The file that the parse cache is.
//!
//! A head (for which project, profile, macros … it is), a list of files, the configs of nodes, the nodes file by file, and a
//! hash of all that. A file that does not fit in any way is no cache.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::codec::{Kept, Reader, Writer, keep};
use super::key::{Hash, MacroHashes};
use crate::manifest::{Checksum, Node, NodeConfig};
use crate::parser::files::{FileKind, ProjectFile, Stamp};
use crate::parser::parsing::Note;

const MAGIC: &[u8; 8] = b"hetl-p01";

/// What is kept of a file.
#[derive(Debug, Clone)]
pub(super) struct KeptFile {
    pub(super) package: String,
    pub(super) kind: FileKind,
    pub(super) original_path: String,
    pub(super) stamp: Stamp,
    pub(super) checksum: Checksum,
    /// On what its nodes depend; with [`Note::Run`] they are not kept.
    pub(super) note: Note,
    /// Of a property file: the files (without extension) whose nodes it describes.
    pub(super) names: Vec<String>,
    /// Bytes that its nodes take.
    pub(super) length: usize,
}

keep! {
    Stamp { size, modified, changed, inode }
    MacroHashes { names, naming, bodies }
    KeptFile { package, kind, original_path, stamp, checksum, note, names, length }
}

const KINDS: &[FileKind] = &[
    FileKind::Macro,
    FileKind::GenericTest,
    FileKind::Model,
    FileKind::Analysis,
    FileKind::SingularTest,
    FileKind::Snapshot,
    FileKind::Seed,
    FileKind::Docs,
    FileKind::Properties,
    FileKind::Fixture,
    FileKind::Function,
    FileKind::Unsupported,
];

const NOTES: &[Note] = &[Note::Nothing, Note::NameMacros, Note::Macros, Note::Run];

macro_rules! keep_word {
    ($kind:ident, $all:ident) => {
        impl Kept for $kind {
            fn put(&self, out: &mut Writer) {
                match $all.iter().position(|one| one == self) {
                    Some(number) => number.put(out),
                    None => out.is_lossy = true,
                }
            }

            fn get(from: &mut Reader<'_>) -> Option<Self> {
                $all.get(usize::get(from)?).copied()
            }
        }
    };
}

keep_word!(FileKind, KINDS);
keep_word!(Note, NOTES);

/// What an earlier parse left.
pub(super) struct Stored {
    pub(super) macros: MacroHashes,
    /// When that parse looked for files, in nanoseconds since 1970.
    pub(super) looked_at: u64,
    /// Whether there was nothing to say about the project, and nothing in it that differs in each run.
    pub(super) is_clean: bool,
    /// Variables of the environment that templates asked for.
    pub(super) environment: Vec<String>,
    /// The hash of all of it.
    pub(super) id: Hash,
    pub(super) files: Vec<KeptFile>,
    index: HashMap<(FileKind, String, String), usize>,
    configs: Vec<NodeConfig>,
    bytes: Vec<u8>,
    /// Where the nodes of each file are in `bytes`.
    places: Vec<Range<usize>>,
}

impl Stored {
    /// Reads a cache, if there is one for this key and this environment.
    pub(super) fn read(path: &Path, key: &Hash, variable: &dyn Fn(&str) -> Option<Hash>) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let end = bytes.len().checked_sub(32)?;
        let mut from = Reader { bytes: &bytes[..end], configs: &[], sources: &[] };
        if from.take(MAGIC.len())? != MAGIC
            || Hash::get(&mut from)? != *key
            || blake3::hash(&bytes[..end]) != bytes[end..]
        {
            return None;
        }
        let environment: Vec<(String, Option<Hash>)> = Kept::get(&mut from)?;
        if environment.iter().any(|(name, value)| variable(name) != *value) {
            return None;
        }
        let environment = environment.into_iter().map(|(name, _)| name).collect();
        let macros = Kept::get(&mut from)?;
        let looked_at = Kept::get(&mut from)?;
        let is_clean = Kept::get(&mut from)?;
        let id = Hash::get(&mut Reader { bytes: &bytes[end..], configs: &[], sources: &[] })?;
        let files: Vec<KeptFile> = Kept::get(&mut from)?;
        let configs: Vec<Map<String, Value>> = Kept::get(&mut from)?;
        let configs = configs.into_iter().map(NodeConfig::new).collect();
        let mut at = end - from.bytes.len();
        let mut places = Vec::with_capacity(files.len());
        for file in &files {
            let next = at.checked_add(file.length).filter(|next| *next <= end)?;
            places.push(at..next);
            at = next;
        }
        let named = |(number, file): (usize, &KeptFile)| {
            ((file.kind, file.package.clone(), file.original_path.clone()), number)
        };
        let index = files.iter().enumerate().map(named).collect();
        Some(Self { macros, looked_at, is_clean, environment, id, files, index, configs, bytes, places })
    }

    /// The number of a file.
    pub(super) fn find(&self, kind: FileKind, package: &str, original_path: &str) -> Option<usize> {
        self.index.get(&(kind, package.to_owned(), original_path.to_owned())).copied()
    }

    /// The nodes of a file; `sources` are the texts of the files, by their numbers here.
    pub(super) fn nodes(
        &self,
        file: usize,
        sources: &[Option<crate::diagnostics::SourceId>],
    ) -> Option<Vec<Arc<Node>>> {
        let mut from =
            Reader { bytes: self.bytes.get(self.places.get(file)?.clone())?, configs: &self.configs, sources };
        Kept::get(&mut from)
    }
}

/// What is written.
pub(super) struct Kit<'a> {
    pub(super) key: Hash,
    pub(super) macros: MacroHashes,
    pub(super) looked_at: u64,
    pub(super) files: &'a [ProjectFile],
    /// Of each file: on what its nodes depend, whom it describes, its nodes.
    pub(super) contents: Vec<(Note, Vec<String>, Vec<&'a Node>)>,
}

/// Everything but the beginning of the file, which waits for the end of the parse.
pub(in crate::parser) struct Prepared {
    path: std::path::PathBuf,
    key: Hash,
    macros: MacroHashes,
    looked_at: u64,
    rest: Vec<u8>,
    nodes: Vec<u8>,
}

impl Kit<'_> {
    /// Puts nodes and files into the form in which they are kept.
    pub(super) fn prepare(self, path: &Path) -> Prepared {
        let mut nodes = Writer {
            first_source: self.files.first().map_or(0, |file| file.source.number()),
            file_count: self.files.len() as u32,
            ..Writer::default()
        };
        let mut kept = Vec::with_capacity(self.files.len());
        for (file, (mut note, names, of_file)) in self.files.iter().zip(self.contents) {
            let start = nodes.bytes.len();
            nodes.is_lossy = false;
            of_file.len().put(&mut nodes);
            of_file.iter().for_each(|node| node.put(&mut nodes));
            if nodes.is_lossy || note == Note::Run {
                note = Note::Run;
                nodes.bytes.truncate(start);
            }
            kept.push(KeptFile {
                package: file.package.to_string(),
                kind: file.kind,
                original_path: file.original_path.clone(),
                stamp: file.stamp,
                checksum: file.checksum.clone(),
                note,
                names,
                length: nodes.bytes.len() - start,
            });
        }
        let mut rest = Writer::default();
        kept.put(&mut rest);
        nodes.configs.len().put(&mut rest);
        nodes.configs.values().for_each(|config| config.values().put(&mut rest));
        Prepared {
            path: path.to_owned(),
            key: self.key,
            macros: self.macros,
            looked_at: self.looked_at,
            rest: rest.bytes,
            nodes: nodes.bytes,
        }
    }
}

impl Prepared {
    /// Writes all of it, beside its place first; returns its hash. `environment` are the variables that were asked for.
    pub(super) fn write(self, environment: Vec<(String, Option<Hash>)>, is_clean: bool) -> io::Result<Hash> {
        let mut head = Writer::default();
        head.bytes.extend(MAGIC);
        self.key.put(&mut head);
        environment.put(&mut head);
        self.macros.put(&mut head);
        self.looked_at.put(&mut head);
        is_clean.put(&mut head);
        let parts = [&head.bytes[..], &self.rest, &self.nodes];
        let mut hasher = blake3::Hasher::new();
        parts.iter().for_each(|part| {
            hasher.update(part);
        });
        let hash = *hasher.finalize().as_bytes();
        let folder = self.path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        for part in parts.into_iter().chain([&hash[..]]) {
            file.write_all(part)?;
        }
        file.persist(&self.path)?;
        Ok(hash)
    }
}
