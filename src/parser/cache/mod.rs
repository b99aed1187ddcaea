//! The parse cache: nodes of files that did not change since an earlier parse, so that they are not parsed again.
//!
//! [`ParseCache`] is what an earlier parse left, if it is of the same program, project files, profile, variables and
//! environment. [`Reuse`] is what of it can be used for the files as they are now. Only nodes as they are *before* references
//! are resolved are kept: whatever depends on more than one file is always done anew, so that nothing here has to know of
//! it. Macros, docs, sources, exposures, snapshots, unit tests and everything that there was a warning about are never kept.

mod codec;
mod key;
mod nodes;
mod reuse;
mod store;
mod stored;

pub(super) use reuse::Reuse;
pub(super) use store::Findings;

use std::path::PathBuf;

use self::key::Hash;
use self::stored::Stored;
use super::files::{FileKind, Found};
use super::parse::ParseParts;
use super::parsing::Note;
use crate::manifest::Checksum;

/// Its name in the target folder.
const FILE: &str = "hetl_parse_cache.bin";

/// Files that were touched this shortly before they were looked at may change again without a trace, where the clock of the
/// file system is coarse: two seconds, in nanoseconds.
const CLOCK: u64 = 2_000_000_000;

/// What an earlier parse left, and where this one is to be kept.
pub(super) struct ParseCache {
    path: Option<PathBuf>,
    key: Hash,
    /// When this parse looked for files, in nanoseconds since 1970.
    looked_at: u64,
    stored: Option<Stored>,
}

impl ParseCache {
    /// Opens the cache of a project, if it is to have one.
    pub(super) fn open(parts: &ParseParts) -> Self {
        let config = &parts.config;
        let key = key::of_config(config, parts.adapter.as_ref());
        let path = parts.is_cached.then(|| config.project.target_dir().join(FILE));
        let variable = |name: &str| key::of_variable(config.invocation.env(name));
        let stored = path.as_deref().and_then(|path| Stored::read(path, &key, &variable));
        Self { path, key, looked_at: now(), stored }
    }

    /// The hash of a file that need not be read, because it is as it was and what it defines is kept.
    pub(super) fn known(&self, found: &Found) -> Option<Checksum> {
        let stored = self.stored.as_ref()?;
        if !can_be_kept(found.kind) {
            return None;
        }
        let kept = &stored.files[stored.find(found.kind, &found.package, &found.original_path)?];
        let is_same = kept.stamp == found.stamp && !found.stamp.is_newer_than(stored.looked_at.saturating_sub(CLOCK));
        (is_same && kept.note != Note::Run).then(|| kept.checksum.clone())
    }
}

fn now() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| u64::try_from(elapsed.as_nanos()).unwrap_or(0))
}

/// Kinds of files whose nodes are kept.
fn can_be_kept(kind: FileKind) -> bool {
    defines_node(kind) || kind == FileKind::Properties
}

/// Kinds of files of which each is one node.
fn defines_node(kind: FileKind) -> bool {
    matches!(kind, FileKind::Model | FileKind::Analysis | FileKind::SingularTest | FileKind::Seed)
}
