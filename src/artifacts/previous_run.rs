//! Reads the `run_results.json` of an earlier command back, for `retry`.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::previous_state::{RUN_RESULTS, rows};
use crate::diagnostics::Diagnostic;
use crate::plan::BatchResults;

/// An earlier command and what became of each of its nodes.
#[derive(Debug, Clone, Default)]
pub struct PreviousRun {
    /// Its flags and its name (`which`).
    pub args: Map<String, Value>,
    /// Its results.
    pub results: Vec<PreviousResult>,
}

/// One result of an earlier command.
#[derive(Debug, Clone)]
pub struct PreviousResult {
    /// The node.
    pub unique_id: String,
    /// dbt's word.
    pub status: String,
    /// Whether others see it: false for a node that was built and not published.
    pub is_published: bool,
    /// Of a microbatch model.
    pub batches: Option<BatchResults>,
}

/// What the `run_results.json` of a folder says; none where there is no such file.
pub fn read_previous_run(folder: &Path) -> Result<Option<PreviousRun>, Diagnostic> {
    let Some(json) = RUN_RESULTS.read(folder)? else { return Ok(None) };
    let args = json.get("args").and_then(Value::as_object).cloned().unwrap_or_default();
    let results = rows(&json).map(|(id, row)| PreviousResult {
        unique_id: id.to_owned(),
        status: row.get("status").and_then(Value::as_str).unwrap_or_default().to_owned(),
        is_published: row.pointer("/adapter_response/hetl/published") != Some(&Value::Bool(false)),
        batches: row.get("batch_results").filter(|value| value.is_object()).map(|value| BatchResults {
            successful: batches(value.get("successful")),
            failed: batches(value.get("failed")),
        }),
    });
    Ok(Some(PreviousRun { args, results: results.collect() }))
}

fn batches(value: Option<&Value>) -> Vec<(Timestamp, Timestamp)> {
    let moment = |value: Option<&Value>| -> Option<Timestamp> { moment(value?.as_str()?) };
    let pairs = value.and_then(Value::as_array).into_iter().flatten();
    pairs.filter_map(|pair| Some((moment(pair.get(0))?, moment(pair.get(1))?))).collect()
}

/// A time of UTC, which dbt writes with or without its zone.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}
