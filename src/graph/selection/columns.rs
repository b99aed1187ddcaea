//! [`ColumnReach`]: what `column:` needs to know, which only rooms above can.

use std::collections::BTreeSet;

use crate::diagnostics::Diagnostic;

/// How far a selection follows a column one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    None,
    /// At most so many steps; all the way if none.
    Steps(Option<usize>),
}

/// Knows which nodes a column reaches.
pub trait ColumnReach {
    /// The node of `column` (`orders.total`), with nodes whose columns go into it and nodes that may change with it.
    fn reach(&self, column: &str, upstream: Reach, downstream: Reach) -> Result<BTreeSet<String>, Diagnostic>;
}
