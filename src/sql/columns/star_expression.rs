//! `columns(…)`: an expression that stands for one like it of each column that it chooses.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;

use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, visit_expressions};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::function::{plain_arguments, simple_name};
use super::output::EdgeKind;
use super::scope::{Column, Open, Scope, Through};
use super::select::Projection;

/// The first `columns(…)` in an expression.
fn find_column_set(expression: &Expr) -> Option<ast::Function> {
    let mut found = None;
    let _ = visit_expressions(expression, |inner| match inner {
        Expr::Function(function) if simple_name(function) == "columns" => {
            found = Some(function.clone());
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found
}

/// Whether `columns(…)` is anywhere in a query.
pub(super) fn has_column_sets(query: &ast::Query) -> bool {
    visit_expressions(query, |inner| match inner {
        Expr::Function(function) if simple_name(function) == "columns" => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

impl Analyzer<'_> {
    /// Adds what an expression with `columns(…)` stands for; false if it has none.
    pub(super) fn column_set(
        &mut self,
        expression: &Expr,
        alias: Option<&Ident>,
        scope: &mut Scope,
        projection: &mut Projection,
    ) -> bool {
        if !self.has_column_sets {
            return false;
        }
        let Some(set) = find_column_set(expression) else { return false };
        let (columns, open) = self.chosen_columns(&set, scope);
        let is_bare = matches!(expression, Expr::Function(function) if *function == set);
        let pattern = pattern_of(&set);
        let around = self.column_set.take();
        for column in columns {
            let before = self.aggregates;
            self.column_set = Some(Rc::clone(column.plain_flow()));
            let flow = self.expression(expression, scope);
            let name = match alias {
                Some(alias) => {
                    let given = self.dialect.name(alias);
                    pattern.as_ref().map_or_else(|| given.clone(), |pattern| fill(&given, pattern, &column.name))
                }
                None => column.name.to_string(),
            };
            projection.push(Column::new(self.dialect.key(&name), name, flow), self.aggregates > before);
        }
        self.column_set = around;
        projection.open.extend(
            open.into_iter()
                .map(|open| if is_bare && alias.is_none() { open } else { Open::new(Through::Nothing, open.reason) }),
        );
        true
    }

    /// The columns that `columns(…)` chooses.
    pub(super) fn chosen_columns(&mut self, set: &ast::Function, scope: &mut Scope) -> (Vec<Column>, Vec<Open>) {
        let all = self.all_columns(scope);
        let FunctionArguments::List(list) = &set.args else { return all };
        if let [base, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Lambda(condition)))] = list.args.as_slice() {
            let base = match base {
                FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => self.columns_of(name, scope),
                _ => all,
            };
            return chosen_by(&condition.body, base);
        }
        match list.args.first() {
            Some(FunctionArg::Unnamed(FunctionArgExpr::WildcardWithOptions(options))) => {
                self.star_in_call(options, scope)
            }
            Some(FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name))) => self.columns_of(name, scope),
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Lambda(lambda)))) => chosen_by(&lambda.body, all),
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Array(array)))) => {
                let names: BTreeSet<String> =
                    array.elem.iter().filter_map(text).map(|name| name.to_lowercase()).collect();
                let (columns, open) = all;
                let mut chosen: Vec<Column> =
                    columns.into_iter().filter(|column| names.contains(&*column.key)).collect();
                for name in names {
                    if !chosen.iter().any(|column| *column.key == *name)
                        && let [only] = open.as_slice()
                    {
                        let flow = self.through(only, &name);
                        chosen.push(Column::new(name.as_str(), name.as_str(), flow));
                    }
                }
                (chosen, Vec::new())
            }
            Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(_))) => match pattern_of(set) {
                Some(pattern) => {
                    let (mut columns, open) = all;
                    columns.retain(|column| pattern.is_match(&*column.name).unwrap_or(false));
                    (columns, unsure(open))
                }
                None => (Vec::new(), unsure(all.1)),
            },
            _ => all,
        }
    }

    /// What `columns(…)` means where it is not expanded: a condition on all that it chooses.
    pub(super) fn column_set_as_value(&mut self, set: &ast::Function, scope: &Scope) -> Flow {
        if let Some(flow) = &self.column_set {
            return flow.as_ref().clone();
        }
        let mut own = Scope::below(scope.parent);
        own.relations.clone_from(&scope.relations);
        let (columns, open) = self.chosen_columns(set, &mut own);
        let mut flow = Flow::default();
        for column in columns {
            flow.absorb(&column.flow, EdgeKind::Derived);
        }
        flow.unknown.extend(open.iter().map(|open| Rc::clone(&open.reason)));
        flow
    }
}

/// Columns whose names fulfil a condition.
fn chosen_by(condition: &Expr, (columns, open): (Vec<Column>, Vec<Open>)) -> (Vec<Column>, Vec<Open>) {
    let mut chosen = Vec::new();
    for column in columns {
        match holds(condition, &column.name) {
            Some(true) => chosen.push(column),
            Some(false) => {}
            None => {
                let reason = "which columns `columns(…)` chooses is not followed";
                return (Vec::new(), vec![Open::new(Through::Nothing, reason)]);
            }
        }
    }
    (chosen, unsure(open))
}

/// Columns that are not known, some of which may be chosen.
fn unsure(open: Vec<Open>) -> Vec<Open> {
    open.into_iter().map(|open| Open::new(Through::Nothing, open.reason)).collect()
}

/// The regular expression that `columns('…')` is given.
fn pattern_of(set: &ast::Function) -> Option<fancy_regex::Regex> {
    let pattern = plain_arguments(set).next().and_then(text)?;
    fancy_regex::Regex::new(&format!("(?i){pattern}")).ok()
}

/// `\1` and `\0` of an alias filled from what the pattern found in a column's name.
fn fill(alias: &str, pattern: &fancy_regex::Regex, name: &str) -> String {
    let Ok(Some(groups)) = pattern.captures(name) else { return alias.to_owned() };
    (0..groups.len()).fold(alias.to_owned(), |filled, at| {
        filled.replace(&format!("\\{at}"), groups.get(at).map_or("", |group| group.as_str()))
    })
}

pub(super) fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Value(value) => value.value.clone().into_string(),
        Expr::Nested(inner) => text(inner),
        _ => None,
    }
}

/// Whether a condition on a column's name holds; none where that is not known.
fn holds(condition: &Expr, name: &str) -> Option<bool> {
    let is_name = |expression: &Expr| matches!(expression, Expr::Identifier(_));
    match condition {
        Expr::Nested(inner) => holds(inner, name),
        Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => holds(expr, name).map(|held| !held),
        Expr::BinaryOp { left, op: ast::BinaryOperator::And, right } => Some(holds(left, name)? && holds(right, name)?),
        Expr::BinaryOp { left, op: ast::BinaryOperator::Or, right } => Some(holds(left, name)? || holds(right, name)?),
        Expr::BinaryOp { left, op: ast::BinaryOperator::Eq, right } if is_name(left) => Some(text(right)? == name),
        Expr::BinaryOp { left, op: ast::BinaryOperator::NotEq, right } if is_name(left) => Some(text(right)? != name),
        Expr::Like { negated, expr, pattern, escape_char: None, any: false } if is_name(expr) => {
            Some(like(name, &text(pattern)?, false) != *negated)
        }
        Expr::ILike { negated, expr, pattern, escape_char: None, any: false } if is_name(expr) => {
            Some(like(name, &text(pattern)?, true) != *negated)
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char: None } if is_name(expr) => {
            let regex = fancy_regex::Regex::new(&format!("(?s)^(?:{})$", text(pattern)?)).ok()?;
            Some(regex.is_match(name).ok()? != *negated)
        }
        Expr::InList { expr, list, negated } if is_name(expr) => {
            let names = list.iter().map(text).collect::<Option<Vec<_>>>()?;
            Some(names.iter().any(|known| known == name) != *negated)
        }
        Expr::Function(function) => {
            let arguments: Vec<&Expr> = plain_arguments(function).collect();
            let [first, second] = arguments.as_slice() else { return None };
            let second = text(second).filter(|_| is_name(first))?;
            match simple_name(function).as_str() {
                "starts_with" | "prefix" => Some(name.starts_with(&second)),
                "ends_with" | "suffix" => Some(name.ends_with(&second)),
                "contains" => Some(name.contains(&second)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// SQL's `like`: `%` any text, `_` any character.
pub(super) fn like(name: &str, pattern: &str, ignores_case: bool) -> bool {
    let mut regex = String::from(if ignores_case { "(?is)^" } else { "(?s)^" });
    for character in pattern.chars() {
        match character {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            other => regex.push_str(&fancy_regex::escape(&other.to_string())),
        }
    }
    regex.push('$');
    fancy_regex::Regex::new(&regex).is_ok_and(|regex| regex.is_match(name).unwrap_or(false))
}
