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
/// For one worker, jobs come in the order in which they became ready, as dbt hands them to its threads; those that one job has made ready, and those
/// that are ready from the beginning, come by level, then by unique id. Several workers take jobs by level: projects rely on it where they read what a
/// seed makes without saying so. Within a level, the job comes first below which the longest chain of jobs waits: the run lasts as long as its longest
/// chain.
#[derive(Debug)]
pub struct Schedule<'plan> {
    plan: &'plan Plan,
    waiting_for: Vec<u32>,
    blocked_by: Vec<Option<u32>>,
    /// The number of jobs in the longest chain below each step.
    heights: Vec<u32>,
    ready: BinaryHeap<Turn>,
    /// How many jobs have ended, where that decides on the order.
    ended: Option<u32>,
    unfinished: usize,
}

/// What makes one job come before another: that it was ready earlier, a lower level, a greater height, a lower position.
type Turn = (Reverse<Moment>, Reverse<u32>, u32, Reverse<u32>);

/// When a job became ready: how many jobs had ended, and how many steps without a job lay between it and the last of them.
type Moment = (u32, u32);

impl<'plan> Schedule<'plan> {
    /// The beginning: everything without upstream jobs is ready.
    pub fn new(plan: &'plan Plan, workers: usize) -> Self {
        let waiting_for = plan.upstream_count().to_vec();
        let heights = if workers > 1 { heights(plan) } else { vec![0; waiting_for.len()] };
        let blocked_by = vec![None; waiting_for.len()];
        let ended = (workers == 1).then_some(0);
        let mut schedule =
            Self { plan, blocked_by, waiting_for, heights, ready: BinaryHeap::new(), ended, unfinished: plan.len() };
        schedule.ready =
            (0..plan.len()).filter(|&job| schedule.waiting_for[job] == 0).map(|job| schedule.turn(job, 0)).collect();
        schedule
    }

    fn turn(&self, job: usize, steps_between: u32) -> Turn {
        let moment = self.ended.map_or((0, 0), |ended| (ended, steps_between));
        (Reverse(moment), Reverse(self.plan.jobs()[job].level), self.heights[job], Reverse(job as u32))
    }

    /// Takes the next job that is ready; none if all that remains waits for jobs that are running (or nothing remains).
    pub fn next_ready(&mut self) -> Option<Step> {
        let (.., Reverse(job)) = self.ready.pop()?;
        Some(Step { job: job as usize, skipped_because_of: self.blocked_by[job as usize].map(|by| by as usize) })
    }

    /// Tells that a job has ended, which may make others ready.
    pub fn finish(&mut self, job: usize, status: NodeStatus) {
        self.unfinished -= 1;
        self.ended = self.ended.map(|ended| ended + 1);
        let cause = if status.blocks_downstream() { self.blocked_by[job].or(Some(job as u32)) } else { None };
        let mut ended = vec![(job, cause, 0)];
        while let Some((step, cause, steps_between)) = ended.pop() {
            let below = self.plan.downstream()[step].iter().map(|&below| (below as usize, cause));
            let after = self.plan.followers(step).iter().map(|&after| (after as usize, None));
            for (below, cause) in below.chain(after) {
                self.blocked_by[below] = self.blocked_by[below].or(cause);
                self.waiting_for[below] -= 1;
                if self.waiting_for[below] > 0 {
                    continue;
                }
                if below < self.plan.len() {
                    self.ready.push(self.turn(below, steps_between));
                } else {
                    ended.push((below, self.blocked_by[below], steps_between + 1));
                }
            }
        }
    }

    /// Whether every job has ended.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }
}

fn heights(plan: &Plan) -> Vec<u32> {
    let below = |step: usize| {
        let followers = if step < plan.len() { plan.followers(step) } else { &[] };
        plan.downstream()[step].iter().chain(followers).map(|&below| below as usize)
    };
    let mut waiting_for = plan.upstream_count().to_vec();
    let mut order: Vec<usize> = (0..waiting_for.len()).filter(|&step| waiting_for[step] == 0).collect();
    let mut at = 0;
    while let Some(&step) = order.get(at) {
        at += 1;
        for next in below(step) {
            waiting_for[next] -= 1;
            if waiting_for[next] == 0 {
                order.push(next);
            }
        }
    }
    let mut heights = vec![0; waiting_for.len()];
    for &step in order.iter().rev() {
        // What has no job takes no time.
        heights[step] = below(step).map(|next| heights[next] + u32::from(next < plan.len())).max().unwrap_or(0);
    }
    heights
}
