//! `history`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::history::{self, Entry};
use crate::ui;

/// Show the runs that are recorded in the target, the newest first
#[derive(Debug, Args)]
pub(crate) struct History {
    /// At most this many runs
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// The nodes of one run, by its id or the beginning of it
    #[arg(long = "run", value_name = "ID")]
    run_id: Option<String>,
    /// text or json
    #[arg(long, default_value = "text", value_name = "FORMAT", value_parser = ["text", "json"])]
    output: String,
}

/// The recorded entries of the target.
pub(super) fn recorded(opening: &Opening) -> Result<Vec<Entry>, Diagnostics> {
    let adapter = opening.adapter()?;
    let mut connection = adapter.connect()?;
    let entries = history::entries(adapter.as_ref(), connection.as_mut());
    Ok(entries.map_err(|error| Diagnostic::error(Code::DATABASE, error.message))?)
}

impl History {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("history", Map::new(), overrides, |opening| {
            let entries = recorded(opening)?;
            let chosen: Vec<&Entry> = match &self.run_id {
                Some(id) => entries.iter().filter(|entry| entry.fact.run_id.starts_with(id)).collect(),
                None => runs(&entries).take(self.limit).collect(),
            };
            if self.output == "json" {
                chosen.iter().for_each(|entry| ui::print_line(&entry.to_json().to_string()));
            } else if chosen.is_empty() {
                opening.report(&Event::Formatting { msg: "No run is recorded".into() });
            } else {
                let lines: Vec<_> = chosen.iter().map(|entry| line(entry)).collect();
                opening.report(&Event::Formatting { msg: lines.join("\n") });
            }
            Ok(Outcome::Success)
        })
    }
}

/// One entry a run, the newest first: its last one, which says how it ended.
fn runs(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    let mut seen = BTreeSet::new();
    let of_runs = entries.iter().rev().filter(|entry| entry.fact.node.is_none());
    of_runs.filter(move |entry| seen.insert(entry.fact.run_id.as_str()))
}

fn line(entry: &Entry) -> String {
    let fact = &entry.fact;
    let commit = fact.git_commit.as_deref().map_or("no commit", |commit| commit.get(..10).unwrap_or(commit));
    let moment = if fact.ended_at.is_empty() { &fact.started_at } else { &fact.ended_at };
    let count = fact.rows.map_or_else(|| "-".to_owned(), |rows| rows.to_string());
    match &fact.node {
        None => {
            format!("{moment}  {}  {}  {}  {count} nodes  {commit}", fact.run_id, fact.command, fact.status)
        }
        Some(node) => {
            let published = match fact.published {
                Some(true) => "published",
                Some(false) => "not published",
                None => "-",
            };
            format!("{moment}  {node}  {}  {published}  {count} rows", fact.status)
        }
    }
}
