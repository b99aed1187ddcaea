//! [`RunResults`]: exactly one result for each job of a plan, and what the command's exit code is.

use super::{NodeResult, NodeStatus, Plan};

/// What became of a plan. Exactly one result a job, in the order of completion, with results of hooks around them.
#[derive(Debug, Clone, Default)]
pub struct RunResults {
    results: Vec<NodeResult>,
    elapsed_time: f64,
}

impl RunResults {
    /// The results of a plan. Jobs without a result (the run was stopped) become skipped with `reason`; a second result
    /// of one job is dropped. Hooks have no job: theirs are kept where they stand.
    pub fn collect(
        plan: &Plan,
        recorded: impl IntoIterator<Item = NodeResult>,
        reason: Option<&str>,
        elapsed_time: f64,
    ) -> Self {
        let mut seen = vec![false; plan.len()];
        let mut results: Vec<NodeResult> = recorded
            .into_iter()
            .filter(|result| match plan.position(&result.unique_id) {
                Some(job) => !std::mem::replace(&mut seen[job], true),
                None => true,
            })
            .collect();
        for (job, _) in plan.jobs().iter().zip(&seen).filter(|(_, seen)| !**seen) {
            results.push(NodeResult::skipped(&job.unique_id, job.resource_type, reason.map(str::to_owned)));
        }
        Self { results, elapsed_time }
    }

    /// The result of something that is no plan: a macro that was called.
    pub fn of_one(result: NodeResult) -> Self {
        Self { elapsed_time: result.execution_time, results: vec![result] }
    }

    /// The same without some results, which are nobody's business.
    #[must_use]
    pub fn without(mut self, is_dropped: impl Fn(&NodeResult) -> bool) -> Self {
        self.results.retain(|result| !is_dropped(result));
        self
    }

    /// All results in order.
    pub fn results(&self) -> &[NodeResult] {
        &self.results
    }

    /// Seconds from begin to end.
    pub fn elapsed_time(&self) -> f64 {
        self.elapsed_time
    }

    /// How many have a status.
    pub fn count(&self, status: NodeStatus) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }

    /// Whether nothing failed and nothing was skipped.
    pub fn is_success(&self) -> bool {
        !self.results.iter().any(NodeResult::is_failure)
    }

    /// 0, or 1 if anything failed or was skipped.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.is_success())
    }
}
