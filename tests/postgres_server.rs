//! The PostgreSQL server that tests use: that of `HETL_TEST_POSTGRES`, written as libpq writes addresses.

use serde_json::{Value, json};

/// The server's address as names and values; nothing where there is no server, which CI does not allow.
pub(crate) fn postgres_address() -> Option<Vec<(String, String)>> {
    let Ok(address) = std::env::var("HETL_TEST_POSTGRES") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs PostgreSQL: HETL_TEST_POSTGRES is not set");
        eprintln!("HETL_TEST_POSTGRES is not set: left out what needs PostgreSQL");
        return None;
    };
    let parts = address.split_whitespace().filter_map(|part| part.split_once('='));
    Some(parts.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A target of a profile on the server, with a schema.
pub(crate) fn postgres_target(schema: &str) -> Option<Value> {
    let mut target = json!({"type": "postgres", "schema": schema, "password": ""});
    for (name, value) in postgres_address()? {
        target[name] = value.into();
    }
    Some(target)
}
