//! A copy of the database file for readers, who could not open the file itself while a run writes to it.
//!
//! It is made beside its place and renamed into it, so that a reader finds the old copy or the new one, and one who has the old copy open keeps
//! it. The run holds its lock and this process DuckDB's own, so nobody changes the file while it is copied.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ::duckdb::Connection;

use super::error;
use crate::diagnostics::{Code, Diagnostic};

/// Writes all that is committed to the file, and copies it with its permissions. The connection is the last thing to write to the file: to
/// close the copied file gives back DuckDB's lock on it.
pub(super) fn publish(connection: &Connection, database: &Path, to: &Path) -> Result<(), Diagnostic> {
    let failed = |said: String| {
        let message = format!("the read copy {} was not made: {said}", to.display());
        Diagnostic::error(Code::UNWRITABLE_FILE, message).note("what was there before is still there")
    };
    if is_same(database, to) {
        return Err(Diagnostic::error(Code::YAML_VALUE, "`read_copy` must be another file than the database"));
    }
    if database.file_name() != to.file_name() {
        let name = database.file_name().unwrap_or_default().to_string_lossy();
        return Err(Diagnostic::error(Code::YAML_VALUE, format!("the file of `read_copy` must be called `{name}`"))
            .note("a database is called as its file, and views in the copy would not find what they read")
            .hint("put it into another folder"));
    }
    connection
        .execute_batch("checkpoint")
        .map_err(|driver| failed(error::from_driver(driver, "checkpoint").message))?;
    copy(database, to).map_err(|error| failed(error.to_string()))
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().zip(fs::canonicalize(other).ok()).is_some_and(|(one, other)| one == other)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = new_name(to);
    // What a killed run left would keep its own permissions.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::copy(from, &new)?;
    File::open(&new)?.sync_all()?;
    if crate::faults::fails("copy") {
        return Err(io::Error::other("fault injected at copy"));
    }
    fs::rename(&new, to)
}

/// The name until the copy is whole: always the same, so that what a killed run left is in the next one's way, which removes it.
fn new_name(to: &Path) -> PathBuf {
    let mut name = to.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".hetl-new");
    to.with_file_name(name)
}
