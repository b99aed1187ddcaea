//! The database instance of an invocation: opened once, prepared once, shared by all connections.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::duckdb::{Config, Connection};

use super::attachment::resolve;
use super::credentials::{Credentials, invalid};
use super::{error, lock_file};
use crate::adapters::registry::Surroundings;
use crate::diagnostics::{Code, Diagnostic};

/// Opens the database and does what the profile wants done once: extensions, secrets, attached databases.
pub(super) fn open(credentials: &Credentials, surroundings: &Surroundings) -> Result<Connection, Diagnostic> {
    let path = resolve(&credentials.path, &surroundings.project_root);
    let connection = connect(credentials, &path)?;
    prepare(&connection, credentials)?;
    let may_install = credentials.may_install_extensions();
    for extension in &credentials.extensions {
        extension.load(&connection, may_install, &surroundings.extension_folders)?;
    }
    for sql in &credentials.secrets {
        run(&connection, sql, "a secret of the profile cannot be created")?;
    }
    for attachment in &credentials.attach {
        let sql = attachment.to_sql(&surroundings.project_root);
        connection
            .execute_batch(&sql)
            .map_err(|failure| error::cannot_open(&attachment.path, &error::from_driver(failure, &sql).message))?;
    }
    Ok(connection)
}

/// Sets what the profile wants set on every connection.
pub(super) fn prepare(connection: &Connection, credentials: &Credentials) -> Result<(), Diagnostic> {
    for (key, value) in &credentials.settings {
        let sql = format!("SET {key} = {}", super::literal::string(value));
        run(connection, &sql, &format!("the setting `{key}` of the profile cannot be set"))?;
    }
    Ok(())
}

/// The version of the library, which is loaded by now: `1.5.5`.
pub(super) fn version() -> &'static str {
    library().unwrap_or_default()
}

/// Makes sure that the library is loaded, and tells its version: `1.5.5`.
#[cfg(feature = "shared")]
fn library() -> Result<&'static str, Diagnostic> {
    duckdb_library::load().map(|version| version.trim_start_matches('v')).map_err(|failure| {
        failure.reasons.into_iter().fold(
            Diagnostic::error(Code::CONNECTION, "DuckDB's library cannot be loaded").hint(
                "put the library of DuckDB 1.5.5 beside hetl's executable, or into the folder `lib` beside its folder",
            ),
            Diagnostic::note,
        )
    })
}

/// The version of the library that is linked: `1.5.5`.
#[cfg(not(feature = "shared"))]
fn library() -> Result<&'static str, Diagnostic> {
    static VERSION: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    Ok(VERSION.get_or_init(|| {
        let version = Connection::open_in_memory()
            .and_then(|connection| connection.query_row("select version()", [], |row| row.get::<_, String>(0)));
        version.unwrap_or_default().trim_start_matches('v').to_owned()
    }))
}

/// Opens the file, as often as the profile says if another process holds it.
fn connect(credentials: &Credentials, path: &str) -> Result<Connection, Diagnostic> {
    library()?;
    let mut attempt = 1;
    loop {
        let failure = match Connection::open_with_flags(PathBuf::from(path), config(credentials)?) {
            Ok(connection) => return Ok(connection),
            Err(failure) => failure,
        };
        let message = error::from_driver(failure, "").message;
        if attempt >= credentials.connect_attempts || !message.starts_with("IO Error") {
            let problem = error::cannot_open(&credentials.path, &message);
            return Err(match lock_file::holder(Path::new(path)) {
                Some(holder) => problem.note(format!("it is {holder}")),
                None => problem,
            });
        }
        std::thread::sleep(Duration::from_secs(1 << attempt.min(6)));
        attempt += 1;
    }
}

/// Nothing is fetched or loaded by DuckDB itself, unless the profile's own options say so.
fn config(credentials: &Credentials) -> Result<Config, Diagnostic> {
    let mut config = Config::default()
        .enable_autoload_extension(false)
        .and_then(|config| config.custom_user_agent("hetl"))
        .map_err(|failure| invalid(format!("DuckDB refuses its own options: {failure}")))?;
    for (key, value) in &credentials.config_options {
        config = config.with(key, value).map_err(|_| {
            invalid(format!("`config_options` of the profile: DuckDB does not accept `{key}: {value}`"))
                .hint("`select name, description from duckdb_settings()` lists the options")
        })?;
    }
    Ok(config)
}

/// Runs a statement of the preparation. Of DuckDB's message only the first line is told: further ones repeat the statement, in which
/// there may be a secret.
fn run(connection: &Connection, sql: &str, failure: &str) -> Result<(), Diagnostic> {
    connection.execute_batch(sql).map_err(|driver| {
        let message = error::from_driver(driver, sql).message;
        Diagnostic::error(Code::CONNECTION, failure.to_owned())
            .note(message.lines().next().unwrap_or_default().to_owned())
    })
}

#[cfg(test)]
pub(super) fn in_memory() -> Connection {
    let target = serde_json::Map::new();
    let credentials = Credentials::parse(&target).expect("an empty target is valid");
    open(&credentials, &Surroundings::default()).expect("memory can be opened")
}
