//! The texts that diagnostics point into: files of the project and virtual files such as compiled SQL.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// A text in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

impl SourceId {
    /// Its number: texts are numbered from 0 in the order in which they were added.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// A range of bytes in one text; `start <= end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range in `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end.max(start) as u32 }
    }
}

/// A place as people count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

/// One text with the name that people know it by.
#[derive(Debug)]
pub struct SourceFile {
    /// Its path, relative to the project where it lies inside.
    pub path: String,
    /// Its whole text.
    pub text: Arc<str>,
}

impl SourceFile {
    /// The place of a byte; offsets past the end are the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// All texts of an invocation. Shared between threads; texts are only ever added.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: RwLock<Vec<Slot>>,
    /// Texts that stand in place of files, by path.
    unsaved: HashMap<PathBuf, Arc<str>>,
}

#[derive(Debug)]
enum Slot {
    Text(Arc<SourceFile>),
    /// A file that is read when somebody asks for its text.
    Unread {
        shown: String,
        file: PathBuf,
    },
}

impl Slot {
    fn path(&self) -> &str {
        match self {
            Self::Text(text) => &text.path,
            Self::Unread { shown, .. } => shown,
        }
    }
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map for files of which an editor has unsaved texts, by path.
    pub fn with_unsaved(unsaved: HashMap<PathBuf, Arc<str>>) -> Self {
        Self { files: RwLock::default(), unsaved }
    }

    /// The bytes of a file: those of its unsaved text, if there is one.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.unsaved.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => std::fs::read(path),
        }
    }

    /// Adds a text and returns its id.
    pub fn add(&self, path: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.push(Slot::Text(Arc::new(SourceFile { path: path.into(), text: text.into() })));
        SourceId(files.len() as u32 - 1)
    }

    /// Adds the text of a file that most likely nobody asks for: it is read when somebody does.
    pub fn add_unread(&self, shown: impl Into<String>, file: &Path) -> SourceId {
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.push(Slot::Unread { shown: shown.into(), file: file.to_owned() });
        SourceId(files.len() as u32 - 1)
    }

    /// Gives the text of a file that was added unread.
    pub fn fill(&self, id: SourceId, text: impl Into<Arc<str>>) {
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(slot) = files.get_mut(id.0 as usize)
            && let Slot::Unread { shown, .. } = slot
        {
            *slot = Slot::Text(Arc::new(SourceFile { path: std::mem::take(shown), text: text.into() }));
        }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner).len()
    }

    /// The ids of all texts, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..self.len() as u32).map(SourceId)
    }

    /// The text that was added first under a path.
    pub fn find(&self, path: &str) -> Option<SourceId> {
        let files = self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.iter().position(|slot| slot.path() == path).map(|number| SourceId(number as u32))
    }

    /// Whether a text stands in place of this file.
    pub fn is_unsaved(&self, path: &Path) -> bool {
        self.unsaved.contains_key(path)
    }

    /// Whether a text stands in place of any file.
    pub fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text behind an id.
    pub fn get(&self, id: SourceId) -> Arc<SourceFile> {
        let unread = {
            let files = self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            match &files[id.0 as usize] {
                Slot::Text(text) => return Arc::clone(text),
                Slot::Unread { file, .. } => file.clone(),
            }
        };
        // A file that is gone by now has no text to show.
        let bytes = self.read(&unread).unwrap_or_default();
        self.fill(id, String::from_utf8_lossy(&bytes).into_owned());
        let files = self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &files[id.0 as usize] {
            Slot::Text(text) => Arc::clone(text),
            Slot::Unread { shown, .. } => Arc::new(SourceFile { path: shown.clone(), text: Arc::from("") }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_when_its_text_is_asked_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let map = SourceMap::new();
        let (id, filled) = (map.add_unread("a.sql", file.path()), map.add_unread("b.sql", file.path()));
        std::fs::write(file.path(), "select 1").unwrap();
        map.fill(filled, "select 2");
        assert_eq!((map.get(id).path.as_str(), &*map.get(id).text), ("a.sql", "select 1"));
        assert_eq!((map.get(filled).path.as_str(), &*map.get(filled).text), ("b.sql", "select 2"));
    }

    #[test]
    fn positions_count_characters_from_one() {
        let map = SourceMap::new();
        let id = map.add("a.sql", "é\nxy");
        let file = map.get(id);
        assert_eq!(file.position(2), Position { line: 1, column: 2 });
        assert_eq!(file.position(4), Position { line: 2, column: 2 });
        assert_eq!(file.position(99), Position { line: 2, column: 3 });
    }
}
