//! One session: what it tells of statements, what it is set to, and what becomes of it when its connection is lost.

use std::net::TcpListener;

use hetl::adapters::Cell;
use hetl::diagnostics::Code;
use serde_json::json;

use super::proxy::Proxy;
use super::{ask, ask_number, open};
use crate::postgres_server::postgres_target;

#[test]
fn answers_are_those_of_psycopg2() {
    let Some(target) = postgres_target("public") else { return };
    let mut session = open(&target).connect().unwrap();
    for (sql, message, code, rows) in [
        ("select generate_series(1, 5)", "SELECT 5", "SELECT", 5),
        ("create temp table t (a int)", "CREATE TABLE", "CREATE TABLE", -1),
        ("insert into t values (1), (2)", "INSERT 0 2", "INSERT", 2),
        ("update t set a = 3", "UPDATE 2", "UPDATE", 2),
        ("insert into t values (9); delete from t", "DELETE 3", "DELETE", 3),
    ] {
        let (response, table) = session.execute(sql, false).unwrap();
        let told = json!({"_message": message, "code": code, "rows_affected": rows});
        assert_eq!(serde_json::Value::Object(response.to_map()), told);
        assert!(table.is_empty());
    }
    // Of several statements, only the last has rows to give.
    let (_, table) = session.execute("select 1 as a; select 2 as b, 3 as c", true).unwrap();
    assert_eq!(table.row(0), [Cell::Int(2), Cell::Int(3)]);
    let (_, none) = session.execute("select 1 as a; create temp table u (a int)", true).unwrap();
    assert_eq!((none.len(), none.columns().len()), (0, 0));
}

#[test]
fn errors_are_written_as_libpq_writes_them() {
    let Some(target) = postgres_target("public") else { return };
    let mut session = open(&target).connect().unwrap();
    let error = session.execute("select\n  nope from (select 1 as id) t", true).unwrap_err();
    let expected = "column \"nope\" does not exist\nLINE 2:   nope from (select 1 as id) t\n          ^";
    assert_eq!((error.kind.as_str(), error.message.as_str()), ("42703", expected));
    assert_eq!(error.offset, Some(9));
    let error = session.execute("create temp table k (a int primary key); insert into k values (1), (1)", false);
    let error = error.unwrap_err();
    let expected = "duplicate key value violates unique constraint \"k_pkey\"\nDETAIL:  Key (a)=(1) already exists.";
    assert_eq!((error.kind.as_str(), error.message.as_str(), error.offset), ("23505", expected, None));
    // Nothing of a text stays whose last statement failed.
    session.execute("select * from k", true).unwrap_err();
    let error = session.execute("do $$ begin perform 1 / 0; end $$", false).unwrap_err();
    assert!(error.message.starts_with("division by zero\nCONTEXT:  SQL statement"), "{}", error.message);
    let error = session.execute("copy pg_class from stdin", false).unwrap_err();
    assert!(!error.message.is_empty());
    assert_eq!(ask(&mut *session, "select 1"), Cell::Int(1));
}

#[test]
fn a_session_is_set_as_the_profile_says() {
    let Some(mut target) = postgres_target("public") else { return };
    target["search_path"] = "pg_catalog, public".into();
    target["application_name"] = "nightly build".into();
    target["role"] = "pg_monitor".into();
    target["lock_timeout"] = 1500.into();
    target["keepalives_idle"] = 7.into();
    let mut session = open(&target).connect().unwrap();
    for (name, expected) in [
        ("search_path", "pg_catalog, public"),
        ("application_name", "nightly build"),
        ("role", "pg_monitor"),
        ("lock_timeout", "1500ms"),
        ("client_encoding", "UTF8"),
    ] {
        assert_eq!(ask(&mut *session, &format!("show {name}")), Cell::Text(expected.to_owned()), "{name}");
    }
    target["role"] = "there_is_no_such_role".into();
    let error = open(&target).connect().err().unwrap();
    assert!(error.message.contains("there_is_no_such_role") && error.code == Code::CONNECTION, "{error:?}");
}

#[test]
fn a_server_looks_whether_its_client_is_there() {
    let Some(target) = postgres_target("public") else { return };
    let mut session = open(&target).connect().unwrap();
    if ask_number(&mut *session, "select current_setting('server_version_num')::int") >= 140_000 {
        assert_eq!(ask(&mut *session, "show client_connection_check_interval"), Cell::Text("2s".to_owned()));
    }
}

#[test]
fn limits_are_no_cancellations() {
    let Some(mut target) = postgres_target("public") else { return };
    target["statement_timeout"] = "50ms".into();
    let mut session = open(&target).connect().unwrap();
    let error = session.execute("select pg_sleep(5)", false).unwrap_err();
    assert_eq!((error.kind.as_str(), error.cancelled), ("57014", false));
    assert_eq!(error.message, "canceling statement due to statement timeout");
}

#[test]
fn a_connection_that_was_lost_between_statements_is_made_again() {
    let Some(target) = postgres_target("public") else { return };
    let adapter = open(&target);
    let (mut session, mut other) = (adapter.connect().unwrap(), adapter.connect().unwrap());
    let pid = ask_number(&mut *session, "select pg_backend_pid()");
    ask(&mut *other, &format!("select pg_terminate_backend({pid}, 5000)"));
    let now = ask_number(&mut *session, "select pg_backend_pid()");
    assert_ne!(pid, now);
    // Its cancel handle means the new connection.
    let cancel = session.cancel_handle();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        cancel.cancel();
    });
    let error = session.execute("select pg_sleep(30)", false).unwrap_err();
    canceller.join().unwrap();
    assert!(error.cancelled, "{error:?}");
}

#[test]
fn work_of_a_transaction_that_was_lost_is_not_gone_on_with() {
    let Some(target) = postgres_target("public") else { return };
    let adapter = open(&target);
    let (mut session, mut other) = (adapter.connect().unwrap(), adapter.connect().unwrap());
    session.begin().unwrap();
    let pid = ask_number(&mut *session, "select pg_backend_pid()");
    ask(&mut *other, &format!("select pg_terminate_backend({pid}, 5000)"));
    session.execute("select 1", true).unwrap_err();
    assert!(session.in_transaction());
    let error = session.execute("select 1", true).unwrap_err();
    assert!(error.message.contains("lost within a transaction"), "{error:?}");
    session.rollback().unwrap();
    assert!(!session.in_transaction());
    assert_eq!(ask(&mut *session, "select 1"), Cell::Int(1));
}

#[test]
fn a_cut_connection_is_an_error_and_then_made_again() {
    let Some(mut target) = postgres_target("public") else { return };
    let port = target["port"].as_str().and_then(|port| port.parse().ok()).expect("the address has a port");
    let proxy = Proxy::to(target["host"].as_str().expect("the address has a host"), port);
    (target["host"], target["port"]) = ("127.0.0.1".into(), proxy.port.into());
    let mut session = open(&target).connect().unwrap();
    let error = std::thread::scope(|scope| {
        let cutter = scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            proxy.cut();
        });
        let error = session.execute("select pg_sleep(30)", false).unwrap_err();
        cutter.join().unwrap();
        error
    });
    assert_eq!((error.kind.as_str(), error.cancelled), ("08006", false));
    assert!(error.message.starts_with("server closed the connection unexpectedly"), "{error:?}");
    assert_eq!(ask(&mut *session, "select 1"), Cell::Int(1));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    // A port that nobody listens on: it was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = json!({"type": "postgres", "host": "127.0.0.1", "port": port, "user": "ann", "password": "x",
        "dbname": "shop", "schema": "dev", "retries": 0});
    let error = open(&target).connect().err().unwrap();
    assert_eq!(error.code, Code::CONNECTION);
    let expected = format!(
        "connection to server at \"127.0.0.1\", port {port} failed: Connection refused\n\tIs the server running on that \
         host and accepting TCP/IP connections?"
    );
    assert_eq!(error.message, expected);
}

#[test]
fn the_next_host_is_tried() {
    let Some(mut target) = postgres_target("public") else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    target["port"] = format!("{port},{}", target["port"].as_str().unwrap_or_default()).into();
    target["host"] = format!("127.0.0.1,{}", target["host"].as_str().unwrap_or_default()).into();
    assert_eq!(ask(&mut *open(&target).connect().unwrap(), "select 1"), Cell::Int(1));
    target["dbname"] = "there_is_no_such_database".into();
    let error = open(&target).connect().err().unwrap();
    assert!(error.message.contains("FATAL:  database \"there_is_no_such_database\" does not exist"), "{error:?}");
}

#[test]
fn columns_have_their_sizes() {
    let Some(target) = postgres_target("public") else { return };
    let adapter = open(&target);
    let mut session = adapter.connect().unwrap();
    session
        .execute(
            "create domain pg_temp.price as numeric(7,3);
             create temp table sized (a varchar(9), b numeric(10,2), c text, d timestamptz, e int[], f pg_temp.price, g bpchar(3))",
            false,
        )
        .unwrap();
    let relation = adapter.relation(None, None, Some("sized"));
    let columns = session.columns_in_relation(&relation).unwrap();
    let types: Vec<_> = columns.iter().map(hetl::adapters::Column::data_type).collect();
    assert_eq!(types[..2], ["character varying(9)", "numeric(10,2)"]);
    assert_eq!(types[3..5], ["timestamp with time zone", "integer[]"]);
    assert_eq!((columns[5].numeric_precision, columns[5].numeric_scale), (Some(7), Some(3)));
    assert_eq!(columns[6].char_size, Some(3));
}
