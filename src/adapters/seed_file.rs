//! A seed's CSV file, read as dbt reads it.
//!
//! [`SeedFile`] has the columns with their inferred types and the rows. The rules of the format are those of Python's `csv` module, in
//! which anything is a value: quotes inside a value are kept, a quote that is never closed runs to the end. Loading is the warehouse's.

use std::fmt;

use super::seed_types::{Hypotheses, value};
use super::{Cell, SeedType, Table};

/// A column of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedColumn {
    /// The name in the header; empty names are letters, repeated ones are numbered.
    pub name: String,
    /// What its values are.
    pub kind: SeedType,
}

/// The content of a CSV file.
#[derive(Debug, Clone)]
pub struct SeedFile {
    columns: Vec<SeedColumn>,
    rows: Vec<Vec<String>>,
}

/// Why a file is no seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedError {
    /// One sentence.
    pub message: String,
    /// Byte of the file that it is about.
    pub offset: usize,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SeedError {}

impl SeedFile {
    /// Reads a file's bytes. Columns named in `text_columns` (those with a `column_types` entry) are text, whatever they hold.
    pub fn parse(bytes: &[u8], delimiter: char, text_columns: &[&str]) -> Result<Self, SeedError> {
        let text = std::str::from_utf8(bytes).map_err(|error| SeedError {
            message: "the file is not UTF-8 text".to_owned(),
            offset: error.valid_up_to(),
            hint: Some("convert it, for example with `iconv -f latin1 -t utf-8`".to_owned()),
        })?;
        let mut reader = Reader::new(text, delimiter);
        let names = match reader.next() {
            Some((_, header)) if !header.is_empty() => unique_names(header),
            _ => {
                return Err(SeedError {
                    message: "the file has no header line".to_owned(),
                    offset: 0,
                    hint: Some("the first line of a seed names its columns".to_owned()),
                });
            }
        };
        let mut hypotheses: Vec<_> =
            names.iter().map(|name| Hypotheses::new(text_columns.contains(&name.as_str()))).collect();
        let mut rows = Vec::new();
        for (offset, row) in reader.by_ref() {
            if row.len() > names.len() {
                return Err(too_long(offset, rows.len() + 1, row.len(), names.len()));
            }
            for (hypothesis, value) in hypotheses.iter_mut().zip(&row) {
                hypothesis.test(value);
            }
            rows.push(row);
        }
        if let Some(offset) = reader.unclosed {
            return Err(SeedError {
                message: "a quote is opened here and never closed".to_owned(),
                offset,
                hint: Some("close it, or double a quote that belongs to the text".to_owned()),
            });
        }
        let columns =
            names.into_iter().zip(hypotheses).map(|(name, tested)| SeedColumn { name, kind: tested.best() }).collect();
        Ok(Self { columns, rows })
    }

    /// The columns in order.
    pub fn columns(&self) -> &[SeedColumn] {
        &self.columns
    }

    /// The number of rows below the header; blank lines count, as in dbt.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing below the header.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows as values of the columns' types; what is missing is null. Types are named by `name_type`.
    pub fn table(&self, name_type: impl Fn(SeedType) -> String) -> Table {
        let cells = |row: &Vec<String>| {
            let cell =
                |(at, column): (usize, &SeedColumn)| row.get(at).map_or(Cell::Null, |text| value(text, column.kind));
            self.columns.iter().enumerate().map(cell).collect()
        };
        let columns = self.columns.iter().map(|column| (column.name.clone(), name_type(column.kind))).collect();
        Table::new(columns, self.rows.iter().map(cells).collect())
    }
}

fn too_long(offset: usize, row: usize, values: usize, columns: usize) -> SeedError {
    SeedError {
        message: format!("row {row} has {values} values, but the header names {columns} columns"),
        offset,
        hint: Some("put values that contain the delimiter in double quotes".to_owned()),
    }
}

/// Names without gaps and repetitions: the letter of the position, or `_2`, `_3` … behind the name.
fn unique_names(header: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (position, given) in header.into_iter().enumerate() {
        let base = if given.is_empty() {
            let letter = char::from(b'a' + (position % 26) as u8);
            letter.to_string().repeat(position / 26 + 1)
        } else {
            given
        };
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}

/// Records of a CSV text with the byte at which each begins.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    delimiter: char,
    /// Where quotes begin in which the file ends.
    unclosed: Option<usize>,
}

/// Where in a value the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end of the quotes, or half of a doubled one.
    QuoteInQuotes,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, delimiter: char) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, delimiter, unclosed: None }
    }

    /// The next character, with every kind of line end as `\n`.
    fn character(&mut self) -> Option<char> {
        let character = self.text[self.at..].chars().next()?;
        self.at += character.len_utf8();
        if character == '\r' {
            if self.text[self.at..].starts_with('\n') {
                self.at += 1;
            }
            return Some('\n');
        }
        Some(character)
    }
}

impl Iterator for Reader<'_> {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.at;
        let (mut record, mut value, mut place) = (Vec::new(), String::new(), Place::Start);
        let (mut is_blank, mut quote) = (true, self.at);
        while let Some(character) = self.character() {
            match (place, character) {
                (Place::Quoted, '"') => place = Place::QuoteInQuotes,
                (Place::Quoted, other) => value.push(other),
                (Place::QuoteInQuotes, '"') => {
                    value.push('"');
                    place = Place::Quoted;
                }
                (Place::Start, '"') => {
                    quote = self.at - 1;
                    place = Place::Quoted;
                }
                (_, '\n') => {
                    if !is_blank {
                        record.push(value);
                    }
                    return Some((begin, record));
                }
                (_, other) if other == self.delimiter => {
                    record.push(std::mem::take(&mut value));
                    place = Place::Start;
                }
                (_, other) => {
                    value.push(other);
                    place = Place::Plain;
                }
            }
            is_blank = false;
        }
        if is_blank {
            return None;
        }
        self.unclosed = (place == Place::Quoted).then_some(quote);
        record.push(value);
        Some((begin, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Vec<String>> {
        Reader::new(text, ',').map(|(_, record)| record).collect()
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("a,b\r\n1,\"x\r\ny\"\r\n", vec![vec!["a", "b"], vec!["1", "x\ny"]]),
            ("\u{feff}a\n\"b\"\"c\"d\"\n", vec![vec!["a"], vec!["b\"cd\""]]),
            ("a\n\n  \nx\"y\"", vec![vec!["a"], vec![], vec!["  "], vec!["x\"y\""]]),
            ("a,\n,\"\"\n\"open\n,", vec![vec!["a", ""], vec!["", ""], vec!["open\n,"]]),
        ] {
            assert_eq!(records(text), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_made_unique() {
        let names = |header: &[&str]| unique_names(header.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names(&["a", "", "a", "a"]), ["a", "b", "a_2", "a_3"]);
    }

    #[test]
    fn mistakes_have_a_place() {
        let error = SeedFile::parse(b"a,b\n1,2\n1,2,3\n", ',', &[]).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (8, "row 2 has 3 values, but the header names 2 columns"));
        assert_eq!(SeedFile::parse(b"a\n\xff", ',', &[]).unwrap_err().offset, 2);
        assert!(SeedFile::parse(b"", ',', &[]).is_err());
    }

    #[test]
    fn rows_become_typed_cells() {
        let seed = SeedFile::parse(b"id,d,t\n1,2024-1-5,null\n2,,x\n\n3\n", ',', &[]).unwrap();
        let table = seed.table(|kind| format!("{kind:?}"));
        assert_eq!(seed.len(), 4);
        assert_eq!(table.columns()[1], ("d".to_owned(), "Date".to_owned()));
        assert_eq!(table.row(0), [Cell::Int(1), Cell::Date("2024-01-05".to_owned()), Cell::Null]);
        assert_eq!(table.row(2), [Cell::Null, Cell::Null, Cell::Null]);
    }
}
