//! The result of a query.
//!
//! [`Table`] keeps what the warehouse sent: Arrow batches where it is columnar, rows where it is not; or a seed's file. Cells are made when
//! they are looked at. Nothing here speaks to a warehouse.

use std::sync::{Arc, OnceLock};

use duckdb::arrow::record_batch::RecordBatch;

use super::{Cell, SeedFile, arrow_cell};

/// What a seed's column was inferred to be, as dbt's agate types are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeedType {
    /// A whole number.
    Integer,
    /// A number with decimals.
    Number,
    /// Boolean.
    Boolean,
    /// Date.
    Date,
    /// Date and time.
    DateTime,
    /// Time of day.
    Time,
    /// Text.
    Text,
}

/// Rows of a query; names may repeat.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<(String, String)>,
    batches: Vec<RecordBatch>,
    /// First row of each batch.
    starts: Vec<usize>,
    seed: Option<Arc<SeedFile>>,
    len: usize,
    rows: OnceLock<Vec<Vec<Cell>>>,
    /// Why the rows of the seed's file could not be read.
    unread: OnceLock<String>,
}

impl Table {
    /// A table of columns (name, warehouse type) and rows.
    pub fn new(columns: Vec<(String, String)>, rows: Vec<Vec<Cell>>) -> Self {
        let len = rows.len();
        Self { columns, len, rows: OnceLock::from(rows), ..Self::default() }
    }

    /// A table of columns (name, warehouse type) whose values are in Arrow batches of as many columns.
    pub fn from_batches(columns: Vec<(String, String)>, batches: Vec<RecordBatch>) -> Self {
        let mut len = 0;
        let mut starts = Vec::with_capacity(batches.len());
        for batch in &batches {
            starts.push(len);
            len += batch.num_rows();
        }
        Self { columns, batches, starts, len, ..Self::default() }
    }

    /// The rows of a seed, with its columns (name, warehouse type).
    pub(super) fn of_seed(columns: Vec<(String, String)>, seed: Arc<SeedFile>) -> Self {
        Self { columns, len: seed.len(), seed: Some(seed), ..Self::default() }
    }

    /// The file that the rows are in, if the table is a seed's.
    pub(super) fn seed(&self) -> Option<&SeedFile> {
        self.seed.as_deref()
    }

    /// Why rows are missing: the seed's file could not be read again. Known after they were asked for.
    pub fn unread(&self) -> Option<&str> {
        self.unread.get().map(String::as_str)
    }

    fn seed_rows(&self, seed: &SeedFile, limit: usize) -> Vec<Vec<Cell>> {
        seed.rows(limit).unwrap_or_else(|error| {
            self.unread.get_or_init(|| error.to_string());
            Vec::new()
        })
    }

    /// The first rows, `limit` at most, as a table of their own.
    #[must_use]
    pub fn head(&self, limit: usize) -> Self {
        let rows = match &self.seed {
            Some(seed) => self.seed_rows(seed, limit),
            None => (0..self.len.min(limit)).map(|row| self.row(row)).collect(),
        };
        Self::new(self.columns.clone(), rows)
    }

    /// Names and types.
    pub fn columns(&self) -> &[(String, String)] {
        &self.columns
    }

    /// Names alone.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The position of a column, by exact name first and by name without case next.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.column_names()
            .position(|column| column == name)
            .or_else(|| self.column_names().position(|column| column.eq_ignore_ascii_case(name)))
    }

    /// One value; null where there is no such row or column.
    pub fn cell(&self, row: usize, column: usize) -> Cell {
        if let Some(rows) = self.rows.get() {
            return rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or(Cell::Null);
        }
        if row >= self.len || column >= self.columns.len() {
            return Cell::Null;
        }
        if self.seed.is_some() {
            return self.rows().get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or(Cell::Null);
        }
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        arrow_cell::read(self.batches[batch].column(column), row - self.starts[batch])
    }

    /// The values of one column from the first row to the last.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Cell> + '_ {
        (0..self.len).map(move |row| self.cell(row, column))
    }

    /// The values of one row.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        (0..self.columns.len()).map(|column| self.cell(row, column)).collect()
    }

    /// All rows in order, made at the first call.
    pub fn rows(&self) -> &[Vec<Cell>] {
        self.rows.get_or_init(|| {
            if let Some(seed) = &self.seed {
                return self.seed_rows(seed, self.len);
            }
            let mut rows = Vec::with_capacity(self.len);
            for batch in &self.batches {
                for row in 0..batch.num_rows() {
                    rows.push(batch.columns().iter().map(|column| arrow_cell::read(column, row)).collect());
                }
            }
            rows
        })
    }

    /// The Arrow batches, if the table came in such; a table made from rows has none.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_cells_agree() {
        let table = Table::new(
            vec![("id".to_owned(), "INTEGER".to_owned()), ("Name".to_owned(), "VARCHAR".to_owned())],
            vec![vec![Cell::Int(1), Cell::Text("a".to_owned())], vec![Cell::Int(2), Cell::Null]],
        );
        assert_eq!(table.len(), 2);
        assert_eq!(table.cell(1, 0), Cell::Int(2));
        assert_eq!(table.row(0), table.rows()[0]);
        assert_eq!(table.cell(7, 0), Cell::Null);
        assert_eq!(table.column_index("NAME"), Some(1));
        assert_eq!(table.column(0).collect::<Vec<_>>(), [Cell::Int(1), Cell::Int(2)]);
    }
}
