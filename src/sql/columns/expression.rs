//! Values: what an expression is made of.

use std::rc::Rc;

use sqlparser::ast::{self, AccessExpr, Expr, Subscript};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::output::{EdgeKind, InfluenceKind};
use super::scope::Scope;
use super::types;
use crate::sql::grammar::POSITION_PREFIX;

impl Analyzer<'_> {
    /// What a value is made of. What subqueries in it depend on is added to the effects.
    pub(super) fn expression(&mut self, expression: &Expr, scope: &Scope) -> Flow {
        match expression {
            Expr::Identifier(ident) => match ident.value.strip_prefix(POSITION_PREFIX) {
                Some(number) if ident.quote_style.is_none() => self.numbered(number, scope),
                _ => self.plain_name(ident, scope),
            },
            Expr::CompoundIdentifier(idents) => self.compound_name(idents, scope),
            Expr::Nested(inner) => self.expression(inner, scope),
            Expr::Value(value) => Flow::default().typed(types::of_value(&value.value, self.dialect)),
            Expr::TypedString(typed) => Flow::default().typed(types::named(&typed.data_type, self.dialect)),
            Expr::Cast { expr, data_type, .. } => {
                let flow = self.expression(expr, scope).raised(EdgeKind::Derived);
                flow.typed(types::named(data_type, self.dialect))
            }
            Expr::Convert { expr, data_type, .. } => {
                let data_type = data_type.as_ref().and_then(|data_type| types::named(data_type, self.dialect));
                self.expression(expr, scope).raised(EdgeKind::Derived).typed(data_type)
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::BinaryOp { .. } => self.binary(expression, scope),
            Expr::Case { operand, conditions, else_result, .. } => {
                let mut flow = Flow::default();
                let mut results = Vec::new();
                if let Some(operand) = operand {
                    flow.absorb(&self.expression(operand, scope), EdgeKind::Derived);
                }
                for when in conditions {
                    flow.absorb(&self.expression(&when.condition, scope), EdgeKind::Derived);
                    let result = self.expression(&when.result, scope);
                    flow.absorb(&result, EdgeKind::Derived);
                    results.push((result.data_type, types::is_null(&when.result)));
                }
                if let Some(otherwise) = else_result {
                    let result = self.expression(otherwise, scope);
                    flow.absorb(&result, EdgeKind::Derived);
                    results.push((result.data_type, types::is_null(otherwise)));
                }
                flow.typed(types::of_alternatives(results))
            }
            Expr::Subquery(query) => self.scalar(query, scope),
            Expr::Exists { subquery, .. } => {
                self.subquery(subquery, Some(scope));
                Flow::default().typed(types::boolean(self.dialect))
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let mut flow = Flow::default();
                flow.absorb(&self.expression(expr, scope), EdgeKind::Derived);
                flow.absorb(&self.scalar(subquery, scope), EdgeKind::Derived);
                flow.typed(types::boolean(self.dialect))
            }
            Expr::Lambda(lambda) => self.arrow(lambda, scope),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, scope),
            Expr::Collate { expr, .. } => {
                let flow = self.expression(expr, scope);
                let data_type = flow.data_type.clone();
                flow.raised(EdgeKind::Derived).typed(data_type)
            }
            Expr::Wildcard(_) => {
                let relations: Vec<_> = scope.relations.iter().collect();
                self.row_of(&relations)
            }
            Expr::QualifiedWildcard(name, _) => {
                let (columns, open) = self.columns_of(name, scope);
                let mut flow = Flow::default();
                columns.iter().for_each(|column| flow.absorb(&column.flow, EdgeKind::Derived));
                flow.unknown.extend(open.iter().map(|open| Rc::clone(&open.reason)));
                flow
            }
            Expr::UnaryOp { expr, op } => {
                let flow = self.expression(expr, scope);
                let data_type = types::of_unary(*op, flow.data_type.as_ref(), self.dialect);
                flow.raised(EdgeKind::Derived).typed(data_type)
            }
            other => match operands(other) {
                Some(parts) => {
                    let mut flow = Flow::default();
                    for part in parts {
                        flow.absorb(&self.expression(part, scope), EdgeKind::Derived);
                    }
                    flow.typed(types::of_predicate(other, self.dialect))
                }
                None => {
                    let reason = format!("`{}` is not followed", shortened(other));
                    Flow::unknown(reason.into())
                }
            },
        }
    }

    /// `#2`: the second column of what is selected from.
    fn numbered(&mut self, number: &str, scope: &Scope) -> Flow {
        let (columns, open) = self.all_columns(scope);
        let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match (at.and_then(|at| columns.get(at)), open.first()) {
            (_, Some(open)) => Flow::unknown(Rc::clone(&open.reason)),
            (Some(column), None) => column.flow.as_ref().clone(),
            (None, None) => Flow::unknown(format!("there is no column number {number}").into()),
        }
    }

    /// A chain of operators, which leans to the left and may be long: walked in a loop.
    fn binary(&mut self, expression: &Expr, scope: &Scope) -> Flow {
        let mut rights = Vec::new();
        let mut first = expression;
        while let Expr::BinaryOp { left, op, right } = first {
            rights.push((op, right));
            first = left;
        }
        let mut flow = self.expression(first, scope);
        for (operator, right) in rights.into_iter().rev() {
            let right = self.expression(right, scope);
            let data_type =
                types::of_operator(operator, flow.data_type.as_deref(), right.data_type.as_deref(), self.dialect);
            flow = flow.raised(EdgeKind::Derived);
            flow.absorb(&right, EdgeKind::Derived);
            flow.data_type = data_type;
        }
        flow
    }

    /// A subquery as a value: its column (more than one, where rows are compared), and all that decides on its rows.
    pub(super) fn scalar(&mut self, query: &ast::Query, scope: &Scope) -> Flow {
        let rows = self.subquery(query, Some(scope));
        match (rows.columns.as_slice(), rows.open.first()) {
            (_, Some(open)) => Flow::unknown(Rc::clone(&open.reason)),
            ([column], None) => column.flow.as_ref().clone(),
            (columns, None) => {
                let mut flow = Flow::default();
                columns.iter().for_each(|column| flow.absorb(&column.flow, EdgeKind::Derived));
                flow
            }
        }
    }

    /// `x -> …` outside of a call that takes functions: DuckDB's way into JSON, which the parser takes for a function.
    fn arrow(&mut self, lambda: &ast::LambdaFunction, scope: &Scope) -> Flow {
        let mut flow = self.expression(&lambda.body, scope).raised(EdgeKind::Derived);
        if lambda.syntax == ast::LambdaSyntax::Arrow {
            for parameter in parameters(lambda) {
                flow.absorb(&self.plain_name(&parameter.name, scope), EdgeKind::Derived);
            }
        }
        flow.typed(None)
    }

    /// The body of a function that a call takes; its names are bound to what the call's other arguments hold.
    pub(super) fn lambda(&mut self, lambda: &ast::LambdaFunction, scope: &Scope) -> Flow {
        let mut inner = Scope::below(Some(scope));
        inner.parameters = parameters(lambda).map(|parameter| self.dialect.ident_key(&parameter.name)).collect();
        self.expression(&lambda.body, &inner)
    }

    /// `value.field[1]`; names of fields are no columns.
    fn access(&mut self, root: &Expr, chain: &[AccessExpr], scope: &Scope) -> Flow {
        // `t.a[1]` comes as `t` and then `.a`: put the names together again.
        let mut names = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(idents) => idents.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        while let ([AccessExpr::Dot(Expr::Identifier(ident)), more @ ..], false) = (rest, names.is_empty()) {
            names.push(ident.clone());
            rest = more;
        }
        let mut flow = match names.as_slice() {
            [] => self.expression(root, scope),
            [one] => self.plain_name(one, scope),
            many => self.compound_name(many, scope),
        }
        .raised(EdgeKind::Derived);
        let mut data_type = None;
        for access in rest {
            match access {
                AccessExpr::Dot(Expr::Function(function)) => {
                    flow.absorb(&self.function(function, scope), EdgeKind::Derived);
                }
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    data_type = flow.data_type.as_deref().and_then(|list| list.strip_suffix("[]")).map(Rc::from);
                    flow.absorb(&self.expression(index, scope), EdgeKind::Derived);
                }
                AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                    data_type.clone_from(&flow.data_type);
                    for bound in [lower_bound, upper_bound, stride].into_iter().flatten() {
                        flow.absorb(&self.expression(bound, scope), EdgeKind::Derived);
                    }
                }
                AccessExpr::Dot(_) => data_type = None,
            }
            flow.data_type.clone_from(&data_type);
        }
        flow.typed(data_type)
    }

    /// `partition by` and `order by` of a window decide on what its function sees.
    pub(super) fn window(&mut self, spec: &ast::WindowSpec, scope: &Scope) {
        for part in &spec.partition_by {
            let flow = self.expression(part, scope);
            self.effects.influence(&flow, InfluenceKind::Window);
        }
        for order in &spec.order_by {
            let flow = self.expression(&order.expr, scope);
            self.effects.influence(&flow, InfluenceKind::Window);
        }
        let bounds =
            spec.window_frame.iter().flat_map(|frame| std::iter::once(&frame.start_bound).chain(&frame.end_bound));
        for bound in bounds {
            if let ast::WindowFrameBound::Preceding(Some(value)) | ast::WindowFrameBound::Following(Some(value)) = bound
            {
                let flow = self.expression(value, scope);
                self.effects.influence(&flow, InfluenceKind::Window);
            }
        }
    }
}

fn parameters(lambda: &ast::LambdaFunction) -> impl Iterator<Item = &ast::LambdaFunctionParameter> {
    match &lambda.params {
        ast::OneOrManyWithParens::One(one) => std::slice::from_ref(one),
        ast::OneOrManyWithParens::Many(many) => many.as_slice(),
    }
    .iter()
}

fn shortened(expression: &Expr) -> String {
    let text = expression.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The parts of an expression whose value is computed from all of them, whichever they are; none where that is not so.
fn operands(expression: &Expr) -> Option<Vec<&Expr>> {
    Some(match expression {
        Expr::IsFalse(e)
        | Expr::IsNotFalse(e)
        | Expr::IsTrue(e)
        | Expr::IsNotTrue(e)
        | Expr::IsNull(e)
        | Expr::IsNotNull(e)
        | Expr::IsUnknown(e)
        | Expr::IsNotUnknown(e)
        | Expr::OuterJoin(e)
        | Expr::Prior(e) => vec![e],
        Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => vec![a, b],
        Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Named { expr, .. } => vec![expr],
        Expr::InList { expr, list, .. } => std::iter::once(expr.as_ref()).chain(list).collect(),
        Expr::InUnnest { expr, array_expr, .. } => vec![expr, array_expr],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::Like { expr, pattern, escape_char, .. }
        | Expr::ILike { expr, pattern, escape_char, .. }
        | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
            [Some(expr.as_ref()), Some(pattern.as_ref()), escape_char.as_deref()].into_iter().flatten().collect()
        }
        Expr::RLike { expr, pattern, .. } => vec![expr, pattern],
        Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => vec![left, right],
        Expr::AtTimeZone { timestamp, time_zone } => vec![timestamp, time_zone],
        Expr::Position { expr, r#in } => vec![expr, r#in],
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            [Some(expr.as_ref()), substring_from.as_deref(), substring_for.as_deref()].into_iter().flatten().collect()
        }
        Expr::Trim { expr, trim_what, trim_characters, .. } => {
            std::iter::once(expr.as_ref()).chain(trim_what.as_deref()).chain(trim_characters.iter().flatten()).collect()
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            [Some(expr.as_ref()), Some(overlay_what.as_ref()), Some(overlay_from.as_ref()), overlay_for.as_deref()]
                .into_iter()
                .flatten()
                .collect()
        }
        Expr::Prefixed { value, .. } => vec![value],
        Expr::Tuple(items) => items.iter().collect(),
        Expr::Struct { values, .. } => values.iter().collect(),
        Expr::Dictionary(fields) => fields.iter().map(|field| field.value.as_ref()).collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| [entry.key.as_ref(), entry.value.as_ref()]).collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Interval(interval) => vec![interval.value.as_ref()],
        Expr::MemberOf(member) => vec![member.value.as_ref(), member.array.as_ref()],
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.iter().flatten().collect(),
        Expr::JsonAccess { value, path } => std::iter::once(value.as_ref())
            .chain(path.path.iter().filter_map(|element| match element {
                ast::JsonPathElem::Bracket { key } | ast::JsonPathElem::ColonBracket { key } => Some(key),
                ast::JsonPathElem::Dot { .. } => None,
            }))
            .collect(),
        _ => return None,
    })
}
