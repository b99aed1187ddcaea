//! [`Schedule`]: which job of a [`Plan`] may start now, and which are to be skipped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{NodeStatus, Plan};

/// A job that may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Position of the job in the plan.
    pub job: usize,
    /// Set if it must be skipped: the position of the failed job upstream of it.
    pub skipped_because_of: Option<usize>,
}

/// The state of a run through a plan. One owner calls it; workers tell the owner what they finished.
///
/// Jobs that are ready come by level, then by unique id, as dbt's queue gives them.
#[derive(Debug)]
pub struct Schedule<'plan> {
    plan: &'plan Plan,
    waiting_for: Vec<u32>,
    blocked_by: Vec<Option<u32>>,
    ready: BinaryHeap<Reverse<u32>>,
    unfinished: usize,
}

impl<'plan> Schedule<'plan> {
    /// The beginning: everything without upstream jobs is ready.
    pub fn new(plan: &'plan Plan) -> Self {
        let waiting_for = plan.upstream_count().to_vec();
        let ready = (0..plan.len() as u32).filter(|&job| waiting_for[job as usize] == 0).map(Reverse).collect();
        Self { plan, blocked_by: vec![None; waiting_for.len()], waiting_for, ready, unfinished: plan.len() }
    }

    /// Takes the next job that is ready; none if all that remains waits for jobs that are running (or nothing remains).
    pub fn next_ready(&mut self) -> Option<Step> {
        let Reverse(job) = self.ready.pop()?;
        Some(Step { job: job as usize, skipped_because_of: self.blocked_by[job as usize].map(|by| by as usize) })
    }

    /// Tells that a job has ended, which may make others ready.
    pub fn finish(&mut self, job: usize, status: NodeStatus) {
        self.unfinished -= 1;
        let cause = if status.blocks_downstream() { self.blocked_by[job].or(Some(job as u32)) } else { None };
        let mut ended = vec![(job, cause)];
        while let Some((step, cause)) = ended.pop() {
            let below = self.plan.downstream()[step].iter().map(|&below| (below as usize, cause));
            let after = self.plan.followers(step).iter().map(|&after| (after as usize, None));
            for (below, cause) in below.chain(after) {
                self.blocked_by[below] = self.blocked_by[below].or(cause);
                self.waiting_for[below] -= 1;
                if self.waiting_for[below] > 0 {
                    continue;
                }
                if below < self.plan.len() {
                    self.ready.push(Reverse(below as u32));
                } else {
                    ended.push((below, self.blocked_by[below]));
                }
            }
        }
    }

    /// Whether every job has ended.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }
}
