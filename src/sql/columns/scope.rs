//! [`Scope`]: the relations that names are looked up in.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::flow::{Effects, Flow, Reason};

/// A column of a relation within the query.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// What it is compared by.
    pub(super) key: Rc<str>,
    /// As it is shown.
    pub(super) name: Rc<str>,
    pub(super) flow: Rc<Flow>,
    /// The right side of `using`: only found with the relation's name.
    pub(super) is_hidden: bool,
    /// What the name without a relation means after `using`, if not this.
    pub(super) merged: Option<Rc<Flow>>,
    /// Of `using`: the number of the join; the last join's columns come first where they come first.
    pub(super) using_rank: usize,
}

impl Column {
    pub(super) fn new(key: impl Into<Rc<str>>, name: impl Into<Rc<str>>, flow: Flow) -> Self {
        let (key, name) = (key.into(), name.into());
        Self { key, name, flow: Rc::new(flow), is_hidden: false, merged: None, using_rank: 0 }
    }

    /// What the column means without its relation's name.
    pub(super) fn plain_flow(&self) -> &Rc<Flow> {
        self.merged.as_ref().unwrap_or(&self.flow)
    }
}

/// Where columns come from that are not known by name.
#[derive(Debug, Clone)]
pub(super) enum Through {
    /// Any other name is a column of this table.
    Table(usize),
    /// Any other name has this value: what `pivot` makes of data.
    Value(Rc<Flow>),
    /// Any other name is in both: `union by name`.
    Both(Box<Open>, Box<Open>),
    /// A name may be there, and more goes into it.
    Partly(Box<Open>, Reason),
    /// Nothing is known of other names.
    Nothing,
}

/// Columns that may be there besides those that are known.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) through: Through,
    /// Names that do not pass: excluded, renamed, or known already.
    pub(super) without: Rc<BTreeSet<String>>,
    /// Why they are not known.
    pub(super) reason: Reason,
}

impl Open {
    pub(super) fn new(through: Through, reason: impl Into<Reason>) -> Self {
        Self { through, without: Rc::default(), reason: reason.into() }
    }

    pub(super) fn may_have(&self, key: &str) -> bool {
        !self.without.contains(key)
    }

    /// The same without these names.
    pub(super) fn hiding(&self, keys: &BTreeSet<String>) -> Self {
        if keys.is_empty() {
            return self.clone();
        }
        let without = self.without.union(keys).cloned().collect();
        Self { without: Rc::new(without), ..self.clone() }
    }
}

/// What a query gives.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) columns: Vec<Column>,
    /// More columns, if not empty; then positions mean nothing.
    pub(super) open: Vec<Open>,
    pub(super) effects: Effects,
}

/// A relation after `from`.
#[derive(Debug, Clone, Default)]
pub(super) struct Relation {
    /// Its name, with schema and database before it where they may be used: keys.
    pub(super) path: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) open: Vec<Open>,
}

impl Relation {
    /// Whether `given` (a name, or the end of a path) means this relation.
    pub(super) fn is_called(&self, given: &[String]) -> bool {
        self.path.ends_with(given) && !given.is_empty()
    }

    /// A column by key, also one that `using` hides.
    pub(super) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.key == key)
    }

    /// A column that its name alone means.
    pub(super) fn plain_column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.key == key && !column.is_hidden)
    }

    /// Columns that may be there, of which one may have this name.
    pub(super) fn open_for<'r>(&'r self, key: &'r str) -> impl Iterator<Item = &'r Open> {
        let is_known = self.columns.iter().any(|column| &*column.key == key);
        self.open.iter().filter(move |open| !is_known && open.may_have(key))
    }
}

/// Relations, names given in the select list, names of a lambda; and the scope around it.
#[derive(Debug, Default)]
pub(super) struct Scope<'p> {
    pub(super) relations: Vec<Relation>,
    /// Names given in the select list so far, where they can be used.
    pub(super) aliases: Vec<(String, Rc<Flow>)>,
    /// Names that a lambda binds; what they hold comes from its other arguments.
    pub(super) parameters: Vec<String>,
    pub(super) parent: Option<&'p Scope<'p>>,
    /// Joins so far.
    pub(super) joins: usize,
}

impl<'p> Scope<'p> {
    pub(super) fn below(parent: Option<&'p Self>) -> Self {
        Self { parent, ..Self::default() }
    }

    pub(super) fn alias(&self, key: &str) -> Option<&Rc<Flow>> {
        self.aliases.iter().find(|(known, _)| known == key).map(|(_, flow)| flow)
    }

    /// This scope and those around it.
    pub(super) fn levels(&self) -> impl Iterator<Item = &Scope<'p>> {
        std::iter::successors(Some(self), |scope| scope.parent)
    }

    /// The names that could have been meant, for messages.
    pub(super) fn known_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .levels()
            .flat_map(|scope| scope.relations.iter())
            .flat_map(|relation| relation.columns.iter().map(|column| column.name.to_string()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
