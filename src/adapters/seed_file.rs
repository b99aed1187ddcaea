//! A seed's CSV file, read as dbt reads it.
//!
//! [`SeedFile`] knows the columns and their inferred types; values are read from the file whenever they are asked for, a part of it at a time, so
//! that a file may be larger than memory. Loading is the warehouse's.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::seed_records::{Unreadable, WINDOW, each_record};
use super::seed_types::{Hypotheses, value, value_text};
use super::{Cell, SeedType, Table};

/// A column of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedColumn {
    /// The name in the header; empty names are letters, repeated ones are numbered.
    pub name: String,
    /// What its values are.
    pub kind: SeedType,
}

/// A CSV file that has been read once.
#[derive(Debug, Clone)]
pub struct SeedFile {
    content: Content,
    delimiter: char,
    columns: Vec<SeedColumn>,
    len: usize,
}

/// Where the text of a seed is.
#[derive(Debug, Clone)]
enum Content {
    Memory(Vec<u8>),
    File(PathBuf),
}

impl Content {
    fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(bytes.as_slice()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }
}

/// Why a file is no seed.
#[derive(Debug)]
pub enum SeedError {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// It is no CSV text with a header.
    Invalid {
        /// One sentence.
        message: String,
        /// Byte of the file that it is about.
        offset: usize,
        /// What to do.
        hint: Option<String>,
    },
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Invalid { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for SeedError {}

impl From<io::Error> for SeedError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl SeedError {
    fn invalid(offset: usize, message: impl Into<String>, hint: &str) -> Self {
        Self::Invalid { message: message.into(), offset, hint: Some(hint.to_owned()) }
    }
}

impl From<Unreadable> for SeedError {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::File(error) => Self::Unreadable(error),
            Unreadable::Text { offset } => Self::invalid(
                offset,
                "the file is not UTF-8 text",
                "convert it, for example with `iconv -f latin1 -t utf-8`",
            ),
        }
    }
}

impl SeedFile {
    /// Reads a file. Columns named in `text_columns` (those with a `column_types` entry) are text, whatever they hold.
    pub fn read(path: &Path, delimiter: char, text_columns: &[&str]) -> Result<Self, SeedError> {
        let is_small = fs::metadata(path)?.len() <= WINDOW as u64;
        let content = if is_small { Content::Memory(fs::read(path)?) } else { Content::File(path.to_owned()) };
        Self::of(content, delimiter, text_columns)
    }

    /// The same of a file's bytes.
    pub fn parse(bytes: Vec<u8>, delimiter: char, text_columns: &[&str]) -> Result<Self, SeedError> {
        Self::of(Content::Memory(bytes), delimiter, text_columns)
    }

    fn of(content: Content, delimiter: char, text_columns: &[&str]) -> Result<Self, SeedError> {
        let (mut names, mut hypotheses) = (Vec::new(), Vec::new());
        let mut len = 0;
        let unclosed = each_record(content.reader()?, delimiter, |offset, record| {
            if names.is_empty() {
                names = unique_names(record);
                let new = |name: &String| Hypotheses::new(text_columns.contains(&name.as_str()));
                hypotheses = names.iter().map(new).collect();
                return if names.is_empty() { Err(no_header()) } else { Ok(ControlFlow::Continue(())) };
            }
            len += 1;
            if record.len() > names.len() {
                return Err(too_long(offset, len, record.len(), names.len()));
            }
            for (hypothesis, value) in hypotheses.iter_mut().zip(record) {
                hypothesis.test(value);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if names.is_empty() {
            return Err(no_header());
        }
        if let Some(offset) = unclosed {
            let hint = "close it, or double a quote that belongs to the text";
            return Err(SeedError::invalid(offset, "a quote is opened here and never closed", hint));
        }
        let columns =
            names.into_iter().zip(hypotheses).map(|(name, tested)| SeedColumn { name, kind: tested.best() }).collect();
        Ok(Self { content, delimiter, columns, len })
    }

    /// The columns in order.
    pub fn columns(&self) -> &[SeedColumn] {
        &self.columns
    }

    /// The number of rows below the header; blank lines count, as in dbt.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing below the header.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows as values of the columns' types; what is missing is null. Types are named by `name_type`.
    pub fn table(self, name_type: impl Fn(SeedType) -> String) -> Table {
        let columns = self.columns.iter().map(|column| (column.name.clone(), name_type(column.kind))).collect();
        Table::of_seed(columns, Arc::new(self))
    }

    /// The first rows, `limit` at most.
    pub(super) fn rows(&self, limit: usize) -> io::Result<Vec<Vec<Cell>>> {
        let mut rows = Vec::with_capacity(self.len.min(limit));
        self.each(|record| {
            if rows.len() == limit {
                return Ok(ControlFlow::Break(()));
            }
            let cell =
                |(at, column): (usize, &SeedColumn)| record.get(at).map_or(Cell::Null, |text| value(text, column.kind));
            rows.push(self.columns.iter().enumerate().map(cell).collect());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// Gives each row to `take` as texts in which a warehouse reads the columns' types; what is missing is null.
    pub(super) fn each_row(
        &self,
        mut take: impl FnMut(&mut dyn Iterator<Item = Option<Cow<'_, str>>>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.each(|record| {
            let mut values = record.drain(..);
            let mut row = self.columns.iter().map(|column| value_text(values.next()?, column.kind));
            take(&mut row).map(ControlFlow::Continue)
        })
    }

    /// Gives each record below the header to `take`.
    fn each(&self, mut take: impl FnMut(&mut Vec<Cow<'_, str>>) -> io::Result<ControlFlow<()>>) -> io::Result<()> {
        let mut is_header = true;
        each_record(self.content.reader()?, self.delimiter, |_, record| {
            if std::mem::take(&mut is_header) { Ok(ControlFlow::Continue(())) } else { take(record) }
        })
        .map(drop)
    }
}

fn no_header() -> SeedError {
    SeedError::invalid(0, "the file has no header line", "the first line of a seed names its columns")
}

fn too_long(offset: usize, row: usize, values: usize, columns: usize) -> SeedError {
    let message = format!("row {row} has {values} values, but the header names {columns} columns");
    SeedError::invalid(offset, message, "put values that contain the delimiter in double quotes")
}

/// Names without gaps and repetitions: the letter of the position, or `_2`, `_3` … behind the name.
fn unique_names(header: &[Cow<'_, str>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for (position, given) in header.iter().enumerate() {
        let base = if given.is_empty() {
            let letter = char::from(b'a' + (position % 26) as u8);
            letter.to_string().repeat(position / 26 + 1)
        } else {
            given.to_string()
        };
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_unique() {
        assert_eq!(unique_names(&["a", "", "a", "a"].map(Cow::from)), ["a", "b", "a_2", "a_3"]);
    }

    /// Offset and message of what is wrong with a text.
    fn mistake(text: &[u8]) -> (usize, String) {
        match SeedFile::parse(text.to_vec(), ',', &[]).unwrap_err() {
            SeedError::Invalid { message, offset, .. } => (offset, message),
            SeedError::Unreadable(error) => panic!("{error}"),
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        let uneven = "row 2 has 3 values, but the header names 2 columns";
        assert_eq!(mistake(b"a,b\n1,2\n1,2,3\n"), (8, uneven.to_owned()));
        assert_eq!(mistake(b"a\n\xff").0, 2);
        assert_eq!(mistake(b"a\n1\n\"x\n").0, 4);
        assert_eq!(mistake(b"").1, "the file has no header line");
        assert_eq!(mistake(b"\na\n").1, "the file has no header line");
    }

    #[test]
    fn rows_become_typed_cells() {
        let seed = SeedFile::parse(b"id,d,t\n1,2024-1-5,null\n2,,x\n\n3\n".to_vec(), ',', &[]).unwrap();
        assert_eq!(seed.len(), 4);
        let table = seed.table(|kind| format!("{kind:?}"));
        assert_eq!(table.columns()[1], ("d".to_owned(), "Date".to_owned()));
        assert_eq!(table.row(0), [Cell::Int(1), Cell::Date("2024-01-05".to_owned()), Cell::Null]);
        assert_eq!(table.row(2), [Cell::Null, Cell::Null, Cell::Null]);
    }

    #[test]
    fn rows_are_written_for_a_warehouse() {
        let text =
            "n,x,d,at,ok,t\n\"1,000.00\",$1.50,2024-1-5,2024-01-05 1:02:03,TRUE, a\n7,-0.50,,2024-01-05 01:02:03,,\n";
        let seed = SeedFile::parse(text.as_bytes().to_vec(), ',', &[]).unwrap();
        let mut rows = Vec::new();
        seed.each_row(|row| {
            rows.push(row.map(|text| text.as_deref().unwrap_or("NULL").to_owned()).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
        assert_eq!(rows[0], ["1000", "1.50", "2024-01-05", "2024-01-05 01:02:03", "true", " a"]);
        assert_eq!(rows[1], ["7", "-0.50", "NULL", "2024-01-05 01:02:03", "NULL", "NULL"]);
    }
    #[test]
    fn a_file_larger_than_memory_is_read_in_parts() {
        let path = std::env::temp_dir().join(format!("hetl-seed-{}.csv", std::process::id()));
        let row = |id: usize| format!("{id},\"line\n{}\"\r\n", "ä".repeat(id % 90));
        let mut text = "id,words\r\n".to_owned();
        (0..20_000).for_each(|id| text.push_str(&row(id)));
        assert!(text.len() > WINDOW);
        fs::write(&path, &text).unwrap();
        let seed = SeedFile::read(&path, ',', &[]).unwrap();
        assert_eq!(
            (seed.len(), seed.columns()[0].kind, seed.columns()[1].kind),
            (20_000, SeedType::Integer, SeedType::Text)
        );
        assert!(
            seed.rows(20_000).unwrap() == SeedFile::parse(text.into_bytes(), ',', &[]).unwrap().rows(20_000).unwrap()
        );
        assert_eq!(seed.rows(2).unwrap()[1], [Cell::Int(1), Cell::Text("line\nä".to_owned())]);
        fs::remove_file(&path).unwrap();
        assert!(seed.rows(1).is_err());
    }
}
