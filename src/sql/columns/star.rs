//! `*`, `t.*`, `columns(…)`: one item of a select list that stands for many columns.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    ExcludeSelectItem, Ident, ObjectName, RenameSelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::output::EdgeKind;
use super::scope::{Column, Open, Relation, Scope, Through};
use super::select::Projection;
use super::star_expression::like;
use super::types;

impl Analyzer<'_> {
    /// All columns of a scope as `*` gives them.
    pub(super) fn all_columns(&self, scope: &Scope) -> (Vec<Column>, Vec<Open>) {
        let mut columns: Vec<Column> = Vec::new();
        let mut open = Vec::new();
        for relation in &scope.relations {
            for column in relation.columns.iter().filter(|column| !column.is_hidden) {
                let flow = std::rc::Rc::clone(column.plain_flow());
                columns.push(Column { flow, merged: None, ..column.clone() });
            }
            open.extend(opens_of(relation));
        }
        if self.dialect.using_comes_first {
            columns.sort_by_key(|column| std::cmp::Reverse(column.using_rank));
        }
        (columns, open)
    }

    pub(super) fn plain_star(&mut self, scope: &Scope, projection: &mut Projection) {
        let (columns, open) = self.all_columns(scope);
        for column in columns {
            projection.push(bare(column), false);
        }
        projection.open.extend(open);
    }

    pub(super) fn star(
        &mut self,
        scope: &mut Scope,
        kind: Option<&SelectItemQualifiedWildcardKind>,
        options: &WildcardAdditionalOptions,
        projection: &mut Projection,
    ) {
        let (columns, open) = match kind {
            None => self.all_columns(scope),
            Some(SelectItemQualifiedWildcardKind::ObjectName(name)) => self.columns_of(name, scope),
            Some(SelectItemQualifiedWildcardKind::Expr(value)) => {
                let flow = self.expression(value, scope);
                fields(flow)
            }
        };
        self.star_with(columns, open, options, scope, projection);
    }

    /// The columns of the relation of that name, or the fields of the column of that name.
    pub(super) fn columns_of(&mut self, name: &ObjectName, scope: &Scope) -> (Vec<Column>, Vec<Open>) {
        let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let keys: Vec<String> = idents.iter().map(|ident| self.dialect.ident_key(ident)).collect();
        for level in scope.levels() {
            if let Some(relation) = level.relations.iter().find(|relation| relation.is_called(&keys)) {
                return (relation.columns.clone(), opens_of(relation).collect());
            }
        }
        let flow = match idents.as_slice() {
            [one] => self.plain_name(one, scope),
            many => self.compound_name(many, scope),
        };
        fields(flow)
    }

    fn star_with(
        &mut self,
        columns: Vec<Column>,
        open: Vec<Open>,
        options: &WildcardAdditionalOptions,
        scope: &mut Scope,
        projection: &mut Projection,
    ) {
        let excluded = self.excluded(options);
        let mut replaced: BTreeMap<String, (Flow, bool)> = BTreeMap::new();
        for element in options.opt_replace.iter().flat_map(|replace| &replace.items) {
            let before = self.aggregates;
            let flow = self.expression(&element.expr, scope);
            replaced.insert(self.dialect.ident_key(&element.column_name), (flow, self.aggregates > before));
        }
        let renamed = self.renamed(options);
        let is_wanted =
            |name: &str| options.opt_ilike.as_ref().is_none_or(|pattern| like(name, &pattern.pattern, true));
        let mut met: BTreeSet<String> = BTreeSet::new();
        for column in columns {
            let key = column.key.to_string();
            met.insert(key.clone());
            if excluded.contains(&key) || !is_wanted(&column.name) {
                continue;
            }
            let mut column = bare(column);
            let mut is_aggregated = false;
            if let Some((flow, has_aggregate)) = replaced.get(&key) {
                column.flow = flow.clone().into();
                is_aggregated = *has_aggregate;
            }
            if let Some(name) = renamed.get(&key) {
                column.key = self.dialect.key(name).into();
                column.name = name.as_str().into();
            }
            projection.push(column, is_aggregated);
        }
        // Columns that are named here exist, even where the relation's columns are not known.
        let mut gone: BTreeSet<String> = excluded;
        if let [only] = open.as_slice() {
            for (key, (flow, is_aggregated)) in &replaced {
                if !met.contains(key) {
                    projection.push(Column::new(key.as_str(), key.as_str(), flow.clone()), *is_aggregated);
                    gone.insert(key.clone());
                }
            }
            for (key, name) in &renamed {
                if !met.contains(key) {
                    let flow = self.through(only, key);
                    projection.push(Column::new(self.dialect.key(name), name.as_str(), flow), false);
                    gone.insert(key.clone());
                }
            }
        }
        gone.extend(met);
        if options.opt_ilike.is_none() {
            projection.open.extend(open.iter().map(|open| open.hiding(&gone)));
        } else {
            let unsure = |open: Open| Open::new(Through::Nothing, open.reason);
            projection.open.extend(open.into_iter().map(unsure));
        }
    }

    fn excluded(&self, options: &WildcardAdditionalOptions) -> BTreeSet<String> {
        let last = |name: &ObjectName| {
            name.0.last().and_then(|part| part.as_ident()).map(|ident| self.dialect.ident_key(ident))
        };
        let mut excluded = BTreeSet::new();
        match &options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => excluded.extend(last(name)),
            Some(ExcludeSelectItem::Multiple(names)) => excluded.extend(names.iter().filter_map(last)),
            None => {}
        }
        if let Some(except) = &options.opt_except {
            let elements = std::iter::once(&except.first_element).chain(&except.additional_elements);
            excluded.extend(elements.map(|ident| self.dialect.ident_key(ident)));
        }
        excluded
    }

    fn renamed(&self, options: &WildcardAdditionalOptions) -> BTreeMap<String, String> {
        let items = match &options.opt_rename {
            Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
            Some(RenameSelectItem::Multiple(items)) => items.as_slice(),
            None => &[],
        };
        items.iter().map(|item| (self.dialect.ident_key(&item.ident), self.dialect.name(&item.alias))).collect()
    }

    /// The columns that a star within a call means: `columns(* exclude (a))`.
    pub(super) fn star_in_call(
        &mut self,
        options: &WildcardAdditionalOptions,
        scope: &mut Scope,
    ) -> (Vec<Column>, Vec<Open>) {
        let (columns, open) = self.all_columns(scope);
        let mut projection = Projection::default();
        self.star_with(columns, open, options, scope, &mut projection);
        (projection.columns, projection.open)
    }
}

/// What a relation may have besides its known columns; these do not pass twice.
fn opens_of(relation: &Relation) -> impl Iterator<Item = Open> + '_ {
    let known: BTreeSet<String> = relation.columns.iter().map(|column| column.key.to_string()).collect();
    relation.open.iter().map(move |open| open.hiding(&known))
}

/// The fields of a value, whose names only its type knows.
pub(super) fn fields(flow: Flow) -> (Vec<Column>, Vec<Open>) {
    let known = flow.data_type.as_deref().and_then(types::struct_fields);
    let flow = flow.raised(EdgeKind::Derived);
    match known {
        Some(fields) => {
            let column = |(name, data_type): (String, String)| {
                Column::new(name.to_lowercase(), name, flow.clone().typed(Some(data_type.into())))
            };
            (fields.into_iter().map(column).collect(), Vec::new())
        }
        None => {
            let flow = flow.typed(None);
            (Vec::new(), vec![Open::new(Through::Value(flow.into()), "the fields of a struct are not known")])
        }
    }
}

/// A column without the marks of the join that it came from.
fn bare(column: Column) -> Column {
    Column { is_hidden: false, merged: None, using_rank: 0, ..column }
}
