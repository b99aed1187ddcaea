//! One session: a worker's own.
//!
//! [`Session`] runs SQL and reads metadata. A connection that was lost while nothing was going on is made again before the next statement is
//! sent; one that was lost within a transaction is an error until that is rolled back, for its work is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::dialect::Answers;
use super::server::{CancelTarget, Server};
use super::server_error::QUERY_CANCELED;
use super::wire::{Answer, CopyWriter, Failure, Wire};
use super::{literal, queries, value};
use crate::adapters::{
    AdapterResponse, Cancel, CatalogRow, Cell, Column, Connection, DatabaseError, Dependency, Publication, Relation,
    RelationInfo, RelationType, SeedFile, SwapOutcome, Table, statements,
};
use crate::diagnostics::Diagnostic;

/// Rows that one `insert` has where there is no `COPY`.
const ROWS_AT_ONCE: usize = 1_000;

/// An open session.
#[derive(Debug)]
pub struct Session {
    server: Arc<Server>,
    wire: Wire,
    interrupt: Arc<Interrupt>,
    /// The connection was lost within a transaction that nobody has rolled back yet.
    has_lost_transaction: bool,
}

impl Session {
    pub(super) fn open(server: &Arc<Server>) -> Result<Self, Diagnostic> {
        let (wire, target) = server.connect()?;
        let interrupt =
            Interrupt { server: Arc::clone(server), target: Mutex::new(target), is_requested: AtomicBool::new(false) };
        Ok(Self { server: Arc::clone(server), wire, interrupt: Arc::new(interrupt), has_lost_transaction: false })
    }

    /// The connection, made again if it was lost while nothing was going on.
    fn wire(&mut self) -> Result<&mut Wire, DatabaseError> {
        if self.has_lost_transaction {
            return Err(DatabaseError {
                kind: "25P02".to_owned(),
                message: "the connection was lost within a transaction; its work is gone".to_owned(),
                offset: None,
                cancelled: false,
            });
        }
        if !self.wire.in_transaction() && !self.wire.is_alive() {
            let (wire, target) = self.server.connect().map_err(|problem| DatabaseError {
                kind: "08006".to_owned(),
                message: problem.message,
                offset: None,
                cancelled: false,
            })?;
            self.wire = wire;
            *self.interrupt.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
        }
        Ok(&mut self.wire)
    }

    /// Speaks to the server; its refusal becomes an error in `sql`.
    fn with_wire<T>(
        &mut self,
        sql: &str,
        speak: impl FnOnce(&mut Wire) -> Result<T, Failure>,
    ) -> Result<T, DatabaseError> {
        let wire = self.wire()?;
        let was_in_transaction = wire.in_transaction();
        let answer = speak(wire);
        if self.wire.is_lost() && was_in_transaction {
            self.has_lost_transaction = true;
        }
        answer.map_err(|failure| {
            let mut error = failure.on(sql);
            // The server says the same when a statement took too long.
            error.cancelled = error.kind == QUERY_CANCELED && self.interrupt.is_requested.load(Ordering::SeqCst);
            error
        })
    }

    /// What is about to be committed belongs to a run that still holds its lock; otherwise it is rolled back.
    fn check_fence(&mut self) -> Result<(), DatabaseError> {
        let lock = self.server.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let fence = lock.as_ref().map(|lock| Arc::clone(&lock.fence));
        drop(lock);
        let Some(fence) = fence.filter(|_| !self.wire.is_in_failed_transaction()) else { return Ok(()) };
        let sql = fence.check();
        let answer = self.with_wire(&sql, |wire| wire.query(&sql, true))?;
        if answer.rows.first().map(|row| &row[0]) == Some(&Cell::Bool(true)) {
            return Ok(());
        }
        self.rollback()?;
        Err(DatabaseError {
            // SQLSTATE of a lock that cannot be had.
            kind: "55P03".to_owned(),
            message: "the run's lock on its schemas is lost, so another run may have begun; nothing was committed"
                .to_owned(),
            offset: None,
            cancelled: false,
        })
    }

    fn run(&mut self, sql: &str, fetch: bool) -> Result<Answer, DatabaseError> {
        if !self.server.dialect.splits_statements {
            return self.with_wire(sql, |wire| wire.query(sql, fetch));
        }
        let mut answer = Answer::default();
        for statement in statements::split(sql) {
            let text = &sql[statement.clone()];
            answer = self.with_wire(text, |wire| wire.query(text, fetch)).map_err(|mut error| {
                error.offset = error.offset.map(|offset| offset + statement.start);
                error
            })?;
        }
        Ok(answer)
    }

    fn query(&mut self, sql: &str) -> Result<Table, DatabaseError> {
        self.run(sql, true).map(table)
    }

    fn response(&self, answer: &Answer) -> AdapterResponse {
        let mut response = AdapterResponse::default();
        let words = answer.tag.split_whitespace();
        let rows = words.clone().next_back().and_then(|word| word.parse::<i64>().ok()).unwrap_or(-1);
        match self.server.dialect.answers {
            Answers::Tag => {
                response.message.clone_from(&answer.tag);
                let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
                let code: Vec<_> = words.filter(|word| !is_number(word)).collect();
                response.fields.insert("code".to_owned(), code.join(" ").into());
            }
            Answers::Success => "SUCCESS".clone_into(&mut response.message),
        }
        response.fields.insert("rows_affected".to_owned(), rows.into());
        response
    }

    fn copy(
        &mut self,
        relation: &Relation,
        columns: &[Column],
        options: &str,
        fill: impl FnOnce(&mut CopyWriter<'_>) -> std::io::Result<()>,
    ) -> Result<u64, DatabaseError> {
        let sql = format!("copy {}{} from stdin{options}", relation.render_name(), column_list(columns));
        let answer = self.with_wire(&sql, |wire| wire.copy_in(&sql, fill))?;
        Ok(answer.tag.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Rows by `insert`, where the warehouse takes no `COPY` of a client.
    fn insert(&mut self, relation: &Relation, columns: &[Column], rows: &[Vec<Cell>]) -> Result<u64, DatabaseError> {
        let escapes = self.server.dialect.backslash_escapes;
        for batch in rows.chunks(ROWS_AT_ONCE) {
            let values: Vec<_> = batch
                .iter()
                .map(|row| row.iter().map(|cell| literal::cell(cell, escapes)).collect::<Vec<_>>().join(", "))
                .collect();
            let sql = format!(
                "insert into {}{} values ({})",
                relation.render_name(),
                column_list(columns),
                values.join("), (")
            );
            self.with_wire(&sql, |wire| wire.query(&sql, false))?;
        }
        Ok(rows.len() as u64)
    }
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, fetch: bool) -> Result<(AdapterResponse, Table), DatabaseError> {
        let answer = self.run(sql, fetch)?;
        Ok((self.response(&answer), table(answer)))
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell]) -> Result<AdapterResponse, DatabaseError> {
        let written = literal::interpolate(sql, parameters, self.server.dialect.backslash_escapes);
        let sql = written.map_err(|message| DatabaseError {
            // SQLSTATE of parameters that do not fit.
            kind: "07001".to_owned(),
            message,
            offset: None,
            cancelled: false,
        })?;
        self.run(&sql, false).map(|answer| self.response(&answer))
    }

    fn begin(&mut self) -> Result<(), DatabaseError> {
        if self.in_transaction() || self.server.has_no_transactions() {
            return Ok(());
        }
        self.with_wire("begin", |wire| wire.query("begin", false)).map(drop)
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        if !self.in_transaction() {
            return Ok(());
        }
        self.check_fence()?;
        self.with_wire("commit", |wire| wire.query("commit", false)).map(drop)
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        // What a lost connection did, the server has rolled back.
        self.has_lost_transaction = false;
        if !self.wire.in_transaction() {
            return Ok(());
        }
        let rolled_back = self.with_wire("rollback", |wire| wire.query("rollback", false)).map(drop);
        if std::mem::take(&mut self.has_lost_transaction) { Ok(()) } else { rolled_back }
    }

    fn in_transaction(&self) -> bool {
        self.has_lost_transaction || self.wire.in_transaction()
    }

    fn mark(&mut self) -> Result<(), DatabaseError> {
        if self.server.dialect.has_savepoints && self.in_transaction() {
            self.run("savepoint hetl_mark", false)?;
        }
        Ok(())
    }

    fn return_to_mark(&mut self) -> Result<(), DatabaseError> {
        // Where there are none, an error of the server is the answer.
        self.run("rollback to savepoint hetl_mark", false).map(drop)
    }

    fn list_schemas(&mut self, _database: &str) -> Result<Vec<String>, DatabaseError> {
        let found = self.query(&queries::schemas())?;
        Ok(found.column(0).map(|cell| cell.to_string()).collect())
    }

    fn list_relations(&mut self, database: &str, schemas: &[String]) -> Result<Vec<RelationInfo>, DatabaseError> {
        let found = self.query(&(self.server.dialect.relations)(schemas))?;
        let relation = |row: &Vec<Cell>| RelationInfo {
            database: database.to_owned(),
            schema: row[0].to_string(),
            identifier: row[1].to_string(),
            relation_type: row[2].as_text().and_then(RelationType::parse).unwrap_or(RelationType::Table),
        };
        Ok(found.rows().iter().map(relation).collect())
    }

    fn list_dependencies(&mut self, _database: &str, schemas: &[String]) -> Result<Vec<Dependency>, DatabaseError> {
        let found = self.query(&(self.server.dialect.dependencies)(schemas))?;
        let dependency = |row: &Vec<Cell>| Dependency {
            referenced: (row[0].to_string(), row[1].to_string()),
            dependent: (row[2].to_string(), row[3].to_string()),
        };
        Ok(found.rows().iter().map(dependency).collect())
    }

    fn columns_in_relation(&mut self, relation: &Relation) -> Result<Vec<Column>, DatabaseError> {
        let found = self.query(&(self.server.dialect.columns)(relation))?;
        let size = |cell: &Cell| cell.as_int().and_then(|size| size.try_into().ok());
        let column = |row: &Vec<Cell>| Column {
            char_size: size(&row[2]),
            numeric_precision: size(&row[3]),
            numeric_scale: size(&row[4]),
            ..Column::new(row[0].to_string(), row[1].to_string())
        };
        Ok(found.rows().iter().map(column).collect())
    }

    fn columns_of_query(&mut self, sql: &str) -> Result<Vec<Column>, DatabaseError> {
        let fields = self.with_wire(sql, |wire| wire.describe(sql))?;
        Ok(fields.into_iter().map(|field| Column::create(field.name, &value::type_name(field.oid))).collect())
    }

    fn catalog(&mut self, database: &str, schemas: &[String]) -> Result<Vec<CatalogRow>, DatabaseError> {
        let found = self.query(&(self.server.dialect.catalog)(database, schemas))?;
        let optional = |cell: &Cell| cell.as_text().map(str::to_owned);
        let row = |row: &Vec<Cell>| CatalogRow {
            database: row[0].to_string(),
            schema: row[1].to_string(),
            identifier: row[2].to_string(),
            relation_type: row[3].to_string(),
            comment: optional(&row[4]),
            owner: optional(&row[5]),
            column: row[6].to_string(),
            index: row[7].as_int().and_then(|index| index.try_into().ok()).unwrap_or_default(),
            data_type: row[8].to_string(),
            column_comment: optional(&row[9]),
            stats: serde_json::Map::new(),
        };
        Ok(found.rows().iter().map(row).collect())
    }

    fn load_csv(
        &mut self,
        relation: &Relation,
        columns: &[Column],
        csv: &std::path::Path,
        delimiter: char,
    ) -> Result<u64, DatabaseError> {
        let unreadable = |message: String| DatabaseError {
            // SQLSTATE of an input or output error.
            kind: "58030".to_owned(),
            message: format!("cannot read {}: {message}", csv.display()),
            offset: None,
            cancelled: false,
        };
        if !self.server.dialect.copies_from_client {
            let seed = SeedFile::read(csv, delimiter, &[]).map_err(|error| unreadable(error.to_string()))?;
            return self.insert(relation, columns, seed.table(|_| String::new()).rows());
        }
        let mut file = std::fs::File::open(csv).map_err(|error| unreadable(error.to_string()))?;
        let delimiter = literal::string(&delimiter.to_string(), false);
        self.copy(relation, columns, &format!(" (format csv, header true, delimiter {delimiter})"), |writer| {
            loop {
                let read = std::io::Read::read_to_end(
                    &mut std::io::Read::take(&mut file, super::wire::COPY_CHUNK as u64),
                    writer.buffer(),
                )?;
                if read == 0 {
                    return Ok(());
                }
                writer.send_full()?;
            }
        })
    }

    fn load_rows(&mut self, relation: &Relation, columns: &[Column], table: &Table) -> Result<u64, DatabaseError> {
        if !self.server.dialect.copies_from_client {
            return self.insert(relation, columns, table.rows());
        }
        self.copy(relation, columns, "", |writer| {
            if let Some(seed) = table.seed() {
                return seed.each_row(|row| {
                    literal::copy_texts(writer.buffer(), row);
                    writer.send_full()
                });
            }
            for row in table.rows() {
                literal::copy_row(writer.buffer(), row);
                writer.send_full()?;
            }
            Ok(())
        })
    }

    fn swap(&mut self, publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
        super::swap::swap(self, publication)
    }

    fn replace_rows(&mut self, live: &Relation, new: &Relation) -> Result<Option<String>, DatabaseError> {
        let [live, new] = [live, new].map(|relation| {
            [&relation.schema, &relation.identifier].map(|name| name.as_deref().unwrap_or_default().to_owned())
        });
        super::in_place::replace_rows(self, (&live[0], &live[1]), (&new[0], &new[1]))
    }

    fn wait_for_turn(&mut self, name: &str) -> Result<(), DatabaseError> {
        if !self.server.dialect.has_advisory_locks {
            return Ok(());
        }
        let sql = super::advisory_lock::turn(name);
        self.with_wire(&sql, |wire| wire.query(&sql, false)).map(drop)
    }

    fn cancel_handle(&self) -> Arc<dyn Cancel> {
        // Whoever asks for it begins something new.
        self.interrupt.is_requested.store(false, Ordering::SeqCst);
        Arc::clone(&self.interrupt) as Arc<dyn Cancel>
    }
}

/// Interrupts a session's statement.
#[derive(Debug)]
struct Interrupt {
    server: Arc<Server>,
    target: Mutex<CancelTarget>,
    is_requested: AtomicBool,
}

impl Cancel for Interrupt {
    fn cancel(&self) {
        self.is_requested.store(true, Ordering::SeqCst);
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let server = Arc::clone(&self.server);
        // It takes a connection of its own, which the caller need not wait for. That the server is gone is no news to it.
        std::thread::spawn(move || server.cancel(&target).ok());
    }
}

fn column_list(columns: &[Column]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let names: Vec<_> = columns.iter().map(|column| literal::identifier(&column.name)).collect();
    format!(" ({})", names.join(", "))
}

fn table(answer: Answer) -> Table {
    let columns = answer.fields.into_iter().map(|field| (field.name, value::type_name(field.oid))).collect();
    Table::new(columns, answer.rows)
}
