//! Logging in with a password, and TLS: `scripts/test-postgres.sh` starts a server that has both.
//!
//! Its roles `hetl_scram` and `hetl_md5` have the password `it's: secret`; its certificate is for `localhost` and signed by itself. A
//! server that was started otherwise has its checks left out, which CI does not allow.

use hetl::adapters::{Adapter, Cell, Surroundings, registry};
use serde_json::Value;

use super::{ask, open};
use crate::postgres_server::postgres_target;

const PASSWORD: &str = "it's: secret";

/// A target on the server, and the file of its certificate.
fn secured() -> Option<(Value, String)> {
    let mut target = postgres_target("public")?;
    let mut session = open(&target).connect().expect("it connects");
    let is_secured = ask(&mut *session, "show ssl") == Cell::Text("on".to_owned());
    assert!(is_secured || std::env::var("CI").as_deref() != Ok("true"), "CI needs scripts/test-postgres.sh");
    if !is_secured {
        eprintln!("the server has no TLS: left out what needs it");
        return None;
    }
    let certificate = ask(&mut *session, "select pg_read_file('server.crt')").to_string();
    target["host"] = "localhost".into();
    Some((target, certificate))
}

fn is_encrypted(adapter: &dyn Adapter) -> Result<bool, String> {
    let mut session = adapter.connect().map_err(|problem| problem.message)?;
    Ok(ask(&mut *session, "select ssl from pg_stat_ssl where pid = pg_backend_pid()") == Cell::Bool(true))
}

#[test]
fn each_mode_asks_for_what_it_says() {
    let Some((mut target, certificate)) = secured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own.crt"), folder.path().join("other.crt"));
    std::fs::write(&own, certificate).unwrap();
    std::fs::write(&other, OTHER).unwrap();
    let mut connect = |mode: &str, root: Option<&std::path::Path>, host: &str| {
        target["sslmode"] = mode.into();
        target["sslrootcert"] = root.map_or(Value::Null, |root| root.to_string_lossy().into());
        target["host"] = host.into();
        is_encrypted(&*open(&target))
    };
    assert_eq!(connect("disable", None, "localhost"), Ok(false));
    assert_eq!(connect("allow", None, "localhost"), Ok(false));
    assert_eq!(connect("prefer", None, "localhost"), Ok(true));
    assert_eq!(connect("require", None, "127.0.0.1"), Ok(true));
    assert_eq!(connect("verify-ca", Some(&own), "127.0.0.1"), Ok(true));
    assert_eq!(connect("verify-full", Some(&own), "localhost"), Ok(true));
    for (mode, root, host) in [
        ("verify-full", Some(&own), "127.0.0.1"),
        ("verify-full", Some(&other), "localhost"),
        ("verify-ca", Some(&other), "localhost"),
        // As in libpq: with a root certificate, this is verify-ca.
        ("require", Some(&other), "localhost"),
        ("verify-full", None, "localhost"),
    ] {
        let error = connect(mode, root.map(std::path::PathBuf::as_path), host).unwrap_err();
        assert!(error.contains("SSL error") || error.contains("root certificates"), "{mode} {host}: {error}");
    }
}

#[test]
fn a_statement_is_cancelled_within_tls() {
    let Some((mut target, _)) = secured() else { return };
    target["sslmode"] = "require".into();
    let mut session = open(&target).connect().unwrap();
    let cancel = session.cancel_handle();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        cancel.cancel();
    });
    assert!(session.execute("select pg_sleep(30)", false).unwrap_err().cancelled);
    canceller.join().unwrap();
    // More than a record of TLS, in both directions.
    let long = "x".repeat(100_000);
    let (_, table) = session.execute(&format!("select '{long}' as a, generate_series(1, 50)"), true).unwrap();
    assert_eq!((table.len(), table.cell(49, 0)), (50, Cell::Text(long)));
}

#[test]
fn passwords_are_checked_in_each_way() {
    let Some((mut target, _)) = secured() else { return };
    for user in ["hetl_scram", "hetl_md5", "hetl_clear"] {
        target["user"] = user.into();
        target["password"] = PASSWORD.into();
        let mut session = open(&target).connect().unwrap();
        assert_eq!(ask(&mut *session, "select current_user::text"), Cell::Text(user.to_owned()));
        target["password"] = "wrong".into();
        let error = open(&target).connect().err().unwrap();
        assert!(
            error.message.contains(&format!("FATAL:  password authentication failed for user \"{user}\"")),
            "{error:?}"
        );
        target["password"] = "".into();
        let error = open(&target).connect().err().unwrap();
        assert!(error.message.contains("no password supplied"), "{error:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_password_file_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let Some((mut target, _)) = secured() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pgpass");
    std::fs::write(&file, "localhost:*:*:hetl_scram:it's: secret\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    target["user"] = "hetl_scram".into();
    let mut surroundings = Surroundings::default();
    surroundings.variables.insert("PGPASSFILE".to_owned(), file.to_string_lossy().into_owned());
    let adapter = registry::open(target.as_object().unwrap(), &surroundings).unwrap();
    assert_eq!(ask(&mut *adapter.connect().unwrap(), "select current_user::text"), Cell::Text("hetl_scram".to_owned()));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let adapter = registry::open(target.as_object().unwrap(), &surroundings).unwrap();
    assert!(adapter.warnings()[0].message.contains("is not used"));
    adapter.connect().err().unwrap();
}

/// A certificate of somebody else, for `localhost`; its key was thrown away.
const OTHER: &str = "-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUZWOIffdpKDiz50Dat07W6csfqK8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjA0MzAzOFoYDzIxMjYxMTAy
MDQzMDM4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARvXfBrqhzO9ZWvm9/qF4gqYKR5znCkTkJ8B8Vc/rBLnkmaGydd2TWv
mC0wsFV1QH43ng2/8Mc9u3Xgt+R6xW8Fo2kwZzAdBgNVHQ4EFgQUc+m3KzuGxrN6
SrcFOwOSSkAGfzswHwYDVR0jBBgwFoAUc+m3KzuGxrN6SrcFOwOSSkAGfzswDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgLmDl7azzkafzq/ud+bFv6jL0C9jWIKv46S9FOwTBz24CIQDDukqARZzl
1rB+PfWhUFGPvHn3JITb+Sjq6kyvRVilXw==
-----END CERTIFICATE-----";
