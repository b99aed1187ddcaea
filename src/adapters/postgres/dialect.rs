//! What differs between the warehouses that speak PostgreSQL's protocol, as values.

use serde_json::{Map, Value};

use super::credentials::{invalid, text};
use super::{queries, redshift_queries};
use crate::adapters::{Relation, SeedType};
use crate::diagnostics::Diagnostic;

/// One of the warehouses.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) type_name: &'static str,
    pub(super) prefixes: &'static [&'static str],
    pub(super) macro_packages: &'static [&'static str],
    /// Types of constraints that it enforces.
    pub(super) enforced_constraints: &'static [&'static str],
    pub(super) default_port: u16,
    /// Seconds.
    pub(super) default_connect_timeout: u64,
    pub(super) default_autocommit: bool,
    /// Whether `autocommit` leaves out `begin` and `commit`.
    pub(super) autocommit_has_no_transactions: bool,
    /// Bytes.
    pub(super) identifier_limit: usize,
    /// Root certificates where the profile names none and asks for a check.
    pub(super) default_root: Option<&'static str>,
    /// Keys that a target may have and that are not shown.
    pub(super) hidden: &'static [&'static str],
    /// Keys that a target may have and that Jinja's `target` shows, in order.
    pub(super) shown: &'static [&'static str],
    /// What is shown of keys that are not given, null aside.
    pub(super) shown_defaults: &'static [(&'static str, &'static str)],
    /// Refuses a target that asks for what there is not.
    pub(super) check: fn(&Map<String, Value>) -> Result<(), Diagnostic>,
    /// What `adapter_response` tells.
    pub(super) answers: Answers,
    /// Whether each statement of a text is sent by itself.
    pub(super) splits_statements: bool,
    /// Whether a backslash escapes in a quoted text.
    pub(super) backslash_escapes: bool,
    /// Whether a query in a `from` clause must have a name.
    pub(super) names_subqueries: bool,
    /// Whether a client can send rows by `COPY … FROM STDIN`.
    pub(super) copies_from_client: bool,
    /// From which version of the server (as `server_version_num` counts) it can look whether its client is still there.
    pub(super) client_check_since: Option<u32>,
    /// Whether it has advisory locks.
    pub(super) has_advisory_locks: bool,
    /// Whether a transaction can go on after a statement that failed, from a savepoint.
    pub(super) has_savepoints: bool,
    /// Whether the columns of a row lie together.
    pub(super) stores_rows: bool,
    pub(super) relations: fn(&[String]) -> String,
    pub(super) dependencies: fn(&[String]) -> String,
    pub(super) columns: fn(&Relation) -> String,
    pub(super) catalog: fn(&str, &[String]) -> String,
    pub(super) seed_type: fn(SeedType) -> &'static str,
}

impl Dialect {
    /// All keys that a target may have.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.shown.iter().chain(self.hidden).copied()
    }
}

/// What is told of a statement that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// The command tag, as psycopg2 gives it.
    Tag,
    /// That it succeeded, as redshift_connector gives it.
    Success,
}

/// PostgreSQL, as dbt-postgres has it.
pub(super) const POSTGRES: Dialect = Dialect {
    type_name: "postgres",
    prefixes: &["postgres", "default"],
    macro_packages: &["dbt_postgres", "dbt"],
    enforced_constraints: &["check", "not_null", "unique", "primary_key", "foreign_key"],
    default_port: 5432,
    default_connect_timeout: 10,
    default_autocommit: false,
    autocommit_has_no_transactions: true,
    identifier_limit: 63,
    default_root: None,
    hidden: &["type", "threads", "password", "pass", "statement_timeout", "lock_timeout"],
    shown: &[
        "host",
        "port",
        "user",
        "database",
        "schema",
        "connect_timeout",
        "role",
        "search_path",
        "keepalives_idle",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "application_name",
        "autocommit",
        "retries",
        "dbname",
    ],
    shown_defaults: &[("application_name", "dbt")],
    check: |_| Ok(()),
    answers: Answers::Tag,
    splits_statements: false,
    backslash_escapes: false,
    names_subqueries: true,
    copies_from_client: true,
    client_check_since: Some(140_000),
    has_advisory_locks: true,
    has_savepoints: true,
    stores_rows: true,
    relations: queries::relations,
    dependencies: queries::dependencies,
    columns: queries::columns,
    catalog: queries::catalog,
    seed_type: |kind| match kind {
        SeedType::Integer => "integer",
        SeedType::Number => "float8",
        SeedType::Boolean => "boolean",
        SeedType::Date => "date",
        SeedType::DateTime => "timestamp without time zone",
        SeedType::Time => "time",
        SeedType::Text => "text",
    },
};

/// Redshift, as dbt-redshift has it.
pub(super) const REDSHIFT: Dialect = Dialect {
    type_name: "redshift",
    prefixes: &["redshift", "postgres", "default"],
    macro_packages: &["dbt_redshift", "dbt_postgres", "dbt"],
    enforced_constraints: &["not_null"],
    default_port: 5439,
    default_connect_timeout: 0,
    default_autocommit: true,
    autocommit_has_no_transactions: false,
    identifier_limit: 127,
    default_root: Some("system"),
    hidden: &[
        "type",
        "threads",
        "password",
        "pass",
        "sslrootcert",
        "secret_access_key",
        "idc_region",
        "issuer_url",
        "idp_listen_port",
        "idc_client_display_name",
        "idp_response_timeout",
        "token_endpoint",
        "statement_timeout",
    ],
    shown: &[
        "host",
        "user",
        "port",
        "database",
        "method",
        "cluster_id",
        "iam_profile",
        "schema",
        "sslmode",
        "region",
        "autocreate",
        "db_groups",
        "ra3_node",
        "connect_timeout",
        "role",
        "retries",
        "retry_all",
        "autocommit",
        "access_key_id",
        "is_serverless",
        "serverless_work_group",
        "serverless_acct_id",
        "tcp_keepalive",
        "tcp_keepalive_idle",
        "tcp_keepalive_interval",
        "tcp_keepalive_count",
        "dbname",
    ],
    shown_defaults: &[("method", "database"), ("sslmode", "prefer")],
    check: refuse_other_methods,
    answers: Answers::Success,
    splits_statements: true,
    backslash_escapes: true,
    names_subqueries: false,
    copies_from_client: false,
    client_check_since: None,
    has_advisory_locks: false,
    has_savepoints: false,
    stores_rows: false,
    relations: redshift_queries::relations,
    dependencies: queries::dependencies,
    columns: redshift_queries::columns,
    catalog: redshift_queries::catalog,
    seed_type: |kind| match kind {
        SeedType::Integer => "integer",
        SeedType::Number => "float8",
        SeedType::Boolean => "boolean",
        SeedType::Date => "date",
        SeedType::DateTime => "timestamp without time zone",
        SeedType::Time => "varchar(24)",
        SeedType::Text => "varchar(65535)",
    },
};

/// Only logging in by user and password needs no other service.
fn refuse_other_methods(target: &Map<String, Value>) -> Result<(), Diagnostic> {
    let methods = ["iam", "iam_role", "browser_identity_center", "oauth_token_identity_center"];
    match text(target, "method")?.as_deref() {
        None | Some("database") => Ok(()),
        Some(method) if methods.contains(&method) => Err(invalid(format!("`method: {method}` is not supported"))
            .note("it asks AWS for credentials, and only the warehouse itself is spoken to")
            .hint("use `method: database` with `user` and `password`; those that AWS gives for a while will do")),
        Some(other) => Err(invalid(format!("`method` of the profile cannot be `{other}`")).note("it can be: database")),
    }
}
