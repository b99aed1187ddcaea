//! The lock of a run on what it writes: two runs that write to the same place never interleave.
//!
//! An adapter takes it in [`Adapter::try_lock`](super::Adapter::try_lock) and holds it for as long as it lives, which is longer than any of its
//! connections. Waiting for it is for the caller to do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who holds a lock, as others are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The command that runs: `build`.
    pub command: String,
    /// dbt's invocation id.
    pub invocation_id: String,
    /// Where it runs: `process 4711 on ward-3`.
    pub place: String,
    /// Since when: RFC 3339, UTC.
    pub since: String,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`hetl {}` ({}, invocation {}) since {}", self.command, self.place, self.invocation_id, self.since)
    }
}

/// What became of an attempt to take a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockAttempt {
    /// It is held now. `left_by` is a run that was killed while it held it.
    Taken {
        /// Who held it before and did not give it back.
        left_by: Option<LockHolder>,
    },
    /// Another run holds it; none is known where it has not said yet who it is.
    Held(Option<LockHolder>),
}
