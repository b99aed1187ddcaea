//! Microbatch models: one run of the materialization for each span of event time.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
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
use crate::events::{Event, NodeInfo};
use crate::jinja::analyze;
use crate::manifest::{Node, NodeConfig};
use crate::plan::{BatchResults, NodeStatus};

/// A span of event time in UTC, the end excluded.
type Span = (DateTime, DateTime);

/// Runs all batches: the first and the last one alone, those between side by side where the model allows it. After a failed
/// first one the others are skipped.
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
    let all: Vec<Batch> = batches
        .iter()
        .enumerate()
        .map(|(position, &span)| Batch {
            node: node_of_batch(node, span, position, batches.len()),
            node_info: running.node_info().clone(),
            size,
            span,
            position,
            total: batches.len(),
            incremental: incremental || position > 0,
        })
        .collect();
    running.timed("compile", |_| ());
    running.says_that_it_runs();
    let ended = running.timed("execute", |running| run_all(running, node, all));
    let mut done = BatchResults::default();
    let mut diagnostics = Vec::new();
    for (span, outcome) in ended {
        match outcome {
            Some(Ok(_)) => done.successful.push(stamps(span)),
            Some(Err(failure)) => {
                done.failed.push(stamps(span));
                if diagnostics.is_empty() {
                    diagnostics = failure.diagnostics;
                }
            }
            None => done.failed.push(stamps(span)),
        }
    }
    let (good, bad) = (done.successful.len(), done.failed.len());
    let (status, message) = match (good, bad) {
        (_, 0) => (NodeStatus::Success, "SUCCESS".to_owned()),
        (0, _) => (NodeStatus::Error, "ERROR".to_owned()),
        _ => (NodeStatus::PartialSuccess, format!("PARTIAL SUCCESS ({good}/{})", good + bad)),
    };
    if let Some(earlier) = retried {
        done.successful.extend(earlier.successful.iter().copied());
    }
    Ok(Done {
        status: Some(status),
        message: Some(message),
        failures: Some(0),
        diagnostics,
        batch_results: Some(done),
        ..Done::default()
    })
}

/// What became of each batch, in their order; nothing where it was not begun.
fn run_all(running: &Running<'_>, node: &Node, batches: Vec<Batch>) -> Vec<(Span, Option<Outcome>)> {
    let runner = running.runner;
    let spans: Vec<Span> = batches.iter().map(|batch| batch.span).collect();
    let mut outcomes: Vec<Option<Outcome>> = spans.iter().map(|_| None).collect();
    let mut rest = batches.into_iter();
    let (first, last) = (rest.next(), rest.next_back());
    let alone = |batch: Batch| (!runner.stop.is_requested()).then(|| batch.run(running));
    if let Some(first) = first {
        outcomes[0] = alone(first);
    }
    if matches!(outcomes.first(), Some(Some(Ok(_)))) {
        if may_run_side_by_side(runner, node) && running.pool.has_others() {
            side_by_side(running, rest, &mut outcomes);
        } else {
            for batch in rest {
                let position = batch.position;
                outcomes[position] = alone(batch);
            }
        }
        if let Some(last) = last {
            let position = last.position;
            outcomes[position] = alone(last);
        }
    } else {
        for batch in rest.chain(last).filter(|_| !runner.stop.is_requested()) {
            batch.skip(runner);
        }
    }
    spans.into_iter().zip(outcomes).collect()
}

/// Whether other workers may run batches of this model: its `concurrent_batches`, else whether it does not read itself.
fn may_run_side_by_side(runner: &Runner, node: &Node) -> bool {
    let reads_itself =
        || analyze(&node.raw_code).map_or(true, |code| code.reads.contains("this") || code.calls_on("this"));
    runner.session.adapter().runs_batches_side_by_side()
        && node.config.flag("concurrent_batches").unwrap_or_else(|| !reads_itself())
}

/// Offers batches to all workers and runs those that nobody has taken.
fn side_by_side(running: &Running<'_>, batches: impl Iterator<Item = Batch>, outcomes: &mut [Option<Outcome>]) {
    let (answer, answers) = mpsc::channel();
    for batch in batches {
        running.pool.offer(BatchErrand { batch, answer: answer.clone() });
    }
    drop(answer);
    while let Some(errand) = running.pool.take_back() {
        errand.run(running);
    }
    for (position, outcome) in answers {
        outcomes[position] = outcome;
    }
}

type Outcome = Result<Done, Failure>;

/// A batch that any worker may run.
pub(super) struct BatchErrand {
    batch: Batch,
    answer: mpsc::Sender<(usize, Option<Outcome>)>,
}

impl BatchErrand {
    /// The batch's node, for the events of who runs it.
    pub(super) fn node_info(&self) -> &NodeInfo {
        &self.batch.node_info
    }

    /// Runs it, unless the run is being stopped, and tells the model's own worker.
    pub(super) fn run(self, running: &Running<'_>) {
        let position = self.batch.position;
        let outcome = (!running.runner.stop.is_requested()).then(|| self.batch.run(running));
        // Whoever offered it waits for all answers.
        let _ = self.answer.send((position, outcome));
    }
}

/// One batch.
struct Batch {
    node: Arc<Node>,
    node_info: NodeInfo,
    size: BatchSize,
    span: Span,
    position: usize,
    total: usize,
    incremental: bool,
}

impl Batch {
    fn label(&self) -> String {
        self.size.format(self.span.0)
    }

    fn description(&self) -> String {
        format!("batch {} of {}.{}", self.label(), self.node.schema, self.node.alias)
    }

    fn run(&self, running: &Running<'_>) -> Outcome {
        let begin = Instant::now();
        let runner = running.runner;
        runner.report(&Event::LogStartBatch {
            batch_index: self.position + 1,
            description: self.description(),
            node_info: self.node_info.clone(),
            total_batches: self.total,
        });
        let name = format!("{}.{}", self.node.unique_id, self.label());
        runner.stop.begins(&name, running.worker);
        let outcome = self.execute(running);
        runner.stop.ends(&name);
        super::node::close_transaction(running.worker);
        let status = match &outcome {
            Ok(done) => done.message.clone().unwrap_or_default(),
            Err(_) => "error".into(),
        };
        let node_status = if outcome.is_ok() { "success" } else { "error" };
        self.report_result(runner, node_status, status, begin.elapsed().as_secs_f64());
        outcome
    }

    fn skip(&self, runner: &Runner) {
        self.report_result(runner, "started", "skipped".into(), 0.0);
    }

    fn report_result(&self, runner: &Runner, node_status: &str, status: String, execution_time: f64) {
        runner.report(&Event::LogBatchResult {
            batch_index: self.position + 1,
            description: self.description(),
            execution_time,
            node_info: self.node_info.with_status(node_status),
            status,
            total_batches: self.total,
        });
    }

    fn execute(&self, running: &Running<'_>) -> Outcome {
        let runner = running.runner;
        let label = self.label();
        let (start, end) = (written(self.span.0), written(self.span.1));
        let mut names = BTreeMap::new();
        if self.incremental {
            names.insert("is_incremental".to_owned(), JinjaValue::from_function(|| true));
            names.insert("should_full_refresh".to_owned(), JinjaValue::from_function(|| false));
        }
        let window = Window { start: self.span.0, end: self.span.1 };
        let event_time = Some(runner.sample.map_or(window, |sample| window.within(sample)).range());
        let run =
            runner.node_run(&self.node, running.worker, RunOptions { event_time, names, ..RunOptions::default() });
        run.set_model_key(
            "batch",
            json!({"id": label.replace('-', ""), "event_time_start": start, "event_time_end": end}),
        );
        let path = CodePath::of_node(&self.node).batch(&label);
        let compiled = compile(runner, &running.node_info().with_status("compiling"), &run, &path, |run| {
            runner.compiler.compile(run)
        })?;
        model::execute_at(runner, &run, compiled.as_ref(), &path)
    }
}

/// Hooks run once: those before the model with the first batch, those after it with the last.
fn node_of_batch(node: &Node, span: Span, position: usize, total: usize) -> Arc<Node> {
    let mut values = node.config.values().clone();
    if position > 0 {
        values.insert("pre-hook".into(), json!([]));
    }
    if position + 1 < total {
        values.insert("post-hook".into(), json!([]));
    }
    values.insert("__dbt_internal_microbatch_event_time_start".into(), Value::from(written(span.0)));
    values.insert("__dbt_internal_microbatch_event_time_end".into(), Value::from(written(span.1)));
    Arc::new(Node { config: NodeConfig::new(values), ..Node::clone(node) })
}

/// Whether the model's table is there and is kept.
fn is_incremental(runner: &Runner, node: &Node) -> bool {
    let database = node.database.clone().unwrap_or_else(|| runner.session.adapter().database().to_owned());
    let known = runner.session.relation_cache().get_relation(&database, &node.schema, &node.alias);
    let is_table = known.is_some_and(|relation| relation.relation_type == crate::adapters::RelationType::Table);
    let full_refresh = node.config.flag("full_refresh").unwrap_or(runner.session.config().flags.full_refresh);
    is_table && !full_refresh
}

fn batches(runner: &Runner, node: &Node, size: BatchSize, incremental: bool) -> Result<Vec<Span>, Diagnostic> {
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

fn stamps((start, end): Span) -> (Timestamp, Timestamp) {
    let stamp = |at: DateTime| at.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    (stamp(start), stamp(end))
}

fn civil((start, end): (Timestamp, Timestamp)) -> Span {
    let civil = |at: Timestamp| at.to_zoned(TimeZone::UTC).datetime();
    (civil(start), civil(end))
}

fn invalid(node: &Node, problem: &str) -> Diagnostic {
    Diagnostic::error(Code::INVALID_CONFIG, format!("Microbatch model '{}' {problem}", node.name))
}
