//! `run_results.json` (v6).

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::ArtifactMetadata;
use crate::manifest::{python_utc, utc};
use crate::plan::{BatchResults, NodeResult, RunResults, Timing};

/// Results of a run; serializes to the file's text.
#[derive(Clone, Copy)]
pub struct RunResultsJson<'a> {
    /// What became of each job.
    pub results: &'a RunResults,
    /// Who wrote it when.
    pub metadata: &'a ArtifactMetadata,
    /// Flags of the command, with `which` (its name) and `invocation_command`; values of secrets already removed.
    pub args: &'a Map<String, Value>,
}

impl Serialize for RunResultsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry(
            "metadata",
            &super::catalog::Metadata { schema: "run-results/v6", metadata: self.metadata },
        )?;
        map.serialize_entry("results", &Results(self.results.results()))?;
        map.serialize_entry("elapsed_time", &self.results.elapsed_time())?;
        map.serialize_entry("args", self.args)?;
        map.end()
    }
}

struct Results<'a>(&'a [NodeResult]);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Row))
    }
}

struct Row<'a>(&'a NodeResult);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(Some(12))?;
        map.serialize_entry("status", &row.status)?;
        map.serialize_entry("timing", &row.timing.iter().map(TimingJson).collect::<Vec<_>>())?;
        map.serialize_entry("thread_id", &row.thread_id)?;
        map.serialize_entry("execution_time", &row.execution_time)?;
        map.serialize_entry("adapter_response", &row.adapter_response)?;
        map.serialize_entry("message", &row.message)?;
        map.serialize_entry("failures", &row.failures)?;
        map.serialize_entry("unique_id", &row.unique_id)?;
        map.serialize_entry("compiled", &row.compiled)?;
        map.serialize_entry("compiled_code", &row.compiled_code)?;
        map.serialize_entry("relation_name", &row.relation_name)?;
        map.serialize_entry("batch_results", &row.batch_results.as_ref().map(Batches))?;
        map.end()
    }
}

/// One timing; also used by `sources.json`.
pub(super) struct TimingJson<'a>(pub(super) &'a Timing);

impl Serialize for TimingJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", self.0.name)?;
        map.serialize_entry("started_at", &self.0.started_at.map(utc))?;
        map.serialize_entry("completed_at", &self.0.completed_at.map(utc))?;
        map.end()
    }
}

struct Batches<'a>(&'a BatchResults);

impl Serialize for Batches<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let list = |batches: &[(Timestamp, Timestamp)]| -> Vec<[String; 2]> {
            batches.iter().map(|(from, to)| [python_utc(*from), python_utc(*to)]).collect()
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("successful", &list(&self.0.successful))?;
        map.serialize_entry("failed", &list(&self.0.failed))?;
        map.end()
    }
}
