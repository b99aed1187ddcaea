//! Records of a CSV text, by the rules of Python's `csv` module, in which anything is a value: quotes inside a value are kept, a quote that is
//! never closed runs to the end. Line ends of every kind are `\n`.
//!
//! [`each_record`] reads a file in parts; [`Records`] borrows values from a part wherever they stand there as they are.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::ControlFlow;

use memchr::{memchr, memchr3};

/// Bytes of a file that are held at once; more where a record is longer.
pub(super) const WINDOW: usize = 1 << 20;

/// Why there are no records.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The file cannot be read.
    File(io::Error),
    /// What begins at this byte is not UTF-8.
    Text { offset: usize },
}

impl From<Unreadable> for io::Error {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::File(error) => error,
            Unreadable::Text { .. } => io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8 text"),
        }
    }
}

/// Gives each record of a file to `take`, with the byte at which it begins, until that breaks. Blank lines are records without values. The answer is
/// where quotes begin in which the file ends.
pub(super) fn each_record<E: From<Unreadable>>(
    mut file: impl Read,
    delimiter: char,
    mut take: impl FnMut(usize, &mut Vec<Cow<'_, str>>) -> Result<ControlFlow<()>, E>,
) -> Result<Option<usize>, E> {
    let mut window = Vec::with_capacity(WINDOW);
    let mut size = WINDOW;
    // The byte of the file at which the window begins.
    let mut begin = 0;
    loop {
        let missing = (size - window.len()) as u64;
        file.by_ref().take(missing).read_to_end(&mut window).map_err(Unreadable::File)?;
        let is_last = window.len() < size;
        let text = match std::str::from_utf8(&window) {
            Ok(text) => text,
            // A character that is cut by the end of the window.
            Err(error) if !is_last && error.error_len().is_none() => {
                std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(error) => return Err(Unreadable::Text { offset: begin + error.valid_up_to() }.into()),
        };
        let mark = if begin == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut records = Records::new(text, mark, delimiter);
        let mut record = Vec::new();
        let mut done = 0;
        while let Some(offset) = records.read(&mut record) {
            // What ends with the window may go on behind it.
            if !is_last && records.is_at_end() {
                break;
            }
            if take(begin + offset, &mut record)?.is_break() {
                return Ok(None);
            }
            done = records.at;
        }
        if is_last {
            return Ok(records.unclosed.map(|at| begin + at));
        }
        if done == 0 {
            size *= 2;
        }
        window.drain(..done);
        begin += done;
    }
}

/// Reads one record after the other.
struct Records<'t> {
    text: &'t str,
    at: usize,
    delimiter: char,
    /// The first byte of the delimiter.
    mark: u8,
    /// Where quotes begin in which the text ends.
    unclosed: Option<usize>,
}

impl<'t> Records<'t> {
    /// Reads from this byte on.
    fn new(text: &'t str, at: usize, delimiter: char) -> Self {
        let mark = delimiter.encode_utf8(&mut [0; 4]).as_bytes()[0];
        Self { text, at, delimiter, mark, unclosed: None }
    }

    /// Puts the next record's values into `record`, none for a blank line, and gives the byte at which it begins; nothing at the end.
    fn read(&mut self, record: &mut Vec<Cow<'t, str>>) -> Option<usize> {
        record.clear();
        let begin = self.at;
        if self.is_at_end() {
            return None;
        }
        if self.take_line_end() {
            return Some(begin);
        }
        loop {
            let value = if self.byte() == Some(b'"') { self.quoted() } else { Cow::Borrowed(self.plain()) };
            record.push(value);
            if self.is_at_end() || self.take_line_end() {
                return Some(begin);
            }
            self.at += self.delimiter.len_utf8();
        }
    }

    fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take_line_end(&mut self) -> bool {
        match self.byte() {
            Some(b'\n') => self.at += 1,
            Some(b'\r') => self.at += if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') { 2 } else { 1 },
            _ => return false,
        }
        true
    }

    /// The text up to the end of the value; in it quotes have no meaning.
    fn plain(&mut self) -> &'t str {
        let begin = self.at;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += memchr3(self.mark, b'\n', b'\r', rest).unwrap_or(rest.len());
            // Other characters may begin with the same byte.
            if self.byte() != Some(self.mark)
                || self.mark.is_ascii()
                || self.text[self.at..].starts_with(self.delimiter)
            {
                return &self.text[begin..self.at];
            }
            self.at += 1;
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
    }

    /// A value that begins with a quote.
    fn quoted(&mut self) -> Cow<'t, str> {
        let open = self.at;
        self.at += 1;
        let mut value = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let end = memchr(b'"', rest.as_bytes());
            append(&mut value, &rest[..end.unwrap_or(rest.len())]);
            let Some(end) = end else {
                self.at = self.text.len();
                self.unclosed = Some(open);
                break;
            };
            self.at += end + 1;
            if self.byte() != Some(b'"') {
                // What stands between the closing quote and the end of the value belongs to it.
                let behind = self.plain();
                return if value.contains('\r') {
                    Cow::Owned(with_plain_line_ends(&value) + behind)
                } else {
                    append(&mut value, behind);
                    value
                };
            }
            append(&mut value, "\"");
            self.at += 1;
        }
        if value.contains('\r') { Cow::Owned(with_plain_line_ends(&value)) } else { value }
    }
}

fn append<'t>(value: &mut Cow<'t, str>, more: &'t str) {
    if value.is_empty() {
        *value = Cow::Borrowed(more);
    } else if !more.is_empty() {
        value.to_mut().push_str(more);
    }
}

fn with_plain_line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
        let mut reader = Records::new(text, 0, delimiter);
        let (mut record, mut all) = (Vec::new(), Vec::new());
        while reader.read(&mut record).is_some() {
            all.push(record.iter().map(ToString::to_string).collect());
        }
        all
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("a,b\r\n1,\"x\r\ny\"\r\n", vec![vec!["a", "b"], vec!["1", "x\ny"]]),
            ("a\r\"b\"\"c\"d\"\n", vec![vec!["a"], vec!["b\"cd\""]]),
            ("a\n\n  \nx\"y\"", vec![vec!["a"], vec![], vec!["  "], vec!["x\"y\""]]),
            ("a,\n,\"\"\n\"open\n,", vec![vec!["a", ""], vec!["", ""], vec!["open\n,"]]),
            ("\"\"\"\",\"\"\"x\"\"\",\n", vec![vec!["\"", "\"x\"", ""]]),
        ] {
            assert_eq!(records(text, ','), expected, "{text:?}");
        }
    }

    #[test]
    fn any_character_delimits() {
        assert_eq!(records("a\u{e4}b\u{e4}\"\u{e4}\"c\u{e9}", '\u{e4}'), [["a", "b", "\u{e4}c\u{e9}"]]);
        assert_eq!(records("a;b,c", ';'), [["a", "b,c"]]);
    }

    #[test]
    fn an_open_quote_is_told() {
        let mut reader = Records::new("a,\"b\n", 0, ',');
        assert_eq!(reader.read(&mut Vec::new()), Some(0));
        assert_eq!((reader.unclosed, reader.read(&mut Vec::new())), (Some(2), None));
    }
}
