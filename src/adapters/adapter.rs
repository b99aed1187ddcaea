//! The two traits that a warehouse implements.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::run_lock::{LockAttempt, LockHolder};
use super::{Column, Publication, Relation, RelationType, SwapOutcome, Table, WholeRun};
use crate::diagnostics::Diagnostic;

/// What can be known of a warehouse without a connection, and the way to get one. One for each invocation.
///
/// Every method with a body has the behaviour of dbt's base adapter; a warehouse lists only its differences.
pub trait Adapter: Send + Sync + std::fmt::Debug {
    /// dbt's adapter type: `duckdb`.
    fn type_name(&self) -> &'static str;

    /// Prefixes in which `adapter.dispatch` looks, best first: `["duckdb", "default"]`.
    fn dispatch_prefixes(&self) -> &'static [&'static str];

    /// Packages of built-in macros, most special first: `["dbt_duckdb", "dbt"]`.
    fn macro_packages(&self) -> &'static [&'static str];

    /// Types of constraints that it enforces (dbt's `CONSTRAINT_SUPPORT`).
    fn enforced_constraints(&self) -> &'static [&'static str] {
        &["check", "not_null", "unique", "primary_key", "foreign_key"]
    }

    /// The default database (catalog) of the target.
    fn database(&self) -> &str;

    /// The default schema of the target.
    fn schema(&self) -> &str;

    /// What Jinja's `target` shows: credentials without secrets, in dbt's order.
    fn target_fields(&self) -> Map<String, Value>;

    /// What the `connection` lines of `debug` print: the same without other names for what is there already.
    fn connection_fields(&self) -> Map<String, Value> {
        self.target_fields()
    }

    /// How its SQL is read.
    fn dialect(&self) -> crate::sql::Dialect {
        crate::sql::Dialect::POSTGRES
    }

    /// Opens a connection. One a worker; all of them see one database instance.
    fn connect(&self) -> Result<Box<dyn Connection>, Diagnostic>;

    /// Takes the lock that keeps other runs from writing to these schemas (database and schema, sorted) as long as the adapter lives: all
    /// of them or none. Does not wait.
    fn try_lock(&self, _schemas: &[(String, String)], _holder: &LockHolder) -> Result<LockAttempt, Diagnostic> {
        Ok(LockAttempt::Taken { left_by: None })
    }

    /// Invocation ids of the runs that hold a lock in the target's database now, this one aside where it is the only one that can; none
    /// where that cannot be known.
    fn live_runs(&self, _connection: &mut dyn Connection) -> Result<Option<Vec<String>>, DatabaseError> {
        Ok(None)
    }

    /// Makes a copy of what is committed for readers, atomically; the last thing that a run does to the target. Nothing is done, and false given,
    /// where readers are never kept waiting or there is no file to copy.
    fn publish_copy(&self, _to: &std::path::Path) -> Result<bool, Diagnostic> {
        Ok(false)
    }

    /// Tells how many statements are going to run at once, so that a warehouse that runs in this process can share the cores out among them.
    fn expect_statements(&self, _at_once: usize) {}

    /// How long the profile itself wants to wait for what another process holds.
    fn lock_patience(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    /// Quotes an identifier.
    fn quote(&self, identifier: &str) -> String {
        format!("\"{}\"", identifier.replace('"', "\"\""))
    }

    /// Whether relations are quoted where the project does not say.
    fn default_quoting(&self) -> super::RelationParts<bool> {
        super::RelationParts { database: true, schema: true, identifier: true }
    }

    /// The greatest length of an identifier in bytes, if there is one.
    fn identifier_limit(&self) -> Option<usize> {
        None
    }

    /// Names of incremental strategies that `get_incremental_<name>_sql` is looked up for, `default` aside.
    fn incremental_strategies(&self) -> &'static [&'static str];

    /// The warehouse's name for an arrow/agate type: what seeds get for text, integers, …
    fn seed_type(&self, kind: super::SeedType) -> &'static str;

    /// A relation of this warehouse by name, quoted by its default.
    fn relation(&self, database: Option<&str>, schema: Option<&str>, identifier: Option<&str>) -> Relation {
        Relation::new(database, schema, identifier).with_quoting(self.default_quoting())
    }

    /// What stands for a parameter in a statement.
    fn parameter_mark(&self) -> &'static str {
        "%s"
    }

    /// What is written in place of a source's name if its meta or config says where it lies (dbt-duckdb's `external_location`).
    /// `source` is the node as the manifest has it.
    fn source_location(&self, _source: &Value) -> Result<Option<String>, Diagnostic> {
        Ok(None)
    }

    /// The folder that files written by models go to, relative to the project.
    #[expect(clippy::unnecessary_literal_bound, reason = "adapters answer from their profile")]
    fn external_root(&self) -> &str {
        "."
    }

    /// Whether the profile turns transactions off.
    fn disables_transactions(&self) -> bool {
        false
    }

    /// Whether the tables of a database are those of a DuckLake.
    fn is_ducklake(&self, _database: &str) -> bool {
        false
    }

    /// Whether a foreign key may name the database of the table that it refers to.
    fn foreign_keys_name_database(&self) -> bool {
        true
    }

    /// Whether several connections may change one table at a time, so that batches of a microbatch model can run side by side.
    fn runs_batches_side_by_side(&self) -> bool {
        false
    }

    /// How a whole run can become visible at once, without keeping readers waiting.
    fn whole_run(&self) -> WholeRun {
        WholeRun::Never
    }

    /// Whether a table can get other rows without being replaced: [`Connection::replace_rows`].
    fn replaces_rows(&self) -> bool {
        false
    }

    /// Whether conditions on several columns of a table are looked at faster in one scan than in one each: where a scan reads whole rows,
    /// and a transaction can go on after a statement that failed.
    fn tests_share_scans(&self) -> bool {
        false
    }

    /// The name that a relation has in the metadata, which may be written in another case where it is not quoted.
    fn stored_name(&self, identifier: &str, _is_quoted: bool) -> String {
        identifier.to_owned()
    }

    /// Whether a query in a `from` clause must have a name.
    fn names_subqueries(&self) -> bool {
        false
    }

    /// Whether statements may name another database than the target's.
    fn reaches_other_databases(&self) -> bool {
        true
    }

    /// Whether names that differ only in case name different relations.
    fn is_case_sensitive(&self) -> bool {
        false
    }

    /// What the profile asks for in vain; said once an invocation.
    fn warnings(&self) -> &[Diagnostic] {
        &[]
    }
}

/// One open session. Not shared: each worker has its own.
pub trait Connection: Send {
    /// Runs one or more statements; with `fetch` the rows of the last are returned, else an empty table.
    fn execute(&mut self, sql: &str, fetch: bool) -> Result<(AdapterResponse, Table), DatabaseError>;

    /// Runs one statement with positional parameters ([`Adapter::parameter_mark`]), as seeds loaded by macros use.
    fn execute_with(&mut self, sql: &str, parameters: &[super::Cell]) -> Result<AdapterResponse, DatabaseError>;

    /// Opens a transaction; nothing if one is open.
    fn begin(&mut self) -> Result<(), DatabaseError>;

    /// Commits the open transaction; nothing if none is open.
    fn commit(&mut self) -> Result<(), DatabaseError>;

    /// Rolls the open transaction back; nothing if none is open.
    fn rollback(&mut self) -> Result<(), DatabaseError>;

    /// Whether a transaction is open.
    fn in_transaction(&self) -> bool;

    /// Marks a point in the open transaction, to which [`Connection::return_to_mark`] goes back.
    fn mark(&mut self) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Undoes what the open transaction did since its mark, so that it can go on after a failed statement. An error means that it can
    /// only be rolled back.
    fn return_to_mark(&mut self) -> Result<(), DatabaseError>;

    /// All schemas of a database.
    fn list_schemas(&mut self, database: &str) -> Result<Vec<String>, DatabaseError>;

    /// All tables and views in these schemas of one database, by one metadata query.
    fn list_relations(&mut self, database: &str, schemas: &[String]) -> Result<Vec<RelationInfo>, DatabaseError>;

    /// Which relations read those of these schemas, and would be dropped along with them; none where a drop takes no others.
    fn list_dependencies(&mut self, _database: &str, _schemas: &[String]) -> Result<Vec<Dependency>, DatabaseError> {
        Ok(Vec::new())
    }

    /// The columns of a relation in order; empty if it does not exist.
    fn columns_in_relation(&mut self, relation: &Relation) -> Result<Vec<Column>, DatabaseError>;

    /// The columns that a query would return, without running it.
    fn columns_of_query(&mut self, sql: &str) -> Result<Vec<Column>, DatabaseError>;

    /// Which kinds of keys a table has (`foreign_key`, `primary_key`, `unique`), sorted; none where tables that have keys can be altered
    /// like others.
    fn key_types(&mut self, _relation: &Relation) -> Result<Vec<String>, DatabaseError> {
        Ok(Vec::new())
    }

    /// Rows for `catalog.json`: each column of each relation in these schemas of one database.
    fn catalog(&mut self, database: &str, schemas: &[String]) -> Result<Vec<CatalogRow>, DatabaseError>;

    /// Loads a CSV file with a header line into these columns of an existing table (all of them if none are named) at the warehouse's
    /// bulk speed; returns the number of rows.
    fn load_csv(
        &mut self,
        relation: &Relation,
        columns: &[Column],
        csv: &std::path::Path,
        delimiter: char,
    ) -> Result<u64, DatabaseError>;

    /// Loads rows into these columns of an existing table (all of them if none are named) at the warehouse's bulk speed; returns their
    /// number.
    fn load_rows(&mut self, relation: &Relation, columns: &[Column], table: &Table) -> Result<u64, DatabaseError>;

    /// Lets relations take the places of others in one transaction of its own; one attempt, after which either all is done or nothing.
    fn swap(&mut self, _publication: &Publication) -> Result<SwapOutcome, DatabaseError> {
        Err(DatabaseError {
            kind: "Not implemented".to_owned(),
            message: "this warehouse cannot swap relations in one transaction".to_owned(),
            offset: None,
            cancelled: false,
        })
    }

    /// Gives a table the rows of another one in the open transaction, by deleting and inserting those that differ: who reads an older state of
    /// the database goes on seeing the old ones. Nothing is done where that cannot be; then gives why.
    fn replace_rows(&mut self, _live: &Relation, _new: &Relation) -> Result<Option<String>, DatabaseError> {
        Ok(Some("this warehouse replaces tables only as a whole".to_owned()))
    }

    /// Waits until no other open transaction has asked for this turn, and keeps it until the open transaction ends. Nothing to do where one
    /// process writes at a time.
    fn wait_for_turn(&mut self, _name: &str) -> Result<(), DatabaseError> {
        Ok(())
    }

    /// Something that can interrupt what this connection is running, from another thread.
    fn cancel_handle(&self) -> Arc<dyn Cancel>;
}

/// Interrupts a running statement from another thread.
pub trait Cancel: Send + Sync {
    /// Interrupts; returns at once, and does nothing where nothing runs.
    fn cancel(&self);
}

/// What the warehouse said of a statement: dbt's `adapter_response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdapterResponse {
    /// The line that is printed: `OK`, `SELECT 5`.
    pub message: String,
    /// Further facts (`rows_affected`, `code` …) in the order they are written.
    pub fields: Map<String, Value>,
}

impl AdapterResponse {
    /// All facts, the message first: `adapter_response` of artifacts.
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("_message".into(), self.message.clone().into());
        map.extend(self.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        map
    }
}

/// An error from the database.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseError {
    /// The kind as the database names it: `Catalog Error`, or SQLSTATE.
    pub kind: String,
    /// The whole message.
    pub message: String,
    /// Byte offset in the statement, where the database tells.
    pub offset: Option<usize>,
    /// Whether it came from a cancellation.
    pub cancelled: bool,
}

impl DatabaseError {
    /// The kind of an error for which there is no session that could have told one.
    pub const NOT_CONNECTED: &str = "Connection Error";
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DatabaseError {}

/// A relation as the warehouse's metadata has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationInfo {
    /// Database.
    pub database: String,
    /// Schema.
    pub schema: String,
    /// Name.
    pub identifier: String,
    /// Table, view …
    pub relation_type: RelationType,
}

/// A relation that reads another one of the same database; each by schema and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What is read.
    pub referenced: (String, String),
    /// What reads it.
    pub dependent: (String, String),
}

/// One column of one relation, for the catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogRow {
    /// Database.
    pub database: String,
    /// Schema.
    pub schema: String,
    /// Relation.
    pub identifier: String,
    /// As the warehouse names it: `BASE TABLE`, `VIEW`.
    pub relation_type: String,
    /// Comment on the relation.
    pub comment: Option<String>,
    /// Owner.
    pub owner: Option<String>,
    /// Column.
    pub column: String,
    /// Position, from 1.
    pub index: u64,
    /// Its type.
    pub data_type: String,
    /// Comment on the column.
    pub column_comment: Option<String>,
    /// Statistics of the relation by id, each with `id`, `label`, `value`, `description`, `include`: those that a project's own macro gives.
    pub stats: serde_json::Map<String, serde_json::Value>,
}
