//! The templates of an invocation by name, rewritten when they are first used.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::rewrite::{Purpose, Rewritten, rewrite};
use super::syntax::SyntaxError;
use crate::diagnostics::{SourceId, Span};

/// Where the text of a template stands: a file or virtual file, and the byte at which the text begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub source: SourceId,
    /// Where in it the template's first byte is.
    pub start: usize,
}

impl Origin {
    /// A template that begins at `start` of `source`.
    pub fn new(source: SourceId, start: usize) -> Self {
        Self { source, start }
    }

    /// The place of a range of the template.
    pub fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, self.start + range.start, self.start + range.end)
    }
}

/// A template as it was given, and as minijinja gets it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) source: Arc<str>,
    pub(crate) origin: Option<Origin>,
    purpose: Purpose,
    rewritten: OnceLock<Result<Rewritten, SyntaxError>>,
}

impl Entry {
    pub(crate) fn new(source: Arc<str>, origin: Option<Origin>, purpose: Purpose) -> Self {
        Self { source, origin, purpose, rewritten: OnceLock::new() }
    }

    pub(crate) fn rewritten(&self) -> Result<&Rewritten, SyntaxError> {
        self.rewritten.get_or_init(|| rewrite(&self.source, self.purpose)).as_ref().map_err(Clone::clone)
    }
}

/// All templates; shared between threads.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: RwLock<HashMap<Arc<str>, Arc<Entry>>>,
}

impl Store {
    pub(crate) fn add(&self, name: &str, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(Arc::from(name), Arc::new(entry));
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(name).cloned()
    }
}
