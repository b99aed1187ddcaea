//! [`Halt`]: whether a worker's statements must end, and why. Whoever stops a node sets it before the statement that runs is
//! cancelled, so that no further statement of the node begins.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::diagnostics::{Code, Diagnostic};

/// Why no statement may begin any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halted {
    /// The run was stopped.
    Stopped,
    /// The node took longer than it may (`meta.hetl.timeout`).
    TimedOut(Duration),
}

impl Halted {
    /// The error of a statement that did not begin, or that was cancelled.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Stopped => Diagnostic::error(Code::CANCELLED, "cancelled: the run was stopped"),
            Self::TimedOut(limit) => Diagnostic::error(
                Code::TIMED_OUT,
                format!("timed out after {}: the statement was cancelled", written(limit)),
            )
            .hint("the limit is `timeout` under `meta: hetl:` of this node; 0 is no limit"),
        }
    }
}

/// Shared by a worker and those who may stop it.
#[derive(Debug, Default)]
pub struct Halt(Mutex<Option<Halted>>);

impl Halt {
    /// No further statement may begin. The first reason stays.
    pub fn set(&self, reason: Halted) {
        self.lock().get_or_insert(reason);
    }

    /// A new node begins: statements may run again.
    pub fn clear(&self) {
        *self.lock() = None;
    }

    /// Why statements must end, if they must.
    pub fn reason(&self) -> Option<Halted> {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Halted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `90s` as `1m 30s`.
fn written(limit: Duration) -> String {
    jiff::SignedDuration::try_from(limit).map_or_else(|_| format!("{limit:?}"), |limit| format!("{limit:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_until_the_next_node() {
        let halt = Halt::default();
        assert_eq!(halt.reason(), None);
        halt.set(Halted::TimedOut(Duration::from_secs(90)));
        halt.set(Halted::Stopped);
        let problem = halt.reason().expect("it is set").diagnostic();
        assert_eq!(problem.message, "timed out after 1m 30s: the statement was cancelled");
        halt.clear();
        assert_eq!(halt.reason(), None);
    }
}
