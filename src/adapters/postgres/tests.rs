//! Profiles of PostgreSQL and Redshift, and Redshift's metadata queries, which no server here can answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::credentials::{Address, Credentials};
use super::dialect::{Dialect, POSTGRES, REDSHIFT};
use super::redshift_queries;
use super::tls::SslMode;
use crate::adapters::registry::Surroundings;
use crate::adapters::{Relation, RelationParts, registry};
use crate::diagnostics::Diagnostic;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { unreachable!("tests give objects") };
    object
}

fn parse_with(dialect: &Dialect, target: Value, variables: &[(&str, &str)]) -> Result<Credentials, Diagnostic> {
    let variables: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let surroundings = Surroundings { project_root: "/project".into(), variables, ..Surroundings::default() };
    Credentials::parse(&object(target), dialect, &surroundings)
}

fn parse(target: Value) -> Result<Credentials, Diagnostic> {
    parse_with(&POSTGRES, target, &[])
}

fn target(further: Value) -> Value {
    let mut target = json!({"host": "db", "user": "ann", "pass": "p", "dbname": "shop", "schema": "dev", "port": 5433});
    target.as_object_mut().into_iter().for_each(|target| target.extend(object(further.clone())));
    target
}

#[test]
fn a_plain_target_has_dbts_defaults() {
    let credentials = parse(target(json!({}))).unwrap();
    assert_eq!(credentials.addresses, [Address { host: "db".to_owned(), port: 5433 }]);
    assert_eq!((credentials.password.as_deref(), credentials.database.as_str()), (Some("p"), "shop"));
    assert_eq!((credentials.connect_timeout, credentials.retries), (Some(Duration::from_secs(10)), 1));
    assert_eq!((credentials.ssl_mode, credentials.autocommit), (SslMode::Prefer, false));
    assert_eq!(credentials.startup, [("application_name".to_owned(), "dbt".to_owned())]);
}

#[test]
fn targets_show_what_dbt_shows() {
    let shown = parse(target(json!({"keepalives_idle": 5, "search_path": "a, b"}))).unwrap().shown;
    let expected = json!({
        "host": "db", "port": 5433, "user": "ann", "database": "shop", "schema": "dev", "connect_timeout": 10,
        "role": null, "search_path": "a, b", "keepalives_idle": 5, "sslmode": null, "sslcert": null, "sslkey": null,
        "sslrootcert": null, "application_name": "dbt", "autocommit": false, "retries": 1, "dbname": "shop",
    });
    assert_eq!(Value::Object(shown.clone()), expected);
    assert_eq!(shown.keys().collect::<Vec<_>>(), expected.as_object().unwrap().keys().collect::<Vec<_>>());
}

#[test]
fn every_key_does_something() {
    let credentials = parse(target(json!({
        "connect_timeout": 0, "keepalives_idle": 30, "retries": 3, "role": "builder", "search_path": "a, b",
        "sslmode": "verify-full", "sslrootcert": "ca.pem", "sslcert": "/c.pem", "sslkey": "/k.pem",
        "application_name": "nightly", "autocommit": true, "statement_timeout": "10min", "lock_timeout": 5000,
    })))
    .unwrap();
    assert_eq!((credentials.connect_timeout, credentials.keepalives_idle), (None, Some(Duration::from_secs(30))));
    assert_eq!((credentials.retries, credentials.role.as_deref()), (3, Some("builder")));
    assert_eq!(credentials.certificates.root.as_deref(), Some(std::path::Path::new("/project/ca.pem")));
    assert_eq!(credentials.certificates.key.as_deref(), Some(std::path::Path::new("/k.pem")));
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let startup = [("application_name", "nightly"), ("options", "-c search_path=a,\\ b")];
    assert_eq!(credentials.startup, pairs(&startup));
    assert_eq!(credentials.settings, pairs(&[("statement_timeout", "10min"), ("lock_timeout", "5000")]));
    assert!(credentials.autocommit);
}

#[test]
fn what_is_not_said_comes_from_the_service_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    std::fs::write(&file, "[prod]\nhost=service-host\nport=6000\nsslmode=require\n").unwrap();
    let file = file.to_string_lossy().into_owned();
    let variables = [
        ("PGSERVICE", "prod"),
        ("PGSERVICEFILE", file.as_str()),
        ("PGHOST", "not-asked"),
        ("PGUSER", "bob"),
        ("PGPASSWORD", "hush"),
        ("PGOPTIONS", "-c jit=off"),
    ];
    let target = json!({"dbname": "shop", "schema": "dev", "password": ""});
    let credentials = parse_with(&POSTGRES, target, &variables).unwrap();
    assert_eq!(credentials.addresses, [Address { host: "service-host".to_owned(), port: 6000 }]);
    assert_eq!((credentials.user.as_str(), credentials.password.as_deref()), ("bob", Some("hush")));
    assert_eq!(credentials.ssl_mode, SslMode::Require);
    assert!(credentials.startup.contains(&("options".to_owned(), "-c jit=off".to_owned())));
    let error = parse_with(&POSTGRES, json!({}), &[("PGSERVICE", "none"), ("PGSYSCONFDIR", "/etc/x")]).unwrap_err();
    assert!(error.message.contains("`none`") && error.notes[0].contains("/etc/x/pg_service.conf"), "{error:?}");
}

#[test]
fn several_hosts_are_tried_in_order() {
    let credentials = parse(target(json!({"host": "a,b", "port": "1,2"}))).unwrap();
    let shown: Vec<_> = credentials.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["connection to server at \"a\", port 1", "connection to server at \"b\", port 2"]);
    assert!(parse(target(json!({"host": "a,b", "port": "1,2,3"}))).is_err());
}

#[test]
fn mistakes_are_named() {
    for (further, expected) in [
        (json!({"prot": 1}), "does not know `prot`"),
        (json!({"port": "x"}), "`port`"),
        (json!({"port": 70_000}), "`port`"),
        (json!({"schema": null}), "no `schema`"),
        (json!({"sslmode": "verify_full"}), "`sslmode`"),
        (json!({"retries": "many"}), "`retries`"),
        (json!({"autocommit": "perhaps"}), "`autocommit`"),
        (json!({"host": [1]}), "`host`"),
        (json!({"user": null}), "no `user`"),
    ] {
        let error = parse(target(further)).unwrap_err();
        assert!(error.message.contains(expected), "{error:?}");
    }
    assert_eq!(parse(target(json!({"prot": 1}))).unwrap_err().hint.as_deref(), Some("a similar name exists: `port`"));
}

#[test]
fn redshift_has_its_own_keys_and_defaults() {
    let given = json!({"host": "c.redshift", "user": "ann", "password": "p", "dbname": "shop", "schema": "dev",
        "ra3_node": true, "method": "database"});
    let credentials = parse_with(&REDSHIFT, given, &[]).unwrap();
    assert_eq!(credentials.addresses[0].port, 5439);
    assert_eq!((credentials.connect_timeout, credentials.autocommit), (None, true));
    assert_eq!(credentials.shown["ra3_node"], true);
    assert_eq!(
        (credentials.shown["method"].as_str(), credentials.shown["sslmode"].as_str()),
        (Some("database"), Some("prefer"))
    );
    assert!(!credentials.shown.contains_key("password") && !credentials.shown.contains_key("search_path"));
}

#[test]
fn redshift_asks_no_other_service_for_credentials() {
    for method in ["iam", "iam_role", "browser_identity_center", "oauth_token_identity_center"] {
        let error = parse_with(&REDSHIFT, json!({"host": "h", "method": method}), &[]).unwrap_err();
        assert!(error.message.contains(method) && error.hint.is_some(), "{error:?}");
    }
    assert!(parse_with(&REDSHIFT, json!({"host": "h", "method": "x"}), &[]).unwrap_err().message.contains("`x`"));
}

#[test]
fn redshift_is_a_dialect() {
    let given = object(target(json!({"type": "redshift"})));
    let adapter = registry::open(&given, &Surroundings::default()).unwrap();
    assert_eq!(adapter.dispatch_prefixes(), ["redshift", "postgres", "default"]);
    assert_eq!(adapter.macro_packages(), ["dbt_redshift", "dbt_postgres", "dbt"]);
    assert_eq!((adapter.identifier_limit(), adapter.disables_transactions()), (Some(127), false));
    let given = object(target(json!({"type": "postgres", "autocommit": true})));
    let adapter = registry::open(&given, &Surroundings::default()).unwrap();
    assert_eq!((adapter.identifier_limit(), adapter.disables_transactions()), (Some(63), true));
}

#[test]
fn redshift_is_asked_where_it_keeps_its_metadata() {
    let schemas = ["Dev".to_owned(), "it's".to_owned()];
    let quoted = RelationParts { database: true, schema: false, identifier: true };
    let relation = Relation::new(None, Some("Dev"), Some("My View")).with_quoting(quoted);
    let queries = [
        (redshift_queries::relations(&schemas), include_str!("redshift_goldens/relations.sql")),
        (redshift_queries::columns(&relation), include_str!("redshift_goldens/columns.sql")),
        (redshift_queries::catalog("shop", &schemas), include_str!("redshift_goldens/catalog.sql")),
    ];
    let different: Vec<_> = queries.iter().filter(|(sql, golden)| sql.trim() != golden.trim()).collect();
    let shown: Vec<_> = different.iter().map(|(sql, _)| sql.as_str()).collect();
    assert!(different.is_empty(), "not what the golden files say:\n{}", shown.join("\n\n"));
}
