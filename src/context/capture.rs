//! What a template asked for while it was parsed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::diagnostics::Diagnostics;
use crate::manifest::RefCall;

/// Filled while a template is rendered with [`super::parse_context`].
#[derive(Debug, Default)]
pub struct Capture {
    inner: Mutex<Captured>,
}

/// Everything that was captured, in order of the calls.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    /// Calls of `ref`, repeated ones included.
    pub refs: Vec<RefCall>,
    /// Calls of `source`: source name, table name.
    pub sources: Vec<(String, String)>,
    /// Calls of `metric`: `[name]` or `[package, name]`.
    pub metrics: Vec<Vec<String>>,
    /// Calls of `function`: `[name]` or `[package, name]`.
    pub functions: Vec<Vec<String>>,
    /// Calls of `config`, merged as dbt merges them (tags and hooks add up, `meta` and the like are updated).
    pub config_call: Map<String, Value>,
    /// Unique ids of the macros that the template itself called, each once; filled by whoever renders
    /// ([`crate::jinja::Rendered::macros`]).
    pub macros: Vec<String>,
    /// Warnings raised while rendering.
    pub warnings: Diagnostics,
    /// Whether the template asked for something that differs between two runs on the same project (a time, an id, flags), or
    /// did more than to answer: what was captured may then not be kept for another run.
    pub is_volatile: bool,
}

impl Capture {
    /// What was captured so far.
    pub fn snapshot(&self) -> Captured {
        self.lock().clone()
    }

    /// Takes what was captured so far; leaves nothing.
    pub fn take(&self) -> Captured {
        std::mem::take(&mut *self.lock())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Captured> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
