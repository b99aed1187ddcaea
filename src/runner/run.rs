//! [`Runner`]: a run from its first line to its last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use indexmap::IndexMap;

use super::audit::Audits;
use super::microbatch::BatchErrand;
use super::pool::{self, Errands, Pool, Taken};
use super::recording::Recording;
use super::sample::{self, Window};
use super::shared_scan::SharedScans;
use super::staging::Staging;
use super::stop::{Stop, StopReason};
use super::subject::Subject;
use super::{hooks, leftovers, locking, node, schemas, summary, whole_run};
use crate::adapters::{LazyConnection, Relation, Table};
use crate::artifacts::{CodePath, TargetFolder};
use crate::compiler::Compiler;
use crate::context::{NodeRun, RunOptions, RunParts, Session, Worker, published_text};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::{Event, Reporter};
use crate::manifest::{CompiledNode, CompiledNodes, Manifest, Node};
use crate::plan::{BatchResults, NodeResult, NodeStatus, Plan, RunResults};

/// Why jobs were not begun after Ctrl-C.
const INTERRUPTED: &str = "Skipping due to keyboard interrupt";

/// What is done with each job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is built or tested; hooks of the project run around all.
    Build,
    /// Its SQL is made.
    Compile,
    /// Its SQL is made and queried for this many rows, all if none.
    Show(Option<u64>),
    /// The relation of another state is cloned.
    Clone,
    /// What is wrong with a snapshot's history is looked for, and how to mend it.
    PlanRepair,
}

/// What a [`Runner`] is made of.
pub struct RunnerParts {
    /// What templates are rendered with.
    pub session: Arc<Session>,
    /// The whole project.
    pub manifest: Arc<Manifest>,
    /// How the run is stopped.
    pub stop: Arc<Stop>,
    /// What is done.
    pub action: Action,
    /// Relations of another state by unique id: `--defer`, and what is cloned.
    pub deferred: Arc<HashMap<String, Relation>>,
    /// Microbatch models of which only the failed batches are run again.
    pub batches: HashMap<String, BatchResults>,
    /// How it is published and recorded.
    pub safeguards: Safeguards,
}

/// How a run is published, and what is kept of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Safeguards {
    /// Whether all that is built becomes visible at once, at the end, or not at all.
    pub publishes_whole_run: bool,
    /// Whether what is replaced is kept for `hetl rollback`, where a node does not say it itself.
    pub keeps_previous: bool,
    /// Whether tables stay and get other rows, where a node does not say it itself and the warehouse can.
    pub publishes_in_place: bool,
    /// Whether the run is recorded in `hetl_meta.runs`.
    pub records_history: bool,
}

/// What a run leaves.
#[derive(Debug, Default)]
pub struct RunReport {
    /// What became of each job.
    pub results: RunResults,
    /// What was compiled.
    pub compiled: CompiledNodes,
    /// Rows of [`Action::Show`], lines of [`Action::PlanRepair`], by unique id.
    pub tables: IndexMap<String, Table>,
    /// Why the run fails, though all of its jobs may have succeeded.
    pub problem: Option<Problem>,
}

/// What makes a run fail that is not a failure of one of its jobs.
#[derive(Debug)]
pub enum Problem {
    /// Nothing of it is published.
    NotPublished(Diagnostic),
    /// A hook of its end could not be rendered; what was built stays.
    Hook(Diagnostics),
}

/// Runs plans.
pub struct Runner {
    pub(super) session: Arc<Session>,
    pub(super) manifest: Arc<Manifest>,
    pub(super) stop: Arc<Stop>,
    pub(super) action: Action,
    pub(super) deferred: Arc<HashMap<String, Relation>>,
    pub(super) batches: HashMap<String, BatchResults>,
    pub(super) safeguards: Safeguards,
    pub(super) compiler: Compiler,
    pub(super) target: TargetFolder,
    /// The window of event time that inputs are limited to (`--sample`).
    pub(super) sample: Option<Window>,
    /// What became of each job so far.
    pub(super) results: Arc<Mutex<Vec<NodeResult>>>,
    compiled: Mutex<CompiledNodes>,
    tables: Mutex<IndexMap<String, Table>>,
    audits: OnceLock<Audits>,
    shared_scans: OnceLock<SharedScans>,
    pub(super) staging: OnceLock<Staging>,
    myself: Weak<Self>,
}

impl Runner {
    /// A runner; nothing is connected yet.
    pub fn new(parts: RunnerParts) -> Result<Arc<Self>, Diagnostic> {
        let sample = sample::window(parts.session.config())?;
        let project = &parts.session.config().project;
        let target = TargetFolder::new(project.root.clone(), project.target_path.clone());
        Ok(Arc::new_cyclic(|myself| Self {
            sample,
            target,
            session: parts.session,
            manifest: parts.manifest,
            stop: parts.stop,
            action: parts.action,
            deferred: parts.deferred,
            batches: parts.batches,
            safeguards: parts.safeguards,
            compiler: Compiler::new(),
            results: Arc::default(),
            compiled: Mutex::default(),
            tables: Mutex::default(),
            audits: OnceLock::new(),
            shared_scans: OnceLock::new(),
            staging: OnceLock::new(),
            myself: Weak::clone(myself),
        }))
    }

    /// At the first Ctrl-C `save` is given what became of the plan until then, before anything is cancelled.
    pub fn at_interrupt(&self, plan: &Arc<Plan>, save: impl Fn(&RunResults) + Send + 'static) {
        let (results, plan, begin) = (Arc::clone(&self.results), Arc::clone(plan), Instant::now());
        self.stop.at_interrupt(move || {
            let known = results.lock().unwrap_or_else(PoisonError::into_inner).clone();
            save(&RunResults::collect(&plan, known, Some(INTERRUPTED), begin.elapsed().as_secs_f64()));
        });
    }

    /// Runs a plan. An error means that the run could not begin or go on at all; failures of nodes are in the report.
    pub fn run(&self, plan: &Plan) -> Result<RunReport, Diagnostics> {
        let begin = Instant::now();
        if self.safeguards.publishes_whole_run {
            whole_run::check(self, plan)?;
        }
        let threads = self.threads();
        self.audits.get_or_init(|| {
            if self.safeguards.publishes_whole_run {
                // Everything waits for all tests.
                return Audits::default();
            }
            Audits::new(plan.gates(), &self.manifest.nodes)
        });
        self.shared_scans.get_or_init(|| SharedScans::new(self, plan));
        self.report(&Event::blank());
        self.report(&Event::ConcurrencyLine {
            node_count: plan.len(),
            num_threads: threads,
            target_name: self.session.config().profile.target_name.clone(),
        });
        self.report(&Event::blank());
        let writes = matches!(self.action, Action::Build | Action::Clone);
        if writes {
            locking::take(self, plan)?;
            if crate::faults::fails("locked") {
                return Err(Diagnostic::error(Code::CONNECTION, "fault injected at locked").into());
            }
        }
        let main = self.worker("MainThread")?;
        let recording = if writes { Recording::begin(self, main.connection().as_mut()) } else { None };
        if writes {
            schemas::prepare(self, plan, &main)?;
            leftovers::remove(self, plan, &main)?;
        }
        let worked = self.work(plan, &main, threads);
        if let Some(recording) = recording {
            let results = self.results().clone();
            let is_success =
                matches!(worked, Ok(None)) && !results.iter().any(NodeResult::is_failure) && !self.is_interrupted();
            recording.end(self, main.connection().as_mut(), &results, is_success);
        }
        let problem = worked?;
        self.keep_ephemeral()?;
        let seconds = begin.elapsed().as_secs_f64();
        let reason = self.stop.reason().map(|reason| match reason {
            StopReason::FailFast => "Skipping due to fail_fast",
            StopReason::Interrupt => INTERRUPTED,
        });
        let results = RunResults::collect(plan, std::mem::take(&mut *self.results()), reason, seconds);
        if self.action == Action::Build {
            summary::report_finish(self.reporter(), &self.manifest, results.results(), seconds);
        }
        Ok(RunReport {
            results,
            compiled: std::mem::take(&mut *self.compiled()),
            tables: std::mem::take(&mut *self.tables()),
            problem,
        })
    }

    /// Hooks, nodes, hooks.
    fn work(&self, plan: &Plan, main: &Arc<Worker>, threads: usize) -> Result<Option<Problem>, Diagnostics> {
        let mut problem = None;
        if self.action == Action::Build {
            let begun = hooks::run_all(self, hooks::When::Start, main)?;
            if begun || !self.behaves("skip_nodes_if_on_run_start_fails") {
                problem = self.execute(plan, threads)?.map(Problem::NotPublished);
            } else {
                let skipped = self.skip_all(plan);
                self.results().extend(skipped);
            }
            if !self.is_interrupted()
                && let Err(failed) = hooks::run_all(self, hooks::When::End, main)
            {
                problem.get_or_insert(Problem::Hook(failed));
            }
        } else {
            problem = self.execute(plan, threads)?.map(Problem::NotPublished);
        }
        Ok(problem)
    }

    /// Whether Ctrl-C stopped the run: then hooks of its end are left out, as in dbt.
    pub(super) fn is_interrupted(&self) -> bool {
        self.stop.reason() == Some(StopReason::Interrupt)
    }

    /// Works through the plan; gives why the run cannot be published, if so.
    fn execute(&self, plan: &Plan, threads: usize) -> Result<Option<Diagnostic>, Diagnostics> {
        if self.safeguards.publishes_whole_run && self.staging.get().is_none() {
            let worker = whole_run::begin(self)?;
            self.work_through(plan, std::slice::from_ref(&worker));
            return Ok(whole_run::end(self, &worker, plan).err());
        }
        let count = if self.has_batches(plan) { threads } else { threads.min(plan.len()).max(1) };
        let workers =
            (0..count).map(|number| self.worker(&pool::thread_name(number))).collect::<Result<Vec<_>, Diagnostic>>()?;
        self.work_through(plan, &workers);
        let published = self.staging.get().map(|staging| whole_run::publish(self, staging, &workers[0], plan));
        Ok(published.and_then(Result::err))
    }

    fn work_through(&self, plan: &Plan, workers: &[Arc<Worker>]) {
        Pool::new(plan, workers.len(), &self.stop, &self.results, self.session.adapter().as_ref()).work_through(
            workers,
            |worker, taken, pool| self.job(plan, worker, pool, taken),
            |worker, errand, pool| node::help(self, worker, pool, errand),
        );
        for name in self.stop.cancelled() {
            self.report(&Event::LogCancelLine { conn_name: name });
        }
    }

    /// Whether workers beyond the number of jobs have something to do.
    fn has_batches(&self, plan: &Plan) -> bool {
        let nodes = plan.jobs().iter().filter_map(|job| self.manifest.nodes.get(&job.unique_id));
        self.action == Action::Build
            && self.session.adapter().runs_batches_side_by_side()
            && nodes.into_iter().any(|node| node.config.is_microbatch())
    }

    fn job(&self, plan: &Plan, worker: &Arc<Worker>, pool: &dyn Errands<BatchErrand>, taken: Taken) -> NodeResult {
        let job = &plan.jobs()[taken.job];
        let Some(subject) = Subject::find(&self.manifest, &job.unique_id) else {
            return NodeResult::skipped(&job.unique_id, job.resource_type, None);
        };
        node::run(self, &subject, worker, pool, taken, plan.len())
    }

    /// Ephemeral models have no job of their own: what was compiled of them is written and kept as that of other nodes.
    fn keep_ephemeral(&self) -> Result<(), Diagnostic> {
        for (id, model) in self.compiler.ephemeral_models() {
            let Some(node) = self.manifest.nodes.get(&id) else { continue };
            if self.compiled().contains_key(&id) {
                continue;
            }
            let names = self.staging.get().map(|staging| staging.stand_ins(&self.manifest, node)).unwrap_or_default();
            let code = published_text(&names, model.code.as_deref().unwrap_or_default());
            let written = self.target.write_compiled(&CodePath::of_node(node), &code)?;
            self.keep_compiled(&id, |known| {
                *known = CompiledNode { compiled_path: Some(written), code: Some(code.into_owned()), ..model }
            });
        }
        Ok(())
    }

    fn skip_all(&self, plan: &Plan) -> Vec<NodeResult> {
        let jobs = plan.jobs().iter().enumerate();
        jobs.map(|(position, job)| {
            if let Some(subject) = Subject::find(&self.manifest, &job.unique_id) {
                let node_info = subject.node_info().with_status("skipped");
                self.report(&subject.skip_line(position + 1, plan.len(), node_info));
            }
            NodeResult::skipped(&job.unique_id, job.resource_type, None)
        })
        .collect()
    }

    pub(super) fn threads(&self) -> usize {
        let config = self.session.config();
        let is_alone = self.safeguards.publishes_whole_run && self.staging.get().is_none();
        if config.flags.single_threaded || is_alone { 1 } else { config.profile.threads.max(1) }
    }

    /// A node to be compiled and run, where a reference may be deferred.
    pub(super) fn node_run(&self, node: &Arc<Node>, worker: &Arc<Worker>, mut options: RunOptions) -> Arc<NodeRun> {
        let node = match self.staging.get() {
            Some(staging) => staging.stage(&self.manifest, node, &mut options),
            None => Arc::clone(node),
        };
        let parts = RunParts {
            session: Arc::clone(&self.session),
            manifest: Arc::clone(&self.manifest),
            node,
            worker: Arc::clone(worker),
        };
        NodeRun::with_options(parts, RunOptions { deferred: Arc::clone(&self.deferred), ..options })
    }

    /// A worker with a connection of its own; compiling opens it only if a template asks the warehouse something.
    pub(super) fn worker(&self, name: &str) -> Result<Arc<Worker>, Diagnostic> {
        let adapter = self.session.adapter();
        let connection = match self.action {
            Action::Compile => Box::new(LazyConnection::new(Arc::clone(adapter))),
            Action::Build | Action::Show(_) | Action::Clone | Action::PlanRepair => adapter.connect()?,
        };
        Ok(Arc::new(
            Worker::new(name, connection)
                .keeping_previous(self.safeguards.keeps_previous)
                .publishing_in_place(self.safeguards.publishes_in_place),
        ))
    }

    pub(super) fn reporter(&self) -> &dyn Reporter {
        self.session.reporter().as_ref()
    }

    pub(super) fn report(&self, event: &Event) {
        self.reporter().report(event);
    }

    fn behaves(&self, flag: &str) -> bool {
        self.session.config().flags.behaves(flag)
    }

    /// The tests of the plan that share scans.
    pub(super) fn shared_scans(&self) -> &SharedScans {
        self.shared_scans.get_or_init(SharedScans::default)
    }

    /// The audits of the plan that is run.
    pub(super) fn audits(&self) -> &Audits {
        self.audits.get_or_init(Audits::default)
    }

    /// Itself, for what outlives a call but not the run.
    pub(super) fn myself(&self) -> Weak<Self> {
        Weak::clone(&self.myself)
    }

    /// Keeps what is known of a compiled node.
    pub(super) fn keep_compiled(&self, unique_id: &str, change: impl FnOnce(&mut CompiledNode)) {
        change(self.compiled().entry(unique_id.to_owned()).or_default());
    }

    /// What is known of a compiled node.
    pub(super) fn compiled_node(&self, unique_id: &str) -> Option<CompiledNode> {
        self.compiled().get(unique_id).cloned()
    }

    /// Keeps the rows of a node that is shown.
    pub(super) fn keep_table(&self, unique_id: &str, table: Table) {
        self.tables().insert(unique_id.to_owned(), table);
    }

    pub(super) fn results(&self) -> MutexGuard<'_, Vec<NodeResult>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compiled(&self) -> MutexGuard<'_, CompiledNodes> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> MutexGuard<'_, IndexMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a node with this status has been made.
pub(super) fn is_made(status: NodeStatus) -> bool {
    !matches!(status, NodeStatus::Error | NodeStatus::Fail | NodeStatus::Skipped)
}
