//! A column of a relation.

/// A column with the warehouse's type, as dbt's `api.Column` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Name as the warehouse has it.
    pub name: String,
    /// Type without size: `VARCHAR`, `character varying`.
    pub dtype: String,
    /// Size of a text type in characters.
    pub char_size: Option<u64>,
    /// Precision of a numeric type.
    pub numeric_precision: Option<u64>,
    /// Scale of a numeric type.
    pub numeric_scale: Option<u64>,
}
