//! Data tests: rows are counted, and the config says what the count means.

use std::sync::Arc;

use super::failure::Failure;
use super::model;
use super::node::Done;
use super::run::Runner;
use crate::adapters::{Cell, Table};
use crate::compiler::Compiled;
use crate::config::WarningFate;
use crate::context::NodeRun;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::Node;
use crate::plan::NodeStatus;

/// Runs the test and judges its count.
pub(super) fn execute(runner: &Runner, run: &Arc<NodeRun>, compiled: Option<&Compiled>) -> Result<Done, Failure> {
    model::materialize(runner, run, compiled)?;
    let node = run.node();
    let main = run.statement_result("main").ok_or_else(|| invalid(node, "it ran no statement named `main`"))?;
    let count = read(&main.table).map_err(|problem| invalid(node, &problem))?;
    let fate = runner.session.config().flags.fate_of_warning(&["LogTestResult"]);
    let (status, message) = judge(node, &count, fate == WarningFate::Error);
    Ok(Done {
        failures: Some(if status == NodeStatus::Pass { 0 } else { count.failures }),
        status: Some(status),
        message,
        adapter_response: main.response.to_map(),
        ..Done::default()
    })
}

/// The one row that a test gives.
struct Count {
    failures: i64,
    should_warn: bool,
    should_error: bool,
}

fn read(table: &Table) -> Result<Count, String> {
    if table.len() != 1 {
        return Err(format!("Returned {} rows, but expected 1 row", table.len()));
    }
    if table.columns().len() != 3 {
        return Err(format!("Returned {} columns, but expected 3 columns", table.columns().len()));
    }
    let cell = |name: &str| {
        table.column_index(name).map(|column| table.cell(0, column)).ok_or(format!("it gave no column `{name}`"))
    };
    Ok(Count {
        failures: number(&cell("failures")?)?,
        should_warn: truth(&cell("should_warn")?)?,
        should_error: truth(&cell("should_error")?)?,
    })
}

fn judge(node: &Node, count: &Count, warn_error: bool) -> (NodeStatus, Option<String>) {
    let config = |key: &str| node.config.str(key).unwrap_or("!= 0").to_owned();
    let results = match count.failures {
        1 => "1 result".to_owned(),
        many => format!("{many} results"),
    };
    let is_error = node.config.str("severity").unwrap_or("ERROR").eq_ignore_ascii_case("error");
    if is_error && count.should_error {
        (NodeStatus::Fail, Some(format!("Got {results}, configured to fail if {}", config("error_if"))))
    } else if count.should_warn && warn_error {
        (NodeStatus::Fail, Some(format!("Got {results}, configured to fail if {}", config("warn_if"))))
    } else if count.should_warn {
        (NodeStatus::Warn, Some(format!("Got {results}, configured to warn if {}", config("warn_if"))))
    } else {
        (NodeStatus::Pass, None)
    }
}

fn number(cell: &Cell) -> Result<i64, String> {
    match cell {
        Cell::Int(number) => i64::try_from(*number).map_err(|_| "it counted too many rows".to_owned()),
        Cell::Float(number) => Ok(*number as i64),
        Cell::Decimal(text) => text.parse::<f64>().map(|number| number as i64).map_err(|_| not_a("a number", text)),
        Cell::Bool(truth) => Ok(i64::from(*truth)),
        other => Err(not_a("a number", &format!("{other:?}"))),
    }
}

fn truth(cell: &Cell) -> Result<bool, String> {
    match cell {
        Cell::Bool(truth) => Ok(*truth),
        Cell::Int(number) => Ok(*number != 0),
        Cell::Null => Ok(false),
        Cell::Text(text) => match text.to_ascii_lowercase().as_str() {
            "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
            "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
            _ => Err(format!("'get_test_sql' returns '{text}', which is no boolean")),
        },
        other => Err(not_a("a boolean", &format!("{other:?}"))),
    }
}

fn not_a(what: &str, text: &str) -> String {
    format!("expected {what}, got {text}")
}

fn invalid(node: &Node, problem: &str) -> Diagnostic {
    Diagnostic::error(Code::INVALID_TEST, format!("dbt internally failed to execute {}: {problem}", node.unique_id))
        .at_some(node.span, "")
}
