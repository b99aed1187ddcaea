//! Columns of common table expressions that nothing reads.
//!
//! A column counts as read if its name is mentioned anywhere later, or in the same `select` outside of its own definition: this
//! finds fewer than there are and none that is read.

use std::ops::{ControlFlow, Range};

use sqlparser::ast::{self, Expr, GroupByExpr, Ident, SelectItem, SetExpr, Spanned};

use crate::sql::dialect::Dialect;
use crate::sql::lines::Lines;

/// A name that is mentioned in the query, at a moment of the walk.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) key: String,
    /// Whether nothing is written before or after it with a dot.
    pub(super) is_alone: bool,
    pub(super) moment: usize,
}

/// A column that the body of a common table expression defines.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// How often its own definition mentions its name.
    pub(super) own_mentions: usize,
}

/// The columns that a body defines; none if rows may depend on any of them, or if not all are written.
pub(super) fn defined(query: &ast::Query, dialect: Dialect, lines: &Lines<'_>) -> Vec<Defined> {
    let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let is_ordered = query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some();
    if select.distinct.is_some() || is_grouped || is_ordered || query.with.is_some() {
        return Vec::new();
    }
    let mut columns = Vec::new();
    for item in &select.projection {
        let (name, expr) = match item {
            SelectItem::UnnamedExpr(expr @ Expr::Identifier(name)) => (name, expr),
            SelectItem::UnnamedExpr(expr @ Expr::CompoundIdentifier(path)) => match path.last() {
                Some(name) => (name, expr),
                None => return Vec::new(),
            },
            SelectItem::ExprWithAlias { expr, alias } => (alias, expr),
            SelectItem::UnnamedExpr(_) => continue,
            _ => return Vec::new(),
        };
        let key = dialect.ident_key(name);
        let own_mentions = mentions(expr, dialect).filter(|mentioned| *mentioned == key).count();
        let range = lines.range(item.span());
        columns.push(Defined { key, name: dialect.name(name), range, own_mentions });
    }
    columns
}

fn mentions(expr: &Expr, dialect: Dialect) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let _ = ast::visit_expressions(expr, |expr| {
        found.extend(mentioned(expr).iter().map(|ident| dialect.ident_key(ident)));
        ControlFlow::<()>::Continue(())
    });
    found.into_iter()
}

/// The names that an expression itself mentions.
pub(super) fn mentioned(expr: &Expr) -> &[Ident] {
    match expr {
        Expr::Identifier(ident) => std::slice::from_ref(ident),
        Expr::CompoundIdentifier(idents) => idents,
        _ => &[],
    }
}
