//! `pivot` and `unpivot`: rows to columns and back, in both of their forms.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;

use sqlparser::ast::{
    self, Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, PivotValueSource,
    SelectItem, TableFactor,
};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::function::simple_name;
use super::naming::name_of;
use super::output::{EdgeKind, InfluenceKind};
use super::scope::{Column, Open, Relation, Rows, Scope, Through};
use super::star_expression::text;
use crate::sql::rewrite::{PIVOT_ON, PIVOT_USING, UNPIVOT_ON};

/// A list of arguments with the names they are given.
type Items = Vec<(Expr, Option<String>)>;

/// What a pivot is made of.
struct Pivot {
    /// What becomes columns, and its values where they are said, with their names.
    on: Vec<(Expr, Option<Vec<String>>)>,
    aggregates: Items,
    /// What stays a column; all the rest if none.
    keys: Option<Vec<Expr>>,
}

impl Analyzer<'_> {
    /// The statement forms, which were rewritten to a `select` of marks; none if this is a plain `select`.
    pub(super) fn pivot_statement(&mut self, select: &ast::Select, scope: &mut Scope) -> Option<Rows> {
        let lists: Vec<(String, Items)> = select.projection.iter().map_while(|item| self.mark(item)).collect();
        let keys = match &select.group_by {
            GroupByExpr::Expressions(keys, _) if !keys.is_empty() => Some(keys.clone()),
            _ => None,
        };
        match lists.as_slice() {
            [(name, on), rest @ ..] if name == PIVOT_ON => {
                let on = on.iter().map(|(expression, _)| pivoted(expression)).collect();
                let aggregates = rest.first().map(|(_, items)| items.clone()).unwrap_or_default();
                Some(self.pivot(&Pivot { on, aggregates, keys }, scope))
            }
            [(name, on), (_, names), (_, values)] if name == UNPIVOT_ON => {
                let plain =
                    |items: &Items| items.iter().map(|(expression, _)| ident_name(expression)).collect::<Vec<_>>();
                let columns: Vec<Expr> = on.iter().map(|(expression, _)| expression.clone()).collect();
                let name = plain(names).into_iter().next().flatten().unwrap_or_else(|| "name".into());
                let values: Vec<String> = plain(values).into_iter().flatten().collect();
                Some(self.unpivot(&columns, &name, &values, false, scope))
            }
            _ => None,
        }
    }

    fn mark(&self, item: &SelectItem) -> Option<(String, Items)> {
        let SelectItem::UnnamedExpr(Expr::Function(function)) = item else { return None };
        let name = function.name.to_string();
        if ![PIVOT_ON, PIVOT_USING, UNPIVOT_ON].contains(&name.as_str()) {
            return None;
        }
        let FunctionArguments::List(list) = &function.args else { return None };
        let items = list.args.iter().filter_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Named { expr, name })) => {
                Some((expr.as_ref().clone(), Some(self.dialect.name(name))))
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some((expression.clone(), None)),
            _ => None,
        });
        Some((name, items.collect()))
    }

    /// `t pivot (sum(x) for k in ('a', 'b'))`.
    pub(super) fn pivot_factor(&mut self, factor: &TableFactor, scope: &Scope) -> Relation {
        let TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } = factor else {
            return Relation::default();
        };
        let mut inner = Scope::below(Some(scope));
        inner.relations = self.factor(table, scope);
        let named = |items: &[ExprWithAlias]| -> Option<Vec<String>> {
            items
                .iter()
                .map(|item| match &item.alias {
                    Some(alias) => Some(self.dialect.name(alias)),
                    None => value_text(&item.expr),
                })
                .collect()
        };
        let values = match value_source {
            PivotValueSource::List(items) => named(items),
            _ => None,
        };
        let aggregates = aggregate_functions
            .iter()
            .map(|item| (item.expr.clone(), item.alias.as_ref().map(|alias| self.dialect.name(alias))))
            .collect();
        let on = match value_column.as_slice() {
            [one] => vec![(one.clone(), values)],
            several => several.iter().map(|column| (column.clone(), None)).collect(),
        };
        let rows = self.pivot(&Pivot { on, aggregates, keys: None }, &mut inner);
        self.relation_of(rows, alias.as_ref())
    }

    fn pivot(&mut self, pivot: &Pivot, scope: &mut Scope) -> Rows {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut cell = Flow::default();
        for (on, _) in &pivot.on {
            self.names_in(on, &mut used);
            let flow = self.expression(on, scope);
            self.effects.influence(&flow, InfluenceKind::Group);
            // A value counts in the column that this one names.
            cell.absorb(&flow, EdgeKind::Aggregated);
        }
        let mut aggregates: Vec<(String, bool, Flow)> = Vec::new();
        for (expression, alias) in &pivot.aggregates {
            self.names_in(expression, &mut used);
            let flow = self.expression(expression, scope);
            let mut whole = cell.clone();
            whole.absorb(&flow, EdgeKind::Aggregated);
            let name = alias.clone().unwrap_or_else(|| name_of(expression, self.dialect));
            aggregates.push((name, alias.is_some(), whole.typed(flow.data_type.clone())));
        }
        if aggregates.is_empty() {
            aggregates.push(("count_star()".into(), false, cell.clone()));
        }
        let mut columns = Vec::new();
        let mut open = Vec::new();
        match &pivot.keys {
            Some(keys) => {
                for key in keys {
                    let flow = self.expression(key, scope);
                    self.effects.influence(&flow, InfluenceKind::Group);
                    let name = name_of(key, self.dialect);
                    columns.push(Column::new(self.dialect.key(&name), name, flow));
                }
            }
            None => {
                let (all, more) = self.all_columns(scope);
                for column in all.into_iter().filter(|column| !used.contains(&*column.key)) {
                    self.effects.influence(&column.flow, InfluenceKind::Group);
                    columns.push(column);
                }
                self.effects.unknown.extend(more.iter().map(|open| Rc::clone(&open.reason)));
                open.extend(more.into_iter().map(|open| open.hiding(&used)));
            }
        }
        let is_plain = matches!(aggregates.as_slice(), [(_, false, _)]);
        match combinations(&pivot.on) {
            Some(values) => {
                for value in values {
                    for (name, _, flow) in &aggregates {
                        let name = if is_plain { value.clone() } else { format!("{value}_{name}") };
                        columns.push(Column::new(self.dialect.key(&name), name, flow.clone()));
                    }
                }
            }
            None => {
                let mut any = Flow::default();
                aggregates.iter().for_each(|(_, _, flow)| any.absorb(flow, EdgeKind::Aggregated));
                let reason = "the columns that `pivot` makes are values of the data";
                // Together with columns of a table that are not known, a name cannot be told to be either.
                let through = if open.is_empty() { Through::Value(Rc::new(any)) } else { Through::Nothing };
                open.push(Open::new(through, reason));
            }
        }
        Rows { columns, open, ..Rows::default() }
    }

    /// `t unpivot (v for n in (a, b))`.
    pub(super) fn unpivot_factor(&mut self, factor: &TableFactor, scope: &Scope) -> Relation {
        let TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } = factor else {
            return Relation::default();
        };
        let mut inner = Scope::below(Some(scope));
        inner.relations = self.factor(table, scope);
        let values: Vec<String> = match value {
            Expr::Tuple(items) => items.iter().filter_map(ident_name).collect(),
            one => ident_name(one).into_iter().collect(),
        };
        let columns: Vec<Expr> = columns.iter().map(|column| column.expr.clone()).collect();
        let keeps_null = matches!(null_inclusion, Some(ast::NullInclusion::IncludeNulls));
        let name = self.dialect.name(name);
        let rows = self.unpivot(&columns, &name, &values, keeps_null, &mut inner);
        self.relation_of(rows, alias.as_ref())
    }

    fn unpivot(&mut self, on: &[Expr], name: &str, values: &[String], keeps_null: bool, scope: &mut Scope) -> Rows {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut flows: Vec<Flow> = vec![Flow::default(); values.len().max(1)];
        for item in on {
            self.names_in(item, &mut used);
            match item {
                Expr::Function(function) if simple_name(function) == "columns" => {
                    let (columns, open) = self.chosen_columns(function, scope);
                    for column in columns {
                        used.insert(column.key.to_string());
                        add(&mut flows[0], &column.flow);
                    }
                    flows[0].unknown.extend(open.iter().map(|open| Rc::clone(&open.reason)));
                }
                Expr::Tuple(items) => {
                    for (at, part) in items.iter().enumerate() {
                        let flow = self.expression(part, scope);
                        if let Some(known) = flows.get_mut(at) {
                            add(known, &flow);
                        }
                    }
                }
                one => {
                    let flow = self.expression(one, scope);
                    add(&mut flows[0], &flow);
                }
            }
        }
        if !keeps_null {
            // Rows without a value are left out.
            flows.iter().for_each(|flow| self.effects.influence(flow, InfluenceKind::Filter));
        }
        let (all, more) = self.all_columns(scope);
        let mut columns: Vec<Column> = all.into_iter().filter(|column| !used.contains(&*column.key)).collect();
        let own = |analyzer: &Self, name: &str, flow: Flow| Column::new(analyzer.dialect.key(name), name, flow);
        columns.push(own(self, name, Flow::default().of_type("VARCHAR")));
        for (at, flow) in flows.into_iter().enumerate() {
            let shown = values.get(at).map_or("value", String::as_str);
            columns.push(own(self, shown, flow.typed(None)));
        }
        Rows { columns, open: more.into_iter().map(|open| open.hiding(&used)).collect(), ..Rows::default() }
    }

    /// The names of columns in an expression.
    fn names_in(&self, expression: &Expr, names: &mut BTreeSet<String>) {
        let _ = ast::visit_expressions(expression, |inner| {
            match inner {
                Expr::Identifier(ident) => {
                    names.insert(self.dialect.ident_key(ident));
                }
                Expr::CompoundIdentifier(idents) => {
                    names.extend(idents.last().map(|ident| self.dialect.ident_key(ident)));
                }
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
    }
}

fn add(flow: &mut Flow, other: &Flow) {
    flow.absorb(other, EdgeKind::Copied);
}

/// `k` or `k in ('a', 'b')`.
fn pivoted(expression: &Expr) -> (Expr, Option<Vec<String>>) {
    match expression {
        Expr::InList { expr, list, negated: false } => {
            (expr.as_ref().clone(), list.iter().map(value_text).collect::<Option<Vec<_>>>())
        }
        other => (other.clone(), None),
    }
}

/// The text of a value as a name of a column.
fn value_text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(value) => match &value.value {
            ast::Value::Number(number, _) => Some(number.clone()),
            ast::Value::Boolean(truth) => Some(truth.to_string()),
            _ => text(expression),
        },
        Expr::Identifier(ident) => Some(ident.value.clone()),
        _ => None,
    }
}

fn ident_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        Expr::CompoundIdentifier(idents) => idents.last().map(|ident| ident.value.clone()),
        other => text(other),
    }
}

/// All combinations of the values of several pivoted columns, in order; none if one has values that are not said.
fn combinations(on: &[(Expr, Option<Vec<String>>)]) -> Option<Vec<String>> {
    let mut made: Vec<String> = Vec::new();
    for (at, (_, values)) in on.iter().enumerate() {
        let values = values.as_ref()?;
        made = if at == 0 {
            values.clone()
        } else {
            made.iter().flat_map(|before| values.iter().map(move |value| format!("{before}_{value}"))).collect()
        };
    }
    Some(made)
}
