//! DuckDB's threads in the background.
//!
//! The thread that sends a statement works at it; those in the background help it. Where as many statements run at once as there are threads, help
//! costs more than it gives: a piece of a small statement goes to a thread that has to be woken, and the one that sent the statement waits for it in a
//! loop (`docs/performance.md`). [`Background`] has DuckDB keep fewer of them then, by its setting `external_threads`, the number of threads that bring
//! their own work.

use std::sync::{Mutex, PoisonError, TryLockError};

use ::duckdb::{Connection, Result};

/// The threads of one instance.
#[derive(Debug, Default)]
pub(super) struct Background(Mutex<Share>);

#[derive(Debug, Default)]
enum Share {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// Of `total` threads, `outside` bring their own work.
    Known { connection: Connection, total: usize, outside: usize },
    /// The project says itself how many threads there are.
    Settled,
}

impl Background {
    /// So many statements are going to run at once. `connect` gives a connection if the instance is open: what asks nothing must not open it.
    pub(super) fn expect_statements(&self, at_once: usize, connect: impl FnOnce() -> Option<Connection>) {
        let mut share = match self.0.try_lock() {
            Ok(share) => share,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody else tells the same.
            Err(TryLockError::WouldBlock) => return,
        };
        if matches!(*share, Share::Unknown) {
            let Some(connection) = connect() else { return };
            *share = Share::ask(connection).unwrap_or(Share::Settled);
        }
        share.set_outside(at_once);
    }

    /// A statement of the project is going to set the number of threads, which must not be less than those that bring their own work.
    pub(super) fn settle(&self) {
        let mut share = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        share.set_outside(1);
        *share = Share::Settled;
    }
}

impl Share {
    fn ask(connection: Connection) -> Result<Self> {
        let sql = "select current_setting('threads')::bigint, current_setting('external_threads')::bigint";
        let (total, outside) =
            connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        // DuckDB's own default is one.
        let total = usize::try_from(total).ok().filter(|_| outside == 1);
        Ok(total.map_or(Self::Settled, |total| Self::Known { connection, total, outside: 1 }))
    }

    fn set_outside(&mut self, wanted: usize) {
        let Self::Known { connection, total, outside } = self else { return };
        let wanted = wanted.clamp(1, (*total).max(1));
        if wanted == *outside {
            return;
        }
        *outside = wanted;
        if connection.execute_batch(&format!("set external_threads = {wanted}")).is_err() {
            *self = Self::Settled;
        }
    }
}

/// Whether a statement sets the number of threads.
pub(super) fn sets_threads(statement: &str) -> bool {
    let statement = without_comment(statement);
    let verb = statement.split(char::is_whitespace).next().unwrap_or_default();
    ["set", "reset", "pragma"].iter().any(|setting| verb.eq_ignore_ascii_case(setting))
        && statement.to_ascii_lowercase().contains("threads")
}

/// The statement without the comments and blanks before it.
fn without_comment(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let behind = match rest.get(..2) {
            Some("/*") => rest.find("*/").map(|end| end + 2),
            Some("--") => rest.find('\n'),
            _ => return rest,
        };
        rest = behind.map_or("", |behind| rest[behind..].trim_start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(connection: &Connection) -> i64 {
        connection.query_row("select current_setting('external_threads')::bigint", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn there_are_as_many_threads_as_before_however_many_statements_run() {
        let connection = super::super::instance::in_memory();
        connection.execute_batch("set threads = 3").unwrap();
        let background = Background::default();
        for (statements, expected) in [(2, 2), (8, 3), (1, 1)] {
            background.expect_statements(statements, || connection.try_clone().ok());
            assert_eq!(outside(&connection), expected, "{statements} statements");
        }
        background.expect_statements(3, || None);
        background.settle();
        background.expect_statements(3, || None);
        assert_eq!(outside(&connection), 1, "the project decides");
    }

    #[test]
    fn what_the_profile_sets_stays() {
        let connection = super::super::instance::in_memory();
        connection.execute_batch("set threads = 4; set external_threads = 2").unwrap();
        Background::default().expect_statements(4, || connection.try_clone().ok());
        assert_eq!(outside(&connection), 2);
    }

    #[test]
    fn statements_that_set_threads_are_known() {
        for sets in
            ["set threads = 1", "/* {} */\nSET GLOBAL threads TO 2", "-- so\n pragma worker_threads=4", "reset threads"]
        {
            assert!(sets_threads(sets), "{sets}");
        }
        for other in
            ["select threads from t", "set memory_limit = '1GB'", "create table threads as select 1", "/* set threads"]
        {
            assert!(!sets_threads(other), "{other}");
        }
    }
}
