//! Functions in `from`: what columns they give.

use std::rc::Rc;

use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, ObjectName, TableAlias};

use super::analyzer::Analyzer;
use super::flow::Flow;
use super::from::name_of_factor;
use super::output::EdgeKind;
use super::scope::{Column, Open, Relation, Rows, Scope, Through};

/// Columns of functions whose columns never differ, with their types.
fn fixed_columns(name: &str, is_postgres: bool) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match (name, is_postgres) {
        ("json_each" | "json_tree", false) => &[
            ("key", "VARCHAR"),
            ("value", "JSON"),
            ("type", "VARCHAR"),
            ("atom", "JSON"),
            ("id", "UBIGINT"),
            ("parent", "UBIGINT"),
            ("fullkey", "VARCHAR"),
            ("path", "VARCHAR"),
        ],
        ("range", false) => &[("range", "")],
        ("generate_series", false) => &[("generate_series", "")],
        ("glob", false) => &[("file", "VARCHAR")],
        ("json_each", true) => &[("key", "text"), ("value", "json")],
        ("jsonb_each", true) => &[("key", "text"), ("value", "jsonb")],
        ("json_each_text" | "jsonb_each_text", true) => &[("key", "text"), ("value", "text")],
        (
            "json_array_elements" | "jsonb_array_elements" | "json_array_elements_text" | "jsonb_array_elements_text",
            true,
        ) => &[("value", "")],
        _ => return None,
    })
}

/// PostgreSQL's functions that give one column, called as the function is.
const ONE_COLUMN: &[&str] = &[
    "generate_series",
    "regexp_split_to_table",
    "string_to_table",
    "json_object_keys",
    "jsonb_object_keys",
    "generate_subscripts",
    "regexp_matches",
    "jsonb_path_query",
];

impl Analyzer<'_> {
    pub(super) fn table_function(
        &mut self,
        name: &ObjectName,
        args: &[FunctionArg],
        with_ordinality: bool,
        alias: Option<&TableAlias>,
        scope: &Scope,
    ) -> Relation {
        let called =
            name.0.last().and_then(|part| part.as_ident()).map_or(String::new(), |ident| ident.value.to_lowercase());
        if called == "unnest" {
            let values: Vec<Expr> = args.iter().filter_map(|arg| expression_of(arg).cloned()).collect();
            return self.unnest(&values, with_ordinality, None, alias, scope);
        }
        let factor = ast::TableFactor::Function {
            lateral: false,
            name: name.clone(),
            args: args.to_vec(),
            with_ordinality: false,
            alias: None,
        };
        let flow = self.flow_of_arguments(args, scope);
        let path = vec![self.dialect.key(&called)];
        let is_postgres = self.dialect.is_postgres();
        let mut relation = if let Some(fixed) = fixed_columns(&called, is_postgres) {
            let only = fixed.len() == 1;
            let columns = fixed.iter().map(|(column, data_type)| {
                let shown = if only { self.function_column(column, alias) } else { (*column).to_owned() };
                let data_type = (!data_type.is_empty()).then(|| Rc::from(*data_type));
                Column::new(self.dialect.key(&shown), shown, flow.clone().typed(data_type))
            });
            Relation { path, columns: columns.collect(), open: Vec::new() }
        } else if is_postgres && ONE_COLUMN.contains(&called.as_str()) {
            let shown = self.function_column(&called, alias);
            Relation { path, columns: vec![Column::new(shown.as_str(), shown.as_str(), flow)], open: Vec::new() }
        } else if flow.sources.is_empty() && flow.unknown.is_empty() {
            // It reads nothing of the query: a table of its own, which the project may know (`read_csv('a.csv')`).
            let table = name_of_factor(&factor, self.dialect);
            let relation = table.map(|table| self.input(&table)).unwrap_or_default();
            Relation { path, ..relation }
        } else {
            let reason = format!("the columns that `{called}` gives are not known");
            Relation { path, columns: Vec::new(), open: vec![Open::new(Through::Value(Rc::new(flow)), reason)] }
        };
        // PostgreSQL: `json_to_record(x) as t(a integer, b text)` says what columns there are.
        let has_types = alias.is_some_and(|alias| alias.columns.iter().any(|column| column.data_type.is_some()));
        if has_types && let (Some(alias), [open]) = (alias, relation.open.as_slice()) {
            let open = open.clone();
            let named = alias.columns.iter().map(|column| {
                let name = self.dialect.name(&column.name);
                let flow = self.through(&open, &name);
                Column::new(self.dialect.key(&name), name, flow.typed(None))
            });
            let columns = named.collect();
            return Relation { path: vec![self.dialect.ident_key(&alias.name)], columns, open: Vec::new() };
        }
        if with_ordinality {
            relation.columns.push(Column::new("ordinality", "ordinality", Flow::default()));
        }
        self.aliased(relation, alias)
    }

    /// `unnest(a, b)`: a column for each list, and one of the positions if there is a name for it.
    pub(super) fn unnest(
        &mut self,
        values: &[Expr],
        with_ordinality: bool,
        offset: Option<String>,
        alias: Option<&TableAlias>,
        scope: &Scope,
    ) -> Relation {
        let mut columns = Vec::new();
        for value in values {
            let flow = self.expression(value, scope);
            let data_type = flow.data_type.as_deref().and_then(|list| list.strip_suffix("[]")).map(Rc::from);
            let name = self.function_column("unnest", alias.filter(|_| values.len() == 1));
            columns.push(Column::new(self.dialect.key(&name), name, flow.raised(EdgeKind::Derived).typed(data_type)));
        }
        if with_ordinality {
            columns.push(Column::new("ordinality", "ordinality", Flow::default()));
        }
        if let Some(name) = offset {
            columns.push(Column::new(self.dialect.key(&name), name, Flow::default()));
        }
        let path = vec!["unnest".to_owned()];
        self.aliased(Relation { path, columns, open: Vec::new() }, alias)
    }

    /// The name of the only column of a function.
    fn function_column(&self, name: &str, alias: Option<&TableAlias>) -> String {
        match alias {
            Some(alias) if self.dialect.aliases_name_function_columns => self.dialect.name(&alias.name),
            _ => name.to_owned(),
        }
    }

    fn flow_of_arguments(&mut self, args: &[FunctionArg], scope: &Scope) -> Flow {
        let mut flow = Flow::default();
        for arg in args {
            if let Some(expression) = expression_of(arg) {
                let value = match expression {
                    Expr::Subquery(query) => {
                        let rows = self.subquery(query, Some(scope));
                        self.row_of_rows(&rows)
                    }
                    other => self.expression(other, scope),
                };
                flow.absorb(&value, EdgeKind::Derived);
            }
        }
        flow
    }

    fn row_of_rows(&self, rows: &Rows) -> Flow {
        let mut flow = Flow::default();
        for column in &rows.columns {
            flow.absorb(&column.flow, EdgeKind::Derived);
        }
        flow.unknown.extend(rows.open.iter().map(|open| Rc::clone(&open.reason)));
        flow
    }
}

fn expression_of(arg: &FunctionArg) -> Option<&Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression))
        | FunctionArg::Named { arg: FunctionArgExpr::Expr(expression), .. }
        | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(expression), .. } => Some(expression),
        _ => None,
    }
}
