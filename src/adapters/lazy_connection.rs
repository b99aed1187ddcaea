//! [`LazyConnection`]: a session that is opened by its first statement.
//!
//! Most templates are compiled without a question to the warehouse; compiling them opens no database then. What a statement
//! gives is what the session gives.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{
    Adapter, AdapterResponse, Cancel, CatalogRow, Cell, Column, Connection, DatabaseError, Dependency, Publication,
    Relation, RelationInfo, SwapOutcome, Table,
};

/// A connection that is made when it is first needed.
pub struct LazyConnection {
    adapter: Arc<dyn Adapter>,
    session: Option<Box<dyn Connection>>,
    cancel: Arc<LazyCancel>,
}

impl LazyConnection {
    /// Nothing is opened yet.
    pub fn new(adapter: Arc<dyn Adapter>) -> Self {
        Self { adapter, session: None, cancel: Arc::default() }
    }

    fn session(&mut self) -> Result<&mut dyn Connection, DatabaseError> {
        if self.session.is_none() {
            let opened = self.adapter.connect().map_err(|problem| DatabaseError {
                kind: DatabaseError::NOT_CONNECTED.into(),
                message: problem.message,
                offset: None,
                cancelled: false,
            })?;
            // This one session is all that there ever is.
            let _ = self.cancel.0.set(opened.cancel_handle());
            self.session = Some(opened);
        }
        Ok(self.session.as_mut().expect("it was opened just now").as_mut())
    }
}

/// Interrupts the session, if there is one by then.
#[derive(Default)]
struct LazyCancel(OnceLock<Arc<dyn Cancel>>);

impl Cancel for LazyCancel {
    fn cancel(&self) {
        if let Some(session) = self.0.get() {
            session.cancel();
        }
    }
}

impl Connection for LazyConnection {
    fn execute(&mut self, sql: &str, fetch: bool) -> Result<(AdapterResponse, Table), DatabaseError> {
        self.session()?.execute(sql, fetch)
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Cell]) -> Result<AdapterResponse, DatabaseError> {
        self.session()?.execute_with(sql, parameters)
    }

    fn begin(&mut self) -> Result<(), DatabaseError> {
        self.session()?.begin()
    }

    fn commit(&mut self) -> Result<(), DatabaseError> {
        self.session.as_mut().map_or(Ok(()), |session| session.commit())
    }

    fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.session.as_mut().map_or(Ok(()), |session| session.rollback())
    }

    fn in_transaction(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.in_transaction())
    }

    fn mark(&mut self) -> Result<(), DatabaseError> {
        self.session()?.mark()
    }

    fn return_to_mark(&mut self) -> Result<(), DatabaseError> {
        self.session()?.return_to_mark()
    }

    fn list_schemas(&mut self, database: &str) -> Result<Vec<String>, DatabaseError> {
        self.session()?.list_schemas(database)
    }

    fn list_relations(&mut self, database: &str, schemas: &[String]) -> Result<Vec<RelationInfo>, DatabaseError> {
        self.session()?.list_relations(database, schemas)
    }

    fn list_dependencies(&mut self, database: &str, schemas: &[String]) -> Result<Vec<Dependency>, DatabaseError> {
        self.session()?.list_dependencies(database, schemas)
    }

    fn columns_in_relation(&mut self, relation: &Relation) -> Result<Vec<Column>, DatabaseError> {
        self.session()?.columns_in_relation(relation)
    }

    fn columns_of_query(&mut self, sql: &str) -> Result<Vec<Column>, DatabaseError> {
        self.session()?.columns_of_query(sql)
    }

    fn key_types(&mut self, relation: &Relation) -> Result<Vec<String>, DatabaseError> {
        self.session()?.key_types(relation)
    }

    fn catalog(&mut self, database: &str, schemas: &[String]) -> Result<Vec<CatalogRow>, DatabaseError> {
        self.session()?.catalog(database, schemas)
    }

    fn load_csv(
        &mut self,
        relation: &Relation,
        columns: &[Column],
        csv: &Path,
        delimiter: char,
    ) -> Result<u64, DatabaseError> {
        self.session()?.load_csv(relation, columns, csv, delimiter)
    }

    fn load_rows(&mut self, relation: &Relation, columns: &[Column], table: &Table) -> Result<u64, DatabaseError> {
        self.session()?.load_rows(relation, columns, table)
    }

    fn swap(&mut self, publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
        self.session()?.swap(publication)
    }

    fn wait_for_turn(&mut self, name: &str) -> Result<(), DatabaseError> {
        self.session()?.wait_for_turn(name)
    }

    fn cancel_handle(&self) -> Arc<dyn Cancel> {
        self.cancel.clone()
    }
}
