//! DuckDB's grammar where sqlparser's own does not know it: list comprehensions, positional references, stars that rename.

use std::any::TypeId;

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident};
use sqlparser::ast::{ObjectName, ObjectNamePart};
use sqlparser::dialect::{Dialect, DuckDbDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// sqlparser's DuckDB with more of DuckDB.
#[derive(Debug)]
pub(super) struct DuckDbGrammar;

/// The name that stands for `#2`, the second column of what is selected from.
pub(super) const POSITION_PREFIX: &str = "#";

/// The function that stands for `[value for name in list if condition]`: list, then expressions of the name.
pub(super) const COMPREHENSION: &str = "__list_comprehension";

macro_rules! on {
    ($($feature:ident)*) => { $(fn $feature(&self) -> bool { true })* };
}

impl Dialect for DuckDbGrammar {
    fn dialect(&self) -> TypeId {
        TypeId::of::<DuckDbDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        DuckDbDialect.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        DuckDbDialect.is_identifier_part(ch)
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        DuckDbDialect.identifier_quote_style(identifier)
    }

    on! {
        supports_trailing_commas supports_filter_during_aggregation supports_group_by_expr
        supports_bitwise_shift_operators supports_named_fn_args_with_eq_operator
        supports_named_fn_args_with_assignment_operator supports_named_fn_args_with_rarrow_operator
        supports_dictionary_syntax support_map_literal_syntax supports_lambda_functions
        allow_extract_single_quotes supports_array_typedef_with_brackets supports_from_first_select
        supports_order_by_all supports_select_wildcard_exclude supports_notnull_operator
        supports_select_wildcard_replace supports_comma_separated_trim supports_numeric_literal_underscores
        supports_select_wildcard_rename supports_select_wildcard_ilike supports_select_expr_star
        supports_aliased_function_args supports_values_as_table_factor supports_in_empty_list
        supports_window_clause_named_window_reference supports_parens_around_table_factor
        supports_window_function_null_treatment_arg supports_left_associative_joins_without_parens
        supports_string_escape_constant supports_nested_comments allow_extract_custom
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        match parser.peek_token_ref().token {
            Token::LBracket => parser.maybe_parse(comprehension).transpose(),
            Token::Sharp if matches!(parser.peek_nth_token_ref(1).token, Token::Number(..)) => Some(position(parser)),
            _ => None,
        }
    }
}

fn comprehension(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LBracket)?;
    let value = parser.parse_expr()?;
    parser.expect_keyword(Keyword::FOR)?;
    let mut names = vec![parser.parse_identifier()?];
    while parser.consume_token(&Token::Comma) {
        names.push(parser.parse_identifier()?);
    }
    parser.expect_keyword(Keyword::IN)?;
    let list = parser.parse_expr()?;
    let mut bodies = vec![value];
    if parser.parse_keyword(Keyword::IF) {
        bodies.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RBracket)?;
    let mut args = vec![list];
    args.extend(bodies.into_iter().map(|body| lambda(&names, body)));
    Ok(call(COMPREHENSION, args))
}

fn lambda(names: &[Ident], body: Expr) -> Expr {
    let parameter = |name: &Ident| sqlparser::ast::LambdaFunctionParameter { name: name.clone(), data_type: None };
    Expr::Lambda(sqlparser::ast::LambdaFunction {
        params: sqlparser::ast::OneOrManyWithParens::Many(names.iter().map(parameter).collect()),
        body: Box::new(body),
        syntax: sqlparser::ast::LambdaSyntax::LambdaKeyword,
    })
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn position(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::Sharp)?;
    let number = parser.next_token();
    let mut name = Ident::new(format!("{POSITION_PREFIX}{}", number.token));
    name.span = number.span;
    Ok(Expr::Identifier(name))
}
