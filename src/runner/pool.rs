//! Workers that go through a plan: each takes the next job that is ready, until nothing is left or the run is stopped. A job
//! may hand out errands, parts of itself, which workers without a job take up.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::stop::Stop;
use super::thread_share::ThreadShare;
use crate::adapters::Adapter;
use crate::plan::{NodeResult, NodeStatus, Plan, Schedule, Step};

/// Stack of a worker in bytes: templates call each other deeply.
const STACK: usize = 16 * 1024 * 1024;

/// A job that a worker has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Position of the job in the plan.
    pub(super) job: usize,
    /// Position of the failed job because of which it must be skipped.
    pub(super) skipped_because_of: Option<usize>,
    /// The number of this job in the order in which jobs are started, from 1.
    pub(super) index: usize,
}

/// What jobs see of their pool.
pub(super) trait Errands<E> {
    /// Gives an errand to the next worker that has no job.
    fn offer(&self, errand: E);

    /// Takes back the oldest errand that nobody has begun.
    fn take_back(&self) -> Option<E>;

    /// Whether there are other workers at all.
    fn has_others(&self) -> bool;
}

/// The state of workers that go through one plan.
pub(super) struct Pool<'plan, E> {
    state: Mutex<State<'plan, E>>,
    changed: Condvar,
    stop: &'plan Arc<Stop>,
    results: &'plan Mutex<Vec<NodeResult>>,
    workers: usize,
    adapter: &'plan dyn Adapter,
}

struct State<'plan, E> {
    schedule: Schedule<'plan>,
    errands: VecDeque<E>,
    taken: usize,
    share: ThreadShare,
}

enum Work<E> {
    Job(Taken),
    Errand(E),
}

impl<E> State<'_, E> {
    fn next_work(&mut self) -> Option<Work<E>> {
        if let Some(errand) = self.errands.pop_front() {
            return Some(Work::Errand(errand));
        }
        let Step { job, skipped_because_of } = self.schedule.next_ready()?;
        self.taken += 1;
        Some(Work::Job(Taken { job, skipped_because_of, index: self.taken }))
    }
}

impl<'plan, E: Send> Pool<'plan, E> {
    /// A pool in which nothing has begun. `results` gets one after the other in the order of completion; jobs that a stop
    /// prevented have none.
    pub(super) fn new(
        plan: &'plan Plan,
        workers: usize,
        stop: &'plan Arc<Stop>,
        results: &'plan Mutex<Vec<NodeResult>>,
        adapter: &'plan dyn Adapter,
    ) -> Self {
        let share = ThreadShare::new(workers);
        let state = State { schedule: Schedule::new(plan, workers), errands: VecDeque::new(), taken: 0, share };
        Self { state: Mutex::new(state), changed: Condvar::new(), stop, results, workers, adapter }
    }

    /// Goes through the plan with these workers; `run` and `help` are called on the worker's own thread, which is named as dbt
    /// names it.
    pub(super) fn work_through<W: Sync>(
        self,
        workers: &[W],
        run: impl Fn(&W, Taken, &Self) -> NodeResult + Sync,
        help: impl Fn(&W, E, &Self) + Sync,
    ) {
        std::thread::scope(|scope| {
            for (number, worker) in workers.iter().enumerate() {
                let (pool, run, help) = (&self, &run, &help);
                let work = move || {
                    while let Some(work) = pool.take(number) {
                        match work {
                            Work::Job(taken) => pool.finish(taken, run(worker, taken, pool)),
                            Work::Errand(errand) => help(worker, errand, pool),
                        }
                    }
                };
                let thread = std::thread::Builder::new().name(thread_name(number)).stack_size(STACK);
                if thread.spawn_scoped(scope, work).is_err() && number == 0 {
                    // No thread at all could be started: the last resort is to work here.
                    work();
                }
            }
        });
        self.tell(self.state().share.end());
    }

    fn tell(&self, statements: Option<usize>) {
        if let Some(statements) = statements {
            self.adapter.expect_statements(statements);
        }
    }

    fn state(&self) -> MutexGuard<'_, State<'plan, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, worker: usize) -> Option<Work<E>> {
        let mut state = self.state();
        state.share.has_no_work(worker);
        loop {
            if self.stop.is_requested() || state.schedule.is_finished() {
                return None;
            }
            if let Some(work) = state.next_work() {
                let statements = state.share.has_work(worker);
                drop(state);
                self.tell(statements);
                return Some(work);
            }
            let Some(patience) = state.share.patience() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (guard, waited) = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if waited.timed_out() {
                let statements = state.share.waits_long();
                drop(state);
                self.tell(statements);
                state = self.state();
            }
        }
    }

    fn finish(&self, taken: Taken, result: NodeResult) {
        let status = result.status;
        let fails = status.is_failure() && status != NodeStatus::Skipped;
        self.results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        let mut state = self.state();
        state.schedule.finish(taken.job, status);
        drop(state);
        if fails {
            self.stop.failed();
        }
        self.changed.notify_all();
    }
}

impl<E: Send> Errands<E> for Pool<'_, E> {
    fn offer(&self, errand: E) {
        self.state().errands.push_back(errand);
        self.changed.notify_one();
    }

    fn take_back(&self) -> Option<E> {
        self.state().errands.pop_front()
    }

    fn has_others(&self) -> bool {
        self.workers > 1
    }
}

/// dbt's name for the thread of a worker, counted from 0.
pub(super) fn thread_name(number: usize) -> String {
    format!("Thread-{} (worker)", number + 1)
}
