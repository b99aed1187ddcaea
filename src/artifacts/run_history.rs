//! `run_history.jsonl`: what became of the nodes in the last runs, one line a run, for the documentation site.
//!
//! `run_results.json` is of the last command only, and `docs generate` itself writes one. Here commands that make or test
//! something leave a short line each; the newest stands last.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TargetFolder;
use super::previous_state::{read, rows};
use crate::diagnostics::Diagnostic;
use crate::manifest::utc;
use crate::plan::RunResults;

const FILE: &str = "run_history.jsonl";
/// Runs that are kept at least, and lines from which on older ones are dropped.
const KEPT: usize = 10;
const MOST: usize = 20;
/// Commands whose results say something of data.
const COMMANDS: [&str; 7] = ["build", "run", "test", "seed", "snapshot", "retry", "clone"];
/// The beginning of a message that is kept, in characters.
const MESSAGE: usize = 2000;

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// Id of the invocation.
    pub invocation_id: String,
    /// `build`, `test` …
    pub command: String,
    /// When it ended, UTC.
    pub completed_at: String,
    /// Seconds that it took.
    pub elapsed: f64,
    /// What became of its nodes.
    pub results: Vec<PastResult>,
}

/// What became of one node in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastResult {
    /// The node.
    pub unique_id: String,
    /// dbt's word.
    pub status: String,
    /// Seconds.
    pub seconds: f64,
    /// Rows that a test found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<i64>,
    /// What went wrong, if something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl PastRun {
    /// What is kept of the results of a command; none for commands that neither make nor test anything.
    pub fn new(
        command: &str,
        invocation_id: &str,
        completed_at: jiff::Timestamp,
        results: &RunResults,
    ) -> Option<Self> {
        COMMANDS.contains(&command).then(|| Self {
            invocation_id: invocation_id.to_owned(),
            command: command.to_owned(),
            completed_at: utc(completed_at),
            elapsed: results.elapsed_time(),
            results: results
                .results()
                .iter()
                .map(|result| {
                    let status = result.status.as_str();
                    PastResult {
                        unique_id: result.unique_id.clone(),
                        status: status.to_owned(),
                        seconds: result.execution_time,
                        failures: result.failures,
                        message: message(status, result.message.as_deref()),
                    }
                })
                .collect(),
        })
    }

    /// The run that a `run_results.json`, of hetl or of dbt, tells of.
    fn from_json(json: &Value) -> Option<Self> {
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let command = text("/args/which");
        COMMANDS.contains(&command).then(|| Self {
            invocation_id: text("/metadata/invocation_id").to_owned(),
            command: command.to_owned(),
            completed_at: text("/metadata/generated_at").to_owned(),
            elapsed: json.get("elapsed_time").and_then(Value::as_f64).unwrap_or_default(),
            results: rows(json)
                .map(|(id, row)| {
                    let status = row.get("status").and_then(Value::as_str).unwrap_or_default();
                    PastResult {
                        unique_id: id.to_owned(),
                        status: status.to_owned(),
                        seconds: row.get("execution_time").and_then(Value::as_f64).unwrap_or_default(),
                        failures: row.get("failures").and_then(Value::as_i64),
                        message: message(status, row.get("message").and_then(Value::as_str)),
                    }
                })
                .collect(),
        })
    }
}

/// Messages of success say nothing.
fn message(status: &str, message: Option<&str>) -> Option<String> {
    let is_worth_it = !matches!(status, "success" | "pass" | "no-op");
    message.filter(|_| is_worth_it).map(|message| message.chars().take(MESSAGE).collect())
}

/// The runs that a target folder remembers, oldest first. `run_results.json` counts too, if nothing is remembered of its run:
/// it may come from elsewhere. Lines that cannot be read are passed over.
pub fn read_run_history(folder: &Path) -> Result<Vec<PastRun>, Diagnostic> {
    let mut runs = remembered(folder);
    if let Some(run) = read(&folder.join("run_results.json"))?.as_ref().and_then(PastRun::from_json)
        && !runs.iter().any(|known| known.invocation_id == run.invocation_id)
    {
        let at = runs.partition_point(|known| known.completed_at <= run.completed_at);
        runs.insert(at, run);
    }
    Ok(runs)
}

/// Adds the run that `run_results.json` tells of, if it is not remembered yet: the command that begins writes its own.
pub fn keep_run_results(target: &TargetFolder) -> Result<(), Diagnostic> {
    let folder = target.path();
    let Some(run) = read(&folder.join("run_results.json"))?.as_ref().and_then(PastRun::from_json) else {
        return Ok(());
    };
    let is_known = remembered(&folder).iter().any(|known| known.invocation_id == run.invocation_id);
    if is_known { Ok(()) } else { remember_run(target, &run) }
}

fn remembered(folder: &Path) -> Vec<PastRun> {
    let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Adds a run to what the target folder remembers.
pub fn remember_run(target: &TargetFolder, run: &PastRun) -> Result<(), Diagnostic> {
    let path = target.path().join(FILE);
    let known = fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<&str> = known.lines().collect();
    let kept = if lines.len() >= MOST { &lines[lines.len() - KEPT + 1..] } else { &lines[..] };
    let mut text: String = kept.iter().flat_map(|line| [line, "\n"]).collect();
    text.push_str(&serde_json::to_string(run).unwrap_or_default());
    text.push('\n');
    target.write_bytes(FILE, text.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{MOST, PastRun, read_run_history, remember_run};
    use crate::artifacts::TargetFolder;

    fn run(id: &str) -> PastRun {
        PastRun {
            invocation_id: id.to_owned(),
            command: "build".to_owned(),
            completed_at: "2026-01-01T00:00:00.000000Z".to_owned(),
            elapsed: 1.5,
            results: Vec::new(),
        }
    }

    #[test]
    fn the_newest_runs_are_remembered() {
        let project = tempfile::tempdir().unwrap();
        let target = TargetFolder::new(project.path(), "target");
        for number in 0..=MOST {
            remember_run(&target, &run(&number.to_string())).unwrap();
        }
        let runs = read_run_history(&target.path()).unwrap();
        let ids: Vec<&str> = runs.iter().map(|run| run.invocation_id.as_str()).collect();
        assert_eq!(ids, ["11", "12", "13", "14", "15", "16", "17", "18", "19", "20"]);
    }

    #[test]
    fn results_of_another_tool_count_once_and_those_of_compile_do_not() {
        let target = tempfile::tempdir().unwrap();
        let write = |which: &str| {
            let text = format!(
                r#"{{"metadata": {{"invocation_id": "x", "generated_at": "2026-01-01T00:00:00Z"}}, "args": {{"which": "{which}"}},
                    "results": [{{"unique_id": "test.shop.t", "status": "fail", "failures": 3, "message": "Got 3 results"}}]}}"#
            );
            std::fs::write(target.path().join("run_results.json"), text).unwrap();
        };
        write("compile");
        assert!(read_run_history(target.path()).unwrap().is_empty());
        write("build");
        let runs = read_run_history(target.path()).unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].results[0].status.as_str(), runs[0].results[0].failures), ("fail", Some(3)));
        remember_run(&TargetFolder::new(target.path(), ""), &runs[0]).unwrap();
        assert_eq!(read_run_history(target.path()).unwrap(), runs);
    }
}
