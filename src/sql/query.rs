//! [`Query`]: one query, read.

use sqlparser::ast;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::columns::{self, QueryColumns, TableName, Tables};
use super::dialect::Dialect;
use super::rewrite::rewrite;
use super::shape::{self, Shape};

/// How deep expressions and subqueries may be nested.
const DEPTH: usize = 300;

/// One query of a warehouse's dialect.
#[derive(Debug, Clone)]
pub struct Query {
    query: Box<ast::Query>,
    dialect: Dialect,
}

/// Why a text is not a query that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlProblem {
    /// What is wrong, in the parser's words.
    pub message: String,
}

impl Query {
    /// Reads the only statement of `sql`, which must be a query; semicolons after it do no harm.
    pub fn parse(sql: &str, dialect: Dialect) -> Result<Self, SqlProblem> {
        let problem = |message: String| SqlProblem { message };
        let grammar = dialect.grammar();
        let tokens =
            Tokenizer::new(grammar, sql).tokenize_with_location().map_err(|error| problem(error.to_string()))?;
        let tokens = if dialect.is_postgres() { tokens } else { rewrite(tokens) };
        let mut parser = Parser::new(grammar).with_recursion_limit(DEPTH).with_tokens_with_locations(tokens);
        let query = parser.parse_query().map_err(|error| problem(error.to_string()))?;
        while parser.consume_token(&Token::SemiColon) {}
        let rest = parser.next_token();
        if rest.token == Token::EOF {
            Ok(Self { query, dialect })
        } else {
            Err(problem(format!("`{}` is not understood{}", rest.token, rest.span.start)))
        }
    }

    /// Where each column comes from. `ctes` are names of common table expressions that stand for tables of their own, with
    /// the names of these tables: what is below them is not followed. `expected` are columns that the query is known to have;
    /// they are looked for where a star stands for columns that are not known.
    pub fn columns(&self, tables: &dyn Tables, ctes: &[(String, TableName)], expected: &[String]) -> QueryColumns {
        columns::analyze(&self.query, self.dialect, tables, ctes, expected)
    }

    /// How it is built; `sql` is the text that it was read from.
    pub fn shape(&self, sql: &str) -> Shape {
        shape::shape(&self.query, sql, self.dialect)
    }

    /// The table that `text` names where it stands after `from`, as [`Tables`] is asked for it.
    pub fn table_name(text: &str, dialect: Dialect) -> Option<TableName> {
        if let Some(parts) = quoted_parts(text) {
            return Some(TableName {
                parts: parts.into_iter().map(|part| dialect.key(part)).collect(),
                text: text.to_owned(),
            });
        }
        let query = Self::parse(&format!("select * from {text}"), dialect).ok()?;
        let ast::SetExpr::Select(select) = query.query.body.as_ref() else { return None };
        let [only] = select.from.as_slice() else { return None };
        columns::name_of_factor(&only.relation, dialect)
    }
}

/// The parts of a name that is written as names of relations mostly are: each part quoted, without quotes in it. A project has thousands of
/// them, and to read a query for each costs thirty times as much.
fn quoted_parts(text: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.strip_prefix('"')?.strip_suffix('"')?.split("\".\"").collect();
    parts.iter().all(|part| !part.is_empty() && !part.contains('"')).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_they_are_in_a_query() {
        let read = |text: &str, dialect| {
            let query = Query::parse(&format!("select * from {text}"), dialect).ok()?;
            let ast::SetExpr::Select(select) = query.query.body.as_ref() else { return None };
            columns::name_of_factor(&select.from[0].relation, dialect)
        };
        for dialect in [Dialect::DUCKDB, Dialect::POSTGRES] {
            for text in
                ["\"Db\".\"Main\".\"Orders\"", "\"a.b\".\"c\"", "\"one\"", "Main.Orders", "\"a\".B", "\"a\"\"b\".\"c\""]
            {
                let name = Query::table_name(text, dialect);
                assert!(name.is_some(), "{text}");
                assert_eq!(name, read(text, dialect), "{text}");
            }
            assert_eq!(Query::table_name("\"", dialect), None);
        }
    }
}
