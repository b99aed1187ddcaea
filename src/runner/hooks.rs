//! `on-run-start` and `on-run-end`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use minijinja::Value;
use minijinja::value::Tuple;

use super::node::iso_now;
use super::results_value::results_value;
use super::run::{Runner, is_made};
use crate::artifacts::CodePath;
use crate::context::{NodeRun, RunOptions, Worker};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::events::Event;
use crate::jinja::List;
use crate::jinja::Origin;
use crate::manifest::{Node, ResourceType};
use crate::plan::{NodeResult, NodeStatus, Timing};

/// When hooks of the project run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Before all nodes.
    Start,
    /// After all nodes.
    End,
}

impl When {
    fn tag(self) -> &'static str {
        match self {
            Self::Start => "on-run-start",
            Self::End => "on-run-end",
        }
    }
}

/// Runs all hooks of all packages, the root project's first, and keeps their results; says whether none failed. After the first that fails the
/// others are skipped. A hook whose template fails ends the command, as in dbt.
pub(super) fn run_all(runner: &Runner, when: When, worker: &Arc<Worker>) -> Result<bool, Diagnostics> {
    let hooks = hooks(runner, when);
    if hooks.is_empty() {
        return Ok(true);
    }
    if when == When::End {
        runner.report(&Event::blank());
    }
    let names = match when {
        When::Start => BTreeMap::new(),
        When::End => end_names(runner, &runner.results().clone()),
    };
    let mut all_succeeded = true;
    for (position, hook) in hooks.iter().enumerate() {
        let name = format!("{}.{}.{position}", hook.package_name, when.tag());
        let line = HookLine { runner, hook, name, index: position + 1, total: hooks.len() };
        let result = if all_succeeded { line.run(worker, &names)? } else { line.skip() };
        all_succeeded = all_succeeded && result.status == NodeStatus::Success;
        runner.results().push(result);
    }
    if when == When::Start {
        runner.report(&Event::blank());
    }
    Ok(all_succeeded)
}

fn hooks(runner: &Runner, when: When) -> Vec<Arc<Node>> {
    let root = &runner.manifest.project_name;
    let mut hooks: Vec<Arc<Node>> = runner
        .manifest
        .nodes
        .values()
        .filter(|node| node.resource_type == ResourceType::Operation && node.tags.iter().any(|tag| tag == when.tag()))
        .cloned()
        .collect();
    hooks.sort_by_key(|hook| (hook.package_name != *root, hook.package_name.clone(), hook.index));
    hooks
}

/// `results`, `schemas` and `database_schemas`, which only hooks at the end see.
fn end_names(runner: &Runner, results: &[NodeResult]) -> BTreeMap<String, Value> {
    let mut pairs: Vec<(Option<String>, String)> = Vec::new();
    for result in results.iter().filter(|result| is_made(result.status)) {
        let Some(node) = runner.manifest.nodes.get(&result.unique_id) else { continue };
        let pair = (node.database.clone(), node.schema.clone());
        let stores_failures = node.resource_type == ResourceType::Test
            && node.relation_name.is_some()
            && result.status != NodeStatus::Fail;
        if (node.is_refable() || stores_failures) && !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let mut schemas: Vec<&str> = Vec::new();
    for (_, schema) in &pairs {
        if !schemas.contains(&schema.as_str()) {
            schemas.push(schema);
        }
    }
    let schemas = crate::jinja::from_json(&serde_json::json!(schemas));
    let pairs = pairs.into_iter().map(|(database, schema)| {
        let database = database.map_or(Value::from(()), Value::from);
        Value::from(Tuple::new(vec![database, Value::from(schema)]))
    });
    let pairs = pairs.collect();
    let shown = results.iter().filter(|result| result.thread_id != "main" || result.status == NodeStatus::Error);
    BTreeMap::from([
        ("schemas".to_owned(), schemas),
        ("database_schemas".to_owned(), Value::from_object(List::new(pairs))),
        ("results".to_owned(), results_value(runner, shown)),
    ])
}

struct HookLine<'a> {
    runner: &'a Runner,
    hook: &'a Arc<Node>,
    name: String,
    index: usize,
    total: usize,
}

impl HookLine<'_> {
    fn run(&self, worker: &Arc<Worker>, names: &BTreeMap<String, Value>) -> Result<NodeResult, Diagnostic> {
        let begin = Instant::now();
        let runner = self.runner;
        let options = RunOptions { names: names.clone(), ..RunOptions::default() };
        let run = runner.node_run(self.hook, worker, options);
        let compile_start = Timestamp::now();
        let sql = self.compile(&run)?;
        let compile = Timing { name: "compile", started_at: Some(compile_start), completed_at: Some(Timestamp::now()) };
        let mut node_info = self.hook.node_info();
        node_info.node_started_at = iso_now();
        node_info.node_status = "started".into();
        runner.report(&Event::LogHookStartLine {
            index: self.index,
            node_info: node_info.clone(),
            statement: self.name.clone(),
            total: self.total,
        });
        let execute_start = Timestamp::now();
        runner.stop.begins(&self.name, worker);
        let outcome = if sql.trim().is_empty() { Ok(()) } else { run.execute_outside_transaction(&sql) };
        runner.stop.ends(&self.name);
        let execute = Timing { name: "execute", started_at: Some(execute_start), completed_at: Some(Timestamp::now()) };
        let execution_time = begin.elapsed().as_secs_f64();
        let (status, message, failures, diagnostics) = match outcome {
            Ok(()) => (NodeStatus::Success, format!("{} passed", self.name), 0, Vec::new()),
            Err(problem) => {
                let said = runner.session.config().profile.secrets.hide(problem.message.as_str());
                let message = format!("{} failed, error:\n {said}", self.name);
                (NodeStatus::Error, message, 1, vec![problem])
            }
        };
        node_info.node_finished_at = iso_now();
        node_info.node_status = status.as_str().into();
        self.end_line(status, execution_time, node_info);
        Ok(NodeResult {
            message: Some(message),
            failures: Some(failures),
            diagnostics,
            timing: vec![compile, execute],
            execution_time,
            thread_id: "main".into(),
            compiled: Some(true),
            compiled_code: Some(sql),
            ..NodeResult::new(&self.hook.unique_id, ResourceType::Operation, status)
        })
    }

    fn skip(&self) -> NodeResult {
        self.end_line(NodeStatus::Skipped, 0.0, self.hook.node_info().with_status("skipped"));
        NodeResult {
            failures: Some(1),
            thread_id: "main".into(),
            ..NodeResult::skipped(&self.hook.unique_id, ResourceType::Operation, Some(format!("{} skipped", self.name)))
        }
    }

    fn end_line(&self, status: NodeStatus, execution_time: f64, node_info: crate::events::NodeInfo) {
        self.runner.report(&Event::LogHookEndLine {
            execution_time,
            index: self.index,
            node_info,
            statement: self.name.clone(),
            status: status.as_str().into(),
            total: self.total,
        });
    }

    fn compile(&self, run: &Arc<NodeRun>) -> Result<String, Diagnostic> {
        let runner = self.runner;
        let origin = self.hook.span.map(|span| Origin::new(span.source, span.start as usize));
        let engine = runner.session.engine();
        let rendered =
            engine.render_str(&self.hook.raw_code, origin, run.context()).map_err(|error| error.diagnostic)?;
        let sql = rendered.text();
        let written = runner.target.write_compiled(&CodePath::of_node(self.hook), &sql)?;
        runner.keep_compiled(&self.hook.unique_id, |known| {
            known.code = Some(sql.clone());
            known.compiled_path = Some(written);
        });
        Ok(sql)
    }
}
