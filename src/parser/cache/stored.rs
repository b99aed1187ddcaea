//! The file that the parse cache is.
//!
//! A head (for which project, profile, macros … it is), a list of files, the configs of nodes, the nodes file by file, and a
//! hash of all that. A file that does not fit in any way is no cache.
//!
//! Nodes speak of files and configs by number, and a number keeps its meaning from one cache to the next, so that the bytes of
//! nodes that are kept are copied as they are. What nobody speaks of any more goes when there is too much of it: then all
//! nodes are written anew.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::codec::{Kept, Reader, Writer, keep};
use super::key::{Hash, MacroHashes};
use crate::manifest::{Checksum, Node, NodeConfig};
use crate::parser::extraction::MacroReading;
use crate::parser::files::{FileKind, ProjectFile, Stamp};
use crate::parser::parsing::Note;

const MAGIC: &[u8; 8] = b"hetl-p03";

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
    /// A hash of what its nodes are, configs included.
    pub(super) content: u64,
    /// The number by which nodes speak of it.
    pub(super) number: usize,
}

keep! {
    Stamp { size, modified, changed, inode }
    MacroHashes { names, naming, bodies }
    MacroReading { is_silent, calls }
    KeptFile { package, kind, original_path, stamp, checksum, note, names, length, content, number }
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

impl KeptFile {
    /// The hash of its nodes, if they are kept.
    pub(super) fn content(&self) -> Option<u64> {
        (self.note != Note::Run).then_some(self.content)
    }
}

/// What an earlier parse left.
pub(super) struct Stored {
    pub(super) macros: MacroHashes,
    /// What was known of each macro, in the order of their unique ids.
    pub(super) macro_readings: Vec<MacroReading>,
    /// When that parse looked for files, in nanoseconds since 1970.
    pub(super) looked_at: u64,
    /// Whether there was nothing to say about the project, and nothing in it that differs in each run.
    pub(super) is_clean: bool,
    /// Variables of the environment that templates asked for.
    pub(super) environment: Vec<String>,
    /// The hash of all of it.
    pub(super) id: Hash,
    /// In the order in which they are found.
    pub(super) files: Vec<KeptFile>,
    /// Made when a file is not where it was in the order.
    index: OnceLock<HashMap<(FileKind, String, String), usize>>,
    /// How many numbers of files were given.
    numbers: usize,
    /// How many configs there were when all nodes were last written anew.
    first_configs: usize,
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
        let numbers = Kept::get(&mut from)?;
        if files.iter().any(|file| file.number >= numbers) {
            return None;
        }
        let macro_readings = Kept::get(&mut from)?;
        let first_configs = Kept::get(&mut from)?;
        let configs: Vec<Map<String, Value>> = Kept::get(&mut from)?;
        let configs = configs.into_iter().map(NodeConfig::new).collect();
        let mut at = end - from.bytes.len();
        let mut places = Vec::with_capacity(files.len());
        for file in &files {
            let next = at.checked_add(file.length).filter(|next| *next <= end)?;
            places.push(at..next);
            at = next;
        }
        let index = OnceLock::new();
        Some(Self {
            macros,
            macro_readings,
            looked_at,
            is_clean,
            environment,
            id,
            files,
            index,
            numbers,
            first_configs,
            configs,
            bytes,
            places,
        })
    }

    /// The position of a file, which most often is the one that is expected.
    pub(super) fn find(&self, kind: FileKind, package: &str, original_path: &str, expected: usize) -> Option<usize> {
        let is_it =
            |file: &KeptFile| file.original_path == original_path && file.kind == kind && file.package == package;
        if self.files.get(expected).is_some_and(is_it) {
            return Some(expected);
        }
        let named = |(position, file): (usize, &KeptFile)| {
            ((file.kind, file.package.clone(), file.original_path.clone()), position)
        };
        let index = self.index.get_or_init(|| self.files.iter().enumerate().map(named).collect());
        index.get(&(kind, package.to_owned(), original_path.to_owned())).copied()
    }

    /// How many numbers nodes use for files.
    pub(super) fn numbers(&self) -> usize {
        self.numbers
    }

    /// The nodes of a file, by its position; `sources` are the texts of the files, by their numbers.
    pub(super) fn nodes(
        &self,
        file: usize,
        sources: &[Option<crate::diagnostics::SourceId>],
    ) -> Option<Vec<Arc<Node>>> {
        let mut from =
            Reader { bytes: self.bytes.get(self.places.get(file)?.clone())?, configs: &self.configs, sources };
        Kept::get(&mut from)
    }

    /// Whether so little of it is left over from files and configs that are gone, that a new cache of `files` files can go on
    /// with its numbers.
    pub(super) fn can_be_continued(&self, files: usize) -> bool {
        self.numbers <= 2 * files + 64 && self.configs.len() <= 2 * self.first_configs + 64
    }
}

/// The nodes of a file that is to be kept.
pub(super) enum Contents<'a> {
    /// As they are in the earlier cache, by the position of the file there.
    Old(usize),
    /// Others than there.
    New(Vec<&'a Node>),
}

/// What is written.
pub(super) struct Kit<'a> {
    pub(super) key: Hash,
    pub(super) macros: MacroHashes,
    pub(super) macro_readings: &'a [MacroReading],
    pub(super) looked_at: u64,
    pub(super) files: &'a [ProjectFile],
    /// Of each file: on what its nodes depend, whom it describes, its nodes.
    pub(super) contents: Vec<(Note, Vec<String>, Contents<'a>)>,
    /// The earlier cache, if numbers go on.
    pub(super) old: Option<Arc<Stored>>,
    /// Of each file its position in the earlier cache.
    pub(super) positions: &'a [Option<usize>],
}

/// Everything but the beginning of the file, which waits for the end of the parse.
pub(in crate::parser) struct Prepared {
    path: PathBuf,
    key: Hash,
    macros: MacroHashes,
    looked_at: u64,
    rest: Vec<u8>,
    nodes: Vec<u8>,
    old: Option<Arc<Stored>>,
    /// The bytes of all nodes in order, in runs.
    runs: Vec<Run>,
    /// A hash of the nodes of each file whose nodes are kept.
    pub(in crate::parser) contents: Vec<Option<u64>>,
}

/// Bytes of nodes that follow each other.
enum Run {
    Old(Range<usize>),
    New(Range<usize>),
}

/// Adds bytes to the runs, to the last one if they follow it.
fn extend(runs: &mut Vec<Run>, run: Run) {
    match (runs.last_mut(), run) {
        (Some(Run::Old(last)), Run::Old(next)) | (Some(Run::New(last)), Run::New(next)) if last.end == next.start => {
            last.end = next.end;
        }
        (_, run) => runs.push(run),
    }
}

impl Kit<'_> {
    /// Puts nodes and files into the form in which they are kept.
    pub(super) fn prepare(self, path: &Path) -> Prepared {
        let old = self.old;
        let mut numbers = old.as_deref().map_or(0, Stored::numbers);
        let mut of_file = Vec::with_capacity(self.files.len());
        for position in self.positions {
            let known = old.as_deref().zip(*position).map(|(old, position)| old.files[position].number);
            of_file.push(known.unwrap_or_else(|| {
                numbers += 1;
                numbers - 1
            }));
        }
        let mut out = Writer {
            first_source: self.files.first().map_or(0, |file| file.source.number()),
            numbers: of_file.clone(),
            ..Writer::default()
        };
        for config in old.as_deref().map_or(&[][..], |old| &old.configs) {
            out.configs.insert(config.shared_key(), config.clone());
        }
        let mut config_hashes = Vec::new();
        let mut runs = Vec::new();
        let mut kept = Vec::with_capacity(self.files.len());
        for ((file, number), (mut note, names, nodes)) in self.files.iter().zip(of_file).zip(self.contents) {
            let (mut length, mut content) = (0, 0);
            match (nodes, old.as_deref()) {
                _ if note == Note::Run => {}
                (Contents::Old(position), Some(old)) => {
                    length = old.files[position].length;
                    content = old.files[position].content;
                    extend(&mut runs, Run::Old(old.places[position].clone()));
                }
                (Contents::Old(_), None) => note = Note::Run,
                (Contents::New(nodes), _) => {
                    let start = out.bytes.len();
                    out.is_lossy = false;
                    out.used_configs.clear();
                    nodes.len().put(&mut out);
                    nodes.iter().for_each(|node| node.put(&mut out));
                    if out.is_lossy {
                        note = Note::Run;
                        out.bytes.truncate(start);
                    } else {
                        length = out.bytes.len() - start;
                        content = content_hash(&out, start, &mut config_hashes);
                        extend(&mut runs, Run::New(start..out.bytes.len()));
                    }
                }
            }
            kept.push(KeptFile {
                package: file.package.to_string(),
                kind: file.kind,
                original_path: file.original_path.clone(),
                stamp: file.stamp,
                checksum: file.checksum.clone(),
                note,
                names,
                length,
                content,
                number,
            });
        }
        let mut rest = Writer::default();
        kept.put(&mut rest);
        numbers.put(&mut rest);
        self.macro_readings.len().put(&mut rest);
        self.macro_readings.iter().for_each(|reading| reading.put(&mut rest));
        old.as_deref().map_or(out.configs.len(), |old| old.first_configs).put(&mut rest);
        out.configs.len().put(&mut rest);
        out.configs.values().for_each(|config| config.values().put(&mut rest));
        Prepared {
            path: path.to_owned(),
            key: self.key,
            macros: self.macros,
            looked_at: self.looked_at,
            rest: rest.bytes,
            nodes: out.bytes,
            old,
            runs,
            contents: kept.iter().map(KeptFile::content).collect(),
        }
    }
}

/// A hash of the nodes that were written last: their bytes, and the configs of which the bytes have only numbers.
fn content_hash(out: &Writer, start: usize, config_hashes: &mut Vec<u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    out.bytes[start..].hash(&mut hasher);
    for &number in &out.used_configs {
        while config_hashes.len() <= number {
            let mut config = Writer::default();
            out.configs[config_hashes.len()].values().put(&mut config);
            let mut hasher = DefaultHasher::new();
            config.bytes.hash(&mut hasher);
            config_hashes.push(hasher.finish());
        }
        config_hashes[number].hash(&mut hasher);
    }
    hasher.finish()
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
        let old = self.old.as_deref().map_or(&[][..], |old| &old.bytes);
        let runs = self.runs.iter().map(|run| match run {
            Run::Old(range) => &old[range.clone()],
            Run::New(range) => &self.nodes[range.clone()],
        });
        let parts: Vec<&[u8]> = [&head.bytes[..], &self.rest].into_iter().chain(runs).collect();
        let mut hasher = blake3::Hasher::new();
        for part in &parts {
            hasher.update(part);
        }
        let hash = *hasher.finalize().as_bytes();
        let folder = self.path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        {
            let mut out = io::BufWriter::new(&mut file);
            for part in parts.into_iter().chain([&hash[..]]) {
                out.write_all(part)?;
            }
            out.flush()?;
        }
        file.persist(&self.path)?;
        Ok(hash)
    }
}
