//! Audit before publish: in `build` a node's tests run in the node's own transaction, before it is committed.
//!
//! [`Audits`] knows which tests decide about which node and keeps what became of them, for the tests' own jobs to tell;
//! [`NodeAudit`] is what the context asks for one node. What is refused is put aside by the materialization, or undone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::data_test;
use super::failing_rows::FailingRows;
use super::failure::Failure;
use super::node::{Done, close_transaction, compile};
use super::run::Runner;
use super::shared_scan;
use super::staging::{STAGED, renamed};
use super::time_limit::TimeLimit;
use crate::adapters::{Relation, RelationInfo};
use crate::artifacts::CodePath;
use crate::compiler::Compiled;
use crate::context::{
    Audit, ForeseenCount, Halted, NodeRun, Overrides, RunOptions, Transaction, Worker, node_relation,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::graph::{Gates, tested_nodes};
use crate::manifest::{Node, time_limit};
use crate::plan::{NodeStatus, Timing};

/// What became of a test that was run for its node.
pub(super) struct Audited {
    pub(super) outcome: Result<Done, Failure>,
    pub(super) timing: Vec<Timing>,
    /// How long it took.
    pub(super) seconds: f64,
    /// What it found, where it stores that and the node is undone.
    rows: Option<FailingRows>,
}

impl Audited {
    /// What the worker's halt says, if that is why the test failed.
    fn is_cancelled(&self) -> Option<&Failure> {
        let failure = self.outcome.as_ref().err()?;
        failure.diagnostics.iter().any(|problem| problem.code == Code::CANCELLED).then_some(failure)
    }
}

/// The audits of one run.
#[derive(Default)]
pub(super) struct Audits {
    tests: HashMap<String, Vec<Arc<Node>>>,
    outcomes: Mutex<HashMap<String, Audited>>,
    /// Nodes that were not published, with the relation that they are kept as.
    withheld: Mutex<HashMap<String, Option<Relation>>>,
}

impl Audits {
    /// Those of a plan.
    pub(super) fn new(gates: &Gates, nodes: &indexmap::IndexMap<String, Arc<Node>>) -> Self {
        let test = |id: &String| nodes.get(id).cloned();
        let tests = gates.iter().map(|(gate, tests)| (gate.to_owned(), tests.iter().filter_map(test).collect()));
        Self { tests: tests.collect(), ..Self::default() }
    }

    /// What became of a test that has been run for its node.
    pub(super) fn take(&self, test: &str) -> Option<Audited> {
        lock(&self.outcomes).remove(test)
    }
}

fn is_fail(outcome: &Result<Done, Failure>) -> bool {
    matches!(outcome, Ok(Done { status: Some(NodeStatus::Fail), .. }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The audit of one node.
pub(super) struct NodeAudit {
    runner: Weak<Runner>,
    node: Arc<Node>,
    tests: Vec<Arc<Node>>,
    /// What was there under its names before.
    before: Vec<(String, Option<RelationInfo>)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_done: bool,
    failed: Vec<String>,
    seconds: f64,
}

impl std::fmt::Debug for NodeAudit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeAudit").field("node", &self.node.unique_id).finish_non_exhaustive()
    }
}

impl NodeAudit {
    /// The audit of a node; none if no test decides about it.
    pub(super) fn of_node(runner: &Runner, node: &Arc<Node>) -> Option<Arc<Self>> {
        let tests = runner.audits().tests.get(&node.unique_id)?;
        let known = |name: &str| {
            let database = node.database.as_deref().unwrap_or_else(|| runner.session.adapter().database());
            runner.session.relation_cache().get_relation(database, &node.schema, name)
        };
        let names =
            ["", "__dbt_tmp", "__dbt_backup", "__hetl_previous"].map(|suffix| format!("{}{suffix}", node.alias));
        Some(Arc::new(Self {
            runner: runner.myself(),
            node: Arc::clone(node),
            tests: tests.clone(),
            before: names.into_iter().map(|name| (name.clone(), known(&name))).collect(),
            state: Mutex::default(),
        }))
    }

    /// How long its tests took.
    pub(super) fn seconds(&self) -> f64 {
        lock(&self.state).seconds
    }

    /// What the node's own job tells: what was refused is a success, as in dbt, of which others see nothing.
    pub(super) fn conclude(
        &self,
        runner: &Runner,
        run: &NodeRun,
        outcome: Result<Done, Failure>,
    ) -> (Result<Done, Failure>, Option<String>) {
        let failed = std::mem::take(&mut lock(&self.state).failed);
        let Err(_) = outcome else { return (outcome, None) };
        let main = run.statement_result("main");
        let (Some(main), false) = (main, failed.is_empty()) else { return (outcome, None) };
        close_transaction(run.worker());
        let kept = lock(&runner.audits().withheld).entry(self.node.unique_id.clone()).or_default().clone();
        if kept.is_none() {
            self.restore_cache(runner);
        }
        let mut adapter_response = main.response.to_map();
        let candidate = kept.as_ref().map_or(Value::Null, |kept| kept.render_name().into());
        adapter_response.insert("hetl".into(), json!({"published": false, "candidate": candidate}));
        let note = self.note(&run.relation(), kept.as_ref(), &failed);
        (Ok(Done { message: Some(main.response.message), adapter_response, ..Done::default() }), Some(note))
    }

    fn note(&self, relation: &Relation, kept: Option<&Relation>, failed: &[String]) -> String {
        let live = match self.before.first() {
            Some((_, Some(_))) => "What was there before this run stays live",
            _ => "Nothing is live under its name",
        };
        let kept = match kept {
            Some(kept) => format!("what was built is kept as {kept} until {} is built again", self.node.name),
            None => "what was built is undone".to_owned(),
        };
        let (count, tests) = (failed.len(), if failed.len() == 1 { "test" } else { "tests" });
        format!("{relation} is not published, because {count} {tests} failed: {}. {live}; {kept}.", failed.join(", "))
    }

    /// What the transaction made, renamed and dropped is undone; so is what is known of it.
    fn restore_cache(&self, runner: &Runner) {
        let cache = runner.session.relation_cache();
        let database = self.node.database.as_deref().unwrap_or_else(|| runner.session.adapter().database());
        for (name, relation) in &self.before {
            match relation {
                Some(relation) => cache.add(relation.clone()),
                None => cache.drop_relation(database, &self.node.schema, name),
            }
        }
    }

    /// Whether the rows that will be published are not there before the commit: a hook of the transaction may still change
    /// them, and an ephemeral model between the node and a test reads the node by its own name.
    fn must_wait_for_commit(&self, runner: &Runner) -> bool {
        let hooks = self.node.config.get("post-hook").and_then(Value::as_array);
        let changes = |hook: &Value| hook.get("transaction") != Some(&Value::Bool(false));
        let is_ephemeral = |id: &String| runner.manifest.nodes.get(id).is_some_and(|node| node.is_ephemeral());
        hooks.is_some_and(|hooks| hooks.iter().any(changes))
            || self.tests.iter().any(|test| test.depends_on.nodes.iter().any(is_ephemeral))
    }

    /// The relations that stand for nodes in a test: the candidate, and nodes that were never published.
    fn stand_ins(&self, runner: &Runner, test: &Node, candidate: Option<&Relation>) -> Vec<(Arc<Node>, Relation)> {
        let withheld = lock(&runner.audits().withheld);
        let nodes = &runner.manifest.nodes;
        let mut relations = Vec::new();
        for id in tested_nodes(&runner.manifest, test) {
            let Some(node) = nodes.get(id) else { continue };
            let relation = if *id == self.node.unique_id {
                candidate.cloned()
            } else {
                withheld.get(id).cloned().flatten().filter(|_| !runner.is_live(node))
            };
            relations.extend(relation.map(|relation| (Arc::clone(node), relation)));
        }
        relations
    }

    /// Compiles a test.
    fn prepare(
        &self,
        runner: &Runner,
        worker: &Arc<Worker>,
        test: &Arc<Node>,
        candidate: Option<&Relation>,
    ) -> Result<Prepared, Diagnostic> {
        let begin = Instant::now();
        worker.connection().mark().map_err(|error| super::schemas::metadata_error(&error))?;
        let relations = self.stand_ins(runner, test, candidate);
        let identifier = |relation: &Relation| relation.identifier.clone().unwrap_or_default();
        let options = RunOptions {
            stand_ins: relations.iter().map(|(node, relation)| (identifier(relation), node.alias.clone())).collect(),
            overrides: Overrides {
                relations: relations.into_iter().map(|(node, relation)| (node.unique_id.clone(), relation)).collect(),
                ..Overrides::default()
            },
            transaction: Transaction::Borrowed,
            ..RunOptions::default()
        };
        let run = runner.node_run(test, worker, options.clone());
        let started = Timestamp::now();
        let compiled = within_limit(&run, || {
            compile(runner, &run.node_info(), &run, &CodePath::of_node(test), |run| runner.compiler.compile(run))
        });
        if compiled.is_err() {
            let _ = worker.connection().return_to_mark();
        }
        Ok(Prepared {
            run,
            options,
            compiled,
            timing: step("compile", started),
            seconds: begin.elapsed().as_secs_f64(),
        })
    }

    /// Runs a compiled test; `share` is its part of the time that a shared scan took.
    fn test(
        runner: &Runner,
        worker: &Arc<Worker>,
        prepared: Prepared,
        foreseen: Option<ForeseenCount>,
        share: Duration,
        candidate: Option<&Relation>,
    ) -> Result<Audited, Diagnostic> {
        let Prepared { run, options, compiled, timing, seconds } = prepared;
        let begin = Instant::now();
        worker.connection().mark().map_err(|error| super::schemas::metadata_error(&error))?;
        let started = Timestamp::now() - share;
        let (outcome, rows) = match compiled {
            Ok(Some(compiled)) => {
                let counting = counting_run(runner, &run, RunOptions { foreseen, ..options });
                let outcome = within_limit(&run, || data_test::execute(runner, &counting, Some(&compiled)));
                let is_kept = candidate.is_none() && run.node().relation_name.is_some() && is_fail(&outcome);
                (outcome, is_kept.then(|| FailingRows::read(&run, &compiled.code)).transpose()?)
            }
            Ok(None) => (Ok(Done::default()), None),
            Err(failure) => (Err(failure), None),
        };
        Ok(Audited {
            outcome,
            timing: vec![timing, step("execute", started)],
            seconds: seconds + (share + begin.elapsed()).as_secs_f64(),
            rows,
        })
    }

    /// Runs the tests; the names of those that failed.
    fn tests(
        &self,
        runner: &Runner,
        worker: &Arc<Worker>,
        candidate: Option<&Relation>,
    ) -> Result<Vec<String>, Diagnostic> {
        let mut failed = Vec::new();
        let mut is_broken = false;
        // Where a failed statement ends the transaction, no test may be the reason that one before it does not run.
        let at_once = if runner.session.adapter().tests_share_scans() { self.tests.len().max(1) } else { 1 };
        for tests in self.tests.chunks(at_once) {
            let mut prepared = Vec::with_capacity(tests.len());
            for test in tests.iter().filter(|test| !runner.must_be_skipped(test)) {
                prepared.push((test, (!is_broken).then(|| self.prepare(runner, worker, test, candidate)).transpose()?));
            }
            let begin = Instant::now();
            let mut counts = shared_scan::counts(
                runner,
                &prepared.iter().filter_map(|(_, prepared)| prepared.as_ref()?.compiled()).collect::<Vec<_>>(),
            );
            let share = begin.elapsed() / counts.len().max(1) as u32;
            for (test, prepared) in prepared {
                let audited = match prepared {
                    Some(prepared) if !is_broken => {
                        let foreseen = counts.remove(&test.unique_id);
                        let share = if foreseen.is_some() { share } else { Duration::ZERO };
                        Self::test(runner, worker, prepared, foreseen, share, candidate)?
                    }
                    _ => not_run(&self.node),
                };
                if let Some(failure) = audited.is_cancelled() {
                    return Err(failure.diagnostics[0].clone());
                }
                if audited.outcome.is_err() || is_fail(&audited.outcome) {
                    failed.push(test.name.clone());
                }
                if audited.outcome.is_err() && !is_broken {
                    is_broken = worker.connection().return_to_mark().is_err();
                }
                lock(&runner.audits().outcomes).insert(test.unique_id.clone(), audited);
            }
        }
        Ok(failed)
    }
}

/// A test that is compiled and not yet run.
struct Prepared {
    run: Arc<NodeRun>,
    options: RunOptions,
    compiled: Result<Option<Compiled>, Failure>,
    timing: Timing,
    /// How long it took.
    seconds: f64,
}

impl Prepared {
    /// Its run and its SQL.
    fn compiled(&self) -> Option<(&Arc<NodeRun>, &str)> {
        Some((&self.run, self.compiled.as_ref().ok()?.as_ref()?.code.as_str()))
    }
}

fn step(name: &'static str, started_at: Timestamp) -> Timing {
    Timing { name, started_at: Some(started_at), completed_at: Some(Timestamp::now()) }
}

/// Does a step of a test, which ends when the test's time limit is over.
fn within_limit<T>(run: &NodeRun, step: impl FnOnce() -> T) -> T {
    let worker = run.worker();
    let limit = time_limit(&run.node().config).ok().flatten();
    let watch = TimeLimit::begin(limit, worker);
    let outcome = step();
    drop(watch);
    if limit.is_some_and(|limit| worker.halt.reason() == Some(Halted::TimedOut(limit))) {
        worker.halt.clear();
    }
    outcome
}

/// The run of a compiled test that only counts: what it finds is stored by its own job, when the transaction is over.
fn counting_run(runner: &Runner, run: &NodeRun, mut options: RunOptions) -> Arc<NodeRun> {
    options.overrides.config.insert("store_failures".to_owned(), Value::Bool(false));
    let counting = runner.node_run(run.node(), run.worker(), options);
    if let Some(code) = run.compiled_code() {
        counting.set_compiled_code(code);
    }
    counting
}

impl Audit for NodeAudit {
    fn passes(&self, run: &Arc<NodeRun>, candidate: Option<&Relation>) -> Result<bool, Diagnostic> {
        let Some(runner) = self.runner.upgrade() else { return Ok(true) };
        if lock(&self.state).is_done || candidate.is_some() && self.must_wait_for_commit(&runner) {
            return Ok(true);
        }
        let begin = Instant::now();
        lock(&self.state).is_done = true;
        let failed = self.tests(&runner, run.worker(), candidate)?;
        let passes = failed.is_empty();
        let mut state = lock(&self.state);
        state.failed = failed;
        state.seconds = begin.elapsed().as_secs_f64();
        Ok(passes)
    }

    fn keeps(&self, relation: &Relation) {
        if let Some(runner) = self.runner.upgrade() {
            lock(&runner.audits().withheld).insert(self.node.unique_id.clone(), Some(relation.clone()));
        }
    }
}

impl Runner {
    /// The run of an audited test's own job, which stores what the test found: it reads candidates that were kept. None where
    /// nothing is to be stored.
    fn storing_run(&self, test: &Arc<Node>, worker: &Arc<Worker>) -> Option<Arc<NodeRun>> {
        test.relation_name.as_ref()?;
        let withheld = lock(&self.audits().withheld);
        let kept = tested_nodes(&self.manifest, test)
            .filter_map(|id| Some((id.to_owned(), withheld.get(id).cloned().flatten()?)));
        let overrides = Overrides { relations: kept.collect(), ..Overrides::default() };
        Some(self.node_run(test, worker, RunOptions { overrides, ..RunOptions::default() }))
    }

    /// What a test's own job tells of an audited test.
    pub(super) fn tell_audited(
        &self,
        test: &Arc<Node>,
        worker: &Arc<Worker>,
        audited: Audited,
    ) -> Result<Done, Failure> {
        let done = audited.outcome?;
        let Some(run) = self.storing_run(test, worker) else { return Ok(done) };
        if let Some(rows) = audited.rows {
            rows.store(&run)?;
            return Ok(done);
        }
        let compiled = self.compiler.compile(&run)?;
        run.set_compiled_code(compiled.code.as_str());
        data_test::execute(self, &run, Some(&compiled))
    }

    /// Lets a test look at what is kept of nodes that were built last and not published: so it fails again, as in dbt. Says so.
    pub(super) fn look_at_candidates(&self, test: &Node, options: &mut RunOptions) -> Option<String> {
        let mut looked = Vec::new();
        for id in tested_nodes(&self.manifest, test).filter(|id| !self.deferred.contains_key(*id)) {
            let Some(node) = self.manifest.nodes.get(id) else { continue };
            let Ok(candidate) = renamed(self, &node_relation(&self.session, node), STAGED) else { continue };
            let name = candidate.identifier.clone().unwrap_or_default();
            if !self.is_known(node, &name) {
                continue;
            }
            looked.push(format!(
                "What was built last of {} is not published; {} has looked at {candidate}",
                node.unique_id, test.name
            ));
            options.stand_ins.push((name, node.alias.clone()));
            options.overrides.relations.insert(node.unique_id.clone(), candidate);
        }
        (!looked.is_empty()).then(|| looked.join("\n"))
    }

    /// Whether a test's own job will be skipped, because something that it reads is missing.
    fn must_be_skipped(&self, test: &Node) -> bool {
        let read: Vec<&str> = tested_nodes(&self.manifest, test).collect();
        let results = self.results();
        let mut missing = results.iter().filter(|result| result.status.blocks_downstream());
        missing.any(|result| read.contains(&result.unique_id.as_str()))
    }

    fn is_live(&self, node: &Node) -> bool {
        self.is_known(node, &node.alias)
    }

    /// Whether something of this name is in a node's schema.
    fn is_known(&self, node: &Node, name: &str) -> bool {
        let database = node.database.as_deref().unwrap_or_else(|| self.session.adapter().database());
        self.session.relation_cache().get_relation(database, &node.schema, name).is_some()
    }
}

/// A test after one that left the transaction in a state in which nothing can be asked.
fn not_run(node: &Node) -> Audited {
    let problem = Diagnostic::error(
        Code::DATABASE,
        format!("not run: a test before it ended the transaction in which {} was tested", node.name),
    );
    Audited { outcome: Err(problem.into()), timing: Vec::new(), seconds: 0.0, rows: None }
}
