//! Joins: which condition there is, and which columns it makes equal.

use std::ops::ControlFlow;

use sqlparser::ast::{self, BinaryOperator, Expr, JoinConstraint, JoinOperator};

use super::{JoinCondition, JoinShape};
use crate::sql::dialect::Dialect;

/// The constraint of a join operator; none for operators that take none.
pub(super) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(found)
        | JoinOperator::Inner(found)
        | JoinOperator::Left(found)
        | JoinOperator::LeftOuter(found)
        | JoinOperator::Right(found)
        | JoinOperator::RightOuter(found)
        | JoinOperator::FullOuter(found)
        | JoinOperator::CrossJoin(found)
        | JoinOperator::Semi(found)
        | JoinOperator::LeftSemi(found)
        | JoinOperator::RightSemi(found)
        | JoinOperator::Anti(found)
        | JoinOperator::LeftAnti(found)
        | JoinOperator::RightAnti(found)
        | JoinOperator::StraightJoin(found)
        | JoinOperator::AsOf { constraint: found, .. } => Some(found),
        _ => None,
    }
}

/// The shape of a join of the relation that is called `alias`.
pub(super) fn join(operator: &JoinOperator, alias: &str, before: &[String], dialect: Dialect) -> JoinShape {
    let keeps_rows = matches!(
        operator,
        JoinOperator::Semi(_)
            | JoinOperator::LeftSemi(_)
            | JoinOperator::RightSemi(_)
            | JoinOperator::Anti(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::AsOf { .. }
    );
    let mut shape = JoinShape { condition: JoinCondition::Given, equal: Vec::new(), is_only_equal: false, keeps_rows };
    let is_cross = matches!(operator, JoinOperator::CrossJoin(_));
    let is_outer = matches!(
        operator,
        JoinOperator::Left(_)
            | JoinOperator::LeftOuter(_)
            | JoinOperator::Right(_)
            | JoinOperator::RightOuter(_)
            | JoinOperator::FullOuter(_)
    );
    match constraint(operator) {
        Some(JoinConstraint::On(condition)) => {
            shape.condition = match condition_of(condition, alias, dialect) {
                JoinCondition::AlwaysTrue if is_outer => JoinCondition::Cross,
                found => found,
            };
            shape.is_only_equal = equalities(condition, alias, dialect, &mut shape.equal);
        }
        Some(JoinConstraint::Using(columns)) => {
            // Of several relations before it, which one has the column is not known.
            let other = if let [only] = before { only.clone() } else { String::new() };
            let idents = columns.iter().filter_map(|name| name.0.last()?.as_ident());
            let key = |ident| dialect.ident_key(ident);
            shape.equal.extend(idents.map(|ident| (other.clone(), key(ident), key(ident))));
            shape.is_only_equal = true;
        }
        Some(JoinConstraint::None) if !is_cross => shape.condition = JoinCondition::Missing,
        Some(JoinConstraint::Natural) => {}
        Some(JoinConstraint::None) | None => shape.condition = JoinCondition::Cross,
    }
    shape
}

fn condition_of(condition: &Expr, alias: &str, dialect: Dialect) -> JoinCondition {
    if is_true(condition) {
        return JoinCondition::AlwaysTrue;
    }
    let mut is_certain = true;
    let mut names_it = false;
    let _ = ast::visit_expressions(condition, |expr| {
        match expr {
            Expr::CompoundIdentifier(idents) => match idents.as_slice() {
                [first, _] => names_it |= dialect.ident_key(first) == alias,
                // `schema.table.column`, or a field of a structure.
                _ => is_certain = false,
            },
            Expr::Identifier(_) | Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
                is_certain = false;
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    if is_certain && !names_it && !alias.is_empty() { JoinCondition::Unrelated } else { JoinCondition::Given }
}

fn is_true(condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => is_true(inner),
        Expr::Value(value) => matches!(value.value, ast::Value::Boolean(true)),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => match (left.as_ref(), right.as_ref()) {
            (Expr::Value(left), Expr::Value(right)) => left.value == right.value,
            _ => false,
        },
        _ => false,
    }
}

/// Adds the pairs of columns that a condition makes equal, and says whether it is nothing else.
fn equalities(condition: &Expr, alias: &str, dialect: Dialect, found: &mut Vec<(String, String, String)>) -> bool {
    match condition {
        Expr::Nested(inner) => equalities(inner, alias, dialect, found),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let is_left = equalities(left, alias, dialect, found);
            equalities(right, alias, dialect, found) && is_left
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let (Some(left), Some(right)) = (column(left, dialect), column(right, dialect)) else { return false };
            match (left.0 == alias, right.0 == alias) {
                (true, false) => found.push((right.0, right.1, left.1)),
                (false, true) => found.push((left.0, left.1, right.1)),
                _ => return false,
            }
            true
        }
        _ => false,
    }
}

/// Whether a condition compares columns with each other otherwise than for equality.
pub(super) fn has_ranges(condition: &Expr) -> bool {
    use BinaryOperator::{Gt, GtEq, Lt, LtEq};
    let is_range = |expr: &Expr| match expr {
        Expr::BinaryOp { left, op: Gt | GtEq | Lt | LtEq, right } => has_column(left) && has_column(right),
        Expr::Between { expr, low, high, .. } => has_column(expr) && (has_column(low) || has_column(high)),
        _ => false,
    };
    any(condition, is_range)
}

fn has_column(expr: &Expr) -> bool {
    any(expr, |expr| matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)))
}

/// Whether an expression, or any within it, is such a one.
fn any(expr: &Expr, is_such: impl Fn(&Expr) -> bool) -> bool {
    let found =
        ast::visit_expressions(
            expr,
            |expr| if is_such(expr) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
        );
    found.is_break()
}

fn column(expr: &Expr, dialect: Dialect) -> Option<(String, String)> {
    match expr {
        Expr::Nested(inner) => column(inner, dialect),
        Expr::CompoundIdentifier(idents) => match idents.as_slice() {
            [relation, column] => Some((dialect.ident_key(relation), dialect.ident_key(column))),
            _ => None,
        },
        _ => None,
    }
}
