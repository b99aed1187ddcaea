//! `runs.json`: what became of the resources in the last runs, and how fresh the sources are.
//!
//! It is apart from the index because it changes with every run; the server makes it anew from the artifacts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::artifacts::PastRun;

/// The file, from earlier runs, oldest first, and what `sources.json` says. Runs are named by their place in the list, the
/// newest first.
pub fn runs_file(history: &[PastRun], sources: Option<&Value>) -> Value {
    let mut results: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut runs = Vec::new();
    for (at, run) in history.iter().rev().enumerate() {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for result in &run.results {
            *counts.entry(&result.status).or_default() += 1;
            let mut row = vec![json!(at), json!(result.status), json!((result.seconds * 1000.0).round() / 1000.0)];
            if result.failures.is_some() || result.message.is_some() {
                row.push(json!(result.failures));
            }
            if let Some(message) = &result.message {
                row.push(json!(message));
            }
            results.entry(&result.unique_id).or_default().push(Value::Array(row));
        }
        runs.push(json!({
            "id": run.invocation_id,
            "command": run.command,
            "at": run.completed_at,
            "elapsed": run.elapsed,
            "counts": counts,
        }));
    }
    json!({"runs": runs, "results": results, "freshness": freshness(sources)})
}

fn freshness(sources: Option<&Value>) -> Map<String, Value> {
    let rows = sources.and_then(|sources| sources.get("results")).and_then(Value::as_array);
    let fresh = rows.into_iter().flatten().filter_map(|row| {
        let get = |key: &str| row.get(key).cloned().unwrap_or_default();
        let id = row.get("unique_id")?.as_str()?.to_owned();
        Some((
            id,
            json!({
                "status": get("status"),
                "loaded_at": get("max_loaded_at"),
                "asked_at": get("snapshotted_at"),
                "age": get("max_loaded_at_time_ago_in_s"),
                "error": get("error"),
            }),
        ))
    });
    fresh.collect()
}
