//! [`PreviousState`]: what an earlier run left behind, for `state:`, `result:` and `source_status:`.

use std::collections::{HashMap, HashSet};

use crate::manifest::Manifest;

/// Artifacts of an earlier run, each where given. Reading the files is the business of `artifacts`.
#[derive(Debug, Clone, Default)]
pub struct PreviousState {
    /// Its `manifest.json`.
    pub manifest: Option<Manifest>,
    /// Its `run_results.json`: status by unique id.
    pub results: Option<HashMap<String, String>>,
    /// Sources that have newer data now than in its `sources.json`.
    pub fresher_sources: Option<HashSet<String>>,
    /// Whether what the target makes of a source's names does not count, only how they are written.
    pub compares_as_written: bool,
    /// Packages of built-in macros. Their texts do not count: they change with the program, not with the project, and dbt's are others than
    /// hetl's in a state that dbt wrote.
    pub built_in_packages: &'static [&'static str],
    /// Types of constraints that the target enforces: taking one away breaks a contract.
    pub enforced_constraints: &'static [&'static str],
    /// When this run began: a model whose deprecation date is past may go.
    pub now: jiff::Timestamp,
}
