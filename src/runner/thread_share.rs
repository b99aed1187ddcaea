//! How a warehouse that runs in this process shares the processor with the workers.
//!
//! While every worker has work, each runs a statement of its own, and threads that the warehouse keeps to run parts of statements side by side have
//! nothing to win. While workers wait, those threads are what uses the other cores. [`ThreadShare`] sees who works and since when, and says when
//! the warehouse is to be told another number of statements; it tells nobody.

use std::time::{Duration, Instant};

/// How long a worker waits for work before it is believed that few statements run.
const PATIENCE: Duration = Duration::from_millis(20);
/// How old the work of the others may be when it is believed that many statements run: what is old may be one of those statements that take all cores.
const RECENT: Duration = Duration::from_millis(20);
/// How long few statements run at least before many may.
const PAUSE: Duration = Duration::from_millis(250);

/// Since when each worker has work.
#[derive(Debug)]
pub(super) struct ThreadShare {
    began: Vec<Option<Instant>>,
    has_many: bool,
    changed: Option<Instant>,
}

impl ThreadShare {
    pub(super) fn new(workers: usize) -> Self {
        Self { began: vec![None; workers], has_many: false, changed: None }
    }

    /// A worker has ended what it had.
    pub(super) fn has_no_work(&mut self, worker: usize) {
        self.began[worker] = None;
    }

    /// A worker begins. The answer is the number of statements to expect from now on, where that changes.
    pub(super) fn has_work(&mut self, worker: usize) -> Option<usize> {
        let now = Instant::now();
        self.began[worker] = Some(now);
        let is_recent = |began: &Option<Instant>| began.is_some_and(|began| now.duration_since(began) < RECENT);
        let is_settled = self.changed.is_none_or(|changed| now.duration_since(changed) >= PAUSE);
        let becomes_many = !self.has_many && self.began.len() > 1 && is_settled && self.began.iter().all(is_recent);
        becomes_many.then(|| self.change(now, true))
    }

    /// How long a worker without work is to wait before it says so; for ever, where that changes nothing.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.has_many.then_some(PATIENCE)
    }

    /// A worker has waited that long. The answer is the number of statements to expect from now on, where that changes.
    pub(super) fn waits_long(&mut self) -> Option<usize> {
        self.has_many.then(|| self.change(Instant::now(), false))
    }

    /// Nobody works any more.
    pub(super) fn end(&mut self) -> Option<usize> {
        self.began.fill(None);
        self.waits_long()
    }

    fn change(&mut self, now: Instant, has_many: bool) -> usize {
        self.has_many = has_many;
        self.changed = Some(now);
        if has_many { self.began.len() } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_statements_are_expected_while_all_work_and_few_when_one_waits() {
        let mut share = ThreadShare::new(2);
        assert_eq!((share.has_work(0), share.patience()), (None, None));
        assert_eq!((share.has_work(1), share.patience()), (Some(2), Some(PATIENCE)));
        share.has_no_work(0);
        assert_eq!(share.has_work(0), None, "nothing changes");
        share.has_no_work(1);
        assert_eq!((share.waits_long(), share.waits_long(), share.patience()), (Some(1), None, None));
        assert_eq!(share.has_work(1), None, "it has just changed");
        share.changed = Instant::now().checked_sub(PAUSE);
        share.has_no_work(1);
        assert_eq!((share.has_work(1), share.end()), (Some(2), Some(1)));
    }

    #[test]
    fn old_work_is_let_alone() {
        let mut share = ThreadShare::new(2);
        share.has_work(0);
        share.began[0] = Instant::now().checked_sub(RECENT);
        assert_eq!(share.has_work(1), None);
        assert_eq!(ThreadShare::new(1).has_work(0), None);
    }
}
