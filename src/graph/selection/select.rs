//! [`Selector`]: evaluates a [`Spec`] over a graph.

use petgraph::Direction::{Incoming, Outgoing};

use super::command_line::Combination;
use super::members::Member;
use super::methods::Matcher;
use super::node_set::NodeSet;
use super::state::State;
use super::{ColumnReach, Criterion, IndirectSelection, Method, PreviousState, Reach, Spec};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::manifest::{Manifest, ResourceType};

/// Evaluates selections over one graph and its manifest.
pub struct Selector<'m> {
    graph: &'m Graph,
    manifest: &'m Manifest,
    previous: Option<&'m PreviousState>,
    columns: Option<&'m dyn ColumnReach>,
    members: Vec<Member<'m>>,
}

/// Unique ids that were selected, sorted, and what the user should know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sorted, each once.
    pub ids: Vec<String>,
    /// Criteria that match nothing.
    pub warnings: Diagnostics,
}

/// Nodes that are selected, and those together with tests that some of their nodes would bring in.
struct Selected {
    direct: NodeSet,
    with_indirect: NodeSet,
}

impl<'m> Selector<'m> {
    /// A selector; `previous` is needed for `state:`, `result:` and `source_status:`.
    pub fn new(graph: &'m Graph, manifest: &'m Manifest, previous: Option<&'m PreviousState>) -> Self {
        Self { graph, manifest, previous, columns: None, members: Member::all(graph, manifest) }
    }

    /// Lets it answer `column:`.
    #[must_use]
    pub fn with_columns(mut self, columns: Option<&'m dyn ColumnReach>) -> Self {
        self.columns = columns;
        self
    }

    /// What a selection selects, of these resource types (all, if none is given). Files of SQL that hold nothing are left
    /// out unless `with_blank` (`ls` shows them, nothing runs them).
    pub fn select(
        &self,
        spec: &Spec,
        resource_types: Option<&[ResourceType]>,
        with_blank: bool,
    ) -> Result<Selection, Diagnostics> {
        let mut warnings = Diagnostics::new();
        let selected = self.evaluate(spec, &mut warnings).map_err(Diagnostics::from)?;
        let mut ids: Vec<String> = selected
            .direct
            .iter()
            .filter(|&index| {
                let member = self.members[index];
                member.resource_type().is_some_and(|kind| resource_types.is_none_or(|kinds| kinds.contains(&kind)))
                    && (with_blank || !member.is_blank())
            })
            .map(|index| self.graph.id(index).to_owned())
            .collect();
        ids.sort_unstable();
        Ok(Selection { ids, warnings })
    }

    fn evaluate(&self, spec: &Spec, warnings: &mut Diagnostics) -> Result<Selected, Diagnostic> {
        let (combination, parts, indirect, expected) = match spec {
            Spec::Criterion(criterion) => return self.evaluate_criterion(criterion, warnings),
            Spec::Group { combination, parts, indirect, expected } => (*combination, parts, *indirect, expected),
        };
        let parts = parts.iter().map(|part| self.evaluate(part, warnings)).collect::<Result<Vec<_>, _>>()?;
        let direct = self.combine(combination, parts.iter().map(|part| &part.direct));
        let with_indirect = self.combine(combination, parts.iter().map(|part| &part.with_indirect));
        let direct = self.incorporate(direct, &with_indirect, indirect);
        if let (Some(raw), true) = (expected, direct.is_empty()) {
            warnings.push(Diagnostic::warning(
                Code::NOTHING_SELECTED,
                format!("The selection criterion '{raw}' does not match any enabled nodes"),
            ));
        }
        Ok(Selected { direct, with_indirect })
    }

    fn combine<'s>(&self, combination: Combination, sets: impl Iterator<Item = &'s NodeSet>) -> NodeSet {
        let mut result: Option<NodeSet> = None;
        for set in sets {
            match (&mut result, combination) {
                (None, _) => result = Some(set.clone()),
                (Some(result), Combination::Union) => result.union(set),
                (Some(result), Combination::Intersection) => result.intersect(set),
                (Some(result), Combination::Difference) => result.subtract(set),
            }
        }
        result.unwrap_or_else(|| NodeSet::new(self.graph.len()))
    }

    fn compare(&self, criterion: &Criterion, warnings: &mut Diagnostics) -> Result<Option<NodeSet>, Diagnostic> {
        let Some(previous) = self.previous else { return Ok(None) };
        let state = State { graph: self.graph, manifest: self.manifest, members: &self.members, previous };
        state.select(criterion, warnings)
    }

    fn evaluate_criterion(&self, criterion: &Criterion, warnings: &mut Diagnostics) -> Result<Selected, Diagnostic> {
        if let (Method::Column, Some(columns)) = (criterion.method, self.columns) {
            let selected = self.reached_by_column(criterion, columns)?;
            return Ok(self.expand(selected, criterion.indirect));
        }
        let mut selected = if let Some(selected) = self.compare(criterion, warnings)? {
            selected
        } else {
            let matcher = Matcher::of(criterion, self.manifest)?;
            let matching = (0..self.members.len()).filter(|&index| matcher.matches(self.members[index]));
            NodeSet::of(self.graph.len(), matching)
        };
        self.add_neighbors(criterion, &mut selected);
        Ok(self.expand(selected, criterion.indirect))
    }

    /// `+` follows the column, not the graph.
    fn reached_by_column(&self, criterion: &Criterion, columns: &dyn ColumnReach) -> Result<NodeSet, Diagnostic> {
        if criterion.childrens_parents {
            let message = format!("`{}`: `@` does not go with a column", criterion.raw);
            return Err(Diagnostic::error(Code::SELECTOR, message).hint("use `+` before or after it"));
        }
        let reach = |wanted: bool, depth| if wanted { Reach::Steps(depth) } else { Reach::None };
        let upstream = reach(criterion.parents, criterion.parents_depth);
        let downstream = reach(criterion.children, criterion.children_depth);
        let ids = columns.reach(&criterion.text(), upstream, downstream)?;
        let found = (0..self.members.len()).filter(|&index| ids.contains(self.graph.id(index)));
        Ok(NodeSet::of(self.graph.len(), found))
    }

    fn add_neighbors(&self, criterion: &Criterion, selected: &mut NodeSet) {
        let start = selected.clone();
        if criterion.childrens_parents {
            let mut family = start.clone();
            self.add_reached(&mut family, &start, Outgoing, None);
            let below = family.clone();
            self.add_reached(&mut family, &below, Incoming, None);
            selected.union(&family);
        }
        if criterion.parents {
            self.add_reached(selected, &start, Incoming, criterion.parents_depth);
        }
        if criterion.children {
            self.add_reached(selected, &start, Outgoing, criterion.children_depth);
        }
    }

    fn add_reached(&self, set: &mut NodeSet, start: &NodeSet, direction: petgraph::Direction, depth: Option<usize>) {
        for index in self.graph.reach(start.iter(), direction, depth) {
            set.insert(index);
        }
    }

    /// Brings in tests of what is selected, as the mode of indirect selection says.
    fn expand(&self, selected: NodeSet, mode: IndirectSelection) -> Selected {
        let mut direct = selected.clone();
        let mut with_indirect = selected.clone();
        if mode != IndirectSelection::Empty {
            let readable = self.readable(&selected, mode);
            for test in self.tests_below(&selected) {
                with_indirect.insert(test);
                if mode == IndirectSelection::Eager || self.reads_only(test, &readable) {
                    direct.insert(test);
                }
            }
        }
        Selected { direct, with_indirect }
    }

    fn tests_below(&self, selected: &NodeSet) -> impl Iterator<Item = usize> {
        selected
            .iter()
            .flat_map(|index| self.graph.neighbors(index, Outgoing))
            .filter(|&below| self.members[below].is_test())
    }

    /// What a test may read without being left out: the selection, and for `buildable` all that is above it and all sources.
    fn readable(&self, selected: &NodeSet, mode: IndirectSelection) -> NodeSet {
        let mut readable = selected.clone();
        if mode == IndirectSelection::Buildable {
            self.add_reached(&mut readable, selected, Incoming, None);
            for (index, member) in self.members.iter().enumerate() {
                if matches!(member, Member::Source(_)) {
                    readable.insert(index);
                }
            }
        }
        readable
    }

    fn reads_only(&self, test: usize, set: &NodeSet) -> bool {
        self.graph.neighbors(test, Incoming).all(|above| set.contains(above))
    }

    /// After selections were combined: tests that only lacked nodes which another part selected now join.
    fn incorporate(&self, mut direct: NodeSet, with_indirect: &NodeSet, mode: IndirectSelection) -> NodeSet {
        if direct == *with_indirect || matches!(mode, IndirectSelection::Eager | IndirectSelection::Empty) {
            return direct;
        }
        let mut readable = direct.clone();
        if mode == IndirectSelection::Buildable {
            self.add_reached(&mut readable, &direct, Incoming, None);
        }
        let joining: Vec<usize> = with_indirect
            .iter()
            .filter(|&index| matches!(self.members[index], Member::Node(_)) && self.reads_only(index, &readable))
            .collect();
        for test in joining {
            direct.insert(test);
        }
        direct
    }
}
