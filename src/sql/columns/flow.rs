//! [`Flow`], what one value is made of, and [`Effects`], what else decides on the rows of a relation.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{EdgeKind, InfluenceKind};

/// A column of a table that the query reads: its number in the analyzer's list.
pub(super) type ColumnId = u32;

/// A reason why something is not known.
pub(super) type Reason = Rc<str>;

/// What a value is made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Flow {
    pub(super) sources: BTreeMap<ColumnId, EdgeKind>,
    /// Why there may be more.
    pub(super) unknown: BTreeSet<Reason>,
    /// As the warehouse writes it, where it is certain.
    pub(super) data_type: Option<Rc<str>>,
}

impl Flow {
    pub(super) fn copied(column: ColumnId, data_type: Option<Rc<str>>) -> Self {
        Self { sources: BTreeMap::from([(column, EdgeKind::Copied)]), data_type, ..Self::default() }
    }

    pub(super) fn unknown(reason: Reason) -> Self {
        Self { unknown: BTreeSet::from([reason]), ..Self::default() }
    }

    /// Takes in what another value is made of. Types are left alone.
    pub(super) fn absorb(&mut self, other: &Self, at_least: EdgeKind) {
        for (&column, &kind) in &other.sources {
            let known = self.sources.entry(column).or_insert(EdgeKind::Copied);
            *known = (*known).max(kind).max(at_least);
        }
        self.unknown.extend(other.unknown.iter().cloned());
    }

    /// The same sources, each at least of this kind.
    pub(super) fn raised(mut self, at_least: EdgeKind) -> Self {
        for kind in self.sources.values_mut() {
            *kind = (*kind).max(at_least);
        }
        self
    }

    pub(super) fn typed(mut self, data_type: Option<Rc<str>>) -> Self {
        self.data_type = data_type;
        self
    }

    pub(super) fn of_type(mut self, data_type: &str) -> Self {
        self.data_type = Some(data_type.into());
        self
    }
}

/// What a relation's rows depend on besides the values in its columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Effects {
    pub(super) influences: BTreeSet<(ColumnId, InfluenceKind)>,
    pub(super) unknown: BTreeSet<Reason>,
}

impl Effects {
    pub(super) fn absorb(&mut self, other: &Self) {
        self.influences.extend(other.influences.iter().copied());
        self.unknown.extend(other.unknown.iter().cloned());
    }

    /// A value that decides on rows.
    pub(super) fn influence(&mut self, flow: &Flow, kind: InfluenceKind) {
        self.influences.extend(flow.sources.keys().map(|&column| (column, kind)));
        self.unknown.extend(flow.unknown.iter().cloned());
    }
}
