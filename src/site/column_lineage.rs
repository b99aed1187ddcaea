//! [`ColumnLineage`]: which columns a column is made of, as the site shows it.

use std::collections::HashMap;

/// How a column comes from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnLink {
    /// It is the same value.
    Copied,
    /// It is computed from it, row by row.
    Derived,
    /// It is computed from many rows of it.
    Aggregated,
}

impl ColumnLink {
    /// The word that readers see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Derived => "derived",
            Self::Aggregated => "aggregated",
        }
    }
}

/// A column of another resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnOrigin {
    /// Unique id of the resource.
    pub unique_id: String,
    /// Its column.
    pub column: String,
    /// How the one comes from the other.
    pub link: ColumnLink,
}

/// A column and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnOrigins {
    /// Its name.
    pub column: String,
    /// Its type, where the SQL gives it.
    pub data_type: Option<String>,
    /// What it is made of.
    pub from: Vec<ColumnOrigin>,
    /// Why that is not known, if it is not.
    pub unknown: Option<String>,
}

/// Columns of resources by unique id, in the order of the relation.
pub type ColumnLineage = HashMap<String, Vec<ColumnOrigins>>;
