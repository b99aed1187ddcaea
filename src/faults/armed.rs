//! What is to happen at which passing of which point.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static FAULT: OnceLock<Fault> = OnceLock::new();

#[derive(Debug)]
enum Action {
    /// Each point is written to the file as it is passed.
    Count,
    /// The process ends at once, without cleaning up.
    Kill,
    /// What follows fails.
    Error,
    /// The thread sleeps for ever.
    Hang,
}

#[derive(Debug)]
struct Fault {
    action: Action,
    /// Every point if none.
    point: Option<String>,
    /// From 1.
    at: u64,
    passed: AtomicU64,
    file: Option<String>,
}

/// Tells what is to happen: `kill:commit:3` is the death of the process at the third commit, `error:*:17` a failure at the 17th passing of
/// any point, `count` writes the names of points to `file`. What is injected is written there, too. The first call holds.
pub fn arm(fault: Option<&str>, file: Option<&str>) {
    let Some(fault) = fault.and_then(|text| parse(text, file)) else { return };
    // A second command in one process keeps the first one's.
    let _ = FAULT.set(fault);
}

fn parse(text: &str, file: Option<&str>) -> Option<Fault> {
    let mut parts = text.split(':');
    let action = match parts.next()? {
        "count" => Action::Count,
        "kill" => Action::Kill,
        "error" => Action::Error,
        "hang" => Action::Hang,
        _ => return None,
    };
    let point = parts.next().filter(|point| *point != "*").map(str::to_owned);
    let at = parts.next().and_then(|at| at.parse().ok()).unwrap_or(1);
    Some(Fault { action, point, at, passed: AtomicU64::new(0), file: file.map(str::to_owned) })
}

/// Passes a point: whether what follows must fail.
pub fn fails(point: &'static str) -> bool {
    let Some(fault) = FAULT.get() else { return false };
    if fault.point.as_ref().is_some_and(|only| only != point) {
        return false;
    }
    let passed = fault.passed.fetch_add(1, Ordering::SeqCst) + 1;
    if matches!(fault.action, Action::Count) {
        fault.note(point);
        return false;
    }
    if passed != fault.at {
        return false;
    }
    fault.note(point);
    match fault.action {
        Action::Kill => std::process::abort(),
        Action::Hang => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        Action::Error | Action::Count => true,
    }
}

impl Fault {
    fn note(&self, point: &str) {
        let Some(file) = &self.file else { return };
        if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(file) {
            // A test that does not find the line fails by itself.
            let _ = writeln!(file, "{point}");
        }
    }
}
