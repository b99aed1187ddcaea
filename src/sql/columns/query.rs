//! `with`, set operations, `values`, and what stands after them.

use std::collections::BTreeSet;
use std::rc::Rc;

use sqlparser::ast::{self, LimitClause, OrderByKind, SetExpr, SetOperator, SetQuantifier};

use super::analyzer::{Analyzer, Cte};
use super::flow::{Flow, Reason};
use super::output::{EdgeKind, InfluenceKind, TableName};
use super::scope::{Column, Open, Relation, Rows, Scope, Through};

/// After so many rounds the columns of a recursive query no longer change: kinds only rise, sources only grow.
const ROUNDS: usize = 64;

impl Analyzer<'_> {
    /// What a query gives, its effects among it; `outer` is where a name is looked up that is not its own.
    pub(super) fn query(&mut self, query: &ast::Query, outer: Option<&Scope>) -> Rows {
        let around = std::mem::take(&mut self.effects);
        let known_ctes = self.ctes.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                self.add_cte(cte, with.recursive, outer);
            }
        }
        let mut rows = match query.body.as_ref() {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), outer),
            body => {
                let rows = self.set_expression(body, outer);
                self.order_of_rows(query.order_by.as_ref(), &rows, outer);
                rows
            }
        };
        self.limit(query, outer);
        if !query.pipe_operators.is_empty() {
            rows = self.unknown_rows("pipes (`|>`) are not followed");
        }
        self.ctes.truncate(known_ctes);
        let own = std::mem::replace(&mut self.effects, around);
        rows.effects.absorb(&own);
        rows
    }

    /// The rows of a query whose effects are those of the query around.
    pub(super) fn subquery(&mut self, query: &ast::Query, outer: Option<&Scope>) -> Rows {
        let rows = self.query(query, outer);
        self.effects.absorb(&rows.effects);
        rows
    }

    pub(super) fn unknown_rows(&mut self, reason: &str) -> Rows {
        let reason: Reason = reason.into();
        self.effects.unknown.insert(Rc::clone(&reason));
        Rows { open: vec![Open::new(Through::Nothing, reason)], ..Rows::default() }
    }

    fn add_cte(&mut self, cte: &ast::Cte, is_recursive: bool, outer: Option<&Scope>) {
        let key = self.dialect.ident_key(&cte.alias.name);
        if let Some((_, table)) = self.named_ctes.iter().find(|(name, _)| self.dialect.key(name) == key) {
            let table: TableName = table.clone();
            self.ctes.push((key, Cte::Table(table)));
            return;
        }
        let anchor = match cte.query.body.as_ref() {
            SetExpr::SetOperation { left, .. } if is_recursive && cte.query.with.is_none() => Some(left),
            _ => None,
        };
        let mut rows = match anchor {
            None => self.query(&cte.query, outer),
            Some(anchor) => {
                let around = std::mem::take(&mut self.effects);
                let mut rows = self.set_expression(anchor, outer);
                rows.effects = std::mem::replace(&mut self.effects, around);
                rows
            }
        };
        self.name_columns(&mut rows, &cte.alias.columns);
        if anchor.is_some() {
            for _ in 0..ROUNDS {
                self.ctes.push((key.clone(), Cte::Rows(Rc::new(rows.clone()))));
                let mut next = self.query(&cte.query, outer);
                self.ctes.pop();
                self.name_columns(&mut next, &cte.alias.columns);
                let is_same = next.effects == rows.effects && same_columns(&next.columns, &rows.columns);
                rows = next;
                if is_same {
                    break;
                }
            }
        }
        self.number_duplicates(&mut rows);
        self.ctes.push((key, Cte::Rows(Rc::new(rows))));
    }

    /// The names after an alias, `t(a, b)`, which may be fewer than the columns.
    pub(super) fn name_columns(&mut self, rows: &mut Rows, names: &[ast::TableAliasColumnDef]) {
        if names.is_empty() {
            return;
        }
        let reason: Option<Reason> = rows.open.first().map(|open| {
            format!("columns are renamed by position where positions are not known: {}", open.reason).into()
        });
        for (at, definition) in names.iter().enumerate() {
            let name = self.dialect.name(&definition.name);
            let key = self.dialect.key(&name);
            match (&reason, rows.columns.get_mut(at)) {
                (None, Some(column)) => {
                    column.name = name.into();
                    column.key = key.into();
                }
                (None, None) => {}
                (Some(reason), _) => {
                    let column = Column::new(key, name, Flow::unknown(Rc::clone(reason)));
                    if at < rows.columns.len() { rows.columns[at] = column } else { rows.columns.push(column) }
                }
            }
        }
        if let Some(reason) = reason {
            rows.columns.truncate(names.len());
            rows.open = vec![Open::new(Through::Nothing, reason)];
        }
    }

    pub(super) fn set_expression(&mut self, expression: &SetExpr, outer: Option<&Scope>) -> Rows {
        // Long unions lean to the left: walked in a loop, not by recursion.
        let mut parts = Vec::new();
        let mut first = expression;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            parts.push((*op, *set_quantifier, right));
            first = left;
        }
        let mut rows = match first {
            SetExpr::Select(select) => self.select(select, None, outer),
            SetExpr::Query(query) => self.subquery(query, outer),
            SetExpr::Values(values) => self.values(values, outer),
            SetExpr::Table(table) => self.table_expression(table, outer),
            _ => self.unknown_rows("only queries are followed"),
        };
        for (operator, quantifier, right) in parts.into_iter().rev() {
            let right = self.set_expression(right, outer);
            rows = self.set_operation(rows, operator, quantifier, right);
        }
        rows
    }

    fn set_operation(&mut self, left: Rows, operator: SetOperator, quantifier: SetQuantifier, right: Rows) -> Rows {
        let is_union = operator == SetOperator::Union;
        let by_name =
            matches!(quantifier, SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName);
        if !is_union {
            self.influence_of_rows(&left, InfluenceKind::Set);
            self.influence_of_rows(&right, InfluenceKind::Set);
            return Rows { effects: left.effects.clone(), ..left };
        }
        let rows = if by_name { union_by_name(left, right) } else { union_by_position(left, &right) };
        if !matches!(quantifier, SetQuantifier::All | SetQuantifier::AllByName) {
            self.influence_of_rows(&rows, InfluenceKind::Distinct);
        }
        rows
    }

    pub(super) fn influence_of_rows(&mut self, rows: &Rows, kind: InfluenceKind) {
        for column in &rows.columns {
            self.effects.influence(&column.flow, kind);
        }
        self.effects.unknown.extend(rows.open.iter().map(|open| Rc::clone(&open.reason)));
    }

    fn values(&mut self, values: &ast::Values, outer: Option<&Scope>) -> Rows {
        let scope = Scope::below(outer);
        let mut flows: Vec<Flow> = Vec::new();
        for (number, row) in values.rows.iter().enumerate() {
            for (at, value) in row.content.iter().enumerate() {
                let flow = self.expression(value, &scope);
                match flows.get_mut(at) {
                    Some(known) => {
                        if known.data_type != flow.data_type {
                            known.data_type = None;
                        }
                        known.absorb(&flow, EdgeKind::Copied);
                    }
                    None if number == 0 => flows.push(flow),
                    None => {}
                }
            }
        }
        let dialect = self.dialect;
        let columns = flows.into_iter().enumerate().map(|(at, flow)| {
            let name = format!("{}{}", dialect.values_prefix, at + dialect.values_start);
            Column::new(name.as_str(), name.as_str(), flow)
        });
        Rows { columns: columns.collect(), ..Rows::default() }
    }

    /// `table t`.
    fn table_expression(&mut self, table: &ast::Table, outer: Option<&Scope>) -> Rows {
        let parts = table.schema_name.iter().chain(&table.table_name);
        let idents: Vec<ast::Ident> = parts.map(ast::Ident::new).collect();
        let relation = self.named_relation(&idents, outer);
        Rows { columns: relation.columns, open: relation.open, ..Rows::default() }
    }

    /// `order by` after a set operation: names and positions of the result.
    fn order_of_rows(&mut self, order: Option<&ast::OrderBy>, rows: &Rows, outer: Option<&Scope>) {
        let Some(order) = order else { return };
        let mut scope = Scope::below(outer);
        let relation = Relation { path: Vec::new(), columns: rows.columns.clone(), open: rows.open.clone() };
        scope.relations.push(relation);
        match &order.kind {
            OrderByKind::All(_) => self.influence_of_rows(rows, InfluenceKind::Order),
            OrderByKind::Expressions(expressions) => {
                for expression in expressions {
                    let flow = match position(&expression.expr) {
                        Some(at) if rows.open.is_empty() => {
                            rows.columns.get(at).map(|column| column.flow.as_ref().clone()).unwrap_or_default()
                        }
                        Some(_) => Flow::unknown("positions are not known".into()),
                        None => self.expression(&expression.expr, &scope),
                    };
                    self.effects.influence(&flow, InfluenceKind::Order);
                }
            }
        }
    }

    fn limit(&mut self, query: &ast::Query, outer: Option<&Scope>) {
        let scope = Scope::below(outer);
        let mut limits: Vec<&ast::Expr> = Vec::new();
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                limits.extend(limit);
                limits.extend(offset.as_ref().map(|offset| &offset.value));
                limits.extend(limit_by);
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => limits.extend([offset, limit]),
            None => {}
        }
        limits.extend(query.fetch.iter().filter_map(|fetch| fetch.quantity.as_ref()));
        for limit in limits {
            let flow = self.expression(limit, &scope);
            self.effects.influence(&flow, InfluenceKind::Order);
        }
    }
}

fn same_columns(one: &[Column], other: &[Column]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.key == other.key && one.flow == other.flow)
}

/// The position, from 0, that a number in `group by` or `order by` means.
pub(super) fn position(expression: &ast::Expr) -> Option<usize> {
    match expression {
        ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(number, _), .. }) => {
            number.parse::<usize>().ok()?.checked_sub(1)
        }
        _ => None,
    }
}

/// A column of a union: what is on the left and what is on the right.
fn unite(left: &Column, right: &Flow) -> Column {
    let mut flow = left.flow.as_ref().clone();
    flow.absorb(right, EdgeKind::Copied);
    if flow.data_type != right.data_type {
        flow.data_type = None;
    }
    Column::new(Rc::clone(&left.key), Rc::clone(&left.name), flow)
}

fn union_by_position(left: Rows, right: &Rows) -> Rows {
    let reasons: Vec<Reason> = left.open.iter().chain(&right.open).map(|open| Rc::clone(&open.reason)).collect();
    let Some(reason) = reasons.first() else {
        let mut columns = Vec::with_capacity(left.columns.len());
        for (at, column) in left.columns.iter().enumerate() {
            columns.push(match right.columns.get(at) {
                Some(other) => unite(column, &other.flow),
                None => column.clone(),
            });
        }
        return Rows { columns, ..left };
    };
    // Which columns stand at one position is not known: only the left side's names are certain.
    let reason: Reason =
        format!("columns of a union are matched by position where positions are not known: {reason}").into();
    let columns = left.columns.iter().map(|column| unite(column, &Flow::unknown(Rc::clone(&reason)))).collect();
    let known: BTreeSet<String> = left.columns.iter().map(|column| column.key.to_string()).collect();
    let open = left.open.iter().map(|open| {
        let inner = Through::Partly(Box::new(open.hiding(&known)), Rc::clone(&reason));
        Open::new(inner, Rc::clone(&open.reason))
    });
    Rows { columns, open: open.collect(), effects: left.effects }
}

fn union_by_name(left: Rows, right: Rows) -> Rows {
    let through = |open: &[Open], key: &str| {
        let mut may_have = open.iter().filter(|open| open.may_have(key));
        may_have.next().map(|open| {
            let reason = format!("`{key}` may also be among columns that are not known: {}", open.reason);
            Flow::unknown(reason.into())
        })
    };
    let mut columns: Vec<Column> = Vec::new();
    for column in &left.columns {
        let other = right.columns.iter().find(|other| other.key == column.key);
        columns.push(match (other, through(&right.open, &column.key)) {
            (Some(other), _) => unite(column, &other.flow),
            (None, Some(unknown)) => unite(column, &unknown),
            (None, None) => column.clone(),
        });
    }
    for column in &right.columns {
        if !left.columns.iter().any(|other| other.key == column.key) {
            columns.push(match through(&left.open, &column.key) {
                Some(unknown) => unite(column, &unknown),
                None => column.clone(),
            });
        }
    }
    let known: BTreeSet<String> = columns.iter().map(|column| column.key.to_string()).collect();
    let hide = |open: &[Open]| open.iter().map(|open| open.hiding(&known)).collect::<Vec<_>>();
    let open = match (hide(&left.open).as_slice(), hide(&right.open).as_slice()) {
        ([one], [other]) => {
            let both = Through::Both(Box::new(one.clone()), Box::new(other.clone()));
            vec![Open::new(both, Rc::clone(&one.reason))]
        }
        (left, right) => left.iter().chain(right).cloned().collect(),
    };
    Rows { columns, open, effects: left.effects }
}
