//! [`Lineage`] and what it is made of.

use indexmap::IndexMap;

use crate::sql::{EdgeKind, InfluenceKind, MissingColumn};

/// A column of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnRef {
    /// Unique id; of a table that the project does not define, its name in SQL.
    pub node: String,
    /// Name.
    pub column: String,
}

/// What a column is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The column.
    pub from: ColumnRef,
    /// How.
    pub kind: EdgeKind,
}

/// A column that decides on the rows of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Influence {
    /// The column.
    pub from: ColumnRef,
    /// How.
    pub kind: InfluenceKind,
}

/// A column and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageColumn {
    /// Name.
    pub name: String,
    /// Type as the warehouse writes it, where it is known.
    pub data_type: Option<String>,
    /// Columns that it is made of, sorted.
    pub sources: Vec<Source>,
    /// Why it may be made of more; empty if these are all.
    pub unknown: Vec<String>,
}

/// What is known of the columns of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeLineage {
    /// Columns in order.
    pub columns: Vec<LineageColumn>,
    /// Why there may be more columns; none if these are all.
    pub incomplete: Option<String>,
    /// What decides on its rows, sorted.
    pub influences: Vec<Influence>,
    /// Why more may.
    pub unknown_influences: Vec<String>,
    /// Nodes and tables that its SQL reads.
    pub reads: Vec<String>,
    /// Names in its SQL that are no columns.
    pub missing: Vec<MissingColumn>,
    /// Why nothing is known at all.
    pub problem: Option<String>,
    /// Whether it has SQL to be read: sources and seeds have none.
    pub has_query: bool,
}

impl NodeLineage {
    /// A column; names are compared without regard to case, unless one is written just so.
    pub fn column(&self, name: &str) -> Option<&LineageColumn> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }
}

/// How much is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Columns of nodes that have SQL.
    pub columns: usize,
    /// Those of which everything is known.
    pub resolved: usize,
    /// Nodes with SQL of which not every column is known by name.
    pub incomplete: usize,
    /// Nodes with SQL.
    pub nodes: usize,
}

/// The lineage of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// By unique id, upstream first.
    pub nodes: IndexMap<String, NodeLineage>,
}

impl Lineage {
    /// How much is known.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for node in self.nodes.values().filter(|node| node.has_query) {
            coverage.nodes += 1;
            coverage.incomplete += usize::from(node.incomplete.is_some() || node.problem.is_some());
            coverage.columns += node.columns.len();
            coverage.resolved += node.columns.iter().filter(|column| column.unknown.is_empty()).count();
        }
        coverage
    }
}
