//! Seeds: their materialization, after a look at what would only confuse the warehouse.

use std::sync::Arc;

use super::failure::Failure;
use super::model;
use super::node::Done;
use super::run::Runner;
use crate::adapters::Table;
use crate::context::NodeRun;
use crate::diagnostics::{Code, Diagnostic, Label, Span};

/// How many rows of a seed are kept to be shown.
const SAMPLE: usize = 10;

/// Loads a seed.
pub(super) fn execute(runner: &Runner, run: &Arc<NodeRun>) -> Result<Done, Failure> {
    let node = run.node();
    if let Some(delimiter) = node.config.get("delimiter") {
        let is_one_character = delimiter.as_str().is_some_and(|text| text.chars().count() == 1);
        if !is_one_character {
            return Err(Diagnostic::error(
                Code::INVALID_CONFIG,
                format!("the delimiter of a seed must be one character, not {delimiter}"),
            )
            .at_some(node.span.map(|span| crate::diagnostics::Span { end: span.start, ..span }), "this seed")
            .hint("set `delimiter: \";\"`, or leave it out for commas")
            .into());
        }
    }
    let done = model::execute(runner, run, None).map_err(|failure| in_file(run, failure))?;
    if let Some(loaded) = run.statement_result("agate_table") {
        let first = loaded.table.rows().iter().take(SAMPLE).cloned().collect();
        runner.keep_table(&node.unique_id, Table::new(loaded.table.columns().to_vec(), first));
    }
    Ok(done)
}

/// A row that the warehouse's own reader refused is shown in the CSV file. DuckDB counts lines from the header on, from 1.
fn in_file(run: &NodeRun, mut failure: Failure) -> Failure {
    let Some(problem) = failure.diagnostics.first_mut().filter(|problem| problem.code == Code::DATABASE) else {
        return failure;
    };
    let whole = problem.message.clone();
    let number = |text: &str| text.split_once("CSV Error on Line: ")?.1.lines().next()?.trim().parse::<usize>().ok();
    let Some(number) = number(&whole).filter(|number| *number > 0) else { return failure };
    let Ok(bytes) = std::fs::read(run.seed_path()) else { return failure };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some(line) = text.split_inclusive('\n').nth(number - 1) else { return failure };
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let line = line.trim_end();
    let refused = whole.split_once("Could not convert string \"").and_then(|(_, rest)| rest.split_once("\" to "));
    let within = refused.map(|(cell, _)| cell).filter(|cell| !cell.is_empty() && line.matches(cell).count() == 1);
    let (from, length) = within.map_or((0, line.len()), |cell| (line.find(cell).unwrap_or(0), cell.len()));
    let span = (start + from, start + from + length);
    let source = run.session().sources().add(run.node().original_file_path.clone(), text);
    let kind = whole.split_once(": ").map_or("Error", |(kind, _)| kind).to_owned();
    let why = whole.lines().find(|line| line.starts_with("Error ") || line.starts_with("Expected "));
    if let Some(why) = why {
        problem.message = format!("{kind}: {why}");
    }
    problem.frames.clear();
    problem.labels = vec![Label { span: Span::new(source, span.0, span.1), text: "this row cannot be loaded".into() }];
    if refused.is_some() {
        problem.hint = Some("correct the value, or change the type in `column_types` of the seed's config".into());
    }
    failure.whole = Some(whole);
    failure
}
