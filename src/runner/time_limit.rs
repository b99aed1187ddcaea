//! [`TimeLimit`]: ends a node's statements when its `meta.hetl.timeout` has passed.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::context::{Halted, Worker};

/// How often what runs is cancelled again: a statement may have begun at the moment of the first time.
const AGAIN: Duration = Duration::from_millis(100);

/// Watches one node on one worker from its making to its drop.
pub(super) struct TimeLimit {
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Watch {
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl TimeLimit {
    /// Begins to watch; nothing where there is no limit.
    pub(super) fn begin(limit: Option<Duration>, worker: &Worker) -> Option<Self> {
        let limit = limit?;
        let watch = Arc::new(Watch::default());
        let (watched, halt) = (Arc::clone(&watch), Arc::clone(&worker.halt));
        let handle = worker.connection().cancel_handle();
        let thread = std::thread::Builder::new().name("timeout".into()).spawn(move || {
            if watched.ends_within(limit) {
                return;
            }
            halt.set(Halted::TimedOut(limit));
            handle.cancel();
            while !watched.ends_within(AGAIN) {
                handle.cancel();
            }
        });
        Some(Self { watch, thread: thread.ok() })
    }
}

impl Watch {
    fn ends_within(&self, time: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_over, time, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        *self.watch.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.watch.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It only waits and cancels, and cannot fail.
            let _ = thread.join();
        }
    }
}
