//! Stopping a run before its end: by Ctrl-C or SIGTERM, or at the first failure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::adapters::Cancel;
use crate::context::{Halt, Halted, Worker};

const NOT: u8 = 0;
const FAIL_FAST: u8 = 1;
const INTERRUPT: u8 = 2;

/// How often what runs is cancelled again: a statement may have begun at the moment of the first time.
const AGAIN: Duration = Duration::from_millis(100);

/// Why a run was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A node failed and `--fail-fast` was given.
    FailFast,
    /// Ctrl-C, or the process was asked to end.
    Interrupt,
}

/// What is done at the first Ctrl-C, before anything is cancelled.
type AtInterrupt = Box<dyn Fn() + Send>;

/// A node that runs.
struct Running {
    handle: Arc<dyn Cancel>,
    halt: Arc<Halt>,
}

/// Shared by all threads of a run: whether it is to stop, and what must be cancelled then.
#[derive(Default)]
pub struct Stop {
    state: AtomicU8,
    fail_fast: AtomicBool,
    running: Mutex<BTreeMap<String, Running>>,
    cancelled: Mutex<Vec<String>>,
    at_interrupt: Mutex<Option<AtInterrupt>>,
}

impl Stop {
    /// Nothing to stop yet; with `fail_fast` the first failure stops.
    pub fn new(fail_fast: bool) -> Arc<Self> {
        let stop = Self::default();
        stop.fail_fast.store(fail_fast, Ordering::Relaxed);
        Arc::new(stop)
    }

    /// Lets Ctrl-C (and SIGTERM, SIGHUP) stop the run; the second one ends the process at once.
    pub fn listen(self: &Arc<Self>) {
        let stop = Arc::clone(self);
        // A second listener in one process (tests) is refused; the first stays.
        let _ = ctrlc::set_handler(move || {
            if stop.reason() == Some(StopReason::Interrupt) {
                std::process::exit(1);
            }
            if let Some(act) = stop.at_interrupt.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                act();
            }
            stop.request(StopReason::Interrupt);
        });
    }

    /// What is done at the first Ctrl-C, before anything is cancelled: results are saved, lest a second one loses them.
    pub(super) fn at_interrupt(&self, act: impl Fn() + Send + 'static) {
        *self.at_interrupt.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(act));
    }

    /// Stops the run: nothing new is begun and what runs is cancelled.
    pub fn request(self: &Arc<Self>, reason: StopReason) {
        let code = match reason {
            StopReason::FailFast => FAIL_FAST,
            StopReason::Interrupt => INTERRUPT,
        };
        self.state.fetch_max(code, Ordering::SeqCst);
        if !self.cancel_running() {
            return;
        }
        let stop = Arc::clone(self);
        // Without a thread, what has just been cancelled is all that is.
        let _ = std::thread::Builder::new().name("stop".into()).spawn(move || {
            while stop.cancel_running() {
                std::thread::sleep(AGAIN);
            }
        });
    }

    /// Cancels what was running when the stop was asked for; false if nothing is left of it.
    fn cancel_running(&self) -> bool {
        let running = self.running();
        let mut cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, node) in running.iter() {
            node.halt.set(Halted::Stopped);
            node.handle.cancel();
            if !cancelled.contains(name) {
                cancelled.push(name.clone());
            }
        }
        !running.is_empty()
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
    pub(super) fn failed(self: &Arc<Self>) {
        if self.fail_fast.load(Ordering::Relaxed) {
            self.request(StopReason::FailFast);
        }
    }

    /// A node begins to use a worker's connection.
    pub(super) fn begins(&self, name: &str, worker: &Worker) {
        let handle = worker.connection().cancel_handle();
        let mut running = self.running();
        worker.halt.clear();
        if self.reason() == Some(StopReason::Interrupt) {
            worker.halt.set(Halted::Stopped);
        }
        running.insert(name.to_owned(), Running { handle, halt: Arc::clone(&worker.halt) });
    }

    /// It has ended.
    pub(super) fn ends(&self, name: &str) {
        self.running().remove(name);
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
