//! Whether two texts are the same query, up to layout, case, quotes and names that decide nothing.
//!
//! What counts as the same: keywords and names in another case, quotes around a name that needs none, `as` or not, an alias of a table that
//! nothing refers to, an alias of a column that repeats its name, other spellings of one thing (`!=` and `<>`, `join` and `inner join`,
//! `union` and `union distinct`, `asc` or nothing, `x::t` and `cast(x as t)`, `ifnull` and `coalesce`, `count(*)` and
//! `count(1)` where that gives no column its name), parentheses that group what is one thing anyway, and semicolons at the end. All else must be equal, in the same order.

use std::collections::HashSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JoinOperator,
    ObjectNamePart, OrderByExpr, OrderBySort, Query, Select, SelectItem, SetExpr, SetQuantifier, Statement, TableAlias,
    TableFactor, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::dialect::Dialect;

/// Whether both texts are the same statements in this dialect. Texts that cannot be read must be the same words.
pub fn is_same_query(one: &str, other: &str, dialect: Dialect) -> bool {
    match (statements(one, dialect), statements(other, dialect)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => words(one, dialect) == words(other, dialect),
        _ => false,
    }
}

/// Whether a text consists of statements of this dialect.
pub fn is_readable(sql: &str, dialect: Dialect) -> bool {
    statements(sql, dialect).is_some()
}

fn statements(sql: &str, dialect: Dialect) -> Option<Vec<Statement>> {
    let mut statements = Parser::new(dialect.grammar()).try_with_sql(sql).ok()?.parse_statements().ok()?;
    for statement in &mut statements {
        let _ = statement.visit(&mut Plain { dialect });
    }
    Some(statements)
}

/// The words of a text without layout, comments and case.
fn words(sql: &str, dialect: Dialect) -> Option<Vec<String>> {
    let tokens = Tokenizer::new(dialect.grammar(), sql).tokenize().ok()?;
    let shown = |token: Token| match token {
        Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab) => None,
        // Hints are comments: they may be moved, not lost.
        Token::Whitespace(comment) => Some(comment.to_string().trim().to_owned()),
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        other => Some(other.to_string()),
    };
    Some(tokens.into_iter().filter_map(shown).collect())
}

/// Writes a statement the plain way.
struct Plain {
    dialect: Dialect,
}

impl Plain {
    fn name(&self, ident: &mut Ident) {
        if ident.quote_style.is_none() || !self.dialect.folds_case {
            ident.value = ident.value.to_lowercase();
        }
        let is_simple = ident.value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && ident.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_simple && ident.quote_style != Some('\'') {
            ident.quote_style = None;
        }
    }
}

impl VisitorMut for Plain {
    type Break = ();

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<()> {
        self.name(ident);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Nested(inner) if is_one_thing(inner) => *expr = inner.as_ref().clone(),
            Expr::Cast { kind, .. } if *kind == CastKind::DoubleColon => *kind = CastKind::Cast,
            Expr::Case { else_result, .. } if else_result.as_deref().is_some_and(is_null) => *else_result = None,
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                let are_columns =
                    [&*left, &*right].iter().all(|side| matches!(side.as_ref(), Expr::CompoundIdentifier(_)));
                if are_columns && left.to_string() > right.to_string() {
                    std::mem::swap(left, right);
                }
            }
            Expr::Function(function) => plain_function(function),
            // The names of its columns are nobody's.
            Expr::Subquery(query) | Expr::Exists { subquery: query, .. } | Expr::InSubquery { subquery: query, .. } => {
                forget_kept_names(query);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        // A column that is called by what it is made of keeps its name.
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) = item
                && counts_a_number(expr)
            {
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(expr.to_string()) };
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && last_name(expr) == Some(alias)
            {
                *item = SelectItem::UnnamedExpr(expr.clone());
            }
        }
        // `distinct (a)`
        if let [SelectItem::UnnamedExpr(expr)] = select.projection.as_mut_slice()
            && select.distinct.is_some()
            && let Expr::Nested(inner) = expr
        {
            *expr = inner.as_ref().clone();
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            plain_join(&mut join.join_operator);
        }
        unqualify(select);
        drop_idle_aliases(select);
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let Some(Some(alias)) = alias_of(factor) {
            alias.explicit = true;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_order_by_expr(&mut self, order: &mut OrderByExpr) -> ControlFlow<()> {
        if matches!(order.options.sort, Some(OrderBySort::Asc)) {
            order.options.sort = None;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        plain_set(&mut query.body);
        ControlFlow::Continue(())
    }
}

/// What needs no parentheses wherever it stands.
fn is_one_thing(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) | Expr::Function(_) | Expr::Nested(_)
    )
}

/// Whether `count(1)` is somewhere in it, which is `count(*)` but for the name of its column.
fn counts_a_number(expr: &Expr) -> bool {
    let text = expr.to_string().to_lowercase();
    text.match_indices("count(").any(|(at, word)| text[at + word.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Takes back what was named by [`counts_a_number`].
fn forget_kept_names(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    for item in &mut select.projection {
        if let SelectItem::ExprWithAlias { expr, alias } = item
            && alias.value.contains("count(")
        {
            *item = SelectItem::UnnamedExpr(expr.clone());
        }
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(ValueWithSpan { value: Value::Null, .. }))
}

/// The name that a column has without an alias.
fn last_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    }
}

fn plain_function(function: &mut Function) {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice() else { return };
    let FunctionArguments::List(list) = &mut function.args else { return };
    if matches!(name.value.as_str(), "ifnull" | "nvl") && list.args.len() == 2 {
        name.value = "coalesce".into();
    }
    if name.value == "count"
        && list.duplicate_treatment.is_none()
        && let [FunctionArg::Unnamed(counted @ FunctionArgExpr::Expr(Expr::Value(_)))] = list.args.as_mut_slice()
        && matches!(counted, FunctionArgExpr::Expr(Expr::Value(ValueWithSpan { value: Value::Number(..), .. })))
    {
        *counted = FunctionArgExpr::Wildcard;
    }
}

fn plain_join(join: &mut JoinOperator) {
    let taken = std::mem::replace(join, JoinOperator::CrossApply);
    *join = match taken {
        JoinOperator::Join(on) => JoinOperator::Inner(on),
        JoinOperator::Left(on) => JoinOperator::LeftOuter(on),
        JoinOperator::Right(on) => JoinOperator::RightOuter(on),
        other => other,
    };
}

fn plain_set(body: &mut SetExpr) {
    if let SetExpr::SetOperation { set_quantifier, left, right, .. } = body {
        match set_quantifier {
            SetQuantifier::Distinct => *set_quantifier = SetQuantifier::None,
            SetQuantifier::DistinctByName => *set_quantifier = SetQuantifier::ByName,
            _ => {}
        }
        plain_set(left);
        plain_set(right);
    }
}

/// The alias of what a query selects from.
fn alias_of(factor: &mut TableFactor) -> Option<&mut Option<TableAlias>> {
    match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::Derived { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::UNNEST { alias, .. } => Some(alias),
        _ => None,
    }
}

/// Takes the only relation's name away from columns that it qualifies.
fn unqualify(select: &mut Select) {
    let [from] = select.from.as_slice() else { return };
    let TableFactor::Table { name, alias, .. } = &from.relation else { return };
    let called = match alias {
        Some(alias) => Some(&alias.name),
        None => name.0.last().and_then(ObjectNamePart::as_ident),
    };
    let (Some(called), true) = (called.cloned(), from.joins.is_empty()) else { return };
    let _ = select.visit(&mut Unqualify { called, depth: 0 });
}

struct Unqualify {
    called: Ident,
    /// Subqueries around: what is named there may be another's.
    depth: usize,
}

impl VisitorMut for Unqualify {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::CompoundIdentifier(names) = expr
            && let [qualifier, column] = names.as_slice()
            && *qualifier == self.called
        {
            *expr = Expr::Identifier(column.clone());
        }
        ControlFlow::Continue(())
    }
}

/// Takes aliases of relations away that nothing refers to.
fn drop_idle_aliases(select: &mut Select) {
    let mut used = Qualifiers(HashSet::new());
    let _ = select.visit(&mut used);
    for item in &select.projection {
        if let SelectItem::QualifiedWildcard(kind, _) = item {
            used.0.insert(kind.to_string().to_lowercase());
        }
    }
    for from in &mut select.from {
        let joined = from.joins.iter_mut().map(|join| &mut join.relation);
        for relation in std::iter::once(&mut from.relation).chain(joined) {
            if let TableFactor::Table { alias, .. } = relation
                && alias
                    .as_ref()
                    .is_some_and(|alias| alias.columns.is_empty() && !used.0.contains(&alias.name.value.to_lowercase()))
            {
                *alias = None;
            }
        }
    }
}

struct Qualifiers(HashSet<String>);

impl VisitorMut for Qualifiers {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::CompoundIdentifier(names) => {
                self.0.extend(names.iter().rev().skip(1).map(|name| name.value.to_lowercase()));
            }
            // A whole row may be named by its relation.
            Expr::Identifier(name) => {
                self.0.insert(name.value.to_lowercase());
            }
            Expr::QualifiedWildcard(name, _) => {
                self.0.insert(name.to_string().to_lowercase());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        is_same_query(one, other, Dialect::DUCKDB)
    }

    #[test]
    fn layout_case_quotes_and_spelling_do_not_count() {
        for (one, other) in [
            ("SELECT A,b FROM T", "select a, b\nfrom t\n"),
            ("select \"a\" from t", "select a from t"),
            ("select a as a, t.b as b from t x", "select a, t.b from t as x"),
            ("select a from t where a != 1;", "select a from t where a <> 1"),
            ("select count(1) as n from t", "select count(*) as n from t"),
            ("select (select count(1) from u) as n from t", "select (select count(*) from u) as n from t"),
            ("select ifnull(a, 0) from t", "select coalesce(a, 0) from t"),
            ("select a::int from t order by a asc", "select cast(a as int) from t order by a"),
            ("select 1 union select 2", "select 1 union distinct select 2"),
            ("select x.a from t as x join u on u.i = x.i", "select x.a from t as x inner join u on x.i = u.i"),
            ("select a from t as idle", "select a from t"),
            ("select t.a, b from t", "select a, b from t"),
            ("select distinct (a) from t", "select distinct a from t"),
            ("select case when a then 1 else null end from t", "select case when a then 1 end from t"),
        ] {
            assert!(same(one, other), "{one} | {other}");
        }
    }

    #[test]
    fn what_changes_rows_or_columns_counts() {
        for (one, other) in [
            ("select a, b from t", "select b, a from t"),
            ("select a from t", "select a as b from t"),
            ("select a from t where a = 1 or b = 2 and c = 3", "select a from t where (a = 1 or b = 2) and c = 3"),
            ("select 'A' from t", "select 'a' from t"),
            ("select count(distinct a) from t", "select count(a) from t"),
            ("select 1 union all select 2", "select 1 union select 2"),
            ("select a from t left join u on true", "select a from t join u on true"),
            ("select count(a) from t", "select count(*) from t"),
            ("select count(1) from t", "select count(*) from t"),
            ("select x.a from t as x, u", "select a from t, u"),
            ("select a from t order by a desc", "select a from t order by a"),
        ] {
            assert!(!same(one, other), "{one} | {other}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_compared_by_words() {
        assert!(same("selekt A  frum t", "SELEKT a\nFRUM t"));
        assert!(!same("selekt a frum t", "selekt b frum t"));
        assert!(!same("selekt a frum t", "select a from t"));
    }

    #[test]
    fn case_of_quoted_names_counts_where_the_warehouse_heeds_it() {
        assert!(!is_same_query("select \"A\" from t", "select a from t", Dialect::POSTGRES));
        assert!(is_same_query("select \"a\" from t", "select A from t", Dialect::POSTGRES));
    }
}
