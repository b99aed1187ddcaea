//! Column-level lineage of a project: which columns each column is made of, how, and what else decides on the rows.
//!
//! [`build()`] reads the compiled SQL of every model and snapshot in the order of the graph, so that the columns of a model are those
//! of its own SQL by the time that the next one reads them; [`Lineage`] is the result, [`Trace`] a part of it. Nothing here runs
//! SQL. What cannot be read is unknown, with the reason, and never an error.

mod build;
mod cache;
mod diagram;
mod json;
mod known;
mod nouns;
mod openlineage;
mod snapshot;
mod trace;
mod tree;

pub use build::{Parts, build};
pub use cache::Cache;
pub use diagram::{dot, mermaid};
pub use json::LineageJson;
pub use known::{CatalogColumns, Relations, catalog_columns};
pub use nouns::{ColumnRef, Coverage, Influence, Lineage, LineageColumn, NodeLineage, Source};
pub use openlineage::{Places, open_lineage};
pub use trace::{Direction, Step, Trace};
pub use tree::tree;
