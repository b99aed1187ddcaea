//! Workers that go through a plan: each takes the next job that is ready, until nothing is left or the run is stopped.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::stop::Stop;
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

struct State<'plan> {
    schedule: Schedule<'plan>,
    taken: usize,
}

/// Goes through a plan with these workers; `run` is called on the worker's own thread, which is named as dbt names it.
/// `results` gets one after the other in the order of completion. Jobs that a stop prevented have none.
pub(super) fn work_through<W: Sync>(
    plan: &Plan,
    workers: &[W],
    stop: &Arc<Stop>,
    results: &Mutex<Vec<NodeResult>>,
    run: impl Fn(&W, Taken) -> NodeResult + Sync,
) {
    let state = Mutex::new(State { schedule: Schedule::new(plan), taken: 0 });
    let changed = Condvar::new();
    std::thread::scope(|scope| {
        for (number, worker) in workers.iter().enumerate() {
            let (state, changed, run) = (&state, &changed, &run);
            let work = move || {
                while let Some(taken) = take(state, changed, stop) {
                    let result = run(worker, taken);
                    let status = result.status;
                    keep(results, result);
                    finish(state, changed, stop, taken, status);
                }
            };
            let thread = std::thread::Builder::new().name(thread_name(number)).stack_size(STACK);
            if thread.spawn_scoped(scope, work).is_err() && number == 0 {
                // No thread at all could be started: the last resort is to work here.
                while let Some(taken) = take(state, changed, stop) {
                    let result = run(worker, taken);
                    let status = result.status;
                    keep(results, result);
                    finish(state, changed, stop, taken, status);
                }
            }
        }
    });
}

fn keep(results: &Mutex<Vec<NodeResult>>, result: NodeResult) {
    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
}

/// dbt's name for the thread of a worker, counted from 0.
pub(super) fn thread_name(number: usize) -> String {
    format!("Thread-{} (worker)", number + 1)
}

fn take(state: &Mutex<State<'_>>, changed: &Condvar, stop: &Stop) -> Option<Taken> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if stop.is_requested() || state.schedule.is_finished() {
            return None;
        }
        if let Some(Step { job, skipped_because_of }) = state.schedule.next_ready() {
            state.taken += 1;
            return Some(Taken { job, skipped_because_of, index: state.taken });
        }
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn finish(state: &Mutex<State<'_>>, changed: &Condvar, stop: &Arc<Stop>, taken: Taken, status: NodeStatus) {
    let fails = status.is_failure() && status != NodeStatus::Skipped;
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.schedule.finish(taken.job, status);
    drop(state);
    if fails {
        stop.failed();
    }
    changed.notify_all();
}
