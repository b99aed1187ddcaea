//! Where the statements of a text begin and end.
//!
//! Some warehouses take one statement at a time, or mix up the places of errors when they are given several. Only what a semicolon
//! can hide in is understood here: strings, quoted names, dollar quotes and comments.

use std::ops::Range;

/// The ranges of the statements that have something to run; semicolons are left out.
pub(super) fn split(sql: &str) -> Vec<Range<usize>> {
    let bytes = sql.as_bytes();
    let mut statements = Vec::new();
    let (mut start, mut at, mut is_blank) = (0, 0, true);
    while at < bytes.len() {
        let rest = &sql[at..];
        match bytes[at] {
            b';' => {
                if !is_blank {
                    statements.push(start..at);
                }
                (start, at, is_blank) = (at + 1, at + 1, true);
            }
            b'-' if rest.starts_with("--") => at += rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => at += comment(rest),
            b'\'' => {
                let escapes = at > 0 && matches!(bytes[at - 1], b'e' | b'E') && (at < 2 || !is_word(bytes[at - 2]));
                at += quoted(rest, b'\'', escapes);
                is_blank = false;
            }
            b'"' => {
                at += quoted(rest, b'"', false);
                is_blank = false;
            }
            b'$' if at == 0 || !is_word(bytes[at - 1]) => {
                at += dollar_quoted(rest);
                is_blank = false;
            }
            byte => {
                is_blank &= byte.is_ascii_whitespace();
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    if !is_blank {
        statements.push(start..sql.len());
    }
    statements
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// The length of a quoted text with its quotes; doubled quotes stay inside.
fn quoted(text: &str, quote: u8, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a comment, in which others may be nested.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of `$tag$ … $tag$`, or of a lone dollar sign.
fn dollar_quoted(text: &str) -> usize {
    let tag_end = text[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(text.len(), |at| at + 1);
    let starts_with_digit = text[1..].starts_with(|c: char| c.is_ascii_digit());
    if starts_with_digit || text.as_bytes().get(tag_end) != Some(&b'$') {
        return 1;
    }
    let tag = &text[..=tag_end];
    text[tag.len()..].find(tag).map_or(text.len(), |at| at + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::split;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).into_iter().map(|range| sql[range].trim()).collect()
    }

    #[test]
    fn semicolons_split_where_they_end_a_statement() {
        assert_eq!(texts("select 1; -- a; b\nselect ';', \";\" ;;\n"), ["select 1", "-- a; b\nselect ';', \";\""]);
        assert_eq!(texts("select 'it''s;' /* ; /* ; */ ; */; x"), ["select 'it''s;' /* ; /* ; */ ; */", "x"]);
        assert_eq!(texts("select $$;$$, $a$;$$;$a$, $1; y"), ["select $$;$$, $a$;$$;$a$, $1", "y"]);
        assert_eq!(texts("select e'\\';', name'\\';é"), ["select e'\\';', name'\\'", "é"]);
    }

    #[test]
    fn what_is_not_closed_goes_to_the_end() {
        assert_eq!(texts("select 'a; b"), ["select 'a; b"]);
        assert_eq!(texts("-- only\n/* ; */ ;"), Vec::<&str>::new());
    }
}
