//! YAML with positions, and with scalars as PyYAML's safe loader reads them.
//!
//! [`parse`] makes a tree of [`Node`]s, each with its [`crate::diagnostics::Span`]. Nothing here knows of dbt.

mod error;
mod indented;
mod node;
mod parse;
mod scalar;

pub use node::{Mapping, Node, Value};
pub use parse::{parse, parse_into};
