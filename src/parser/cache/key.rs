//! What a whole parse depends on besides the files of resources: the program, the project files, profile, variables, flags,
//! and macros.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::adapters::Adapter;
use crate::config::{Config, Profile};
use crate::context::{MacroEntry, MacroSet, THREADS};
use crate::parser::extraction::SilentMacros;

/// A BLAKE3 hash.
pub(super) type Hash = [u8; 32];

/// Changes with anything in the project files, packages' project files, profile, variables, and those flags that nodes
/// depend on; with the version and the source of this program.
pub(super) fn of_config(config: &Config, adapter: &dyn Adapter) -> Hash {
    let flags = &config.flags;
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(env!("HETL_SOURCE_HASH"));
    add(adapter.type_name());
    add(&format!("{:?}", config.project));
    // How many threads there are concerns those templates only that ask.
    add(&format!("{:?}", Profile { threads: 0, ..Profile::clone(&config.profile) }));
    add(&format!("{:?}", config.vars));
    add(&format!("{:?}", flags.behavior));
    add(&format!("{:?}", (flags.store_failures, flags.warn_error, &flags.warn_error_options)));
    *hasher.finalize().as_bytes()
}

/// What an environment variable holds (of [`THREADS`]: how many there are); kept as a hash, because it may be a secret.
pub(super) fn of_variable(config: &Config, name: &str) -> Option<Hash> {
    let hash = |value: &str| *blake3::hash(value.as_bytes()).as_bytes();
    if name == THREADS {
        return Some(hash(&config.profile.threads.to_string()));
    }
    config.invocation.env(name).map(hash)
}

/// What nodes depend on of all macros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parser) struct MacroHashes {
    /// Which there are, and which of them can lead to a call of `ref`, `source` or `config`.
    pub(super) names: Hash,
    /// Those that make names of relations, and all that these call.
    pub(super) naming: Hash,
    /// All of them.
    pub(super) bodies: Hash,
}

impl MacroHashes {
    /// `bodies` is [`of_macros`] for the same macros.
    pub(super) fn new(macros: &MacroSet, silent: &SilentMacros, bodies: Hash) -> Self {
        let all = bodies_of(macros);
        let names = hash(all.iter().flat_map(|(id, _)| [*id, if silent.contains(id) { "1" } else { "0" }]));
        let naming = match naming_macros(silent, &all) {
            Some(ids) => hash(all.iter().filter(|(id, _)| ids.contains(*id)).flat_map(|(id, body)| [*id, *body])),
            None => bodies,
        };
        Self { names, naming, bodies }
    }
}

/// Changes with any macro.
pub(super) fn of_macros(macros: &MacroSet) -> Hash {
    hash(bodies_of(macros).iter().flat_map(|(id, body)| [*id, *body]))
}

/// The text of each macro by unique id, in order.
fn bodies_of<'a>(macros: &'a MacroSet) -> Vec<(&'a str, &'a str)> {
    let text = |entry: &'a Arc<MacroEntry>| (entry.definition.unique_id.as_str(), &*entry.definition.macro_sql);
    let mut all: Vec<(&str, &str)> = macros.iter().map(text).collect();
    all.sort_unstable();
    all
}

/// The macros that may run when a relation is named; none if that cannot be told.
fn naming_macros(silent: &SilentMacros, all: &[(&str, &str)]) -> Option<HashSet<String>> {
    const NAMES: [&str; 3] = ["generate_database_name", "generate_schema_name", "generate_alias_name"];
    let is_naming = |id: &str| NAMES.iter().any(|name| id.ends_with(name));
    let mut work: BTreeSet<String> =
        all.iter().map(|(id, _)| *id).filter(|id| is_naming(id)).map(str::to_owned).collect();
    let mut found = HashSet::new();
    while let Some(id) = work.pop_first() {
        if !silent.contains(&id) {
            return None;
        }
        work.extend(silent.calls_of(&id).into_iter().filter(|called| !found.contains(called)));
        found.insert(id);
    }
    Some(found)
}

fn hash<'a>(texts: impl Iterator<Item = &'a str>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}
