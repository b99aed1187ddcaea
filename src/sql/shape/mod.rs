//! [`Shape`]: how a query is built, whatever its columns are: its common table expressions, what each `select` reads and joins.
//!
//! Where [`super::QueryColumns`] says where values come from, a shape says what is written and where. Names are compared as the
//! dialect does. What is not certain counts as used.

mod join;
mod unused;
mod walk;

use std::ops::Range;

use super::TableName;

pub(super) use walk::shape;

/// How a query is built. Ranges are bytes of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Common table expressions in the order in which they are written.
    pub ctes: Vec<CteShape>,
    /// Every `select`, the outermost first.
    pub selects: Vec<SelectShape>,
}

/// A common table expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CteShape {
    /// As it is written.
    pub name: String,
    /// Its name.
    pub range: Range<usize>,
    /// Whether anything reads it.
    pub is_used: bool,
    /// Columns that nothing reads, with where they are written. Not looked for where rows may depend on them, nor where it is read for
    /// its rows only.
    pub unused_columns: Vec<(String, Range<usize>)>,
    /// The number of its `select` among [`Shape::selects`], if it is a single one.
    pub select: Option<usize>,
}

/// One `select`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectShape {
    /// What it reads, in order.
    pub relations: Vec<RelationShape>,
    /// Its stars, with the alias that is written before one.
    pub stars: Vec<(Option<String>, Range<usize>)>,
    /// Columns that it gives without changing their values: name, alias of the relation where it is written, name there.
    pub copied: Vec<(String, Option<String>, String)>,
    /// Whether it is the outermost, or one of those that make up the outermost set operation.
    pub is_outermost: bool,
    /// Whether it gives other rows than those of its input: `group by`, `distinct`, aggregates, windows that limit rows.
    pub is_grouped: bool,
    /// Whether it has a condition in `where`.
    pub has_filter: bool,
    /// Whether that condition compares columns with each other otherwise than for equality, as with the time from which a row is valid.
    pub has_ranges: bool,
}

/// What stands in `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationShape {
    /// What its columns are called by; empty if it has no name.
    pub alias: String,
    /// Where it is written.
    pub range: Range<usize>,
    /// What it is.
    pub kind: RelationKind,
    /// How it is joined to those before it; none for the first.
    pub join: Option<JoinShape>,
}

/// What a relation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelationKind {
    /// A common table expression, by number.
    Cte(usize),
    /// A table of the warehouse.
    Table(TableName),
    /// A function, a file, or values.
    Values,
    /// A subquery; it may see the relations before it if the flag is set.
    Subquery {
        /// Written `lateral`.
        is_lateral: bool,
    },
}

/// How a relation is joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinShape {
    /// What ties it to the relations before it.
    pub condition: JoinCondition,
    /// Pairs of columns that must be equal: alias and name of the other relation's, name of this one's.
    pub equal: Vec<(String, String, String)>,
    /// Whether nothing but these pairs ties them.
    pub is_only_equal: bool,
    /// Whether the join only keeps or drops rows of the relations before it (`semi`, `anti`), or picks one (`asof`).
    pub keeps_rows: bool,
}

/// What ties a relation to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinCondition {
    /// A condition, `using`, or `natural`.
    Given,
    /// `cross join`, or an outer join on what is always true, which has no other spelling: none is wanted.
    Cross,
    /// A comma.
    Comma,
    /// A join that needs a condition and has none.
    Missing,
    /// A condition that is always true.
    AlwaysTrue,
    /// A condition that does not name the relation.
    Unrelated,
}

#[cfg(test)]
mod tests;
