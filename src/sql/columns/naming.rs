//! The name of a column that is given none.

use sqlparser::ast::{AccessExpr, Expr, Function, Ident};

use super::function::simple_name;
use super::types;
use crate::sql::dialect::Dialect;

/// The name that the warehouse gives to a value without one.
pub(super) fn name_of(expression: &Expr, dialect: Dialect) -> String {
    if dialect.is_postgres() {
        postgres(expression, dialect).unwrap_or_else(|| "?column?".into())
    } else {
        duckdb(expression, dialect)
    }
}

fn postgres(expression: &Expr, dialect: Dialect) -> Option<String> {
    Some(match expression {
        Expr::Identifier(ident) => dialect.name(ident),
        Expr::CompoundIdentifier(idents) => dialect.name(idents.last()?),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => return postgres(inner, dialect),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let fields = access_chain.iter().rev().find_map(|access| match access {
                AccessExpr::Dot(Expr::Identifier(ident)) => Some(dialect.name(ident)),
                _ => None,
            });
            return fields.or_else(|| postgres(root, dialect));
        }
        Expr::Function(function) => simple_name(function),
        Expr::Cast { expr, data_type, .. } => match postgres(expr, dialect) {
            Some(name) => name,
            None => types::short_name(data_type),
        },
        Expr::TypedString(typed) => types::short_name(&typed.data_type),
        Expr::Case { else_result, .. } => {
            let inner = else_result.as_ref().and_then(|otherwise| match otherwise.as_ref() {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => postgres(otherwise, dialect),
                _ => None,
            });
            inner.unwrap_or_else(|| "case".into())
        }
        Expr::Exists { .. } => "exists".into(),
        Expr::Array(_) => "array".into(),
        Expr::Tuple(_) => "row".into(),
        Expr::Extract { .. } => "extract".into(),
        Expr::Substring { .. } => "substring".into(),
        Expr::Trim { .. } => "btrim".into(),
        Expr::Position { .. } => "position".into(),
        Expr::Overlay { .. } => "overlay".into(),
        Expr::Ceil { .. } => "ceil".into(),
        Expr::Floor { .. } => "floor".into(),
        Expr::Interval(_) => "interval".into(),
        Expr::AtTimeZone { .. } => "timezone".into(),
        Expr::Subquery(query) => match query.body.as_ref() {
            sqlparser::ast::SetExpr::Select(select) => match select.projection.first()? {
                sqlparser::ast::SelectItem::ExprWithAlias { alias, .. } => dialect.name(alias),
                sqlparser::ast::SelectItem::UnnamedExpr(inner) => return postgres(inner, dialect),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    })
}

fn duckdb(expression: &Expr, dialect: Dialect) -> String {
    let name = |ident: &Ident| dialect.name(ident);
    let of = |inner: &Expr| duckdb_inner(inner, dialect);
    match expression {
        Expr::Identifier(ident) => name(ident),
        Expr::CompoundIdentifier(idents) => idents.last().map(name).unwrap_or_default(),
        Expr::Nested(inner) => duckdb(inner, dialect),
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(AccessExpr::Dot(Expr::Identifier(ident))) => name(ident),
            _ => expression.to_string(),
        },
        other => of(other),
    }
}

/// An expression within another, as DuckDB writes it; other than the outermost, names keep their relation.
fn duckdb_inner(expression: &Expr, dialect: Dialect) -> String {
    let of = |inner: &Expr| duckdb_inner(inner, dialect);
    match expression {
        Expr::Nested(inner) => of(inner),
        Expr::Function(function) => call(function, dialect),
        Expr::Cast { kind, expr, data_type, .. } => {
            let word = if kind == &sqlparser::ast::CastKind::TryCast { "TRY_CAST" } else { "CAST" };
            let data_type =
                types::named(data_type, dialect).map_or_else(|| data_type.to_string(), |name| name.to_string());
            format!("{word}({} AS {data_type})", of(expr))
        }
        Expr::BinaryOp { left, op, right } => format!("({} {op} {})", of(left), of(right)),
        Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Not, expr } => format!("(NOT {})", of(expr)),
        Expr::UnaryOp { op, expr } if !matches!(expr.as_ref(), Expr::Value(_)) => format!("{op}({})", of(expr)),
        Expr::IsNull(inner) => format!("({} IS NULL)", of(inner)),
        Expr::IsNotNull(inner) => format!("({} IS NOT NULL)", of(inner)),
        other => other.to_string(),
    }
}

fn call(function: &Function, dialect: Dialect) -> String {
    let name = simple_name(function);
    let arguments: Vec<String> =
        super::function::plain_arguments(function).map(|argument| duckdb_inner(argument, dialect)).collect();
    let plain = function.over.is_none() && function.filter.is_none();
    match name.as_str() {
        "count" if arguments.is_empty() && plain => "count_star()".into(),
        "coalesce" | "ifnull" if plain => format!("COALESCE({})", arguments.join(", ")),
        "current_date" | "current_timestamp" => name,
        _ if plain && !super::function::has_clauses(function) => format!("{name}({})", arguments.join(", ")),
        _ => function.to_string(),
    }
}
