//! [`Trace`]: what columns are made of, and what is made of them, followed over any number of nodes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::nouns::{ColumnRef, Lineage};
use crate::sql::{EdgeKind, InfluenceKind};

/// Which way to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To what columns are made of.
    Upstream,
    /// To what is made of them.
    Downstream,
}

/// One edge of a trace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The column nearer to the sources.
    pub from: ColumnRef,
    /// The column that is made of it.
    pub to: ColumnRef,
    /// How.
    pub kind: EdgeKind,
}

/// Edges on the way from some columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// Where it began.
    pub starts: Vec<ColumnRef>,
    /// Every edge that was met, sorted.
    pub steps: BTreeSet<Step>,
    /// Of each column that was met, how many steps away it is.
    pub distances: BTreeMap<ColumnRef, usize>,
}

impl Lineage {
    /// Edges by the column that they come from.
    fn uses(&self) -> HashMap<&ColumnRef, Vec<(ColumnRef, EdgeKind)>> {
        let mut uses: HashMap<&ColumnRef, Vec<(ColumnRef, EdgeKind)>> = HashMap::new();
        for (id, node) in &self.nodes {
            for column in &node.columns {
                let to = ColumnRef { node: id.clone(), column: column.name.clone() };
                for source in &column.sources {
                    uses.entry(&source.from).or_default().push((to.clone(), source.kind));
                }
            }
        }
        uses
    }

    /// Follows columns one way, at most `depth` steps.
    pub fn trace(&self, starts: &[ColumnRef], direction: Direction, depth: Option<usize>) -> Trace {
        let uses = if direction == Direction::Downstream { self.uses() } else { HashMap::new() };
        let mut trace = Trace { starts: starts.to_vec(), ..Trace::default() };
        let mut waiting: VecDeque<ColumnRef> = starts.iter().cloned().collect();
        trace.distances.extend(starts.iter().map(|start| (start.clone(), 0)));
        while let Some(column) = waiting.pop_front() {
            let distance = trace.distances.get(&column).copied().unwrap_or_default();
            if depth.is_some_and(|depth| distance >= depth) {
                continue;
            }
            let next: Vec<Step> = match direction {
                Direction::Downstream => uses
                    .get(&column)
                    .into_iter()
                    .flatten()
                    .map(|(to, kind)| Step { from: column.clone(), to: to.clone(), kind: *kind })
                    .collect(),
                Direction::Upstream => self
                    .nodes
                    .get(&column.node)
                    .and_then(|node| node.column(&column.column))
                    .into_iter()
                    .flat_map(|found| &found.sources)
                    .map(|source| Step { from: source.from.clone(), to: column.clone(), kind: source.kind })
                    .collect(),
            };
            for step in next {
                let other = if direction == Direction::Downstream { &step.to } else { &step.from };
                if !trace.distances.contains_key(other) {
                    trace.distances.insert(other.clone(), distance + 1);
                    waiting.push_back(other.clone());
                }
                trace.steps.insert(step);
            }
        }
        trace
    }

    /// Nodes whose rows the columns of a trace decide on, with how.
    pub fn influenced(&self, trace: &Trace) -> BTreeMap<String, BTreeSet<InfluenceKind>> {
        let mut found: BTreeMap<String, BTreeSet<InfluenceKind>> = BTreeMap::new();
        for (id, node) in &self.nodes {
            for influence in node.influences.iter().filter(|influence| trace.distances.contains_key(&influence.from)) {
                found.entry(id.clone()).or_default().insert(influence.kind);
            }
        }
        found
    }

    /// Every column that may change when a column changes: by edges, and as a whole where it decides on rows. Where lineage is
    /// unknown, a column may change with anything that its node reads.
    pub fn affected(&self, start: &ColumnRef) -> BTreeSet<ColumnRef> {
        let mut affected = BTreeSet::from([start.clone()]);
        let mut rows: BTreeSet<&str> = BTreeSet::new();
        let mut nodes: BTreeSet<&str> = BTreeSet::from([start.node.as_str()]);
        // Upstream comes first, so that one pass is enough but for models that read themselves.
        for _ in 0..2 {
            for (id, node) in &self.nodes {
                let reads_affected = node.reads.iter().any(|read| nodes.contains(read.as_str()));
                let rows_change = node.reads.iter().any(|read| rows.contains(read.as_str()))
                    || node.influences.iter().any(|influence| affected.contains(&influence.from))
                    || reads_affected && (!node.unknown_influences.is_empty() || node.problem.is_some());
                if rows_change {
                    rows.insert(id);
                }
                for column in &node.columns {
                    let changes = rows_change
                        || reads_affected && !column.unknown.is_empty()
                        || column.sources.iter().any(|source| affected.contains(&source.from));
                    if changes {
                        nodes.insert(id);
                        affected.insert(ColumnRef { node: id.clone(), column: column.name.clone() });
                    }
                }
                if rows_change {
                    nodes.insert(id);
                }
            }
        }
        affected
    }

    /// Nodes with a column that may change when a column changes, in how many steps; the node itself is 0 steps away.
    pub fn affected_nodes(&self, start: &ColumnRef, depth: Option<usize>) -> BTreeSet<String> {
        let affected: BTreeSet<String> = self.affected(start).into_iter().map(|column| column.node).collect();
        let mut reached = BTreeSet::from([start.node.clone()]);
        let mut left = depth.unwrap_or(usize::MAX);
        loop {
            let next: Vec<String> = self
                .nodes
                .iter()
                .filter(|(id, node)| {
                    !reached.contains(*id)
                        && affected.contains(*id)
                        && node.reads.iter().any(|read| reached.contains(read))
                })
                .map(|(id, _)| id.clone())
                .collect();
            if next.is_empty() || left == 0 {
                return reached;
            }
            reached.extend(next);
            left -= 1;
        }
    }

    /// Nodes that have a column which goes into this one.
    pub fn source_nodes(&self, start: &ColumnRef, depth: Option<usize>) -> BTreeSet<String> {
        self.trace(std::slice::from_ref(start), Direction::Upstream, depth)
            .distances
            .into_keys()
            .map(|column| column.node)
            .filter(|id| self.nodes.contains_key(id))
            .collect()
    }
}
