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

pub(super) use key::MacroHashes;
pub(super) use reuse::Reuse;
pub(super) use store::Findings;
pub(super) use stored::Prepared;

use std::path::PathBuf;

use self::key::Hash;
use self::stored::Stored;
use super::extraction::SilentMacros;
use super::files::{FileKind, Found};
use super::parsing::Note;
use crate::adapters::Adapter;
use crate::config::Config;
use crate::context::Session;
use crate::diagnostics::Diagnostics;
use crate::manifest::Checksum;

/// Its name in the target folder.
const FILE: &str = "hetl_parse_cache.bin";

/// What an earlier parse left, and where this one is to be kept.
pub(super) struct ParseCache {
    path: Option<PathBuf>,
    key: Hash,
    /// When this parse looked for files, in nanoseconds since 1970.
    looked_at: u64,
    stored: Option<Stored>,
    /// The hash of what is stored, if there was nothing to say about the project then.
    clean: Option<Hash>,
    /// Variables of the environment that the stored parse asked for: what is taken from it does not ask again.
    environment: Vec<String>,
}

impl ParseCache {
    /// Opens the cache of a project, if it is to have one.
    fn open(config: &Config, adapter: &dyn Adapter, is_cached: bool) -> Self {
        let key = key::of_config(config, adapter);
        let path = is_cached.then(|| config.project.target_dir().join(FILE));
        let variable = |name: &str| key::of_variable(config, name);
        let stored = path.as_deref().and_then(|path| Stored::read(path, &key, &variable));
        let clean = stored.as_ref().filter(|stored| stored.is_clean).map(|stored| stored.id);
        let environment = stored.as_ref().map(|stored| stored.environment.clone()).unwrap_or_default();
        Self { path, key, looked_at: now(), stored, clean, environment }
    }

    /// Leaves what is stored as it is: texts stand in place of files, so that what is parsed now is not what lies there.
    pub(super) fn is_only_read(&mut self) {
        self.path = None;
        self.clean = None;
    }

    /// What can be told of macros from their texts, and what nodes depend on of them; as it is kept, if the macros are the same.
    pub(super) fn macros(&self, session: &Session) -> (SilentMacros, MacroHashes) {
        let macros = session.macros();
        let bodies = key::of_macros(macros);
        let stored = self.stored.as_ref().filter(|stored| stored.macros.bodies == bodies);
        let known = stored
            .and_then(|stored| Some((SilentMacros::known(macros, stored.macro_readings.clone())?, stored.macros)));
        known.unwrap_or_else(|| {
            let silent = SilentMacros::new(session);
            let hashes = MacroHashes::new(macros, &silent, bodies);
            (silent, hashes)
        })
    }

    /// Writes what was prepared. A cache that cannot be written is none: that is no problem of the project's.
    pub(super) fn finish(
        &self,
        session: &Session,
        prepared: Option<Prepared>,
        is_everything: bool,
        is_clean: bool,
    ) -> Option<ParseId> {
        let mut asked = session.asked_variables();
        asked.extend(self.environment.iter().cloned());
        let value = |name: &str| key::of_variable(session.config(), name);
        let environment = asked.into_iter().map(|name| (name.clone(), value(&name))).collect();
        let id = match prepared {
            Some(prepared) => prepared.write(environment, is_clean).ok().filter(|_| is_clean),
            None => self.clean.filter(|_| is_everything),
        };
        id.map(ParseId)
    }

    /// Whether everything is as it was when the stored parse was made.
    fn is_unchanged(&self, found: &[Found]) -> bool {
        self.stored.as_ref().is_some_and(|stored| {
            let is_same = |(expected, found): (usize, &Found)| {
                let old = stored.find(found.kind, &found.package, &found.original_path, expected);
                old.is_some_and(|old| stored.files[old].stamp == found.stamp)
                    && found.stamp.is_settled(stored.looked_at)
            };
            found.len() == stored.files.len() && found.iter().enumerate().all(is_same)
        })
    }

    /// The hash of a file that need not be read, because it is as it was and what it defines is kept.
    /// `expected` is where it is in the order of the files.
    pub(super) fn known(&self, found: &Found, expected: usize) -> Option<Checksum> {
        let stored = self.stored.as_ref()?;
        if !can_be_kept(found.kind) {
            return None;
        }
        let kept = &stored.files[stored.find(found.kind, &found.package, &found.original_path, expected)?];
        let is_same = kept.stamp == found.stamp && found.stamp.is_settled(stored.looked_at);
        (is_same && kept.note != Note::Run).then(|| kept.checksum.clone())
    }
}

/// Which parse something was made of: equal ones are of the same project in the same state, down to the last file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseId(Hash);

impl ParseId {
    /// As lower-case hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// The files of a project as they lie there, unread, and what an earlier parse left: where each parse begins.
pub struct FirstLook {
    pub(super) cache: ParseCache,
    pub(super) found: Vec<Found>,
    /// Files that cannot be reached.
    pub(super) unreachable: Diagnostics,
}

impl FirstLook {
    /// Looks; at what an earlier parse left only if `is_cached`.
    pub fn new(config: &Config, adapter: &dyn Adapter, is_cached: bool) -> Self {
        // Opened first: it notes the time, and what changes after that is looked at again the next time.
        let cache = ParseCache::open(config, adapter, is_cached);
        let (found, unreachable) = super::files::find(&config.project);
        Self { cache, found, unreachable }
    }

    /// The parse that the cache holds, if a parse now would give the same without anything to say, as far as can be told
    /// without parsing.
    pub fn unchanged(&self) -> Option<ParseId> {
        let id = self.cache.clean?;
        (self.unreachable.is_empty() && self.cache.is_unchanged(&self.found)).then_some(ParseId(id))
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
