//! [`Graph`]: all resources that can be selected or run, with edges from upstream to downstream; never a cycle.

use std::collections::VecDeque;

use indexmap::IndexSet;
use petgraph::Direction::{self, Incoming, Outgoing};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::Manifest;

/// Why an edge is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The downstream node depends on the upstream one.
    Dependency,
    /// The downstream node waits for a test of what it depends on (`build` only); selection does not follow it.
    Test,
}

/// Resources by unique id and their dependencies. Only [`Graph::build`] makes one, so it holds no cycle.
#[derive(Debug, Clone)]
pub struct Graph {
    ids: IndexSet<String>,
    dag: DiGraph<(), Edge>,
    order: Vec<usize>,
}

impl Graph {
    /// The graph of a manifest: sources, nodes, semantic models, exposures, metrics, unit tests, saved queries.
    ///
    /// A cycle is returned whole, with a label at each reference that makes it.
    pub fn build(manifest: &Manifest) -> Result<Self, Diagnostics> {
        let ids = member_ids(manifest);
        let mut dag = DiGraph::with_capacity(ids.len(), ids.len() * 2);
        for _ in 0..ids.len() {
            dag.add_node(());
        }
        for (index, id) in ids.iter().enumerate() {
            let mut seen = Vec::new();
            for upstream in manifest.dependencies(id) {
                let Some(from) = ids.get_index_of(upstream) else { continue };
                if !seen.contains(&from) {
                    seen.push(from);
                    dag.add_edge(NodeIndex::new(from), NodeIndex::new(index), Edge::Dependency);
                }
            }
        }
        match topological_order(&dag) {
            Ok(order) => Ok(Self { ids, dag, order }),
            Err(rest) => Err(cycle_diagnostics(manifest, &ids, &dag, &rest)),
        }
    }

    /// The same with further edges, which must not make a cycle, and only those of the present ones that `keep` says.
    pub(super) fn with_edges(&self, mut edges: Vec<(usize, usize)>, keep: impl Fn(usize, usize) -> bool) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let mut dag = DiGraph::with_capacity(self.len(), self.dag.edge_count() + edges.len());
        for _ in 0..self.len() {
            dag.add_node(());
        }
        let kept = self.dag.raw_edges().iter().filter(|edge| keep(edge.source().index(), edge.target().index()));
        for edge in kept {
            dag.add_edge(edge.source(), edge.target(), edge.weight);
        }
        for (from, to) in edges {
            dag.add_edge(NodeIndex::new(from), NodeIndex::new(to), Edge::Test);
        }
        let order = topological_order(&dag).expect("a test is only awaited by nodes below all that it reads");
        Self { ids: self.ids.clone(), dag, order }
    }

    /// All unique ids, in the manifest's order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    /// Each resource with the positions (in this order) of those that wait for it, tests' followers included.
    pub fn links(&self) -> impl Iterator<Item = (&str, Vec<usize>)> {
        self.ids().enumerate().map(|(index, id)| {
            let mut below: Vec<usize> = self.all_neighbors(index, Outgoing).collect();
            below.sort_unstable();
            (id, below)
        })
    }

    /// The number of resources.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it holds this unique id.
    pub fn contains(&self, unique_id: &str) -> bool {
        self.ids.contains(unique_id)
    }

    /// All unique ids, each after everything that it depends on.
    pub fn topological(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|&index| self.id(index))
    }

    /// Everything upstream, nearest first; with a depth, only what is at most so many steps away.
    pub fn ancestors(&self, unique_id: &str, depth: Option<usize>) -> Vec<&str> {
        self.reachable_ids(unique_id, Incoming, depth)
    }

    /// Everything downstream, nearest first; with a depth, only what is at most so many steps away.
    pub fn descendants(&self, unique_id: &str, depth: Option<usize>) -> Vec<&str> {
        self.reachable_ids(unique_id, Outgoing, depth)
    }

    /// What it depends on directly.
    pub fn upstream(&self, unique_id: &str) -> Vec<&str> {
        self.reachable_ids(unique_id, Incoming, Some(1))
    }

    /// What depends on it directly.
    pub fn downstream(&self, unique_id: &str) -> Vec<&str> {
        self.reachable_ids(unique_id, Outgoing, Some(1))
    }

    fn reachable_ids(&self, unique_id: &str, direction: Direction, depth: Option<usize>) -> Vec<&str> {
        let Some(start) = self.index(unique_id) else { return Vec::new() };
        self.reach([start], direction, depth).into_iter().map(|index| self.id(index)).collect()
    }

    /// What is reached from `starts` by one step or more, nearest first; edges to awaited tests are not followed.
    pub(super) fn reach(
        &self,
        starts: impl IntoIterator<Item = usize>,
        direction: Direction,
        depth: Option<usize>,
    ) -> Vec<usize> {
        let mut seen = vec![false; self.len()];
        let mut queue: VecDeque<(usize, usize)> = starts.into_iter().map(|start| (start, 0)).collect();
        let mut found = Vec::new();
        while let Some((index, steps)) = queue.pop_front() {
            if depth.is_some_and(|depth| steps >= depth) {
                continue;
            }
            for next in self.neighbors(index, direction) {
                if !seen[next] {
                    seen[next] = true;
                    found.push(next);
                    queue.push_back((next, steps + 1));
                }
            }
        }
        found
    }

    /// Neighbours by dependency, awaited tests left out.
    pub(super) fn neighbors(&self, index: usize, direction: Direction) -> impl Iterator<Item = usize> {
        self.dag.edges_directed(NodeIndex::new(index), direction).filter(|edge| *edge.weight() == Edge::Dependency).map(
            move |edge| match direction {
                Outgoing => edge.target().index(),
                Incoming => edge.source().index(),
            },
        )
    }

    /// Neighbours by any edge.
    pub(super) fn all_neighbors(&self, index: usize, direction: Direction) -> impl Iterator<Item = usize> {
        self.dag.neighbors_directed(NodeIndex::new(index), direction).map(NodeIndex::index)
    }

    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(super) fn index(&self, unique_id: &str) -> Option<usize> {
        self.ids.get_index_of(unique_id)
    }

    pub(super) fn id(&self, index: usize) -> &str {
        self.ids.get_index(index).expect("indices are made from this set")
    }
}

/// Ids of everything that can be selected, in dbt's order of linking.
fn member_ids(manifest: &Manifest) -> IndexSet<String> {
    let semantic = &manifest.semantic;
    manifest
        .sources
        .keys()
        .chain(manifest.nodes.keys())
        .chain(semantic.semantic_models.keys())
        .chain(manifest.exposures.keys())
        .chain(semantic.metrics.keys())
        .chain(manifest.unit_tests.keys())
        .chain(semantic.saved_queries.keys())
        .cloned()
        .collect()
}

/// Kahn's algorithm; the error holds what lies on cycles or behind them.
fn topological_order(dag: &DiGraph<(), Edge>) -> Result<Vec<usize>, Vec<usize>> {
    let mut missing: Vec<usize> = dag.node_indices().map(|node| dag.edges_directed(node, Incoming).count()).collect();
    let mut order: Vec<usize> = (0..missing.len()).filter(|&index| missing[index] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for child in dag.neighbors_directed(NodeIndex::new(order[next]), Outgoing) {
            missing[child.index()] -= 1;
            if missing[child.index()] == 0 {
                order.push(child.index());
            }
        }
        next += 1;
    }
    if order.len() == missing.len() {
        return Ok(order);
    }
    Err((0..missing.len()).filter(|&index| missing[index] > 0).collect())
}

/// One diagnostic for each separate cycle.
fn cycle_diagnostics(
    manifest: &Manifest,
    ids: &IndexSet<String>,
    dag: &DiGraph<(), Edge>,
    rest: &[usize],
) -> Diagnostics {
    let mut waiting = vec![false; ids.len()];
    for &index in rest {
        waiting[index] = true;
    }
    let mut problems = Diagnostics::new();
    let mut visited = vec![false; ids.len()];
    for &start in rest {
        if let Some(cycle) = find_cycle(dag, start, &waiting, &mut visited) {
            let names: Vec<&str> =
                cycle.iter().map(|&index| ids.get_index(index).expect("index of this set").as_str()).collect();
            problems.push(cycle_diagnostic(manifest, &names));
        }
    }
    problems
}

/// Walks upstream from `start` until a node repeats; the cycle is returned in order of reading: each depends on the next.
fn find_cycle(dag: &DiGraph<(), Edge>, start: usize, waiting: &[bool], visited: &mut [bool]) -> Option<Vec<usize>> {
    let mut path = Vec::new();
    let mut at = start;
    while !visited[at] {
        visited[at] = true;
        path.push(at);
        at = dag.neighbors_directed(NodeIndex::new(at), Incoming).map(NodeIndex::index).find(|&up| waiting[up])?;
    }
    let first = path.iter().position(|&index| index == at)?;
    Some(path.split_off(first))
}

fn cycle_diagnostic(manifest: &Manifest, cycle: &[&str]) -> Diagnostic {
    let mut names: Vec<&str> = cycle.to_vec();
    names.push(cycle[0]);
    let mut problem = Diagnostic::error(Code::CYCLE, format!("Found a cycle: {}", names.join(" → ")));
    for pair in names.windows(2) {
        if let Some(span) = reference_span(manifest, pair[0], pair[1]) {
            problem = problem.at(span, format!("`{}` depends on `{}`", pair[0], pair[1]));
        }
    }
    problem.hint("remove one of these references")
}

/// Where `from` refers to `to`: the `ref` call, else the whole of `from`.
fn reference_span(manifest: &Manifest, from: &str, to: &str) -> Option<Span> {
    let name = manifest.nodes.get(to).map(|node| node.name.as_str());
    let (refs, whole) = match (manifest.nodes.get(from), manifest.exposures.get(from)) {
        (Some(node), _) => (&node.refs, node.span),
        (None, Some(exposure)) => (&exposure.refs, exposure.span),
        (None, None) => return None,
    };
    refs.iter().find(|call| Some(call.name.as_str()) == name).and_then(|call| call.span).or(whole)
}
