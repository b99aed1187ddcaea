//! Seeds: their materialization, after a look at what would only confuse the warehouse.

use std::sync::Arc;

use super::failure::Failure;
use super::model;
use super::node::Done;
use super::run::Runner;
use crate::context::{NodeRun, seed_file, seed_line};
use crate::diagnostics::{Code, Diagnostic};

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
        if let Some(reason) = loaded.table.unread() {
            let message = format!("rows of the seed `{}` could not be read a second time: {reason}", node.name);
            return Err(Diagnostic::error(Code::UNREADABLE_FILE, message).into());
        }
        runner.keep_table(&node.unique_id, loaded.table.head(SAMPLE));
    }
    Ok(done)
}

/// What the warehouse says of a line of the CSV file is shown at that line.
fn in_file(run: &NodeRun, mut failure: Failure) -> Failure {
    for problem in failure.diagnostics.iter_mut().filter(|problem| problem.code == Code::DATABASE) {
        if problem.message.contains("Error when sniffing file") {
            if let Some(uneven) = uneven_row(run) {
                *problem = uneven;
                failure.whole = None;
            }
            continue;
        }
        let Some((_, rest)) = problem.message.split_once("CSV Error on Line: ") else { continue };
        let Ok(line) = rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>() else {
            continue;
        };
        // The first paragraph says what is wrong; then come the settings of the reader.
        let reason = rest.split("\n\n").next().unwrap_or_default();
        let reason =
            reason.lines().skip(1).filter(|line| !line.starts_with("Original Line")).collect::<Vec<_>>().join("\n");
        let found = seed_line(run, line);
        *problem = Diagnostic::error(Code::SEED, format!("seed `{}` cannot be loaded: {reason}", run.node().name))
            .at_some(found, "")
            .hint("correct the value, or ask for another type with `column_types`");
        failure.whole = None;
    }
    failure
}

/// The first row that has fewer values than the header names columns.
fn uneven_row(run: &NodeRun) -> Option<Diagnostic> {
    let delimiter = run.node().config.str("delimiter").and_then(|text| text.bytes().next()).unwrap_or(b',');
    let file = seed_file(run).ok()?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file.as_slice());
    let columns = reader.headers().ok()?.len();
    let row = reader.records().filter_map(Result::ok).find(|row| row.len() < columns)?;
    let line = usize::try_from(row.position()?.line()).ok()?;
    let message = format!(
        "seed `{}` cannot be loaded: this row has {} values, but the header names {columns} columns",
        run.node().name,
        row.len()
    );
    Some(Diagnostic::error(Code::SEED, message).at_some(seed_line(run, line), "").hint("write empty values as `,,`"))
}
