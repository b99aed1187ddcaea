//! Records of a CSV text, by the rules of Python's `csv` module, in which anything is a value: quotes inside a value are kept, a quote that is
//! never closed runs to the end. Line ends of every kind are `\n`.
//!
//! [`Records`] borrows values from the text wherever they stand there as they are.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

/// Reads one record after the other.
pub(super) struct Records<'t> {
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
    pub(super) fn new(text: &'t str, at: usize, delimiter: char) -> Self {
        let mark = delimiter.encode_utf8(&mut [0; 4]).as_bytes()[0];
        Self { text, at, delimiter, mark, unclosed: None }
    }

    /// The byte at which the next record begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where quotes begin in which the text ends; known at the end.
    pub(super) fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// Puts the next record's values into `record`, none for a blank line, and gives the byte at which it begins; nothing at the end.
    pub(super) fn read(&mut self, record: &mut Vec<Cow<'t, str>>) -> Option<usize> {
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
        assert_eq!((reader.unclosed(), reader.read(&mut Vec::new())), (Some(2), None));
    }
}
