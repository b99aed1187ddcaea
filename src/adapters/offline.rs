//! A connection to nothing: every query finds no rows, every schema is empty, and nothing can be written.
//!
//! Templates that ask the warehouse are rendered with it where there is none, as by linters and editors; it tells whether it was asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    AdapterResponse, Cancel, CatalogRow, Cell, Column, Connection, DatabaseError, Relation, RelationInfo, Table,
};

/// A connection without a warehouse.
#[derive(Debug, Default)]
pub struct Offline {
    asked: Arc<AtomicBool>,
}

impl Offline {
    /// One that has not been asked, and whether it was asked since: to be looked at, and set back, while the connection is in use.
    pub fn new() -> (Self, Arc<AtomicBool>) {
        let asked = Arc::new(AtomicBool::new(false));
        (Self { asked: Arc::clone(&asked) }, asked)
    }

    fn note(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    fn refuse<T>(what: &str) -> Result<T, DatabaseError> {
        let message = format!("{what} needs a warehouse, and this command has none");
        Err(DatabaseError { kind: "Offline".into(), message, offset: None, cancelled: false })
    }
}

impl Connection for Offline {
    fn execute(&mut self, _sql: &str, _fetch: bool) -> Result<(AdapterResponse, Table), DatabaseError> {
        self.note();
        Ok((AdapterResponse::default(), Table::new(Vec::new(), Vec::new())))
    }

    fn execute_with(&mut self, _sql: &str, _parameters: &[Cell]) -> Result<AdapterResponse, DatabaseError> {
        self.note();
        Ok(AdapterResponse::default())
    }

    fn begin(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn in_transaction(&self) -> bool {
        false
    }

    fn return_to_mark(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    fn list_schemas(&mut self, _database: &str) -> Result<Vec<String>, DatabaseError> {
        self.note();
        Ok(Vec::new())
    }

    fn list_relations(&mut self, _database: &str, _schemas: &[String]) -> Result<Vec<RelationInfo>, DatabaseError> {
        self.note();
        Ok(Vec::new())
    }

    fn columns_in_relation(&mut self, _relation: &Relation) -> Result<Vec<Column>, DatabaseError> {
        self.note();
        Ok(Vec::new())
    }

    fn columns_of_query(&mut self, _sql: &str) -> Result<Vec<Column>, DatabaseError> {
        self.note();
        Ok(Vec::new())
    }

    fn catalog(&mut self, _database: &str, _schemas: &[String]) -> Result<Vec<CatalogRow>, DatabaseError> {
        self.note();
        Ok(Vec::new())
    }

    fn load_csv(&mut self, _: &Relation, _: &[Column], _: &Path, _: char) -> Result<u64, DatabaseError> {
        Self::refuse("loading a file")
    }

    fn load_rows(&mut self, _: &Relation, _: &[Column], _: &Table) -> Result<u64, DatabaseError> {
        Self::refuse("loading rows")
    }

    fn cancel_handle(&self) -> Arc<dyn Cancel> {
        Arc::new(NothingToCancel)
    }
}

struct NothingToCancel;

impl Cancel for NothingToCancel {
    fn cancel(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_nothing_and_says_that_it_was_asked() {
        let (mut offline, asked) = Offline::new();
        assert!(!asked.load(Ordering::Relaxed));
        let (_, table) = offline.execute("select 1", true).expect("it answers");
        assert!(table.is_empty());
        assert!(asked.load(Ordering::Relaxed));
    }
}
