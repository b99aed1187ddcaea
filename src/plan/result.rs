//! [`NodeResult`]: what became of one job, with the facts that `run_results.json` has of it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::NodeStatus;
use crate::diagnostics::Diagnostic;
use crate::manifest::ResourceType;

/// When a step of a job (`compile`, `execute`) began and ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// `compile` or `execute`.
    pub name: &'static str,
    /// Its begin.
    pub started_at: Option<Timestamp>,
    /// Its end.
    pub completed_at: Option<Timestamp>,
}

/// Batches of a microbatch model: begin and end of each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchResults {
    /// Those that were made.
    pub successful: Vec<(Timestamp, Timestamp)>,
    /// Those that were not.
    pub failed: Vec<(Timestamp, Timestamp)>,
}

/// What became of one job.
#[derive(Debug, Clone)]
pub struct NodeResult {
    /// Of which node.
    pub unique_id: String,
    /// What the node is.
    pub resource_type: ResourceType,
    /// What became of it.
    pub status: NodeStatus,
    /// Its steps.
    pub timing: Vec<Timing>,
    /// dbt's name of the worker: `Thread-1 (worker)`.
    pub thread_id: String,
    /// Seconds.
    pub execution_time: f64,
    /// What the warehouse said.
    pub adapter_response: Map<String, Value>,
    /// One or a few lines for people: `OK`, an error, `Got 3 results, configured to fail if != 0`.
    pub message: Option<String>,
    /// Rows that a test found.
    pub failures: Option<i64>,
    /// Whether its SQL was made; none for what has no SQL (seeds, sources, exposures).
    pub compiled: Option<bool>,
    /// Its SQL.
    pub compiled_code: Option<String>,
    /// Where its SQL was written, relative to the project: for people, not part of `run_results.json`.
    pub compiled_path: Option<String>,
    /// The relation that it is.
    pub relation_name: Option<String>,
    /// Of a microbatch model.
    pub batch_results: Option<BatchResults>,
    /// The problem as a value, for display; not part of artifacts.
    pub diagnostics: Vec<Diagnostic>,
}

impl NodeResult {
    /// A result with nothing but a status: the rest is empty, to be filled with struct update syntax.
    pub fn new(unique_id: impl Into<String>, resource_type: ResourceType, status: NodeStatus) -> Self {
        Self {
            unique_id: unique_id.into(),
            resource_type,
            status,
            timing: Vec::new(),
            thread_id: String::new(),
            execution_time: 0.0,
            adapter_response: Map::new(),
            message: None,
            failures: None,
            compiled: None,
            compiled_code: None,
            compiled_path: None,
            relation_name: None,
            batch_results: None,
            diagnostics: Vec::new(),
        }
    }

    /// A job that was not run.
    pub fn skipped(unique_id: impl Into<String>, resource_type: ResourceType, message: Option<String>) -> Self {
        Self { message, ..Self::new(unique_id, resource_type, NodeStatus::Skipped) }
    }

    /// Whether it makes the command fail. A skipped exposure does not, as in dbt.
    pub fn is_failure(&self) -> bool {
        self.status.is_failure()
            && !(self.status == NodeStatus::Skipped && self.resource_type == ResourceType::Exposure)
    }
}
