//! Microbatch models: one run of the materialization for each span of event time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::DateTime;
use jiff::{Timestamp, tz::TimeZone};
use minijinja::Value as JinjaValue;
use serde_json::{Value, json};

use super::batch_size::{BatchSize, read_moment, written};
use super::failure::Failure;
use super::model;
use super::node::{Done, Running, compile};
use super::run::Runner;
use super::sample::Window;
use crate::artifacts::CodePath;
use crate::context::RunOptions;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::manifest::{Node, NodeConfig};
use crate::plan::{BatchResults, NodeStatus};

/// A span of event time in UTC, the end excluded.
type Batch = (DateTime, DateTime);

/// Whether a node is run in batches.
pub(super) fn is_microbatch(node: &Node) -> bool {
    node.config.materialized() == "incremental" && node.config.str("incremental_strategy") == Some("microbatch")
}

/// Runs all batches, one after the other. After a failed first one the others are not begun.
pub(super) fn run(running: &mut Running<'_>, node: &Arc<Node>) -> Result<Done, Failure> {
    let runner = running.runner;
    let size = BatchSize::parse(node.config.str("batch_size").unwrap_or_default())
        .ok_or_else(|| invalid(node, "does not have a 'batch_size' config (one of hour, day, month, year)"))?;
    let retried = runner.batches.get(&node.unique_id);
    let incremental = retried.is_some() || is_incremental(runner, node);
    let batches = match retried {
        Some(earlier) => earlier.failed.iter().map(|&batch| civil(batch)).collect(),
        None => batches(runner, node, size, incremental)?,
    };
    let mut done = BatchResults::default();
    let mut first_failure: Option<Failure> = None;
    let mut last = Done::default();
    for (position, batch) in batches.iter().enumerate() {
        if runner.stop.is_requested() || (first_failure.is_some() && done.successful.is_empty()) {
            done.failed.push(stamps(*batch));
            continue;
        }
        let step = Step {
            node,
            size,
            batch: *batch,
            position,
            total: batches.len(),
            incremental: incremental || position > 0,
        };
        match step.run(running) {
            Ok(answer) => {
                done.successful.push(stamps(*batch));
                last = answer;
            }
            Err(failure) => {
                done.failed.push(stamps(*batch));
                first_failure.get_or_insert(failure);
            }
        }
    }
    if let Some(earlier) = retried {
        done.successful.splice(0..0, earlier.successful.iter().copied());
    }
    let (good, bad) = (done.successful.len(), done.failed.len());
    let (status, message) = match (good, bad) {
        (_, 0) => (NodeStatus::Success, "SUCCESS".to_owned()),
        (0, _) => (NodeStatus::Error, "ERROR".to_owned()),
        _ => (NodeStatus::PartialSuccess, format!("PARTIAL SUCCESS ({good}/{})", good + bad)),
    };
    Ok(Done {
        status: Some(status),
        message: Some(message),
        failures: Some(0),
        diagnostics: first_failure.map(|failure| failure.diagnostics).unwrap_or_default(),
        batch_results: Some(done),
        ..last
    })
}

/// One batch.
struct Step<'a> {
    node: &'a Arc<Node>,
    size: BatchSize,
    batch: Batch,
    position: usize,
    total: usize,
    incremental: bool,
}

impl Step<'_> {
    fn run(&self, running: &mut Running<'_>) -> Result<Done, Failure> {
        let begin = Instant::now();
        let runner = running.runner;
        let label = self.size.format(self.batch.0);
        let description = format!("batch {label} of {}.{}", self.node.schema, self.node.alias);
        runner.report(&Event::LogStartBatch {
            batch_index: self.position + 1,
            description: description.clone(),
            node_info: running.node_info().clone(),
            total_batches: self.total,
        });
        let outcome = self.execute(running, &label);
        super::node::close_transaction(running.worker, outcome.is_ok());
        runner.report(&Event::LogBatchResult {
            batch_index: self.position + 1,
            description,
            execution_time: begin.elapsed().as_secs_f64(),
            node_info: running.node_info().clone(),
            status: match &outcome {
                Ok(done) => done.message.clone().unwrap_or_default(),
                Err(_) => "error".into(),
            },
            total_batches: self.total,
        });
        outcome
    }

    fn execute(&self, running: &mut Running<'_>, label: &str) -> Result<Done, Failure> {
        let runner = running.runner;
        let node = self.node_of_batch();
        let (start, end) = (written(self.batch.0), written(self.batch.1));
        let mut names = BTreeMap::new();
        if self.incremental {
            names.insert("is_incremental".to_owned(), JinjaValue::from_function(|| true));
            names.insert("should_full_refresh".to_owned(), JinjaValue::from_function(|| false));
        }
        let window = Window { start: self.batch.0, end: self.batch.1 };
        let event_time = Some(runner.sample.map_or(window, |sample| window.within(sample)).range());
        let run = runner.node_run(&node, running.worker, RunOptions { event_time, names, ..RunOptions::default() });
        run.set_model_key(
            "batch",
            json!({"id": label.replace('-', ""), "event_time_start": start, "event_time_end": end}),
        );
        let path = CodePath::of_node(&node).batch(label);
        let compiled =
            running.timed("compile", |running| compile(running, &run, &path, |run| runner.compiler.compile(run)))?;
        running.timed("execute", |running| model::execute_at(running.runner, &run, compiled.as_ref(), &path))
    }

    /// Hooks run once: those before the model with the first batch, those after it with the last.
    fn node_of_batch(&self) -> Arc<Node> {
        let mut values = self.node.config.values().clone();
        if self.position > 0 {
            values.insert("pre-hook".into(), json!([]));
        }
        if self.position + 1 < self.total {
            values.insert("post-hook".into(), json!([]));
        }
        values.insert("__dbt_internal_microbatch_event_time_start".into(), Value::from(written(self.batch.0)));
        values.insert("__dbt_internal_microbatch_event_time_end".into(), Value::from(written(self.batch.1)));
        Arc::new(Node { config: NodeConfig::new(values), ..Node::clone(self.node) })
    }
}

/// Whether the model's table is there and is kept.
fn is_incremental(runner: &Runner, node: &Node) -> bool {
    let database = node.database.clone().unwrap_or_else(|| runner.session.adapter().database().to_owned());
    let known = runner.session.relation_cache().get_relation(&database, &node.schema, &node.alias);
    let is_table = known.is_some_and(|relation| relation.relation_type == crate::adapters::RelationType::Table);
    let full_refresh = node.config.flag("full_refresh").unwrap_or(runner.session.config().flags.full_refresh);
    is_table && !full_refresh
}

fn batches(runner: &Runner, node: &Node, size: BatchSize, incremental: bool) -> Result<Vec<Batch>, Diagnostic> {
    let config = runner.session.config();
    let flag = |value: &Option<String>| value.as_deref().map(|text| moment(node, text)).transpose();
    let (sample_start, sample_end) = (runner.sample.map(|sample| sample.start), runner.sample.map(|sample| sample.end));
    let now = config.invocation.started_at.to_zoned(TimeZone::UTC).datetime();
    let end = size.ceiling(sample_end.or(flag(&config.flags.event_time_end)?).unwrap_or(now));
    let start = match sample_start.or(flag(&config.flags.event_time_start)?) {
        Some(start) => size.floor(start),
        None if incremental => {
            let lookback = node.config.get("lookback").and_then(Value::as_i64).unwrap_or(1);
            size.step(end, -(lookback + i64::from(size.floor(end) == end)))
        }
        None => {
            let begin = node.config.str("begin").ok_or_else(|| invalid(node, "requires a 'begin' configuration"))?;
            size.floor(moment(node, begin)?)
        }
    };
    let mut batches = vec![(start, size.step(start, 1))];
    while let Some((_, last)) = batches.last().copied().filter(|(_, last)| *last < end) {
        batches.push((last, size.step(last, 1)));
    }
    if let Some(last) = batches.last_mut() {
        last.1 = end;
    }
    Ok(batches)
}

fn moment(node: &Node, text: &str) -> Result<DateTime, Diagnostic> {
    read_moment(text).ok_or_else(|| invalid(node, &format!("has a time that cannot be read: `{text}`")))
}

fn stamps((start, end): Batch) -> (Timestamp, Timestamp) {
    let stamp = |at: DateTime| at.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    (stamp(start), stamp(end))
}

fn civil((start, end): (Timestamp, Timestamp)) -> Batch {
    let civil = |at: Timestamp| at.to_zoned(TimeZone::UTC).datetime();
    (civil(start), civil(end))
}

fn invalid(node: &Node, problem: &str) -> Diagnostic {
    Diagnostic::error(Code::INVALID_CONFIG, format!("Microbatch model '{}' {problem}", node.name))
}
