//! Statements: sent to the worker's connection, reported as events, their errors shown in the SQL that was sent.

use std::sync::Arc;
use std::time::Instant;

use crate::adapters::{AdapterResponse, Cell, DatabaseError, Table};
use crate::context::{NodeRun, Transaction, transaction};
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::events::Event;
use crate::faults;
use crate::manifest::ResourceType;

/// Runs SQL with the query comment; `auto_begin` opens a transaction first where none is open.
pub(in crate::context) fn run(
    run: &Arc<NodeRun>,
    sql: &str,
    auto_begin: bool,
    fetch: bool,
) -> Result<(AdapterResponse, Table), Diagnostic> {
    match sql.trim().trim_end_matches(';').to_ascii_lowercase().as_str() {
        // Hooks outside of the transaction write these as statements.
        "commit" => return commit(run).map(|()| done("COMMIT")),
        "begin" | "begin transaction" => return begin(run).map(|()| done("BEGIN")),
        "rollback" if is_borrowed(run) => return Ok(done("ROLLBACK")),
        "rollback" => {
            report(run, "ROLLBACK");
            let rolled_back = run.worker().connection().rollback();
            return rolled_back.map(|()| done("ROLLBACK")).map_err(|error| problem(run, &error, "ROLLBACK"));
        }
        _ => {}
    }
    may_ask(run)?;
    if auto_begin {
        begin(run)?;
    }
    let sent = super::query_comment::with_comment(run, sql)?;
    report(run, &sent);
    let started = Instant::now();
    run.worker().check_halt()?;
    fault("statement")?;
    let answer = match run.foreseen(sql) {
        Some(answer) => Ok(answer),
        None => run.worker().connection().execute(&sent, fetch),
    };
    match answer {
        Ok((response, table)) => {
            report_status(run, started, &response.message);
            Ok((response, table))
        }
        Err(error) => {
            report_status(run, started, "ERROR");
            Err(problem(run, &error, &sent))
        }
    }
}

/// With `--no-introspect` nothing that a node's template asks may reach the warehouse (dbt gives such nodes no connection).
pub(super) fn may_ask(run: &NodeRun) -> Result<(), Diagnostic> {
    if run.session().config().flags.introspect || run.node().resource_type == ResourceType::Operation {
        return Ok(());
    }
    let message = format!("connection never acquired for thread: {} asks the warehouse", run.node().unique_id);
    Err(Diagnostic::error(Code::CONNECTION, message).hint("leave out `--no-introspect`"))
}

/// Runs SQL with positional parameters.
pub(super) fn with_bindings(
    run: &Arc<NodeRun>,
    sql: &str,
    auto_begin: bool,
    bindings: &[Cell],
) -> Result<AdapterResponse, Diagnostic> {
    may_ask(run)?;
    if auto_begin {
        begin(run)?;
    }
    let sent = super::query_comment::with_comment(run, sql)?;
    report(run, &sent);
    let started = Instant::now();
    run.worker().check_halt()?;
    fault("load")?;
    let answer = run.worker().connection().execute_with(&sent, bindings);
    let response = answer.map_err(|error| problem(run, &error, &sent))?;
    report_status(run, started, &response.message);
    Ok(response)
}

fn is_borrowed(run: &NodeRun) -> bool {
    run.worker().is_one_transaction || matches!(run.transaction(), Transaction::Borrowed)
}

fn done(message: &str) -> (AdapterResponse, Table) {
    (AdapterResponse { message: message.into(), ..AdapterResponse::default() }, Table::default())
}

/// Opens a transaction where none is open.
pub(in crate::context) fn begin(run: &Arc<NodeRun>) -> Result<(), Diagnostic> {
    if run.session().adapter().disables_transactions() || run.worker().connection().in_transaction() {
        return Ok(());
    }
    report(run, "BEGIN");
    run.worker().check_halt()?;
    fault("begin")?;
    let begun = run.worker().connection().begin();
    begun.map_err(|error| problem(run, &error, "BEGIN"))
}

/// Commits the transaction, if one is open and the run's own; an audited one only if it may be.
pub(in crate::context) fn commit(run: &Arc<NodeRun>) -> Result<(), Diagnostic> {
    if is_borrowed(run) || !run.worker().connection().in_transaction() {
        return Ok(());
    }
    transaction::before_commit(run)?;
    run.worker().check_halt()?;
    report(run, "COMMIT");
    fault("commit")?;
    let committed = run.worker().connection().commit();
    committed.map_err(|error| problem(run, &error, "COMMIT"))?;
    fault("committed")
}

/// Passes a fault point of the tests.
pub(in crate::context) fn fault(point: &'static str) -> Result<(), Diagnostic> {
    if faults::fails(point) {
        return Err(Diagnostic::error(Code::DATABASE, format!("fault injected at {point}")));
    }
    Ok(())
}

fn report(run: &NodeRun, sql: &str) {
    let node_info = run.node_info();
    run.session().reporter().report(&Event::SQLQuery {
        conn_name: run.node().unique_id.clone(),
        sql: sql.to_owned(),
        node_info: Some(node_info),
    });
}

fn report_status(run: &NodeRun, started: Instant, status: &str) {
    let node_info = run.node_info();
    run.session().reporter().report(&Event::SQLQueryStatus {
        elapsed: started.elapsed().as_secs_f64(),
        query_id: String::new(),
        status: status.to_owned(),
        node_info: Some(node_info),
    });
}

/// A database error as a diagnostic that shows the statement, where the database told a place in it.
pub(in crate::context) fn problem(run: &NodeRun, error: &DatabaseError, sql: &str) -> Diagnostic {
    let problem = match (error.cancelled, run.worker().halt.reason()) {
        (true, Some(reason)) => reason.diagnostic(),
        (true, None) => Diagnostic::error(Code::CANCELLED, error.message.clone()),
        (false, _) if error.kind == DatabaseError::NOT_CONNECTED => {
            Diagnostic::error(Code::CONNECTION, error.message.clone())
        }
        (false, _) => Diagnostic::error(Code::DATABASE, error.message.clone()),
    };
    let Some(offset) = error.offset.filter(|offset| *offset <= sql.len()) else { return problem };
    let source = run.session().sources().add(format!("statement of {}", run.node().unique_id), sql);
    let end =
        sql[offset..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(sql.len(), |at| offset + at.max(1));
    problem.at(Span::new(source, offset, end.min(sql.len())), "the database stopped here")
}

/// The first rows of a table.
pub(super) fn limited(table: Table, limit: Option<usize>) -> Table {
    match limit {
        Some(limit) if limit < table.len() => table.head(limit),
        _ => table,
    }
}
