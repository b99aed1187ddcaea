//! Live progress on a terminal: what runs now and for how long, and how much is done.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::events::Event;

/// The moving part at the bottom of the terminal.
pub(super) struct Progress {
    bars: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: Option<ProgressBar>,
    running: HashMap<String, ProgressBar>,
}

impl Progress {
    /// Nothing is shown until the first node starts.
    pub(super) fn new() -> Self {
        Self { bars: MultiProgress::with_draw_target(ProgressDrawTarget::stdout_with_hz(12)), state: Mutex::default() }
    }

    /// Runs `write` while the moving part is hidden.
    pub(super) fn around(&self, write: impl FnOnce()) {
        self.bars.suspend(write);
    }

    /// Whether the moving part shows this event, so that no line is needed.
    pub(super) fn shows(event: &Event) -> bool {
        matches!(event, Event::LogStartLine { .. } | Event::LogHookStartLine { .. })
    }

    /// Follows what happens.
    pub(super) fn follow(&self, event: &Event) {
        match event {
            Event::LogStartLine { description, node_info, total, .. } => {
                self.start(&node_info.unique_id, description, *total);
            }
            Event::LogTestResult { node_info, .. }
            | Event::LogModelResult { node_info, .. }
            | Event::LogFunctionResult { node_info, .. }
            | Event::LogSnapshotResult { node_info, .. }
            | Event::LogSeedResult { node_info, .. }
            | Event::LogFreshnessResult { node_info, .. }
            | Event::LogNodeNoOpResult { node_info, .. }
            | Event::SkippingDetails { node_info, .. } => self.finish(&node_info.unique_id),
            Event::FinishedRunningStats { .. } | Event::MainEncounteredError { .. } | Event::EndOfRunSummary { .. } => {
                self.clear();
            }
            _ => {}
        }
    }

    fn start(&self, unique_id: &str, description: &str, total: usize) {
        let mut state = self.state();
        let whole = state.total.get_or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(total as u64));
            bar.set_style(style("{bar:30.cyan/dim} {pos}/{len} · {elapsed}"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let line = self.bars.insert_before(whole, ProgressBar::new_spinner());
        line.set_style(style("{spinner:.cyan} {msg} ({elapsed})"));
        line.set_message(description.to_owned());
        line.enable_steady_tick(Duration::from_millis(100));
        state.running.insert(unique_id.to_owned(), line);
    }

    fn finish(&self, unique_id: &str) {
        let mut state = self.state();
        if let Some(line) = state.running.remove(unique_id) {
            line.finish_and_clear();
            self.bars.remove(&line);
        }
        if let Some(whole) = &state.total {
            whole.inc(1);
        }
    }

    fn clear(&self) {
        let mut state = self.state();
        for (_, line) in state.running.drain() {
            line.finish_and_clear();
        }
        if let Some(whole) = state.total.take() {
            whole.finish_and_clear();
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
