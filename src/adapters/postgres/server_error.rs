//! An error as the server sends it, and as psycopg2 (libpq) writes it.
//!
//! [`ServerError`] has the fields of the message. [`ServerError::text`] is what dbt prints: the sentence, the line of the statement with a
//! caret below the place, then detail, hint and context.

use std::fmt::Write as _;
use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;

use super::wire::Failure;
use crate::adapters::DatabaseError;

/// Columns of the statement's line that are shown.
const SHOWN_COLUMNS: usize = 60;
/// Columns right of the place that are shown if there are so many.
const SHOWN_BEHIND: usize = 10;

/// SQLSTATE of a statement that was cancelled, by whomever.
pub(super) const QUERY_CANCELED: &str = "57014";

/// The fields of an error message.
#[derive(Debug, Default, Clone)]
pub(super) struct ServerError {
    pub(super) severity: String,
    /// SQLSTATE.
    pub(super) code: String,
    pub(super) message: String,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
    /// Character of the statement, from 1.
    position: Option<usize>,
    /// The same in a statement that the server made itself, such as one of a function.
    internal_position: Option<usize>,
    internal_query: Option<String>,
}

impl ServerError {
    pub(super) fn read(body: &ErrorResponseBody) -> io::Result<Self> {
        let mut error = Self::default();
        let mut plain_severity = None;
        let mut fields = body.fields();
        while let Some(field) = fields.next()? {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'S' => error.severity = value,
                // The same, never translated.
                b'V' => plain_severity = Some(value),
                b'C' => error.code = value,
                b'M' => error.message = value,
                b'D' => error.detail = Some(value),
                b'H' => error.hint = Some(value),
                b'W' => error.context = Some(value),
                b'P' => error.position = value.parse().ok(),
                b'p' => error.internal_position = value.parse().ok(),
                b'q' => error.internal_query = Some(value),
                _ => {}
            }
        }
        error.severity = plain_severity.unwrap_or(error.severity);
        Ok(error)
    }

    /// Whether the server ends the connection after it.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// All that there is to say, without the severity.
    pub(super) fn text(&self, sql: &str) -> String {
        let mut text = self.message.clone();
        if let Some(position) = self.position {
            text.extend(excerpt(sql, position));
        } else if let (Some(query), Some(position)) = (&self.internal_query, self.internal_position) {
            text.extend(excerpt(query, position));
        }
        let parts = [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("QUERY", &self.internal_query),
            ("CONTEXT", &self.context),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                let _ = write!(text, "\n{name}:  {part}");
            }
        }
        text.trim().to_owned()
    }

    /// As the adapter's own error on a statement.
    pub(super) fn on(&self, sql: &str) -> DatabaseError {
        DatabaseError {
            kind: self.code.clone(),
            message: self.text(sql),
            offset: self.position.and_then(|position| byte_offset(sql, position)),
            cancelled: false,
        }
    }
}

impl Failure {
    /// As the adapter's own error on a statement.
    pub(super) fn on(&self, sql: &str) -> DatabaseError {
        match self {
            Self::Server(error) => error.on(sql),
            Self::Lost(error) => DatabaseError {
                // SQLSTATE of a connection failure.
                kind: "08006".to_owned(),
                message: match error.kind() {
                    io::ErrorKind::UnexpectedEof => "server closed the connection unexpectedly\n\tThis probably means the \
                                                     server terminated abnormally\n\tbefore or while processing the request."
                        .to_owned(),
                    _ => format!("the connection to the server was lost: {error}"),
                },
                offset: None,
                cancelled: false,
            },
        }
    }
}

/// The byte at a character that is counted from 1.
fn byte_offset(sql: &str, position: usize) -> Option<usize> {
    let ends = sql.char_indices().map(|(at, _)| at).chain([sql.len()]);
    ends.skip(position.checked_sub(1)?).next()
}

/// The statement's line at a character (from 1), cut to a window around it, and a caret below.
fn excerpt(sql: &str, position: usize) -> Option<String> {
    let characters: Vec<char> = sql.chars().collect();
    let at = position.checked_sub(1).filter(|at| *at <= characters.len())?;
    let is_break = |character: &char| matches!(character, '\n' | '\r');
    let start = characters[..at].iter().rposition(|character| is_break(character)).map_or(0, |found| found + 1);
    let end = characters[at..].iter().position(is_break).map_or(characters.len(), |found| at + found);
    let before: String = characters[..start].iter().collect();
    let number = before.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1;
    let (mut from, mut to) = (start, end);
    if to - from > SHOWN_COLUMNS {
        if from + SHOWN_COLUMNS >= at + SHOWN_BEHIND {
            to = from + SHOWN_COLUMNS;
        } else {
            to = to.min(at + SHOWN_BEHIND);
            from = from.max(to.saturating_sub(SHOWN_COLUMNS));
        }
    }
    let line: String =
        characters[from..to].iter().map(|character| if *character == '\t' { ' ' } else { *character }).collect();
    let head = format!("LINE {number}: {}", if from > start { "..." } else { "" });
    let tail = if to < end { "..." } else { "" };
    Some(format!("\n{head}{line}{tail}\n{}^", " ".repeat(head.chars().count() + at - from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_drawn_as_libpq_draws_it() {
        let error = ServerError {
            message: "column \"nope\" does not exist".to_owned(),
            hint: Some("Perhaps another.".to_owned()),
            position: Some(15),
            ..ServerError::default()
        };
        let sql = "select 1,\n  ö\tnope";
        let expected =
            ["column \"nope\" does not exist", "LINE 2:   ö nope", "            ^", "HINT:  Perhaps another."];
        assert_eq!(error.text(sql), expected.join("\n"));
        assert_eq!(error.on(sql).offset, sql.find("nope"));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let sql = format!("select {} from t", "a".repeat(100));
        let near = excerpt(&sql, 8).unwrap();
        assert_eq!(near, format!("\nLINE 1: select {}...\n{}^", "a".repeat(53), " ".repeat(15)));
        let far = excerpt(&sql, 113).unwrap();
        assert!(far.starts_with("\nLINE 1: ...aaaa") && far.contains(" from t\n"), "{far}");
    }
}
