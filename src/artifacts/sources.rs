//! `sources.json` (v3): how fresh the sources are.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::ArtifactMetadata;
use super::run_results::TimingJson;
use crate::manifest::{FreshnessRule, freshness_json, python_utc};
use crate::plan::{NodeStatus, Timing};

/// The freshness of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshnessResult {
    /// The source.
    pub unique_id: String,
    /// What was found.
    pub outcome: FreshnessOutcome,
}

/// What was found of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum FreshnessOutcome {
    /// Its age, and what is to be thought of it.
    Known(Box<KnownFreshness>),
    /// It could not be found: why.
    Failed(String),
}

/// The age of a source, and what is to be thought of it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownFreshness {
    /// `pass`, `warn` or `error`.
    pub status: NodeStatus,
    /// When the newest row was loaded.
    pub max_loaded_at: Timestamp,
    /// When this was asked.
    pub snapshotted_at: Timestamp,
    /// Seconds between the two.
    pub age: f64,
    /// The rule that was applied.
    pub criteria: FreshnessRule,
    /// What the warehouse said.
    pub adapter_response: Map<String, Value>,
    /// Steps.
    pub timing: Vec<Timing>,
    /// Worker.
    pub thread_id: String,
    /// Seconds.
    pub execution_time: f64,
}

/// The freshness of all sources; serializes to the file's text.
#[derive(Clone, Copy)]
pub struct SourcesJson<'a> {
    /// One for each source that was asked.
    pub results: &'a [FreshnessResult],
    /// Seconds that the command took.
    pub elapsed_time: f64,
    /// Who wrote it when.
    pub metadata: &'a ArtifactMetadata,
}

impl Serialize for SourcesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("metadata", &super::catalog::Metadata { schema: "sources/v3", metadata: self.metadata })?;
        map.serialize_entry("results", &self.results.iter().map(Row).collect::<Vec<_>>())?;
        map.serialize_entry("elapsed_time", &self.elapsed_time)?;
        map.end()
    }
}

struct Row<'a>(&'a FreshnessResult);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("unique_id", &self.0.unique_id)?;
        match &self.0.outcome {
            FreshnessOutcome::Failed(error) => {
                map.serialize_entry("error", error)?;
                map.serialize_entry("status", &NodeStatus::RuntimeError)?;
            }
            FreshnessOutcome::Known(known) => {
                map.serialize_entry("max_loaded_at", &python_utc(known.max_loaded_at))?;
                map.serialize_entry("snapshotted_at", &python_utc(known.snapshotted_at))?;
                map.serialize_entry("max_loaded_at_time_ago_in_s", &known.age)?;
                map.serialize_entry("status", &known.status)?;
                map.serialize_entry("criteria", &freshness_json(Some(&known.criteria)))?;
                map.serialize_entry("adapter_response", &known.adapter_response)?;
                map.serialize_entry("timing", &known.timing.iter().map(TimingJson).collect::<Vec<_>>())?;
                map.serialize_entry("thread_id", &known.thread_id)?;
                map.serialize_entry("execution_time", &known.execution_time)?;
            }
        }
        map.end()
    }
}
