//! DuckDB without hetl, to make and look at databases.

use std::path::Path;

/// Opens a database file, or makes it; `:memory:` is none.
pub(crate) fn open(path: impl AsRef<Path>) -> duckdb::Result<duckdb::Connection> {
    #[cfg(feature = "shared")]
    duckdb_library::load().expect("DuckDB's library is beside the tests");
    duckdb::Connection::open(path)
}
