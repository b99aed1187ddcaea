//! Texts as PyYAML writes them: plain where that is safe, else in quotes, long ones folded at column 80.

use crate::diagnostics::SourceMap;
use crate::yaml::{self, Value};

/// PyYAML's width of a line.
const WIDTH: usize = 80;

/// A text as a scalar that begins in column `column`; further lines are indented by `indent`.
pub(super) fn scalar(text: &str, column: usize, indent: usize) -> String {
    if text.chars().any(|c| !(' '..='~').contains(&c) && c != '\n') {
        return double_quoted(text);
    }
    if is_plain(text) {
        return fold(text, column, indent);
    }
    let quoted = text.replace('\'', "''").replace('\n', &format!("\n\n{}", " ".repeat(indent)));
    // A fold needs a space between two other characters, so that it cannot fall beside a quote.
    let inner = fold(&quoted, column + 1, indent);
    format!("'{inner}'")
}

/// Whether the text, written as it is, is read as that very text.
fn is_plain(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') || text == "<<" || text == "=" {
        return false;
    }
    let sources = SourceMap::new();
    let document = format!("a: {text}\n");
    let read = yaml::parse(sources.add("a", document.as_str()), &document);
    read.is_ok_and(|tree| tree.get("a").is_some_and(|node| node.value == Value::Str(text.to_owned())))
}

/// Breaks at single spaces, when the line is longer than it should be.
fn fold(text: &str, column: usize, indent: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = column;
    for (place, &character) in characters.iter().enumerate() {
        let beside = |offset: Option<usize>| offset.and_then(|offset| characters.get(offset));
        let is_single = character == ' '
            && beside(place.checked_sub(1)).is_some_and(|c| !c.is_whitespace())
            && beside(Some(place + 1)).is_some_and(|c| !c.is_whitespace());
        if is_single && at > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            at = indent;
        } else {
            out.push(character);
            at = if character == '\n' { 0 } else { at + 1 };
        }
    }
    out
}

fn double_quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        ' '..='~' => character.to_string(),
        other => match other as u32 {
            code @ 0..=0xff => format!("\\x{code:02X}"),
            code @ 0x100..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::scalar;

    /// PyYAML 6's answers.
    #[test]
    fn texts_are_quoted_as_pyyaml_quotes_them() {
        for (text, expected) in [
            ("1.0.0", "1.0.0"),
            ("1.0", "'1.0'"),
            ("1e5", "1e5"),
            ("1.5e+3", "'1.5e+3'"),
            ("1234567890123456789012345678901234567890", "'1234567890123456789012345678901234567890'"),
            ("https://{{env_var('X')}}@github.com/x", "https://{{env_var('X')}}@github.com/x"),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("", "''"),
            ("null", "'null'"),
            (" x", "' x'"),
            ("it's", "it's"),
            ("it's: x", "'it''s: x'"),
            ("é", "\"\\xE9\""),
            ("😀", "\"\\U0001F600\""),
            ("a\tb", "\"a\\tb\""),
            (">=1", "'>=1'"),
            ("<2", "<2"),
            ("2020-01-01", "'2020-01-01'"),
            ("1:30", "'1:30'"),
            ("0o7", "0o7"),
            ("0x1f", "'0x1f'"),
            ("1_000", "'1_000'"),
            ("@a", "'@a'"),
            ("-x", "-x"),
            ("~/x", "~/x"),
            ("&x", "'&x'"),
            ("yes", "'yes'"),
            ("y", "y"),
        ] {
            assert_eq!(scalar(text, 8, 6), expected, "{text}");
        }
    }

    #[test]
    fn long_texts_are_folded() {
        let text = format!("it's: {}end", "bbb ".repeat(22));
        let expected = format!("'it''s: {}bbb\n      bbb bbb bbb bbb bbb end'", "bbb ".repeat(16));
        assert_eq!(scalar(&text, 7, 6), expected);
    }
}
