//! Calls: aggregates, windows, functions that take functions, and all others.

use std::rc::Rc;

use sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause, FunctionArguments, Ident,
    WindowType,
};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::output::EdgeKind;
use super::scope::Scope;
use super::types;
use crate::sql::grammar::COMPREHENSION;
use crate::sql::select_items::UNPACKED_COLUMNS;

/// Functions that make one value of many rows, of both warehouses.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_quantile",
    "approx_top_k",
    "arbitrary",
    "arg_max",
    "arg_max_null",
    "arg_min",
    "arg_min_null",
    "argmax",
    "argmin",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bitstring_agg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "count_star",
    "countif",
    "covar_pop",
    "covar_samp",
    "entropy",
    "every",
    "favg",
    "first",
    "fsum",
    "geomean",
    "geometric_mean",
    "group_concat",
    "histogram",
    "histogram_exact",
    "json_agg",
    "json_agg_strict",
    "json_arrayagg",
    "json_group_array",
    "json_group_object",
    "json_group_structure",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_object_agg",
    "kahan_sum",
    "kurtosis",
    "kurtosis_pop",
    "last",
    "list",
    "listagg",
    "mad",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "product",
    "quantile",
    "quantile_cont",
    "quantile_disc",
    "range_agg",
    "range_intersect_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "reservoir_quantile",
    "sem",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "sum_no_overflow",
    "sumkahan",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];

/// DuckDB's functions that take functions.
const TAKE_FUNCTIONS: &[&str] = &[
    "apply",
    "array_apply",
    "array_filter",
    "array_reduce",
    "array_transform",
    "columns",
    "filter",
    "list_apply",
    "list_filter",
    "list_reduce",
    "list_transform",
    "reduce",
    "map_filter",
    "map_transform",
    COMPREHENSION,
];

/// The last part of a function's name in lower case.
pub(super) fn simple_name(function: &ast::Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| function.name.to_string(), |ident| ident.value.clone()).to_lowercase()
}

fn argument_expression(arg: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Unnamed(arg) | FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. }) = arg;
    match arg {
        FunctionArgExpr::Expr(expression) => Some(expression),
        _ => None,
    }
}

/// The arguments that are expressions.
pub(super) fn plain_arguments(function: &ast::Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(argument_expression)
}

/// Whether a call has more than arguments within its parentheses: `distinct`, `order by`.
pub(super) fn has_clauses(function: &ast::Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list)
        if !list.clauses.is_empty() || list.duplicate_treatment.is_some())
}

impl Analyzer<'_> {
    pub(super) fn function(&mut self, function: &ast::Function, scope: &Scope) -> Flow {
        let name = simple_name(function);
        if name == "columns" && self.has_column_sets {
            return self.column_set_as_value(function, scope);
        }
        if name == UNPACKED_COLUMNS {
            let around = self.column_set.take();
            let flow = self.column_set_as_value(function, scope);
            self.column_set = around;
            return flow;
        }
        let is_aggregate = AGGREGATES.contains(&name.as_str());
        let kind = if is_aggregate { EdgeKind::Aggregated } else { EdgeKind::Derived };
        let mut flow = Flow::default();
        let mut argument_types = Vec::new();
        if let Some(value) = self.method_subject(function, scope) {
            argument_types.push((value.data_type.clone(), false));
            flow.absorb(&value, kind);
        }
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                let value = self.scalar(query, scope);
                flow.absorb(&value, EdgeKind::Aggregated.max(kind));
            }
            FunctionArguments::List(list) => {
                for argument in &list.args {
                    let value = self.argument(&name, argument, scope);
                    let is_null = argument_expression(argument).is_some_and(types::is_null);
                    argument_types.push((value.data_type.clone(), is_null));
                    flow.absorb(&value, kind);
                }
                for clause in &list.clauses {
                    self.clause(clause, kind, &mut flow, scope);
                }
            }
        }
        if let FunctionArguments::List(parameters) = &function.parameters {
            for parameter in &parameters.args {
                let value = self.argument(&name, parameter, scope);
                flow.absorb(&value, kind);
            }
        }
        for order in &function.within_group {
            let value = self.expression(&order.expr, scope);
            argument_types.push((value.data_type.clone(), false));
            flow.absorb(&value, kind);
        }
        if let Some(condition) = &function.filter {
            let value = self.expression(condition, scope);
            flow.absorb(&value, kind);
        }
        match &function.over {
            // A named window's own columns were told where it is defined.
            Some(WindowType::WindowSpec(spec)) => self.window(spec, scope),
            None if is_aggregate => self.aggregates += 1,
            Some(WindowType::NamedWindow(_)) | None => {}
        }
        let data_type = types::of_function(&name, &argument_types, self.dialect);
        flow.typed(data_type)
    }

    fn argument(&mut self, function: &str, argument: &FunctionArg, scope: &Scope) -> Flow {
        let value = match argument {
            FunctionArg::Unnamed(arg) | FunctionArg::ExprNamed { arg, .. } => arg,
            FunctionArg::Named { name, arg, operator } => {
                if *operator == FunctionArgOperator::Equals {
                    // `bool_or(a = 1)` reads like a named argument, but compares a column.
                    return self.comparison(name, arg, scope);
                }
                arg
            }
        };
        match value {
            FunctionArgExpr::Expr(Expr::Lambda(lambda)) if TAKE_FUNCTIONS.contains(&function) => {
                self.lambda(lambda, scope)
            }
            FunctionArgExpr::Expr(Expr::Named { expr, .. }) => self.expression(expr, scope),
            FunctionArgExpr::Expr(expression) => self.expression(expression, scope),
            // `count(*)` counts rows, whatever is in them.
            FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) if function == "count" => {
                Flow::default()
            }
            FunctionArgExpr::QualifiedWildcard(_) if function == "count" => Flow::default(),
            FunctionArgExpr::Wildcard => {
                let relations: Vec<_> = scope.relations.iter().collect();
                self.row_of(&relations)
            }
            FunctionArgExpr::WildcardWithOptions(options) => {
                let mut own = Scope::below(scope.parent);
                own.relations.clone_from(&scope.relations);
                let (columns, open) = self.star_in_call(options, &mut own);
                let mut flow = Flow::default();
                columns.iter().for_each(|column| flow.absorb(&column.flow, EdgeKind::Derived));
                flow.unknown.extend(open.iter().map(|open| Rc::clone(&open.reason)));
                flow
            }
            FunctionArgExpr::QualifiedWildcard(name) => {
                let (columns, open) = self.columns_of(name, scope);
                let mut flow = Flow::default();
                columns.iter().for_each(|column| flow.absorb(&column.flow, EdgeKind::Derived));
                flow.unknown.extend(open.iter().map(|open| Rc::clone(&open.reason)));
                flow
            }
        }
    }

    fn comparison(&mut self, name: &Ident, arg: &FunctionArgExpr, scope: &Scope) -> Flow {
        let mut flow = self.plain_name(name, scope).raised(EdgeKind::Derived);
        if let FunctionArgExpr::Expr(expression) = arg {
            flow.absorb(&self.expression(expression, scope), EdgeKind::Derived);
        }
        flow.typed(types::boolean(self.dialect))
    }

    fn clause(&mut self, clause: &FunctionArgumentClause, kind: EdgeKind, flow: &mut Flow, scope: &Scope) {
        match clause {
            FunctionArgumentClause::OrderBy(orders) => {
                for order in orders {
                    let value = self.expression(&order.expr, scope);
                    flow.absorb(&value, kind);
                }
            }
            FunctionArgumentClause::Where(value)
            | FunctionArgumentClause::Limit(value)
            | FunctionArgumentClause::Having(ast::HavingBound(_, value)) => {
                let value = self.expression(value, scope);
                flow.absorb(&value, kind);
            }
            _ => {}
        }
    }

    /// `name.upper()`: what stands before the point, if it is a column and not a schema.
    fn method_subject(&mut self, function: &ast::Function, scope: &Scope) -> Option<Flow> {
        let idents: Vec<Ident> = function.name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        let (_, subject) = idents.split_last()?;
        let first = subject.first()?;
        let key = self.dialect.ident_key(first);
        let is_column = scope.levels().any(|level| {
            level.parameters.contains(&key)
                || level.relations.iter().any(|relation| {
                    relation.plain_column(&key).is_some()
                        || (subject.len() > 1 && relation.is_called(std::slice::from_ref(&key)))
                })
        });
        is_column.then(|| match subject {
            [one] => self.plain_name(one, scope),
            many => self.compound_name(many, scope),
        })
    }
}
