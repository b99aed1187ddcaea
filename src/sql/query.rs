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
        let query = Self::parse(&format!("select * from {text}"), dialect).ok()?;
        let ast::SetExpr::Select(select) = query.query.body.as_ref() else { return None };
        let [only] = select.from.as_slice() else { return None };
        columns::name_of_factor(&only.relation, dialect)
    }
}
