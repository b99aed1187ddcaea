//! [`Gates`]: which data tests decide whether a node is published.
//!
//! A test belongs to the last built of the nodes that it reads, so that it runs when all the others are published. What lies
//! below that node waits for the test.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::Direction::{Incoming, Outgoing};

use super::Graph;
use crate::manifest::{Manifest, Node, ResourceType};

/// The tests of each node that is published only after they passed, for one selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gates {
    tests: BTreeMap<String, Vec<String>>,
    before: Vec<(String, String)>,
}

impl Gates {
    /// The gates among what is chosen. `is_audited` says whether a node waits for its tests at all.
    ///
    /// A test gates nothing if the last of what it reads is not chosen or is not audited, or if it asks the warehouse while it is
    /// compiled: what it learned there would be of names that are not public yet. Ephemeral models are read through.
    pub fn find(graph: &Graph, manifest: &Manifest, chosen: &[&str], is_audited: impl Fn(&Node) -> bool) -> Self {
        let is_chosen = graph.members(chosen);
        let position = graph.positions(&is_chosen);
        let mut gates = Self::default();
        let mut questions = Questions { manifest, known: HashMap::new() };
        for &id in chosen {
            let Some(test) = manifest.nodes.get(id).filter(|node| node.resource_type == ResourceType::Test) else {
                continue;
            };
            if questions.of_test(test) {
                continue;
            }
            let read: Vec<usize> = tested_nodes(manifest, test).filter_map(|id| graph.index(id)).collect();
            let Some(&last) = read.iter().max_by_key(|&&index| position[index]) else { continue };
            let gate = graph.id(last);
            if !is_chosen[last] || !manifest.nodes.get(gate).is_some_and(|node| is_audited(node)) {
                continue;
            }
            gates.tests.entry(gate.to_owned()).or_default().push(id.to_owned());
            let earlier = read.iter().filter(|&&index| index != last && is_chosen[index]);
            gates.before.extend(earlier.map(|&index| (graph.id(index).to_owned(), gate.to_owned())));
        }
        gates.before.sort_unstable();
        gates.before.dedup();
        gates
    }

    /// The nodes that have tests to pass, with those tests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.tests.iter().map(|(gate, tests)| (gate.as_str(), tests.as_slice()))
    }

    /// Pairs of nodes: the second begins after the first has ended, however it ended, since a test of the second reads both.
    pub fn before(&self) -> &[(String, String)] {
        &self.before
    }
}

/// Which macros ask the warehouse something while a template is rendered, themselves or through others.
struct Questions<'a> {
    manifest: &'a Manifest,
    known: HashMap<&'a str, bool>,
}

impl<'a> Questions<'a> {
    /// What asks for more than the columns of a relation at hand, or makes a relation of names.
    const WORDS: &'static [&'static str] = &[
        "statement(",
        "run_query(",
        "adapter.get_relation",
        "load_relation",
        "list_relations",
        "Relation.create(",
        "information_schema",
    ];

    fn of_test(&mut self, test: &'a Node) -> bool {
        Self::asks(&test.raw_code) || test.depends_on.macros.iter().any(|id| self.of_macro(id))
    }

    fn of_macro(&mut self, unique_id: &'a str) -> bool {
        if let Some(known) = self.known.get(unique_id) {
            return *known;
        }
        self.known.insert(unique_id, false);
        let found = self.manifest.macros.get(unique_id).is_some_and(|found| {
            Self::asks(&found.macro_sql) || found.depends_on_macros.iter().any(|id| self.of_macro(id))
        });
        self.known.insert(unique_id, found);
        found
    }

    fn asks(text: &str) -> bool {
        Self::WORDS.iter().any(|word| text.contains(word))
    }
}

/// Models, seeds and snapshots that a test reads, also through ephemeral models; some may come twice.
pub fn tested_nodes<'a>(manifest: &'a Manifest, test: &'a Node) -> impl Iterator<Item = &'a str> {
    let mut stack: Vec<&str> = test.depends_on.nodes.iter().map(String::as_str).collect();
    std::iter::from_fn(move || {
        while let Some(id) = stack.pop() {
            let Some(node) = manifest.nodes.get(id).filter(|node| node.is_refable()) else { continue };
            if !node.is_ephemeral() {
                return Some(id);
            }
            stack.extend(node.depends_on.nodes.iter().map(String::as_str));
        }
        None
    })
}

impl Graph {
    /// Which resources are among these.
    pub(super) fn members(&self, ids: &[&str]) -> Vec<bool> {
        let mut is_member = vec![false; self.len()];
        for index in ids.iter().filter_map(|id| self.index(id)) {
            is_member[index] = true;
        }
        is_member
    }

    /// For each resource its place in an order in which upstream comes before downstream, and what the chosen ones cannot
    /// change before everything else.
    fn positions(&self, is_chosen: &[bool]) -> Vec<usize> {
        let mut changes = is_chosen.to_vec();
        for &index in self.order() {
            changes[index] |= self.neighbors(index, Incoming).any(|above| changes[above]);
        }
        let mut position = vec![0; self.len()];
        let still = self.order().iter().filter(|&&index| !changes[index]);
        let changed = self.order().iter().filter(|&&index| changes[index]);
        for (at, &index) in still.chain(changed).enumerate() {
            position[index] = at;
        }
        position
    }

    /// Edges from each test to the nearest nodes below its gate that are built: ephemeral models are passed through.
    ///
    /// They make no cycle: let an ephemeral model stand at the place of the last built node above it, and a test at its gate's.
    /// Dependencies and the edges of dbt's rule never go back from there, and these edges go forward.
    pub(super) fn gate_edges(&self, manifest: &Manifest, gates: &Gates) -> Vec<(usize, usize)> {
        let mut edges = Vec::new();
        for (gate, tests) in gates.iter() {
            let Some(gate) = self.index(gate) else { continue };
            let below = self.built_below(manifest, gate);
            for test in tests.iter().filter_map(|test| self.index(test)) {
                edges.extend(below.iter().map(|&below| (test, below)));
            }
        }
        edges
    }

    /// Neither tests nor ephemeral models, but what lies below the latter.
    fn built_below(&self, manifest: &Manifest, start: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut passed = BTreeSet::new();
        let mut stack = vec![start];
        while let Some(index) = stack.pop() {
            for below in self.neighbors(index, Outgoing) {
                let Some(node) = manifest.nodes.get(self.id(below)) else { continue };
                if node.is_ephemeral() {
                    if passed.insert(below) {
                        stack.push(below);
                    }
                } else if node.resource_type != ResourceType::Test {
                    found.insert(below);
                }
            }
        }
        found
    }
}
