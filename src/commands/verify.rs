//! `verify`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::history::recorded;
use super::opening::{Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, render};
use crate::events::Event;
use crate::history;

/// Check that nobody has changed what is recorded of the runs in the target
#[derive(Debug, Args)]
pub(crate) struct Verify {}

impl Verify {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("verify", Map::new(), overrides, |opening| {
            let entries = recorded(opening)?;
            if let Err(broken) = history::verify(&entries) {
                let message = format!("the history of runs is broken at entry {}: {}", broken.position, broken.problem);
                let problem = Diagnostic::error(Code::HISTORY_BROKEN, message);
                opening.report(&Event::Formatting { msg: render::text(&problem, &opening.sources) });
                return Ok(Outcome::Failure);
            }
            let runs: BTreeSet<&str> = entries.iter().map(|entry| entry.fact.run_id.as_str()).collect();
            let last = entries.last().map_or_else(String::new, |entry| format!(", the last hash is {}", entry.hash));
            let msg = format!("{} entries of {} runs are as they were written{last}", entries.len(), runs.len());
            opening.report(&Event::Formatting { msg });
            Ok(Outcome::Success)
        })
    }
}
