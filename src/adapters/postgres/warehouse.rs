//! The adapter: names, types and defaults of PostgreSQL and its relatives, and the way to a connection.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::credentials::Credentials;
use super::dialect::{Dialect, POSTGRES, REDSHIFT};
use super::server::Server;
use super::session::Session;
use super::{advisory_lock, libpq_files};
use crate::adapters::registry::Surroundings;
use crate::adapters::{Adapter, Connection, DatabaseError, LockAttempt, LockHolder, SeedType, WholeRun};
use crate::diagnostics::Diagnostic;

/// A server as a profile's target describes it. Nothing is connected before the first connection is asked for.
#[derive(Debug)]
pub struct Postgres {
    server: Arc<Server>,
    warnings: Vec<Diagnostic>,
}

impl Postgres {
    /// The adapter for a target of type `postgres`, whose credentials are checked here.
    pub fn new(credentials: &Map<String, Value>, surroundings: &Surroundings) -> Result<Self, Diagnostic> {
        Self::of(&POSTGRES, credentials, surroundings)
    }

    /// The same for a target of type `redshift`.
    pub fn redshift(credentials: &Map<String, Value>, surroundings: &Surroundings) -> Result<Self, Diagnostic> {
        Self::of(&REDSHIFT, credentials, surroundings)
    }

    fn of(
        dialect: &'static Dialect,
        credentials: &Map<String, Value>,
        surroundings: &Surroundings,
    ) -> Result<Self, Diagnostic> {
        let credentials = Credentials::parse(credentials, dialect, surroundings)?;
        let file = credentials.password_file.as_deref().filter(|_| credentials.password.is_none());
        let warnings = file.and_then(libpq_files::password_file_warning).into_iter().collect();
        Ok(Self { server: Arc::new(Server::new(dialect, credentials)), warnings })
    }
}

impl Adapter for Postgres {
    fn type_name(&self) -> &'static str {
        self.server.dialect.type_name
    }

    fn dispatch_prefixes(&self) -> &'static [&'static str] {
        self.server.dialect.prefixes
    }

    fn macro_packages(&self) -> &'static [&'static str] {
        self.server.dialect.macro_packages
    }

    fn enforced_constraints(&self) -> &'static [&'static str] {
        self.server.dialect.enforced_constraints
    }

    fn database(&self) -> &str {
        &self.server.credentials.database
    }

    fn schema(&self) -> &str {
        &self.server.credentials.schema
    }

    fn target_fields(&self) -> Map<String, Value> {
        self.server.credentials.shown.clone()
    }

    fn connection_fields(&self) -> Map<String, Value> {
        self.target_fields().into_iter().filter(|(name, _)| name != "dbname").collect()
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Diagnostic> {
        Ok(Box::new(Session::open(&self.server)?))
    }

    fn try_lock(&self, schemas: &[(String, String)], holder: &LockHolder) -> Result<LockAttempt, Diagnostic> {
        if schemas.is_empty() || !self.server.dialect.has_advisory_locks {
            return Ok(LockAttempt::Taken { left_by: None });
        }
        advisory_lock::try_lock(&self.server, schemas, holder)
    }

    fn live_runs(&self, connection: &mut dyn Connection) -> Result<Option<Vec<String>>, DatabaseError> {
        if !self.server.dialect.has_advisory_locks {
            return Ok(None);
        }
        let (_, found) = connection.execute(&advisory_lock::holders(), true)?;
        Ok(Some(found.column(0).map(|cell| cell.to_string()).collect()))
    }

    fn identifier_limit(&self) -> Option<usize> {
        Some(self.server.dialect.identifier_limit)
    }

    fn incremental_strategies(&self) -> &'static [&'static str] {
        &["append", "delete+insert", "merge", "microbatch"]
    }

    fn seed_type(&self, kind: SeedType) -> &'static str {
        (self.server.dialect.seed_type)(kind)
    }

    fn names_subqueries(&self) -> bool {
        self.server.dialect.names_subqueries
    }

    /// A session sees one database; only Redshift's RA3 clusters can read others.
    fn reaches_other_databases(&self) -> bool {
        self.server.credentials.shown.get("ra3_node").and_then(Value::as_bool).unwrap_or(false)
    }

    fn disables_transactions(&self) -> bool {
        self.server.has_no_transactions()
    }

    fn whole_run(&self) -> WholeRun {
        // Redshift takes no such locks, and its views are bound in another way.
        let can_swap = self.server.dialect.has_advisory_locks && !self.disables_transactions();
        if can_swap { WholeRun::Swapped } else { WholeRun::Never }
    }

    fn replaces_rows(&self) -> bool {
        self.server.dialect.has_advisory_locks && !self.disables_transactions()
    }

    fn tests_share_scans(&self) -> bool {
        self.server.dialect.stores_rows && self.server.dialect.has_savepoints
    }

    fn stored_name(&self, identifier: &str, is_quoted: bool) -> String {
        if is_quoted { identifier.to_owned() } else { identifier.to_lowercase() }
    }

    fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}
