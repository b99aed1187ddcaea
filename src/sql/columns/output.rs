//! The nouns of a query's columns.

use serde::{Deserialize, Serialize};

/// A table as a query names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    /// Database, schema and name as far as they are given, as they are compared (`Dialect::key`). Empty for functions and files.
    pub parts: Vec<String>,
    /// As it is written, with blanks evened out: `read_csv('a.csv')`.
    pub text: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// As the table has it.
    pub name: String,
    /// As the warehouse writes it.
    pub data_type: Option<String>,
}

/// What is known of the columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputTable {
    /// In the table's order, if all are known.
    pub columns: Vec<TableColumn>,
    /// Why there may be more; none if these are all.
    pub incomplete: Option<String>,
}

/// Who knows tables.
pub trait Tables {
    /// What is known of a table; none if nothing is.
    fn table(&self, name: &TableName) -> Option<InputTable>;
}

/// How a column is made of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The same value.
    Copied,
    /// A value computed from it, in the same row.
    Derived,
    /// A value computed from it in several rows.
    Aggregated,
}

impl EdgeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Copied, Self::Derived, Self::Aggregated];

    /// `copied`, `derived`, `aggregated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Derived => "derived",
            Self::Aggregated => "aggregated",
        }
    }
}

/// How a column decides on rows without being part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InfluenceKind {
    /// `where`, `having`, `qualify`.
    Filter,
    /// A condition of a join.
    Join,
    /// `group by`.
    Group,
    /// `order by`, `limit`.
    Order,
    /// `distinct`, and set operations that remove equal rows.
    Distinct,
    /// `except` and `intersect`: rows are kept by comparing them with others.
    Set,
    /// `partition by` and `order by` of a window.
    Window,
}

impl InfluenceKind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Filter, Self::Join, Self::Group, Self::Order, Self::Distinct, Self::Set, Self::Window];

    /// `filter`, `join`, `group`, `order`, `distinct`, `set`, `window`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Join => "join",
            Self::Group => "group",
            Self::Order => "order",
            Self::Distinct => "distinct",
            Self::Set => "set",
            Self::Window => "window",
        }
    }
}

/// A column of an input that a column of the query is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// Which of [`QueryColumns::tables`].
    pub table: usize,
    /// Its column.
    pub column: String,
    /// How.
    pub kind: EdgeKind,
}

/// A column of an input that decides on the rows of the query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Influence {
    /// Which of [`QueryColumns::tables`].
    pub table: usize,
    /// Its column.
    pub column: String,
    /// How.
    pub kind: InfluenceKind,
}

/// A column of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputColumn {
    /// As the warehouse would call it.
    pub name: String,
    /// Where that is certain.
    pub data_type: Option<String>,
    /// What it is made of, sorted.
    pub sources: Vec<Edge>,
    /// Why it may be made of more; empty if the sources are all.
    pub unknown: Vec<String>,
}

/// A name that is no column of anything it could belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingColumn {
    /// As it is written: `orders.amout`.
    pub name: String,
    /// Line in the statement, from 1; 0 where it is not known.
    pub line: u64,
    /// Column in the line, in characters from 1.
    pub column: u64,
    /// Columns that could have been meant.
    pub known: Vec<String>,
}

/// All that is known of the columns of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryColumns {
    /// Tables that are read, in the order in which they are met.
    pub tables: Vec<TableName>,
    /// Its columns in order.
    pub columns: Vec<OutputColumn>,
    /// Why there may be more columns; none if these are all.
    pub incomplete: Option<String>,
    /// What decides on rows, sorted.
    pub influences: Vec<Influence>,
    /// Why more may.
    pub unknown_influences: Vec<String>,
    /// Names that are no columns.
    pub missing: Vec<MissingColumn>,
}
