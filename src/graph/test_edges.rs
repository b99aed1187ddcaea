//! The order that `build` runs by: nodes wait for the tests of what they read, and models for their unit tests.

use std::collections::HashMap;

use petgraph::Direction::{Incoming, Outgoing};

use super::{Gates, Graph};
use crate::manifest::{Manifest, ResourceType};

impl Graph {
    /// The graph that `build` runs by.
    ///
    /// What lies below all nodes that a data test reads waits for that test (dbt's rule). Only the nearest such nodes get
    /// an edge; the ones below them wait through them. What lies below a node that is published only after its tests waits for
    /// these too. Unit tests run one after the other before their model, after what it reads.
    #[must_use]
    pub fn with_test_edges(&self, manifest: &Manifest, gates: &Gates) -> Self {
        let executable: Vec<bool> = self
            .ids()
            .map(|id| manifest.nodes.get(id).is_some_and(|node| node.resource_type != ResourceType::Test))
            .collect();
        let mut edges = self.gate_edges(manifest, gates);
        let mut tests_of_many: HashMap<Vec<usize>, Vec<usize>> = HashMap::new();
        for (id, node) in manifest.nodes.iter().filter(|(_, node)| node.resource_type == ResourceType::Test) {
            let Some(test) = self.index(id) else { continue };
            let mut read: Vec<usize> = node.depends_on.nodes.iter().filter_map(|id| self.index(id)).collect();
            read.sort_unstable();
            read.dedup();
            match read.as_slice() {
                [] => {}
                [one] => edges.extend(
                    self.neighbors(*one, Outgoing).filter(|&below| executable[below]).map(|below| (test, below)),
                ),
                _ => tests_of_many.entry(read).or_default().push(test),
            }
        }
        self.edges_of_tests_of_many(&tests_of_many, &executable, &mut edges);
        self.put_unit_tests_first(manifest, edges)
    }

    /// Edges from tests that read several nodes to the nearest nodes that lie below all of those.
    fn edges_of_tests_of_many(
        &self,
        tests: &HashMap<Vec<usize>, Vec<usize>>,
        executable: &[bool],
        edges: &mut Vec<(usize, usize)>,
    ) {
        if tests.is_empty() {
            return;
        }
        let above = TestedAncestors::new(self, tests.keys().flatten().copied());
        let mut position = vec![0; self.len()];
        for (at, &index) in self.order().iter().enumerate() {
            position[index] = at;
        }
        let mut seen = Seen { by: vec![usize::MAX; self.len()], round: 0 };
        for (read, tests) in tests {
            let last = read.iter().copied().max_by_key(|&index| position[index]).expect("a test of many reads some");
            let below_all = |index| read.iter().all(|&node| above.holds(index, node));
            for below in self.nearest(last, executable, below_all, &mut seen) {
                edges.extend(tests.iter().map(|&test| (test, below)));
            }
        }
    }

    /// The nearest executable nodes below `start` for which `wanted` holds.
    fn nearest(
        &self,
        start: usize,
        executable: &[bool],
        wanted: impl Fn(usize) -> bool,
        seen: &mut Seen,
    ) -> Vec<usize> {
        seen.round += 1;
        let mut found = Vec::new();
        let mut stack = vec![start];
        while let Some(index) = stack.pop() {
            for below in self.neighbors(index, Outgoing).filter(|&below| executable[below]) {
                if seen.insert(below) {
                    if wanted(below) {
                        found.push(below);
                    } else {
                        stack.push(below);
                    }
                }
            }
        }
        found
    }

    fn put_unit_tests_first(&self, manifest: &Manifest, mut edges: Vec<(usize, usize)>) -> Self {
        let models: HashMap<usize, usize> = manifest
            .unit_tests
            .iter()
            .filter_map(|(id, test)| Some((self.index(id)?, self.index(test.depends_on.nodes.first()?)?)))
            .collect();
        if models.is_empty() {
            return self.with_edges(edges, |_, _| true);
        }
        let mut awaited: HashMap<usize, Vec<usize>> = HashMap::new();
        for &(test, below) in &edges {
            awaited.entry(below).or_default().push(test);
        }
        for (&unit_test, &model) in &models {
            edges.extend(self.neighbors(model, Incoming).map(|above| (above, unit_test)));
            edges.extend(awaited.get(&model).into_iter().flatten().map(|&test| (test, unit_test)));
            edges.push((unit_test, model));
        }
        edges.extend(chains(&models));
        self.with_edges(edges, |_, to| !models.contains_key(&to))
    }
}

/// The unit tests of one model run one after the other: after one that fails, dbt skips the others and the model.
fn chains(models: &HashMap<usize, usize>) -> Vec<(usize, usize)> {
    let mut tests: HashMap<usize, Vec<usize>> = HashMap::new();
    for (&test, &model) in models {
        tests.entry(model).or_default().push(test);
    }
    let mut edges = Vec::new();
    for mut tests in tests.into_values() {
        tests.sort_unstable();
        edges.extend(tests.windows(2).map(|pair| (pair[0], pair[1])));
    }
    edges
}

/// A set that is emptied by counting on.
struct Seen {
    by: Vec<usize>,
    round: usize,
}

impl Seen {
    fn insert(&mut self, index: usize) -> bool {
        std::mem::replace(&mut self.by[index], self.round) != self.round
    }
}

/// For each node, which of the nodes that tests of many read lie above it: one bit each.
struct TestedAncestors {
    bit_of: HashMap<usize, usize>,
    words: usize,
    bits: Vec<u64>,
}

impl TestedAncestors {
    fn new(graph: &Graph, tested: impl Iterator<Item = usize>) -> Self {
        let mut bit_of = HashMap::new();
        for node in tested {
            let next = bit_of.len();
            bit_of.entry(node).or_insert(next);
        }
        let words = bit_of.len().div_ceil(64);
        let mut bits = vec![0; words * graph.len()];
        for &index in graph.order() {
            for above in graph.neighbors(index, Incoming) {
                for word in 0..words {
                    bits[index * words + word] |= bits[above * words + word];
                }
                if let Some(bit) = bit_of.get(&above) {
                    bits[index * words + bit / 64] |= 1 << (bit % 64);
                }
            }
        }
        Self { bit_of, words, bits }
    }

    fn holds(&self, index: usize, ancestor: usize) -> bool {
        self.bit_of.get(&ancestor).is_some_and(|bit| self.bits[index * self.words + bit / 64] >> (bit % 64) & 1 == 1)
    }
}
