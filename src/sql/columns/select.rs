//! One `select`.

use std::rc::Rc;

use sqlparser::ast::{self, Distinct, Expr, GroupByExpr, OrderByKind, SelectFlavor, SelectItem};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::naming::name_of;
use super::output::{EdgeKind, InfluenceKind};
use super::query::position;
use super::scope::{Column, Open, Rows, Scope};

/// The select list, item by item: what `group by all` needs.
#[derive(Default)]
pub(super) struct Projection {
    pub(super) columns: Vec<Column>,
    pub(super) open: Vec<Open>,
    /// Of each column: whether it has an aggregate in it.
    pub(super) aggregated: Vec<bool>,
}

impl Projection {
    pub(super) fn push(&mut self, column: Column, is_aggregated: bool) {
        self.columns.push(column);
        self.aggregated.push(is_aggregated);
    }
}

impl Analyzer<'_> {
    pub(super) fn select(&mut self, select: &ast::Select, order: Option<&ast::OrderBy>, outer: Option<&Scope>) -> Rows {
        let mut scope = self.from(&select.from, outer);
        if let Some(rows) = self.pivot_statement(select, &mut scope) {
            if let Some(order) = order {
                self.order(order, &rows, &scope);
            }
            return rows;
        }
        let projection = if select.flavor == SelectFlavor::FromFirstNoSelect {
            let mut projection = Projection::default();
            self.plain_star(&scope, &mut projection);
            projection
        } else {
            self.projection(&select.projection, &mut scope)
        };
        for condition in select.prewhere.iter().chain(&select.selection) {
            self.filter(condition, &scope);
        }
        self.group(&select.group_by, &projection, &scope);
        for condition in select.having.iter().chain(&select.qualify) {
            self.filter(condition, &scope);
        }
        for window in &select.named_window {
            if let ast::NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec, &scope);
            }
        }
        let rows = Rows { columns: projection.columns, open: projection.open, ..Rows::default() };
        match &select.distinct {
            Some(Distinct::Distinct) => self.influence_of_rows(&rows, InfluenceKind::Distinct),
            Some(Distinct::On(keys)) => {
                for key in keys {
                    let flow = self.output_or_expression(key, &rows, &scope);
                    self.effects.influence(&flow, InfluenceKind::Distinct);
                }
            }
            Some(Distinct::All) | None => {}
        }
        if let Some(order) = order {
            self.order(order, &rows, &scope);
        }
        if !select.lateral_views.is_empty() || !select.connect_by.is_empty() {
            return self.unknown_rows("`lateral view` and `connect by` are not followed");
        }
        rows
    }

    pub(super) fn filter(&mut self, condition: &Expr, scope: &Scope) {
        let flow = self.expression(condition, scope);
        self.effects.influence(&flow, InfluenceKind::Filter);
    }

    fn projection(&mut self, items: &[SelectItem], scope: &mut Scope) -> Projection {
        let mut projection = Projection::default();
        for item in items {
            match item {
                SelectItem::Wildcard(options) => self.star(scope, None, options, &mut projection),
                SelectItem::QualifiedWildcard(kind, options) => {
                    self.star(scope, Some(kind), options, &mut projection);
                }
                SelectItem::UnnamedExpr(expression) => self.item(expression, None, scope, &mut projection),
                SelectItem::ExprWithAlias { expr, alias } => self.item(expr, Some(alias), scope, &mut projection),
                SelectItem::ExprWithAliases { expr, aliases } => {
                    let flow = self.expression(expr, scope).raised(EdgeKind::Derived).typed(None);
                    for alias in aliases {
                        projection.push(
                            Column::new(self.dialect.ident_key(alias), self.dialect.name(alias), flow.clone()),
                            false,
                        );
                    }
                }
            }
        }
        projection
    }

    fn item(&mut self, expression: &Expr, alias: Option<&ast::Ident>, scope: &mut Scope, projection: &mut Projection) {
        if self.column_set(expression, alias, scope, projection) {
            return;
        }
        let before = self.aggregates;
        let flow = self.expression(expression, scope);
        let is_aggregated = self.aggregates > before;
        let name = match alias {
            Some(alias) => self.dialect.name(alias),
            None => self.own_name(expression, scope).unwrap_or_else(|| name_of(expression, self.dialect)),
        };
        let key = self.dialect.key(&name);
        if self.dialect.shares_aliases && alias.is_some() {
            scope.aliases.push((key.clone(), Rc::new(flow.clone())));
        }
        projection.push(Column::new(key, name, flow), is_aggregated);
    }

    /// A column of a relation that is selected as it is keeps the name that it has there, however it is written here.
    fn own_name(&self, expression: &Expr, scope: &Scope) -> Option<String> {
        let (path, ident) = match expression {
            Expr::Identifier(ident) => (Vec::new(), ident),
            Expr::CompoundIdentifier(idents) => {
                let (last, path) = idents.split_last()?;
                (path.iter().map(|ident| self.dialect.ident_key(ident)).collect(), last)
            }
            _ => return None,
        };
        let key = self.dialect.ident_key(ident);
        let mut named = scope.relations.iter().filter(|relation| path.is_empty() || relation.is_called(&path));
        named.find_map(|relation| relation.column(&key)).map(|column| column.name.to_string())
    }

    fn group(&mut self, group: &GroupByExpr, projection: &Projection, scope: &Scope) {
        match group {
            GroupByExpr::All(_) => {
                for (column, is_aggregated) in projection.columns.iter().zip(&projection.aggregated) {
                    if !is_aggregated {
                        self.effects.influence(&column.flow, InfluenceKind::Group);
                    }
                }
                self.effects.unknown.extend(projection.open.iter().map(|open| Rc::clone(&open.reason)));
            }
            GroupByExpr::Expressions(expressions, modifiers) => {
                for expression in expressions {
                    self.group_key(expression, projection, scope);
                }
                for modifier in modifiers {
                    if let ast::GroupByWithModifier::GroupingSets(sets) = modifier {
                        self.group_key(sets, projection, scope);
                    }
                }
            }
        }
    }

    fn group_key(&mut self, expression: &Expr, projection: &Projection, scope: &Scope) {
        match expression {
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                for key in sets.iter().flatten() {
                    self.group_key(key, projection, scope);
                }
                return;
            }
            Expr::Tuple(keys) => {
                for key in keys {
                    self.group_key(key, projection, scope);
                }
                return;
            }
            Expr::Function(function) if is_grouping(function) => {
                for key in super::function::plain_arguments(function) {
                    self.group_key(key, projection, scope);
                }
                return;
            }
            _ => {}
        }
        let flow = match position(expression) {
            Some(at) if projection.open.is_empty() => {
                projection.columns.get(at).map(|column| column.flow.as_ref().clone()).unwrap_or_default()
            }
            Some(_) => Flow::unknown("positions in `group by` are not known".into()),
            None => self.input_or_output(expression, projection, scope),
        };
        self.effects.influence(&flow, InfluenceKind::Group);
    }

    /// In `group by`, a name is a column of the input, else one of the select list.
    fn input_or_output(&mut self, expression: &Expr, projection: &Projection, scope: &Scope) -> Flow {
        if let Expr::Identifier(ident) = expression {
            let key = self.dialect.ident_key(ident);
            let is_input = scope
                .relations
                .iter()
                .any(|relation| relation.plain_column(&key).is_some() || relation.open_for(&key).next().is_some());
            if !is_input && let Some(column) = projection.columns.iter().find(|column| *column.key == *key) {
                return column.flow.as_ref().clone();
            }
        }
        self.expression(expression, scope)
    }

    fn order(&mut self, order: &ast::OrderBy, rows: &Rows, scope: &Scope) {
        match &order.kind {
            OrderByKind::All(_) => self.influence_of_rows(rows, InfluenceKind::Order),
            OrderByKind::Expressions(expressions) => {
                for expression in expressions {
                    let flow = self.output_or_expression(&expression.expr, rows, scope);
                    self.effects.influence(&flow, InfluenceKind::Order);
                }
            }
        }
    }

    /// In `order by` and `distinct on`, a name is first one of the select list.
    fn output_or_expression(&mut self, expression: &Expr, rows: &Rows, scope: &Scope) -> Flow {
        if let Some(at) = position(expression) {
            return if rows.open.is_empty() {
                rows.columns.get(at).map(|column| column.flow.as_ref().clone()).unwrap_or_default()
            } else {
                Flow::unknown("positions in `order by` are not known".into())
            };
        }
        if let Expr::Identifier(ident) = expression {
            let key = self.dialect.ident_key(ident);
            if key == "all" && ident.quote_style.is_none() && !self.dialect.is_postgres() {
                let mut whole = Flow::default();
                for column in &rows.columns {
                    whole.absorb(&column.flow, EdgeKind::Copied);
                }
                return whole;
            }
            if let Some(column) = rows.columns.iter().find(|column| *column.key == *key) {
                return column.flow.as_ref().clone();
            }
        }
        self.expression(expression, scope)
    }
}

fn is_grouping(function: &ast::Function) -> bool {
    let name = function.name.to_string().to_lowercase();
    matches!(name.as_str(), "rollup" | "cube" | "grouping sets")
}
