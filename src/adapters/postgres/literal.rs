//! Values and names written as SQL.

use std::borrow::Cow;

use crate::adapters::Cell;

/// A text in quotes. Where a backslash escapes (Redshift), it is doubled.
pub(super) fn string(text: &str, backslash_escapes: bool) -> String {
    let quoted = text.replace('\'', "''");
    format!("'{}'", if backslash_escapes { quoted.replace('\\', "\\\\") } else { quoted })
}

/// A name in quotes.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value as psycopg2 writes it into a statement.
pub(super) fn cell(cell: &Cell, backslash_escapes: bool) -> String {
    let quoted = |text: &str| string(text, backslash_escapes);
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Bool(value) => value.to_string(),
        // A minus that follows another one would begin a comment.
        Cell::Int(value) if *value < 0 => format!(" {value}"),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) if value.is_nan() => "'NaN'::float".to_owned(),
        Cell::Float(value) if value.is_infinite() => {
            format!("'{}Infinity'::float", if *value < 0.0 { "-" } else { "" })
        }
        Cell::Float(value) => format!(" {value:?}"),
        Cell::Decimal(text) if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) => {
            format!(" {text}")
        }
        Cell::Decimal(text) => format!("'{text}'::numeric"),
        Cell::Date(text) => format!("{}::date", quoted(text)),
        Cell::Time(text) => format!("{}::time", quoted(text)),
        Cell::Timestamp(text) => format!("{}::timestamp", quoted(text)),
        Cell::TimestampTz(text) => format!("{}::timestamptz", quoted(text)),
        Cell::Bytes(_) => format!("{}::bytea", quoted(&cell.to_string())),
        other => quoted(&other.to_string()),
    }
}

/// Puts values into the places of `%s`; `%%` is a percent sign. As in psycopg2, a text without values is left as it is.
pub(super) fn interpolate(sql: &str, cells: &[Cell], backslash_escapes: bool) -> Result<String, String> {
    if cells.is_empty() {
        return Ok(sql.to_owned());
    }
    let mut text = String::with_capacity(sql.len() + 16 * cells.len());
    let mut values = cells.iter();
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('s') {
            let value = values.next().ok_or("there are more `%s` than values")?;
            text.push_str(&cell(value, backslash_escapes));
            rest = after;
        } else {
            return Err("a `%` is not followed by `s`; write `%%` for a percent sign".to_owned());
        }
    }
    text.push_str(rest);
    if values.next().is_some() {
        return Err("there are more values than `%s`".to_owned());
    }
    Ok(text)
}

/// Appends a row in the text format of `COPY`.
pub(super) fn copy_row(buffer: &mut Vec<u8>, row: &[Cell]) {
    use std::io::Write as _;
    for (at, cell) in row.iter().enumerate() {
        if at > 0 {
            buffer.push(b'\t');
        }
        match cell {
            Cell::Null => buffer.extend_from_slice(b"\\N"),
            // Writing to memory cannot fail.
            Cell::Int(value) => drop(write!(buffer, "{value}")),
            Cell::Bool(value) => buffer.push(if *value { b't' } else { b'f' }),
            Cell::Float(value) if value.is_infinite() => {
                buffer.extend_from_slice(if *value < 0.0 { b"-Infinity" } else { b"Infinity" });
            }
            Cell::Float(value) => drop(write!(buffer, "{value:?}")),
            other => match other.as_text() {
                Some(text) => copy_text(buffer, text),
                None => copy_text(buffer, &other.to_string()),
            },
        }
    }
    buffer.push(b'\n');
}

/// The same of a row whose values are texts already; nothing is null.
pub(super) fn copy_texts<'t>(buffer: &mut Vec<u8>, row: impl Iterator<Item = Option<Cow<'t, str>>>) {
    for (at, text) in row.enumerate() {
        if at > 0 {
            buffer.push(b'\t');
        }
        match text {
            Some(text) => copy_text(buffer, &text),
            None => buffer.extend_from_slice(b"\\N"),
        }
    }
    buffer.push(b'\n');
}

fn copy_text(buffer: &mut Vec<u8>, text: &str) {
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t')) {
        buffer.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'\\' => buffer.extend_from_slice(b"\\\\"),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            other => buffer.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_places_of_marks() {
        let cells =
            [Cell::Int(-7), Cell::Text("it's \\ %s".to_owned()), Cell::Null, Cell::Date("2024-01-05".to_owned())];
        let sql = "insert into t values (1-%s, %s, %s, %s, '%%')";
        let written = interpolate(sql, &cells, false).unwrap();
        assert_eq!(written, "insert into t values (1- -7, 'it''s \\ %s', NULL, '2024-01-05'::date, '%')");
        assert!(interpolate("%s", &cells, false).is_err() && interpolate("%d", &cells, false).is_err());
        assert_eq!(interpolate("like '%'", &[], false).unwrap(), "like '%'");
        assert_eq!(string("a\\", true), "'a\\\\'");
    }

    #[test]
    fn rows_are_escaped_for_copy() {
        let mut buffer = Vec::new();
        copy_row(&mut buffer, &[Cell::Text("a\tb\\\n".to_owned()), Cell::Null, Cell::Bool(true), Cell::Float(0.5)]);
        assert_eq!(String::from_utf8(buffer).unwrap(), "a\\tb\\\\\\n\t\\N\tt\t0.5\n");
    }
}
