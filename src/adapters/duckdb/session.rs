//! One connection to the instance: a worker's own.
//!
//! [`Session`] runs SQL and reads metadata. A transaction is opened and closed here, also where a hook writes `commit` as SQL, so that
//! what the session believes is what DuckDB has.

use std::ops::Range;
use std::sync::Arc;

use ::duckdb::arrow::datatypes::Field;
use ::duckdb::arrow::record_batch::RecordBatch;
use ::duckdb::types::Value as DriverValue;
use ::duckdb::{InterruptHandle, Statement, params_from_iter};

use super::background::{self, Background};
use super::{error, literal, logical_type, queries};
use crate::adapters::{
    AdapterResponse, Cancel, CatalogRow, Cell, Column, Connection, DatabaseError, Publication, Relation, RelationInfo,
    RelationType, SwapOutcome, Table, statements,
};

/// Rows that one `insert` has.
const ROWS_AT_ONCE: usize = 1_000;

/// An open DuckDB connection.
#[derive(Debug)]
pub struct Session {
    connection: ::duckdb::Connection,
    in_transaction: bool,
    /// The profile's `disable_transactions`: each statement commits itself.
    autocommit: bool,
    background: Arc<Background>,
}

/// A statement that is nothing but transaction control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    Begin,
    Commit,
    Rollback,
}

impl Session {
    pub(super) fn new(connection: ::duckdb::Connection, autocommit: bool, background: Arc<Background>) -> Self {
        Self { connection, in_transaction: false, autocommit, background }
    }

    /// Runs statements without looking at results.
    fn run(&self, sql: &str) -> Result<(), DatabaseError> {
        for statement in statements::split(sql) {
            let text = &sql[statement.clone()];
            if background::sets_threads(text) {
                self.background.settle();
            }
            self.connection.execute_batch(text).map_err(|failure| failed(failure, sql, &statement))?;
        }
        Ok(())
    }

    /// Runs statements and keeps the rows of the last.
    fn query(&self, sql: &str) -> Result<Table, DatabaseError> {
        let statements = statements::split(sql);
        let Some((last, before)) = statements.split_last() else { return Ok(Table::default()) };
        if let Some(end) = before.last().map(|statement| statement.end) {
            self.run(&sql[..end])?;
        }
        if background::sets_threads(&sql[last.clone()]) {
            self.background.settle();
        }
        let failed = |failure| failed(failure, sql, last);
        let mut statement = self.connection.prepare(&sql[last.clone()]).map_err(failed)?;
        statement.execute([]).map_err(failed)?;
        table(&statement).map_err(failed)
    }

    /// Ends the transaction; that there is none is no error, as DuckDB ends it by itself after some failures.
    fn end(&mut self, sql: &str) -> Result<(), DatabaseError> {
        if !self.in_transaction {
            return Ok(());
        }
        self.in_transaction = false;
        match self.run(sql) {
            Err(failure) if failure.message.contains("no transaction is active") => Ok(()),
            other => other,
        }
    }

    fn start(&mut self) -> Result<(), DatabaseError> {
        if !self.in_transaction {
            self.run("begin transaction")?;
            self.in_transaction = true;
        }
        Ok(())
    }
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, fetch: bool) -> Result<(AdapterResponse, Table), DatabaseError> {
        let table = match control(sql) {
            Some(Control::Begin) => self.start().map(|()| Table::default()),
            Some(Control::Commit) => self.end("commit").map(|()| Table::default()),
            Some(Control::Rollback) => self.end("rollback").map(|()| Table::default()),
            None if fetch => self.query(sql),
            None => self.run(sql).map(|()| Table::default()),
        }?;
        Ok((done(), table))
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell]) -> Result<AdapterResponse, DatabaseError> {
        let failed = |failure| error::from_driver(failure, sql);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        statement.execute(params_from_iter(parameters.iter().map(parameter))).map_err(failed)?;
        Ok(done())
    }

    fn begin(&mut self) -> Result<(), DatabaseError> {
        if self.autocommit { Ok(()) } else { self.start() }
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.end("commit")
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.end("rollback")
    }

    fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    fn return_to_mark(&mut self) -> Result<(), DatabaseError> {
        // There are no savepoints; some errors leave the transaction alive, and after the others every statement fails.
        self.run("select 1")
    }

    fn list_schemas(&mut self, database: &str) -> Result<Vec<String>, DatabaseError> {
        let table = self.query(&queries::schemas(database))?;
        Ok(table.column(0).map(|cell| cell.to_string()).collect())
    }

    fn list_relations(&mut self, database: &str, schemas: &[String]) -> Result<Vec<RelationInfo>, DatabaseError> {
        let table = self.query(&queries::relations(database, schemas))?;
        let relation = |row: &Vec<Cell>| RelationInfo {
            database: row[0].to_string(),
            schema: row[1].to_string(),
            identifier: row[2].to_string(),
            relation_type: if row[3].as_text() == Some("VIEW") { RelationType::View } else { RelationType::Table },
        };
        Ok(table.rows().iter().map(relation).collect())
    }

    fn columns_in_relation(&mut self, relation: &Relation) -> Result<Vec<Column>, DatabaseError> {
        match self.columns_of_query(&format!("select * from {}", relation.render_name())) {
            Err(failure) if failure.message.to_lowercase().contains("does not exist") => Ok(Vec::new()),
            other => other,
        }
    }

    fn columns_of_query(&mut self, sql: &str) -> Result<Vec<Column>, DatabaseError> {
        let sql = sql.trim().trim_end_matches(';');
        // On a line of its own, so that a comment at the end does not swallow the parenthesis.
        let table = self.query(&format!("describe (\n{sql}\n)"))?;
        Ok(table.rows().iter().map(|row| Column::new(row[0].to_string(), row[1].to_string())).collect())
    }

    fn key_types(&mut self, relation: &Relation) -> Result<Vec<String>, DatabaseError> {
        let table = self.query(&queries::key_types(relation))?;
        Ok(table.rows().iter().map(|row| row[0].to_string()).collect())
    }

    fn catalog(&mut self, database: &str, schemas: &[String]) -> Result<Vec<CatalogRow>, DatabaseError> {
        let table = self.query(&queries::catalog(database, schemas))?;
        let comment = |cell: &Cell| cell.as_text().map(str::to_owned);
        let row = |row: &Vec<Cell>| CatalogRow {
            database: row[0].to_string(),
            schema: row[1].to_string(),
            identifier: row[2].to_string(),
            relation_type: row[3].to_string(),
            comment: comment(&row[4]),
            owner: None,
            column: row[5].to_string(),
            index: row[6].as_int().and_then(|index| index.try_into().ok()).unwrap_or_default(),
            data_type: row[7].to_string(),
            column_comment: comment(&row[8]),
            stats: serde_json::Map::new(),
        };
        Ok(table.rows().iter().map(row).collect())
    }

    fn load_csv(
        &mut self,
        relation: &Relation,
        columns: &[Column],
        csv: &std::path::Path,
        delimiter: char,
    ) -> Result<u64, DatabaseError> {
        let columns: Vec<_> = columns.iter().map(|column| literal::identifier(&column.name)).collect();
        let sql = queries::copy_csv(&relation.render_name(), &columns, &csv.to_string_lossy(), delimiter);
        let table = self.query(&sql)?;
        Ok(table.cell(0, 0).as_int().and_then(|count| count.try_into().ok()).unwrap_or_default())
    }

    fn load_rows(&mut self, relation: &Relation, columns: &[Column], table: &Table) -> Result<u64, DatabaseError> {
        let columns = match columns {
            [] => String::new(),
            columns => {
                let names: Vec<_> = columns.iter().map(|column| literal::identifier(&column.name)).collect();
                format!(" ({})", names.join(", "))
            }
        };
        let name = relation.render_name();
        for batch in table.rows().chunks(ROWS_AT_ONCE) {
            let marks = |row: &Vec<Cell>| format!("({})", vec!["?"; row.len()].join(", "));
            let values: Vec<_> = batch.iter().map(marks).collect();
            let cells: Vec<_> = batch.iter().flatten().cloned().collect();
            self.execute_with(&format!("insert into {name}{columns} values {}", values.join(", ")), &cells)?;
        }
        Ok(table.len() as u64)
    }

    fn swap(&mut self, publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
        super::swap::swap(self, publication)
    }

    fn cancel_handle(&self) -> Arc<dyn Cancel> {
        Arc::new(Interrupt(self.connection.interrupt_handle()))
    }
}

/// Interrupts a session's statement.
struct Interrupt(Arc<InterruptHandle>);

impl Cancel for Interrupt {
    fn cancel(&self) {
        self.0.interrupt();
    }
}

/// dbt-duckdb answers every statement so.
fn done() -> AdapterResponse {
    AdapterResponse { message: "OK".to_owned(), ..AdapterResponse::default() }
}

/// The result of an executed statement. Batch by batch, because the driver's own iterator panics on errors.
fn table(statement: &Statement<'_>) -> ::duckdb::Result<Table> {
    let schema = statement.schema();
    let column = |(at, field): (usize, &Arc<Field>)| {
        let type_name = logical_type::name(&statement.column_logical_type(at), field.data_type());
        (field.name().clone(), type_name)
    };
    let columns = schema.fields().iter().enumerate().map(column).collect();
    let mut batches = Vec::new();
    while let Some(array) = statement.step()? {
        batches.push(RecordBatch::from(array));
    }
    Ok(Table::from_batches(columns, batches))
}

/// A cell as a parameter; exact values travel as text, which DuckDB casts to the column's type.
fn parameter(cell: &Cell) -> DriverValue {
    match cell {
        Cell::Null => DriverValue::Null,
        Cell::Bool(value) => DriverValue::Boolean(*value),
        Cell::Int(value) => i64::try_from(*value).map_or(DriverValue::HugeInt(*value), DriverValue::BigInt),
        Cell::Float(value) => DriverValue::Double(*value),
        Cell::Bytes(bytes) => DriverValue::Blob(bytes.clone()),
        other => DriverValue::Text(other.to_string()),
    }
}

/// An error in one statement of a text, with its place in the whole.
fn failed(failure: ::duckdb::Error, sql: &str, statement: &Range<usize>) -> DatabaseError {
    let mut error = error::from_driver(failure, &sql[statement.clone()]);
    error.offset = error.offset.map(|offset| offset + statement.start);
    error
}

fn control(sql: &str) -> Option<Control> {
    let sql = sql.trim().trim_end_matches(|character: char| character.is_whitespace() || character == ';');
    let words: Vec<_> = sql.split_whitespace().take(3).map(str::to_lowercase).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["begin"] | ["begin" | "start", "transaction"] => Some(Control::Begin),
        ["commit" | "end"] | ["commit", "transaction"] => Some(Control::Commit),
        ["rollback" | "abort"] | ["rollback", "transaction"] => Some(Control::Rollback),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new(super::super::instance::in_memory(), false, Arc::default())
    }

    fn first(session: &mut Session, sql: &str) -> Cell {
        session.execute(sql, true).unwrap().1.cell(0, 0)
    }

    #[test]
    fn many_statements_give_the_rows_of_the_last() {
        let mut session = session();
        let (response, table) = session
            .execute(
                "create table t (a int); insert into t values (1), (2); select a, a::text as b from t order by a",
                true,
            )
            .unwrap();
        assert_eq!(response.message, "OK");
        assert_eq!(table.columns(), [("a".to_owned(), "INTEGER".to_owned()), ("b".to_owned(), "VARCHAR".to_owned())]);
        assert_eq!(
            table.rows(),
            [vec![Cell::Int(1), Cell::Text("1".to_owned())], vec![Cell::Int(2), Cell::Text("2".to_owned())],]
        );
        assert!(session.execute("-- nothing\n;", true).unwrap().1.is_empty());
        assert!(session.execute("", false).unwrap().1.is_empty());
    }

    #[test]
    fn values_keep_their_kinds() {
        let mut session = session();
        for (sql, expected) in [
            ("select null", Cell::Null),
            ("select true", Cell::Bool(true)),
            ("select 170141183460469231731687303715884105727::hugeint", Cell::Int(i128::MAX)),
            ("select sum(x) from range(4) t(x)", Cell::Int(6)),
            ("select 0.1::float", Cell::Float(f64::from(0.1_f32))),
            ("select 1.50::decimal(10,2)", Cell::Decimal("1.50".to_owned())),
            ("select date '2024-02-29'", Cell::Date("2024-02-29".to_owned())),
            ("select time '10:00:01.5'", Cell::Time("10:00:01.5".to_owned())),
            ("select timestamp '2024-02-29 10:00:00.25'", Cell::Timestamp("2024-02-29 10:00:00.25".to_owned())),
            ("select timestamptz '2024-02-29 10:00:00+02'", Cell::TimestampTz("2024-02-29 08:00:00+00".to_owned())),
            ("select [1, null]", Cell::List(vec![Cell::Int(1), Cell::Null])),
            ("select {'a': 1}", Cell::Struct(vec![("a".to_owned(), Cell::Int(1))])),
            ("select map {'k': 'v'}", Cell::Struct(vec![("k".to_owned(), Cell::Text("v".to_owned()))])),
            ("select 'x'::enum('x', 'y')", Cell::Text("x".to_owned())),
            ("select 'ab'::blob", Cell::Bytes(b"ab".to_vec())),
            (
                "select '7e2b1c4e-0000-4000-8000-000000000001'::uuid",
                Cell::Text("7e2b1c4e-0000-4000-8000-000000000001".to_owned()),
            ),
            ("select '{\"a\": 1}'::json", Cell::Text("{\"a\": 1}".to_owned())),
        ] {
            assert_eq!(first(&mut session, sql), expected, "{sql}");
        }
    }

    #[test]
    fn types_have_the_names_of_describe() {
        let mut session = session();
        let sql = "select 1::decimal(5,2) d, [1] l, {'a': 1, 'B c': [2.5]} s, map {'a': 1} m, '{}'::json j, \
                   [1,2,3]::int[3] f, now() n, 1::utinyint u, '1'::bit b, interval 1 day i, uuid() g";
        let (_, table) = session.execute(sql, true).unwrap();
        let described = session.columns_of_query(sql).unwrap();
        let described: Vec<_> = described.into_iter().map(|column| (column.name, column.dtype)).collect();
        assert_eq!(table.columns(), described);
    }

    #[test]
    fn transactions_follow_what_is_run() {
        let mut session = session();
        session.execute("create table t (a int)", false).unwrap();
        session.begin().unwrap();
        session.begin().unwrap();
        session.execute("insert into t values (1)", false).unwrap();
        session.execute("commit;", false).unwrap();
        assert!(!session.in_transaction());
        session.commit().unwrap();
        session.begin().unwrap();
        session.execute("insert into t values (2)", false).unwrap();
        session.execute("select nope from t", true).unwrap_err();
        session.rollback().unwrap();
        session.rollback().unwrap();
        assert_eq!(first(&mut session, "select count(*) from t"), Cell::Int(1));
    }

    #[test]
    fn errors_point_at_their_place() {
        let mut session = session();
        let sql = "select 1;\nselect 1,\r\n  missing from (select 2 as b) t";
        let error = session.execute(sql, true).unwrap_err();
        assert_eq!(error.kind, "Binder Error");
        assert_eq!(error.offset, sql.find("missing"));
        let long = format!(
            "select {} missing from (select 2 as b) t where {}",
            "1, ".repeat(90),
            "b = 2 and ".repeat(50) + "true"
        );
        assert_eq!(session.execute(&long, false).unwrap_err().offset, long.find("missing"));
        let second = "select 1;\nselect * from nope";
        assert_eq!(session.execute(second, true).unwrap_err().offset, second.find("nope"));
        let syntax = "select 1 +\nfrom from t";
        assert_eq!(session.execute(syntax, false).unwrap_err().offset, syntax.find("from"));
    }

    #[test]
    fn columns_of_views_temporary_tables_and_nothing() {
        let mut session = session();
        session
            .execute("create temp table tt (a decimal(4,1)); create view v as select 1 as x, 'a' as y", false)
            .unwrap();
        let columns = session.columns_in_relation(&Relation::new(None, None, Some("tt"))).unwrap();
        assert_eq!(columns, [Column::new("a", "DECIMAL(4,1)")]);
        let view = Relation::new(Some("memory"), Some("main"), Some("v"));
        assert_eq!(session.columns_in_relation(&view).unwrap().len(), 2);
        let missing = Relation::new(Some("memory"), Some("main"), Some("nope"));
        assert_eq!(session.columns_in_relation(&missing).unwrap(), []);
        assert_eq!(session.columns_of_query("select 1 as a -- end;").unwrap(), [Column::new("a", "INTEGER")]);
    }

    #[test]
    fn parameters_are_bound() {
        let mut session = session();
        session.execute("create table t (a int, b text, c date, d double)", false).unwrap();
        let cells = [Cell::Int(1), Cell::Text("x'y".to_owned()), Cell::Date("2024-01-31".to_owned()), Cell::Null];
        session.execute_with("insert into t values (?, ?, ?, ?)", &cells).unwrap();
        assert_eq!(session.execute("select * from t", true).unwrap().1.row(0), cells);
    }

    #[test]
    fn a_long_statement_can_be_interrupted() {
        let mut session = session();
        let cancel = session.cancel_handle();
        let interrupter = std::thread::spawn(move || {
            for _ in 0..200 {
                std::thread::sleep(std::time::Duration::from_millis(20));
                cancel.cancel();
            }
        });
        let error =
            session.execute("select count(*) from range(1000000000000) a where range % 7 = 3", true).unwrap_err();
        assert!(error.cancelled, "{error:?}");
        drop(interrupter);
    }
}
