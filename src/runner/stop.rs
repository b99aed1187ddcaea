//! Stopping a run before its end: by Ctrl-C, or at the first failure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::adapters::Cancel;

const NOT: u8 = 0;
const FAIL_FAST: u8 = 1;
const INTERRUPT: u8 = 2;

/// Why a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A node failed and `--fail-fast` was given.
    FailFast,
    /// Ctrl-C.
    Interrupt,
}

/// Shared by all threads of a run: whether it is to stop, and what must be cancelled then.
#[derive(Default)]
pub struct Stop {
    state: AtomicU8,
    fail_fast: AtomicBool,
    running: Mutex<BTreeMap<String, Arc<dyn Cancel>>>,
    cancelled: Mutex<Vec<String>>,
}

impl Stop {
    /// Nothing to stop yet; with `fail_fast` the first failure stops.
    pub fn new(fail_fast: bool) -> Arc<Self> {
        let stop = Self::default();
        stop.fail_fast.store(fail_fast, Ordering::Relaxed);
        Arc::new(stop)
    }

    /// Lets Ctrl-C stop the run; the second one ends the process at once.
    pub fn listen(self: &Arc<Self>) {
        let stop = Arc::clone(self);
        // A second listener in one process (tests) is refused; the first stays.
        let _ = ctrlc::set_handler(move || {
            if stop.reason() == Some(StopReason::Interrupt) {
                std::process::exit(1);
            }
            stop.request(StopReason::Interrupt);
        });
    }

    /// Stops the run: nothing new is begun and what runs is cancelled.
    pub fn request(&self, reason: StopReason) {
        let code = match reason {
            StopReason::FailFast => FAIL_FAST,
            StopReason::Interrupt => INTERRUPT,
        };
        self.state.fetch_max(code, Ordering::SeqCst);
        for (name, handle) in self.running().iter() {
            handle.cancel();
            self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        }
    }

    /// Whether nothing new may begin.
    pub fn is_requested(&self) -> bool {
        self.state.load(Ordering::SeqCst) != NOT
    }

    /// Why, if it was stopped.
    pub fn reason(&self) -> Option<StopReason> {
        match self.state.load(Ordering::SeqCst) {
            FAIL_FAST => Some(StopReason::FailFast),
            INTERRUPT => Some(StopReason::Interrupt),
            _ => None,
        }
    }

    /// Names of what was cancelled while it ran.
    pub fn cancelled(&self) -> Vec<String> {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A node failed.
    pub(super) fn failed(&self) {
        if self.fail_fast.load(Ordering::Relaxed) {
            self.request(StopReason::FailFast);
        }
    }

    /// A node begins to use a connection.
    pub(super) fn begins(&self, name: &str, handle: Arc<dyn Cancel>) {
        self.running().insert(name.to_owned(), handle);
    }

    /// It has ended.
    pub(super) fn ends(&self, name: &str) {
        self.running().remove(name);
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Arc<dyn Cancel>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
