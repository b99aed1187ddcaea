//! The adapter: names, types and defaults of DuckDB, and the way to a connection.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::background::Background;
use super::credentials::Credentials;
use super::lock_file::{self, LockFile};
use super::session::Session;
use super::{attachment, instance, read_copy, source_location};
use crate::adapters::registry::Surroundings;
use crate::adapters::{Adapter, Connection, DatabaseError, LockAttempt, LockHolder, SeedType, WholeRun};
use crate::diagnostics::{Code, Diagnostic};

/// DuckDB as a profile's target describes it. The database is opened with the first connection.
#[derive(Debug)]
pub struct DuckDb {
    credentials: Credentials,
    surroundings: Surroundings,
    /// The connection that keeps the instance alive, and that others are made from.
    instance: Mutex<Option<::duckdb::Connection>>,
    background: Arc<Background>,
    /// Locks on the files, given back after the database is closed: fields are dropped in this order.
    locks: Mutex<Vec<LockFile>>,
}

impl DuckDb {
    /// The adapter for a target, whose credentials are checked here.
    pub fn new(credentials: &Map<String, Value>, surroundings: &Surroundings) -> Result<Self, Diagnostic> {
        Ok(Self {
            credentials: Credentials::parse(credentials)?,
            surroundings: surroundings.clone(),
            instance: Mutex::new(None),
            background: Arc::default(),
            locks: Mutex::default(),
        })
    }

    /// A further connection to the one instance. The lock is held while the database is opened: two instances of a file cannot be.
    fn clone_instance(&self) -> Result<::duckdb::Connection, Diagnostic> {
        let mut instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        if instance.is_none() {
            *instance = Some(instance::open(&self.credentials, &self.surroundings)?);
        }
        let connection = instance.as_ref().map(::duckdb::Connection::try_clone).expect("it was opened above");
        connection.map_err(|failure| {
            Diagnostic::error(Code::CONNECTION, format!("no further connection to the database: {failure}"))
        })
    }
}

impl Adapter for DuckDb {
    fn dialect(&self) -> crate::sql::Dialect {
        crate::sql::Dialect::DUCKDB
    }

    fn type_name(&self) -> &'static str {
        "duckdb"
    }

    fn dispatch_prefixes(&self) -> &'static [&'static str] {
        &["duckdb", "default"]
    }

    fn macro_packages(&self) -> &'static [&'static str] {
        &["dbt_duckdb", "dbt"]
    }

    fn database(&self) -> &str {
        &self.credentials.database
    }

    fn schema(&self) -> &str {
        &self.credentials.schema
    }

    fn target_fields(&self) -> Map<String, Value> {
        self.credentials.shown.clone()
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Diagnostic> {
        let connection = self.clone_instance()?;
        instance::prepare(&connection, &self.credentials)?;
        Ok(Box::new(Session::new(connection, self.credentials.disable_transactions, Arc::clone(&self.background))))
    }

    fn expect_statements(&self, at_once: usize) {
        self.background.expect_statements(at_once, || {
            let instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
            instance.as_ref()?.try_clone().ok()
        });
    }

    fn try_lock(&self, _schemas: &[(String, String)], holder: &LockHolder) -> Result<LockAttempt, Diagnostic> {
        let root = &self.surroundings.project_root;
        let attached = self.credentials.attach.iter().filter_map(|attachment| attachment.writable_file(root));
        let files: BTreeSet<_> = attachment::file(&self.credentials.path, root).into_iter().chain(attached).collect();
        let (mut locks, mut left_by) = (Vec::new(), None);
        for file in files {
            match LockFile::try_lock(&file, holder) {
                Ok(lock_file::Attempt::Taken(lock, left)) => {
                    locks.push(lock);
                    left_by = left_by.or(left);
                }
                Ok(lock_file::Attempt::Held(other)) => return Ok(LockAttempt::Held(other)),
                // DuckDB says better what is wrong with the folder.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("cannot lock the database file `{}`: {error}", file.display());
                    return Err(Diagnostic::error(Code::CONNECTION, message)
                        .note("hetl locks it by a file beside it, `<name>.hetl-lock`"));
                }
            }
        }
        *self.locks.lock().unwrap_or_else(PoisonError::into_inner) = locks;
        Ok(LockAttempt::Taken { left_by })
    }

    fn live_runs(&self, _connection: &mut dyn Connection) -> Result<Option<Vec<String>>, DatabaseError> {
        // A file that is open for writing is open in this process only.
        let is_local = attachment::file(&self.credentials.path, &self.surroundings.project_root).is_some();
        Ok(is_local.then(Vec::new))
    }

    fn publish_copy(&self, to: &Path) -> Result<bool, Diagnostic> {
        let root = &self.surroundings.project_root;
        let Some(database) = attachment::file(&self.credentials.path, root) else { return Ok(false) };
        let connection = self.clone_instance()?;
        read_copy::publish(&connection, &database, &root.join(to))?;
        Ok(true)
    }

    fn lock_patience(&self) -> Duration {
        Duration::from_secs((1..self.credentials.connect_attempts).map(|attempt| 1 << attempt.min(6)).sum())
    }

    fn warnings(&self) -> &[Diagnostic] {
        &self.credentials.warnings
    }

    fn incremental_strategies(&self) -> &'static [&'static str] {
        &["append", "delete+insert", "merge", "microbatch"]
    }

    fn seed_type(&self, kind: SeedType) -> &'static str {
        match kind {
            SeedType::Integer => "integer",
            SeedType::Number => "float8",
            SeedType::Boolean => "boolean",
            SeedType::Date => "date",
            SeedType::DateTime => "timestamp without time zone",
            SeedType::Time => "time",
            SeedType::Text => "text",
        }
    }

    fn parameter_mark(&self) -> &'static str {
        "?"
    }

    fn source_location(&self, source: &Value) -> Result<Option<String>, Diagnostic> {
        source_location::of(source)
    }

    fn external_root(&self) -> &str {
        &self.credentials.external_root
    }

    fn whole_run(&self) -> WholeRun {
        if self.disables_transactions() { WholeRun::Never } else { WholeRun::OneTransaction }
    }

    fn disables_transactions(&self) -> bool {
        self.credentials.disable_transactions
    }

    fn runs_batches_side_by_side(&self) -> bool {
        true
    }

    fn foreign_keys_name_database(&self) -> bool {
        false
    }

    fn is_ducklake(&self, database: &str) -> bool {
        self.credentials.ducklake_databases().iter().any(|name| name == database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn adapter(target: Value, root: &std::path::Path) -> DuckDb {
        let Value::Object(target) = target else { unreachable!("tests give objects") };
        DuckDb::new(&target, &Surroundings { project_root: root.to_owned(), ..Surroundings::default() }).unwrap()
    }

    #[test]
    fn connections_share_one_instance() {
        let duckdb = adapter(json!({"schema": "dev"}), std::path::Path::new(""));
        duckdb.connect().unwrap().execute("create table t as select 7 as a", false).unwrap();
        let (_, table) = duckdb.connect().unwrap().execute("select a from memory.main.t", true).unwrap();
        assert_eq!(table.len(), 1);
        assert_eq!((duckdb.database(), duckdb.schema()), ("memory", "dev"));
    }

    #[test]
    fn who_only_expects_statements_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let duckdb = adapter(json!({"path": "dev.duckdb"}), folder.path());
        duckdb.expect_statements(2);
        assert!(!folder.path().join("dev.duckdb").exists());
        let mut session = duckdb.connect().unwrap();
        duckdb.expect_statements(2);
        let sql = "select current_setting('external_threads') = least(2, current_setting('threads')) as told";
        assert_eq!(session.execute(sql, true).unwrap().1.cell(0, 0), crate::adapters::Cell::Bool(true));
    }

    #[test]
    fn files_lie_in_the_project_and_attached_databases_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = json!({"path": "dev.duckdb", "attach": [{"path": "other.duckdb", "alias": "o"}], "settings": {"threads": 2}});
        let duckdb = adapter(target, folder.path());
        let mut session = duckdb.connect().unwrap();
        session.execute("create table o.main.t as select 1 as a; comment on table o.main.t is 'said'", false).unwrap();
        assert!(folder.path().join("dev.duckdb").exists() && folder.path().join("other.duckdb").exists());
        let catalog = session.catalog("O", &["MAIN".to_owned()]).unwrap();
        assert_eq!((catalog[0].column.as_str(), catalog[0].comment.as_deref()), ("a", Some("said")));
        assert_eq!(session.list_relations("o", &["main".to_owned()]).unwrap()[0].identifier, "t");
    }

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.duckdb"), "not a database, but long enough to look at".repeat(200))
            .unwrap();
        let error = adapter(json!({"path": "x.duckdb"}), folder.path()).connect().err().unwrap();
        assert!(error.hint.unwrap().contains("not a DuckDB database"));
        let error = adapter(json!({"path": "no/such/x.duckdb"}), folder.path()).connect().err().unwrap();
        assert_eq!(error.code, Code::CONNECTION);
        let error = adapter(json!({"config_options": {"no_such": 1}}), folder.path()).connect().err().unwrap();
        assert!(error.message.contains("no_such"), "{error:?}");
        let error = adapter(json!({"settings": {"no_such": 1}}), folder.path()).connect().err().unwrap();
        assert!(error.message.contains("no_such"), "{error:?}");
        let target = json!({"attach": [{"path": "no/such/y.duckdb", "alias": "y"}]});
        let error = adapter(target, folder.path()).connect().err().unwrap();
        assert!(error.message.contains("no/such/y.duckdb"), "{error:?}");
    }

    #[test]
    fn secrets_are_not_told() {
        let target = json!({"secrets": [{"type": "no_such", "key_id": "hidden"}]});
        let error = adapter(target, std::path::Path::new("")).connect().err().unwrap();
        assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
    }
}
