//! What stands after `from`: tables, subqueries, functions.

use sqlparser::ast::{self, Ident, ObjectName, TableAlias, TableFactor, TableWithJoins};

use super::analyzer::{Analyzer, Cte};
use super::output::TableName;
use super::scope::{Relation, Rows, Scope};
use crate::sql::dialect::Dialect;

/// The table that a factor names; none for subqueries and the like.
pub(crate) fn name_of_factor(factor: &TableFactor, dialect: Dialect) -> Option<TableName> {
    match factor {
        TableFactor::Table { name, args: None, .. } => Some(table_name(name, dialect)),
        TableFactor::Table { name, args: Some(args), .. } => Some(function_name(name, &args.args)),
        TableFactor::Function { name, args, .. } => Some(function_name(name, args)),
        _ => None,
    }
}

fn function_name(name: &ObjectName, args: &[ast::FunctionArg]) -> TableName {
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    TableName { parts: Vec::new(), text: format!("{name}({})", args.join(", ")) }
}

fn table_name(name: &ObjectName, dialect: Dialect) -> TableName {
    let idents = || name.0.iter().filter_map(|part| part.as_ident());
    // `from 'file.csv'`: a file, not a name.
    if idents().any(|ident| ident.quote_style == Some('\'')) {
        return TableName { parts: Vec::new(), text: name.to_string() };
    }
    TableName { parts: idents().map(|ident| dialect.ident_key(ident)).collect(), text: name.to_string() }
}

impl Analyzer<'_> {
    pub(super) fn from<'p>(&mut self, tables: &[TableWithJoins], outer: Option<&'p Scope<'p>>) -> Scope<'p> {
        let mut scope = Scope::below(outer);
        for table in tables {
            self.table_with_joins(table, &mut scope);
        }
        scope
    }

    fn table_with_joins(&mut self, table: &TableWithJoins, scope: &mut Scope) {
        // `using` joins what stands to the left of it in this item only.
        let first = scope.relations.len();
        let relations = self.factor(&table.relation, scope);
        scope.relations.extend(relations);
        for join in &table.joins {
            self.join(join, first, scope);
        }
    }

    /// The relations of one factor: more than one only for joins in parentheses.
    pub(super) fn factor(&mut self, factor: &TableFactor, scope: &Scope) -> Vec<Relation> {
        let relation = match factor {
            TableFactor::Table { name, alias, args: None, with_ordinality: false, .. } => {
                let idents: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                let relation = if table_name(name, self.dialect).parts.is_empty() {
                    self.file(&table_name(name, self.dialect))
                } else {
                    self.named_relation(&idents, Some(scope))
                };
                self.aliased(relation, alias.as_ref())
            }
            TableFactor::Table { name, alias, args, with_ordinality, .. } => {
                let args = args.as_ref().map_or(&[][..], |args| &args.args);
                self.table_function(name, args, *with_ordinality, alias.as_ref(), scope)
            }
            TableFactor::Function { name, args, with_ordinality, alias, .. } => {
                self.table_function(name, args, *with_ordinality, alias.as_ref(), scope)
            }
            TableFactor::TableFunction { expr: ast::Expr::Function(function), alias } => match &function.args {
                ast::FunctionArguments::List(list) => {
                    self.table_function(&function.name, &list.args, false, alias.as_ref(), scope)
                }
                _ => self.not_followed("this table function is not followed", alias.as_ref()),
            },
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let sees_before = *lateral || self.dialect.is_always_lateral;
                let mut rows = self.subquery(subquery, if sees_before { Some(scope) } else { scope.parent });
                self.number_duplicates(&mut rows);
                self.relation_of(rows, alias.as_ref())
            }
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => self.unnest(
                array_exprs,
                *with_ordinality,
                with_offset.then(|| {
                    with_offset_alias.as_ref().map_or_else(|| "offset".to_owned(), |ident| self.dialect.name(ident))
                }),
                alias.as_ref(),
                scope,
            ),
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let mut inner = Scope::below(Some(scope));
                self.table_with_joins(table_with_joins, &mut inner);
                let Some(alias) = alias else { return inner.relations };
                let (columns, open) = self.all_columns(&inner);
                let mut rows = Rows { columns, open, ..Rows::default() };
                self.number_duplicates(&mut rows);
                self.relation_of(rows, Some(alias))
            }
            TableFactor::Pivot { .. } => self.pivot_factor(factor, scope),
            TableFactor::Unpivot { .. } => self.unpivot_factor(factor, scope),
            other => {
                let alias = match other {
                    TableFactor::JsonTable { alias, .. } | TableFactor::XmlTable { alias, .. } => alias.as_ref(),
                    _ => None,
                };
                self.not_followed("this kind of relation is not followed", alias)
            }
        };
        vec![relation]
    }

    pub(super) fn not_followed(&mut self, reason: &str, alias: Option<&TableAlias>) -> Relation {
        let rows = self.unknown_rows(reason);
        self.relation_of(rows, alias)
    }

    /// A file that is read in place: a table without a path.
    pub(super) fn file(&mut self, name: &TableName) -> Relation {
        let mut relation = self.input(name);
        let text = name.text.trim_matches('\'');
        let file = text.rsplit('/').next().unwrap_or(text);
        let stem = file.split('.').next().unwrap_or(file);
        relation.path = vec![self.dialect.key(stem)];
        relation
    }

    /// A common table expression, else a table.
    pub(super) fn named_relation(&mut self, idents: &[Ident], _scope: Option<&Scope>) -> Relation {
        let path: Vec<String> = idents.iter().map(|ident| self.dialect.ident_key(ident)).collect();
        if let [name] = path.as_slice()
            && let Some((_, cte)) = self.ctes.iter().rev().find(|(known, _)| known == name)
        {
            return match cte.clone() {
                Cte::Rows(rows) => {
                    self.effects.absorb(&rows.effects);
                    Relation { path, columns: rows.columns.clone(), open: rows.open.clone() }
                }
                Cte::Table(table) => Relation { path, ..self.input(&table) },
            };
        }
        let written: Vec<String> = idents.iter().map(ToString::to_string).collect();
        self.input(&TableName { parts: path, text: written.join(".") })
    }

    /// A relation of a query's rows; their effects are those of the query around already.
    pub(super) fn relation_of(&mut self, rows: Rows, alias: Option<&TableAlias>) -> Relation {
        self.aliased(Relation { path: Vec::new(), columns: rows.columns, open: rows.open }, alias)
    }

    pub(super) fn aliased(&mut self, relation: Relation, alias: Option<&TableAlias>) -> Relation {
        let Some(alias) = alias else { return relation };
        let mut rows = Rows { columns: relation.columns, open: relation.open, ..Rows::default() };
        self.name_columns(&mut rows, &alias.columns);
        Relation { path: vec![self.dialect.ident_key(&alias.name)], columns: rows.columns, open: rows.open }
    }
}
