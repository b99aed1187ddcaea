//! DuckDB's errors: their kind, their place, and what they say of a locked file.

use crate::adapters::DatabaseError;
use crate::diagnostics::{Code, Diagnostic};

/// An error of the driver as the adapter's own, with its place in `sql` where DuckDB shows it.
pub(super) fn from_driver(error: ::duckdb::Error, sql: &str) -> DatabaseError {
    let message = match error {
        ::duckdb::Error::DuckDBFailure(_, Some(message)) => message,
        other => other.to_string(),
    };
    from_message(message, sql)
}

/// The same from the text alone.
pub(super) fn from_message(message: String, sql: &str) -> DatabaseError {
    let kind = match message.split_once(": ") {
        Some((kind, _)) if kind.ends_with("Error") && !kind.contains('\n') => kind.to_owned(),
        _ => "Error".to_owned(),
    };
    let cancelled = kind == "INTERRUPT Error";
    let offset = offset(&message, sql);
    DatabaseError { kind, message, offset, cancelled }
}

/// The byte of `sql` under the caret of the last `LINE n:` excerpt in the message. Long lines are cut to a window by DuckDB.
fn offset(message: &str, sql: &str) -> Option<usize> {
    let start = message.rfind("\nLINE ")? + 1;
    let mut lines = message[start..].lines();
    let (number, excerpt) = lines.next()?.strip_prefix("LINE ")?.split_once(": ")?;
    let indent = lines.next()?.strip_suffix('^')?;
    let prefix = "LINE ".len() + number.len() + ": ".len();
    let mut column = indent.chars().count().checked_sub(prefix)?;

    let line_start = line_start(sql, number.parse().ok()?)?;
    let line = &sql[line_start..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let mut excerpt_start = 0;
    if !line.starts_with(excerpt.trim_end_matches("...")) {
        let window = excerpt.strip_prefix("...")?;
        column = column.checked_sub("...".len())?;
        excerpt_start = line.find(window.strip_suffix("...").unwrap_or(window))?;
    }
    let rest = &line[excerpt_start..];
    let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column)?;
    Some(line_start + excerpt_start + within)
}

/// Where a line begins, counted from 1.
fn line_start(sql: &str, number: usize) -> Option<usize> {
    let lines = std::iter::once(0).chain(sql.match_indices('\n').map(|(at, _)| at + 1));
    lines.take(number).nth(number.checked_sub(1)?)
}

/// Why a database could not be opened. A locked file is told apart, with its holder if DuckDB knows it.
pub(super) fn cannot_open(path: &str, message: &str) -> Diagnostic {
    let first = message.lines().next().unwrap_or(message);
    if let Some((_, conflict)) = message.split_once("Could not set lock on file") {
        let error =
            Diagnostic::error(Code::CONNECTION, format!("the database file `{path}` is in use by another process"));
        let error = match holder(conflict) {
            Some(holder) => error.note(format!("it is held by {holder}")),
            None => error.note(first),
        };
        return error
            .hint("DuckDB lets one process write to a file: close the other program, or build into another file");
    }
    let error = Diagnostic::error(Code::CONNECTION, format!("cannot open the database `{path}`: {first}"));
    if message.contains("No such file or directory") {
        return error.hint("the folder of the database file must exist");
    }
    if message.contains("not a valid DuckDB database file") {
        return error.hint("`path` names a file that is not a DuckDB database; move it away or choose another `path`");
    }
    error
}

/// `/usr/bin/x (PID 12) by user y` out of "Conflicting lock is held in … .".
fn holder(conflict: &str) -> Option<&str> {
    let (_, rest) = conflict.split_once("lock is held in ")?;
    Some(rest.split_once(". ").map_or(rest, |(holder, _)| holder).trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_becomes_an_offset() {
        let sql = "select 1,\n  é, missing\nfrom t";
        let message = "Binder Error: Referenced column \"missing\" not found\n\nLINE 2:   é, missing\n             ^";
        let error = from_message(message.to_owned(), sql);
        assert_eq!(error.kind, "Binder Error");
        assert_eq!(&sql[error.offset.unwrap()..][..7], "missing");
    }

    #[test]
    fn a_cut_line_is_found_again() {
        let sql = format!("select {}, nope from t", "a".repeat(100));
        let window = &sql[60..110];
        let column = sql.find("nope").unwrap() - 60;
        let message =
            format!("Binder Error: x\n\nLINE 1: ...{window}...\n{}^", " ".repeat("LINE 1: ...".len() + column));
        assert_eq!(from_message(message, &sql).offset, sql.find("nope"));
    }

    #[test]
    fn messages_without_place_have_none() {
        let error = from_message("INTERRUPT Error: Interrupted!".to_owned(), "select 1");
        assert!(error.cancelled);
        assert_eq!(error.offset, None);
        assert_eq!(from_message("odd".to_owned(), "").kind, "Error");
    }

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let message = "IO Error: Could not set lock on file \"/tmp/x.duckdb\": Conflicting lock is held in /usr/bin/python3 \
                       (PID 42) by user ann. See also https://duckdb.org/docs/stable/connect/concurrency";
        let error = cannot_open("x.duckdb", message);
        assert_eq!(error.notes, ["it is held by /usr/bin/python3 (PID 42) by user ann"]);
    }
}
