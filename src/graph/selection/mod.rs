//! dbt's node selection: from `--select`, `--exclude` and `selectors.yml` to unique ids.
//!
//! A text becomes a [`Spec`] (`criterion`, `command_line`, `yaml`), which a [`Selector`] evaluates over a graph and its
//! manifest (`select`, `methods`, `state`). Nothing here reads files: paths are those of the manifest.

mod columns;
mod command_line;
mod comparison;
mod contract_change;
mod criterion;
mod members;
mod methods;
mod node_set;
mod pattern;
mod previous;
#[cfg(test)]
mod recorded;
mod select;
mod state;
#[cfg(test)]
mod state_tests;
mod yaml;

pub use columns::{ColumnReach, Reach};
pub use command_line::{DEFAULT_SELECTION, Spec};
pub use criterion::{Criterion, IndirectSelection, Method};
pub use previous::PreviousState;
pub use select::{Selection, Selector};
pub use yaml::{NamedSelector, Selectors};
