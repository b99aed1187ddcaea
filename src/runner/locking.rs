//! The run's lock on what it writes: taken before the first connection, held until the process ends.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::run::Runner;
use super::schemas;
use crate::adapters::{LockAttempt, LockHolder};
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::plan::Plan;

/// How often it is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// Takes the lock on the schemas that the plan writes to; waits for another run as long as `--wait` or the profile says.
pub(super) fn take(runner: &Runner, plan: &Plan) -> Result<(), Diagnostic> {
    let config = runner.session.config();
    let adapter = runner.session.adapter();
    let nodes = plan.jobs().iter().filter_map(|job| runner.manifest.nodes.get(&job.unique_id));
    let written: BTreeSet<(String, String)> = nodes
        .filter(|node| schemas::has_relation(node))
        .map(|node| (node.database.clone().unwrap_or_else(|| adapter.database().to_owned()), node.schema.clone()))
        .collect();
    let written: Vec<_> = written.into_iter().collect();
    let invocation = &config.invocation;
    let me = LockHolder {
        command: invocation.which.clone(),
        invocation_id: invocation.invocation_id.clone(),
        place: format!("process {} on {}", std::process::id(), invocation.host),
        since: invocation.started_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let patience = config.flags.wait.unwrap_or_else(|| adapter.lock_patience());
    let begin = Instant::now();
    let mut is_told = false;
    loop {
        let holder = match adapter.try_lock(&written, &me)? {
            LockAttempt::Taken { left_by } => {
                if let Some(dead) = left_by {
                    let msg = format!("{dead} did not end by itself; what it left unfinished was rolled back");
                    runner.report(&Event::Note { msg });
                }
                return Ok(());
            }
            LockAttempt::Held(holder) => holder,
        };
        if begin.elapsed() >= patience {
            return Err(in_use(holder.as_ref(), config.flags.wait.is_some()));
        }
        if runner.stop.is_requested() {
            return Err(Diagnostic::error(Code::CANCELLED, "interrupted while waiting for another run"));
        }
        if !is_told {
            is_told = true;
            let who = holder.map_or_else(|| "another run".to_owned(), |holder| holder.to_string());
            runner.report(&Event::Note { msg: format!("Waiting for {who}") });
        }
        std::thread::sleep(AGAIN);
    }
}

fn in_use(holder: Option<&LockHolder>, has_waited: bool) -> Diagnostic {
    let error = Diagnostic::error(Code::TARGET_IN_USE, "another run writes to the target; nothing was begun");
    let error = match holder {
        Some(holder) => error.note(format!("it is {holder}")),
        None => error,
    };
    error.hint(if has_waited { "wait longer: `--wait 1h`" } else { "wait for it: `--wait 10m`" })
}
