//! A seed's CSV file, read as dbt reads it.
//!
//! [`SeedFile`] has the text and the columns with their inferred types; values are taken from the text whenever they are asked for, so that a
//! large file is held once. Loading is the warehouse's.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::seed_records::Records;
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

/// The content of a CSV file.
#[derive(Debug, Clone)]
pub struct SeedFile {
    text: String,
    delimiter: char,
    /// Where the first row begins.
    body: usize,
    columns: Vec<SeedColumn>,
    len: usize,
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
    pub fn parse(bytes: Vec<u8>, delimiter: char, text_columns: &[&str]) -> Result<Self, SeedError> {
        let text = String::from_utf8(bytes).map_err(|error| SeedError {
            message: "the file is not UTF-8 text".to_owned(),
            offset: error.utf8_error().valid_up_to(),
            hint: Some("convert it, for example with `iconv -f latin1 -t utf-8`".to_owned()),
        })?;
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut records = Records::new(&text, start, delimiter);
        let mut record = Vec::new();
        if records.read(&mut record).is_none() || record.is_empty() {
            return Err(SeedError {
                message: "the file has no header line".to_owned(),
                offset: 0,
                hint: Some("the first line of a seed names its columns".to_owned()),
            });
        }
        let names = unique_names(&record);
        let body = records.at();
        let mut hypotheses: Vec<_> =
            names.iter().map(|name| Hypotheses::new(text_columns.contains(&name.as_str()))).collect();
        let mut len = 0;
        while let Some(offset) = records.read(&mut record) {
            len += 1;
            if record.len() > names.len() {
                return Err(too_long(offset, len, record.len(), names.len()));
            }
            for (hypothesis, value) in hypotheses.iter_mut().zip(&record) {
                hypothesis.test(value);
            }
        }
        if let Some(offset) = records.unclosed() {
            return Err(SeedError {
                message: "a quote is opened here and never closed".to_owned(),
                offset,
                hint: Some("close it, or double a quote that belongs to the text".to_owned()),
            });
        }
        let columns =
            names.into_iter().zip(hypotheses).map(|(name, tested)| SeedColumn { name, kind: tested.best() }).collect();
        Ok(Self { text, delimiter, body, columns, len })
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
    pub(super) fn rows(&self, limit: usize) -> Vec<Vec<Cell>> {
        let mut rows = Vec::with_capacity(self.len.min(limit));
        let mut records = Records::new(&self.text, self.body, self.delimiter);
        let mut record = Vec::new();
        while rows.len() < limit && records.read(&mut record).is_some() {
            let cell =
                |(at, column): (usize, &SeedColumn)| record.get(at).map_or(Cell::Null, |text| value(text, column.kind));
            rows.push(self.columns.iter().enumerate().map(cell).collect());
        }
        rows
    }

    /// Gives each row to `take` as texts in which a warehouse reads the columns' types; what is missing is null.
    pub(super) fn each_row<E>(&self, mut take: impl FnMut(&[Option<Cow<'_, str>>]) -> Result<(), E>) -> Result<(), E> {
        let mut records = Records::new(&self.text, self.body, self.delimiter);
        let (mut record, mut row) = (Vec::new(), Vec::with_capacity(self.columns.len()));
        while records.read(&mut record).is_some() {
            let mut values = record.drain(..);
            row.clear();
            row.extend(self.columns.iter().map(|column| value_text(values.next()?, column.kind)));
            drop(values);
            take(&row)?;
        }
        Ok(())
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

    #[test]
    fn mistakes_have_a_place() {
        let error = SeedFile::parse(b"a,b\n1,2\n1,2,3\n".to_vec(), ',', &[]).unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (8, "row 2 has 3 values, but the header names 2 columns"));
        assert_eq!(SeedFile::parse(b"a\n\xff".to_vec(), ',', &[]).unwrap_err().offset, 2);
        assert!(SeedFile::parse(b"".to_vec(), ',', &[]).is_err());
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
        seed.each_row::<()>(|row| {
            rows.push(row.iter().map(|text| text.as_deref().unwrap_or("NULL").to_owned()).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
        assert_eq!(rows[0], ["1000", "1.50", "2024-01-05", "2024-01-05 01:02:03", "true", " a"]);
        assert_eq!(rows[1], ["7", "-0.50", "NULL", "2024-01-05 01:02:03", "NULL", "NULL"]);
    }
}
