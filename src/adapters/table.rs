//! The result of a query.

/// A value of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// SQL null.
    Null,
    /// Boolean.
    Bool(bool),
    /// Whole number.
    Int(i128),
    /// Floating point.
    Float(f64),
    /// Exact decimal, as text.
    Decimal(String),
    /// Text.
    Text(String),
    /// A date (`2024-01-31`).
    Date(String),
    /// A time of day.
    Time(String),
    /// A timestamp without zone (`2024-01-31 10:00:00.5`).
    Timestamp(String),
    /// A timestamp with zone, in UTC with offset.
    TimestampTz(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Cell>),
    /// A struct or map.
    Struct(Vec<(String, Cell)>),
    /// Anything else, as the warehouse prints it.
    Other(String),
}

/// What a seed's column was inferred to be, as dbt's agate types are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeedType {
    /// `integer`/`bigint`.
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
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of columns (name, warehouse type) and rows.
    pub fn new(columns: Vec<(String, String)>, rows: Vec<Vec<Cell>>) -> Self {
        Self { columns, rows }
    }

    /// Names and types.
    pub fn columns(&self) -> &[(String, String)] {
        &self.columns
    }

    /// Rows in order.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
