//! The walk over a query that finds its shape.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use sqlparser::ast::{
    self, Expr, GroupByExpr, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Spanned, TableFactor,
    Visit, Visitor,
};

use super::join::{constraint, has_ranges, join};
use super::unused::{Defined, Mention, defined, mentioned};
use super::{CteShape, JoinCondition, JoinShape, RelationKind, RelationShape, SelectShape, Shape};
use crate::sql::columns::name_of_factor;
use crate::sql::dialect::Dialect;
use crate::sql::lines::Lines;

/// A common table expression while the walk goes on.
struct Known {
    key: String,
    shape: CteShape,
    defined: Vec<Defined>,
    /// The moments of the walk in its body.
    body: Range<usize>,
    /// Whether its own name within its body means itself.
    is_recursive: bool,
}

struct Walk<'a> {
    dialect: Dialect,
    lines: Lines<'a>,
    outermost: *const Query,
    moment: usize,
    ctes: Vec<Known>,
    /// Bodies of common table expressions by their address.
    bodies: HashMap<*const Query, usize>,
    selects: Vec<SelectShape>,
    mentions: Vec<Mention>,
    /// Stars and the like: what they read, and when.
    whole: Vec<(Option<usize>, usize)>,
    /// Whether names may be mentioned in ways that are not looked at.
    is_opaque: bool,
}

/// The shape of a query that was read from `text`.
pub(in crate::sql) fn shape(query: &Query, text: &str, dialect: Dialect) -> Shape {
    let mut walk = Walk {
        dialect,
        lines: Lines::new(text),
        outermost: std::ptr::from_ref(query),
        moment: 0,
        ctes: Vec::new(),
        bodies: HashMap::new(),
        selects: Vec::new(),
        mentions: Vec::new(),
        whole: Vec::new(),
        is_opaque: false,
    };
    let _ = query.visit(&mut walk);
    walk.finish()
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.moment += 1;
        if let Some(at) = self.bodies.get(&std::ptr::from_ref(query)) {
            self.ctes[*at].body.start = self.moment;
        }
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.bodies.insert(std::ptr::from_ref(cte.query.as_ref()), self.ctes.len());
            let has_names = !cte.alias.columns.is_empty();
            self.ctes.push(Known {
                key: self.dialect.ident_key(&cte.alias.name),
                shape: CteShape {
                    name: self.dialect.name(&cte.alias.name),
                    range: self.lines.range(cte.alias.name.span),
                    is_used: false,
                    unused_columns: Vec::new(),
                    select: None,
                },
                defined: if has_names { Vec::new() } else { defined(&cte.query, self.dialect, &self.lines) },
                body: usize::MAX..usize::MAX,
                is_recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            });
        }
        // The outermost select comes after the bodies of its common table expressions; it is put first in the end.
        if query.with.is_none() {
            self.bodies_of(query);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.moment += 1;
        if query.with.is_some() {
            self.bodies_of(query);
        }
        if let Some(at) = self.bodies.get(&std::ptr::from_ref(query)) {
            self.ctes[*at].body.end = self.moment;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let (moment, dialect) = (self.moment, self.dialect);
        let is_alone = matches!(expr, Expr::Identifier(_));
        self.mentions.extend(mentioned(expr).iter().map(|ident| Mention {
            key: dialect.ident_key(ident),
            is_alone,
            moment,
        }));
        ControlFlow::Continue(())
    }
}

impl Walk<'_> {
    fn bodies_of(&mut self, query: &Query) {
        let is_outermost = std::ptr::eq(query, self.outermost);
        let single = self.set(&query.body, is_outermost);
        if let (Some(at), Some(select)) = (self.bodies.get(&std::ptr::from_ref(query)), single)
            && query.limit_clause.is_none()
        {
            self.ctes[*at].shape.select = Some(select);
        }
    }

    /// The selects of a set expression, nested queries aside: these are visited by themselves.
    fn set(&mut self, body: &SetExpr, is_outermost: bool) -> Option<usize> {
        match body {
            SetExpr::Select(select) => {
                let shape = self.select(select, is_outermost);
                self.selects.push(shape);
                Some(self.selects.len() - 1)
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.set(left, is_outermost);
                self.set(right, is_outermost);
                None
            }
            _ => None,
        }
    }

    fn select(&mut self, select: &Select, is_outermost: bool) -> SelectShape {
        let mut shape = SelectShape {
            is_outermost,
            has_filter: select.selection.is_some(),
            has_ranges: select.selection.as_ref().is_some_and(has_ranges),
            ..SelectShape::default()
        };
        for (at, table) in select.from.iter().enumerate() {
            let comma = JoinShape {
                condition: JoinCondition::Comma,
                equal: Vec::new(),
                is_only_equal: false,
                keeps_rows: false,
            };
            self.factor(&table.relation, (at > 0).then_some(comma), &mut shape.relations);
            for found in &table.joins {
                let before: Vec<String> = shape.relations.iter().map(|relation| relation.alias.clone()).collect();
                let alias = self.alias(&found.relation);
                let joined = join(&found.join_operator, &alias, &before, self.dialect);
                if let Some(ast::JoinConstraint::Using(_)) = constraint(&found.join_operator) {
                    let moment = self.moment;
                    let keys =
                        joined.equal.iter().map(|(_, _, key)| Mention { key: key.clone(), is_alone: false, moment });
                    self.mentions.extend(keys.collect::<Vec<_>>());
                }
                if let Some(ast::JoinConstraint::Natural) = constraint(&found.join_operator) {
                    self.is_opaque = true;
                }
                self.factor(&found.relation, Some(joined), &mut shape.relations);
            }
        }
        if shape.relations.is_empty() && matches!(select.flavor, ast::SelectFlavor::FromFirstNoSelect) {
            self.is_opaque = true;
        }
        self.projection(select, &mut shape);
        let has_groups = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        shape.is_grouped = has_groups || select.distinct.is_some() || select.qualify.is_some();
        shape
    }

    fn projection(&mut self, select: &Select, shape: &mut SelectShape) {
        if matches!(select.flavor, ast::SelectFlavor::FromFirstNoSelect) {
            self.star(None, shape);
        }
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(options) => {
                    let range = self.lines.range(options.wildcard_token.0.span);
                    self.star(None, shape);
                    shape.stars.push((None, range));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let alias =
                        name.0.last().and_then(|part| part.as_ident()).map(|ident| self.dialect.ident_key(ident));
                    self.star(alias.as_deref(), shape);
                    shape.stars.push((alias, self.lines.range(item.span())));
                }
                SelectItem::UnnamedExpr(expr) => {
                    if let Some((alias, name)) = self.copied(expr) {
                        shape.copied.push((name.clone(), alias, name));
                    }
                }
                SelectItem::ExprWithAlias { expr, alias: own } => {
                    if let Some((alias, name)) = self.copied(expr) {
                        shape.copied.push((self.dialect.ident_key(own), alias, name));
                    }
                }
                _ => self.is_opaque = true,
            }
        }
    }

    fn copied(&self, expr: &Expr) -> Option<(Option<String>, String)> {
        match mentioned(expr) {
            [name] => Some((None, self.dialect.ident_key(name))),
            [alias, name] => Some((Some(self.dialect.ident_key(alias)), self.dialect.ident_key(name))),
            _ => None,
        }
    }

    /// A star reads all columns of the relations that it is about.
    fn star(&mut self, alias: Option<&str>, shape: &SelectShape) {
        let relations = shape.relations.iter().filter(|relation| alias.is_none_or(|alias| relation.alias == alias));
        for relation in relations {
            match relation.kind {
                RelationKind::Cte(at) => self.whole.push((Some(at), self.moment)),
                // What a subquery gives is not followed.
                RelationKind::Subquery { .. } => self.whole.push((None, self.moment)),
                _ => {}
            }
        }
    }

    fn alias(&self, factor: &TableFactor) -> String {
        match factor {
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::UNNEST { alias: Some(alias), .. }
            | TableFactor::Function { alias: Some(alias), .. }
            | TableFactor::TableFunction { alias: Some(alias), .. } => self.dialect.ident_key(&alias.name),
            TableFactor::Table { name, .. } => name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .map(|ident| self.dialect.ident_key(ident))
                .unwrap_or_default(),
            _ => String::new(),
        }
    }

    fn factor(&mut self, factor: &TableFactor, join: Option<JoinShape>, found: &mut Vec<RelationShape>) {
        let alias = self.alias(factor);
        let (kind, span) = match factor {
            TableFactor::Table { name, args, .. } => {
                let named =
                    name_of_factor(factor, self.dialect).filter(|named| args.is_none() && !named.parts.is_empty());
                let kind = match named {
                    Some(named) => match self.cte_called(&named.parts) {
                        Some(at) => {
                            self.ctes[at].shape.is_used = true;
                            RelationKind::Cte(at)
                        }
                        None => RelationKind::Table(named),
                    },
                    None => RelationKind::Values,
                };
                (kind, name.span())
            }
            TableFactor::Derived { lateral, .. } => (RelationKind::Subquery { is_lateral: *lateral }, factor.span()),
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.factor(&table_with_joins.relation, join, found);
                for inner in &table_with_joins.joins {
                    let joined = super::join::join(&inner.join_operator, "", &[], self.dialect);
                    self.factor(&inner.relation, Some(joined), found);
                }
                return;
            }
            TableFactor::UNNEST { .. } | TableFactor::Function { .. } | TableFactor::TableFunction { .. } => {
                (RelationKind::Values, factor.span())
            }
            TableFactor::Pivot { table, .. } | TableFactor::Unpivot { table, .. } => {
                self.is_opaque = true;
                self.factor(table, join, found);
                return;
            }
            _ => {
                self.is_opaque = true;
                (RelationKind::Values, factor.span())
            }
        };
        found.push(RelationShape { alias, range: self.lines.range(span), kind, join });
    }

    /// The common table expression that a name means here: the last of that name which is not being defined, else one that
    /// may refer to itself.
    fn cte_called(&self, parts: &[String]) -> Option<usize> {
        let [name] = parts else { return None };
        let named = |known: &Known| known.key == *name;
        let is_open = |known: &Known| known.body.start != usize::MAX && known.body.end == usize::MAX;
        let at = self.ctes.iter().rposition(|known| named(known) && !is_open(known));
        at.or_else(|| self.ctes.iter().rposition(|known| named(known) && known.is_recursive))
    }

    fn finish(mut self) -> Shape {
        let order: Vec<usize> = {
            let (first, rest): (Vec<usize>, Vec<usize>) =
                (0..self.selects.len()).partition(|at| self.selects[*at].is_outermost);
            first.into_iter().chain(rest).collect()
        };
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
        let ctes: Vec<CteShape> = (0..self.ctes.len())
            .map(|at| {
                let unused_columns = self.unused(at);
                let shape = self.ctes[at].shape.clone();
                CteShape { unused_columns, select: shape.select.map(|select| place[select]), ..shape }
            })
            .collect();
        let selects = order.into_iter().map(|at| std::mem::take(&mut self.selects[at])).collect();
        Shape { ctes, selects }
    }

    fn unused(&self, at: usize) -> Vec<(String, Range<usize>)> {
        let Known { shape, defined, body, .. } = &self.ctes[at];
        let reads_whole =
            |(read, moment): &(Option<usize>, usize)| *moment >= body.end && read.is_none_or(|read| read == at);
        let is_value = self.mentions.iter().any(|mention| mention.is_alone && self.is_alias_of(&mention.key, at));
        if self.is_opaque || !shape.is_used || is_value || self.whole.iter().any(reads_whole) {
            return Vec::new();
        }
        let is_read = |column: &Defined| {
            let own =
                self.mentions.iter().filter(|mention| body.contains(&mention.moment) && mention.key == column.key);
            own.count() > column.own_mentions
                || self.mentions.iter().any(|mention| mention.moment >= body.end && mention.key == column.key)
        };
        let unread: Vec<&Defined> = defined.iter().filter(|column| !is_read(column)).collect();
        // It cannot do without any: somebody counts its rows.
        let is_about_rows = unread.len() == defined.len();
        let unread = unread.into_iter().filter(|_| !is_about_rows);
        unread.map(|column| (column.name.clone(), column.range.clone())).collect()
    }

    /// Whether a common table expression is read under this name somewhere: alone, it is mentioned as a value (`to_json(orders)`).
    fn is_alias_of(&self, key: &str, at: usize) -> bool {
        let mut relations = self.selects.iter().flat_map(|select| &select.relations);
        relations.any(|relation| relation.alias == key && relation.kind == RelationKind::Cte(at))
    }
}
