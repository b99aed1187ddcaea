//! What is known of SQL as text: where a statement's `with` clause begins, and where each column of a query comes from.
//!
//! [`Query::parse`] reads one query in the [`Dialect`] of a warehouse; [`Query::columns`] follows each of its columns to
//! columns of the tables that it reads. The only room besides `adapters` that may use sqlparser. It knows nothing of
//! templates or nodes: tables are names, and what columns they have is asked of [`Tables`].

mod columns;
mod dialect;
mod equivalence;
mod filtered_scan;
mod grammar;
mod lines;
mod query;
mod rewrite;
mod select_items;
mod shape;
mod with_clause;

pub use columns::{
    Edge, EdgeKind, Influence, InfluenceKind, InputTable, MissingColumn, OutputColumn, QueryColumns, TableColumn,
    TableName, Tables,
};
pub use dialect::Dialect;
pub use equivalence::{is_readable, is_same_query};
pub use filtered_scan::FilteredScan;
pub use query::{Query, SqlProblem};
pub use shape::{CteShape, JoinCondition, JoinShape, RelationKind, RelationShape, SelectShape, Shape};
pub use with_clause::add_ctes;
