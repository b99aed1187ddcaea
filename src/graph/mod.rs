//! The graph of a manifest: what depends on what ([`Graph`]), parts of it that keep its order ([`Subset`]), and dbt's
//! node selection over it ([`selection`]).
//!
//! Nothing here reads files or runs anything; the order in which jobs run is made from this in `plan`.

mod dag;
mod gates;
pub mod selection;
mod subset;
mod test_edges;
#[cfg(test)]
mod tests;

pub use dag::Graph;
pub use gates::{Gates, tested_nodes};
pub use subset::Subset;
