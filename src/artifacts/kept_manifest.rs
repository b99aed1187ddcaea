//! Writing `manifest.json` with as much as possible of the one that is there.
//!
//! A small file beside the manifest, the mark, tells of which parse it was made and what the file system said of it then;
//! another one lists its pieces. Of a project that did not change the manifest is copied, and only says anew who wrote it when;
//! of one that did, those pieces are that stayed as they were. Where anything does not fit, the manifest is written whole.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{SemanticManifestJson, TargetFolder};
use crate::diagnostics::Diagnostic;
use crate::manifest::{ManifestJson, MetadataJson, Pieces};
use crate::parser::ParseId;

const MANIFEST: &str = "manifest.json";
const SEMANTIC_MANIFEST: &str = "semantic_manifest.json";
const MARK: &str = "hetl_manifest_mark.json";
const PIECES: &str = "hetl_manifest_pieces.bin";
/// What a manifest begins with, before its metadata.
const BEGINNING: &str = "{\"metadata\":";

/// What is known of the manifest on disk.
#[derive(Serialize, Deserialize)]
struct Mark {
    /// The source of the program that wrote it.
    program: String,
    /// The parse of which it is, if nothing is compiled in it and the parse could be told from others.
    parse: Option<String>,
    manifest: Stamp,
    semantic_manifest: Stamp,
    /// Bytes up to the end of its metadata.
    head: u64,
    /// A hash of the list of its pieces.
    pieces: String,
}

/// What the file system says of a file.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Stamp(Vec<String>);

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let modified = metadata.modified()?;
        #[cfg(unix)]
        let more = {
            use std::os::unix::fs::MetadataExt;
            [metadata.ino().to_string(), format!("{}.{}", metadata.ctime(), metadata.ctime_nsec())]
        };
        #[cfg(not(unix))]
        let more = [String::new(), String::new()];
        Ok(Self([metadata.len().to_string(), format!("{modified:?}")].into_iter().chain(more).collect()))
    }
}

impl TargetFolder {
    /// Writes `manifest.json`; returns where. `id` is that of the parse, if it has one and nothing is compiled.
    pub fn write_manifest(&self, id: Option<ParseId>, manifest: &ManifestJson<'_>) -> Result<PathBuf, Diagnostic> {
        let path = self.path().join(MANIFEST);
        let mut pieces = None;
        let mut write = |earlier: Option<Earlier>| {
            self.write(&path, |out| {
                let mut writer = PieceWriter::new(out, earlier);
                manifest.write_pieces(&mut writer)?;
                pieces = Some(writer.finish()?);
                Ok(())
            })
        };
        let earlier = self.marked().map(|(mark, file)| self.earlier(&mark, file));
        let file = match earlier.flatten() {
            // What was copied can have been cut off meanwhile.
            Some(earlier) => write(Some(earlier)).or_else(|_| write(None))?,
            None => write(None)?,
        };
        let semantic = self.path().join(SEMANTIC_MANIFEST);
        let semantic =
            self.write(&semantic, |out| Ok(serde_json::to_writer(out, &SemanticManifestJson(manifest.manifest))?))?;
        if let Some(pieces) = pieces {
            self.mark(id, [&file, &semantic], &pieces)?;
        }
        Ok(path)
    }

    /// Where `semantic_manifest.json` is, which is written with the manifest.
    pub fn semantic_manifest(&self) -> PathBuf {
        self.path().join(SEMANTIC_MANIFEST)
    }

    /// Brings the manifest's metadata up to date, if it is that of this parse; returns where it is.
    pub fn renew_manifest(&self, id: ParseId, metadata: &MetadataJson<'_>) -> Option<PathBuf> {
        let (mark, mut earlier) = self.marked()?;
        if mark.parse? != id.to_hex() {
            return None;
        }
        let semantic = Stamp::of(&File::open(self.semantic_manifest()).ok()?).ok()?;
        if semantic != mark.semantic_manifest {
            return None;
        }
        let path = self.path().join(MANIFEST);
        let mut head = String::from(BEGINNING);
        head.push_str(&serde_json::to_string(metadata).ok()?);
        let written = self.write(&path, |out| {
            out.write_all(head.as_bytes())?;
            earlier.seek(SeekFrom::Start(mark.head))?;
            io::copy(&mut earlier, out).map(|_| ())
        });
        let mark = Mark {
            parse: Some(id.to_hex()),
            manifest: Stamp::of(&written.ok()?).ok()?,
            head: head.len() as u64,
            ..mark
        };
        self.write_json(MARK, &mark).ok()?;
        Some(path)
    }

    fn mark(&self, id: Option<ParseId>, [file, semantic]: [&File; 2], pieces: &Written) -> Result<(), Diagnostic> {
        let bytes = pieces.to_bytes();
        let (Ok(manifest), Ok(semantic_manifest)) = (Stamp::of(file), Stamp::of(semantic)) else { return Ok(()) };
        self.write_bytes(PIECES, &bytes)?;
        let mark = Mark {
            program: env!("HETL_SOURCE_HASH").to_owned(),
            parse: id.map(ParseId::to_hex),
            manifest,
            semantic_manifest,
            head: pieces.head,
            pieces: blake3::hash(&bytes).to_string(),
        };
        self.write_json(MARK, &mark).map(|_| ())
    }

    /// The manifest on disk, if it is the one of which its mark tells.
    fn marked(&self) -> Option<(Mark, File)> {
        let mark: Mark = serde_json::from_slice(&fs::read(self.path().join(MARK)).ok()?).ok()?;
        let file = File::open(self.path().join(MANIFEST)).ok()?;
        let is_it = mark.program == env!("HETL_SOURCE_HASH") && mark.manifest == Stamp::of(&file).ok()?;
        is_it.then_some((mark, file))
    }

    fn earlier(&self, mark: &Mark, file: File) -> Option<Earlier> {
        let bytes = fs::read(self.path().join(PIECES)).ok()?;
        if blake3::hash(&bytes).to_string() != mark.pieces {
            return None;
        }
        let mut at = mark.head;
        let mut pieces = Vec::with_capacity(bytes.len() / 16);
        for item in bytes.chunks_exact(16) {
            let (name, length) = item.split_at(8);
            let length = u64::from_le_bytes(length.try_into().ok()?);
            let name = u64::from_le_bytes(name.try_into().ok()?);
            pieces.push((name, at..at + length));
            at += length;
        }
        Some(Earlier { file, pieces, next: 0, index: None })
    }
}

/// The manifest that is there, from which pieces are taken.
struct Earlier {
    file: File,
    /// Marks of pieces with their places; 0 for what has none.
    pieces: Vec<(u64, Range<u64>)>,
    /// Where the next piece is looked for first.
    next: usize,
    /// Pieces by their marks; made when one is not where it was in the order.
    index: Option<HashMap<u64, usize>>,
}

impl Earlier {
    fn find(&mut self, mark: u64) -> Option<Range<u64>> {
        let is_it = |number: &usize| self.pieces.get(*number).is_some_and(|(known, _)| *known == mark);
        // The next one, or the one after a piece that changed.
        let number = [self.next, self.next + 1].into_iter().find(is_it).or_else(|| {
            let all = || self.pieces.iter().enumerate().map(|(number, (known, _))| (*known, number)).collect();
            self.index.get_or_insert_with(all).get(&mark).copied()
        })?;
        self.next = number + 1;
        Some(self.pieces[number].1.clone())
    }
}

/// The pieces of a manifest that was written.
struct Written {
    /// Bytes up to the end of the metadata.
    head: u64,
    /// Marks and lengths of the pieces after them; the mark is 0 where there is none.
    pieces: Vec<(u64, u64)>,
}

impl Written {
    fn to_bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|(mark, length)| [mark.to_le_bytes(), length.to_le_bytes()].concat()).collect()
    }
}

/// Writes pieces, or copies them.
struct PieceWriter<'a> {
    out: Counted<'a>,
    earlier: Option<Earlier>,
    /// What is to be copied next of the earlier manifest.
    pending: Range<u64>,
    /// Bytes of the first piece, which is the metadata.
    head: Option<u64>,
    pieces: Vec<(u64, u64)>,
}

struct Counted<'a> {
    out: &'a mut BufWriter<File>,
    count: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<'a> PieceWriter<'a> {
    fn new(out: &'a mut BufWriter<File>, earlier: Option<Earlier>) -> Self {
        Self { out: Counted { out, count: 0 }, earlier, pending: 0..0, head: None, pieces: Vec::new() }
    }

    fn copy_pending(&mut self) -> io::Result<()> {
        let length = self.pending.end - self.pending.start;
        if let Some(earlier) = self.earlier.as_mut().filter(|_| length > 0) {
            earlier.file.seek(SeekFrom::Start(self.pending.start))?;
            if io::copy(&mut (&mut earlier.file).take(length), self.out.out)? != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.pending = 0..0;
        Ok(())
    }

    fn count_piece(&mut self, mark: u64, length: u64) {
        match self.pieces.last_mut() {
            _ if self.head.is_none() => {}
            Some((0, last)) if mark == 0 => *last += length,
            _ => self.pieces.push((mark, length)),
        }
    }

    fn finish(mut self) -> io::Result<Written> {
        self.copy_pending()?;
        Ok(Written { head: self.head.unwrap_or_default(), pieces: self.pieces })
    }
}

impl Pieces for PieceWriter<'_> {
    fn piece<T: Serialize>(&mut self, mark: Option<u64>, before: &[&str], value: &T) -> io::Result<()> {
        if let Some(mark) = mark
            && let Some(place) = self.earlier.as_mut().and_then(|earlier| earlier.find(mark))
        {
            let length = place.end - place.start;
            if self.pending.end == place.start && !self.pending.is_empty() {
                self.pending.end = place.end;
            } else {
                self.copy_pending()?;
                self.pending = place;
            }
            self.count_piece(mark, length);
            return Ok(());
        }
        self.copy_pending()?;
        let start = self.out.count;
        for text in before {
            self.out.write_all(text.as_bytes())?;
        }
        serde_json::to_writer(&mut self.out, value)?;
        self.count_piece(mark.unwrap_or_default(), self.out.count - start);
        // Nothing is copied before the metadata.
        self.head.get_or_insert(self.out.count);
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.copy_pending()?;
        self.out.write_all(text.as_bytes())?;
        self.count_piece(0, text.len() as u64);
        Ok(())
    }
}
