//! Queries that are one scan of a relation with a condition on its rows, so that several of them can be counted in one scan.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::dialect::Dialect;
use super::lines::Lines;

/// What may follow a condition, or join queries.
const AFTER_CONDITION: &[Keyword] = &[
    Keyword::EXCEPT,
    Keyword::FETCH,
    Keyword::FOR,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::INTERSECT,
    Keyword::INTO,
    Keyword::LIMIT,
    Keyword::OFFSET,
    Keyword::ORDER,
    Keyword::UNION,
    Keyword::WINDOW,
];

/// A query that gives as many rows as a relation has rows for which a condition is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredScan<'a> {
    /// What stands after `from`: a name or a query in parentheses, with its alias.
    pub relation: &'a str,
    /// What stands after `where`.
    pub condition: &'a str,
}

impl<'a> FilteredScan<'a> {
    /// Reads `select … from <one relation> where <condition>`. None where the query may be anything else, and where it selects more than
    /// numbers, a star and names that the condition has too: what it selects may fail where the condition does not.
    pub fn parse(sql: &'a str, dialect: Dialect) -> Option<Self> {
        let tokens = Tokenizer::new(dialect.grammar(), sql).tokenize_with_location().ok()?;
        let tokens: Vec<&TokenWithSpan> =
            tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF)).collect();
        let (first, rest) = tokens.split_first()?;
        let outermost = outermost(rest)?;
        let place = |keyword| outermost.iter().copied().find(|at| is_keyword(rest[*at], keyword));
        let (from, filter) = (place(Keyword::FROM)?, place(Keyword::WHERE)?);
        if !is_keyword(first, Keyword::SELECT) || from > filter || filter + 1 == rest.len() {
            return None;
        }
        let (selected, relation, condition) = (&rest[..from], &rest[from + 1..filter], &rest[filter + 1..]);
        let ends = outermost.iter().any(|at| AFTER_CONDITION.iter().any(|keyword| is_keyword(rest[*at], *keyword)));
        if ends || rest.iter().any(|token| token.token == Token::SemiColon) {
            return None;
        }
        if !selects_what_is_known(selected, condition) || !is_one_relation(relation) {
            return None;
        }
        let lines = Lines::new(sql);
        let text = |tokens: &[&TokenWithSpan]| -> Option<&'a str> {
            let whole: Range<usize> = lines.range(tokens.first()?.span).start..lines.range(tokens.last()?.span).end;
            sql.get(whole)
        };
        Some(Self { relation: text(relation)?, condition: text(condition)? })
    }
}

/// Places of the tokens that are in no parentheses; none where these do not match.
fn outermost(tokens: &[&TokenWithSpan]) -> Option<Vec<usize>> {
    let mut depth = 0_usize;
    let mut places = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.checked_sub(1)?,
            _ if depth == 0 => places.push(at),
            _ => {}
        }
    }
    (depth == 0).then_some(places)
}

fn is_keyword(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword)
}

fn word(token: &TokenWithSpan) -> Option<&Word> {
    match &token.token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

fn selects_what_is_known(selected: &[&TokenWithSpan], condition: &[&TokenWithSpan]) -> bool {
    !selected.is_empty()
        && selected.iter().all(|token| match &token.token {
            Token::Mul | Token::Comma | Token::Period | Token::Number(..) => true,
            Token::Word(word) if word.keyword == Keyword::DISTINCT => false,
            Token::Word(word) => condition.iter().any(|token| token.token == Token::Word(word.clone())),
            _ => false,
        })
}

/// Whether this is a name, or a query in parentheses, with an alias or without.
fn is_one_relation(tokens: &[&TokenWithSpan]) -> bool {
    let named = match tokens.first().map(|token| &token.token) {
        Some(Token::LParen) => end_of_parentheses(tokens),
        Some(Token::Word(_)) => {
            let mut end = 1;
            while tokens.get(end).is_some_and(|token| token.token == Token::Period) {
                end += 2;
            }
            Some(end)
        }
        _ => None,
    };
    let Some(rest) = named.and_then(|end| tokens.get(end..)) else { return false };
    match rest {
        [] => true,
        [alias] => word(alias).is_some(),
        [r#as, alias] => is_keyword(r#as, Keyword::AS) && word(alias).is_some(),
        _ => false,
    }
}

/// The token after the parenthesis that closes the first one.
fn end_of_parentheses(tokens: &[&TokenWithSpan]) -> Option<usize> {
    let mut depth = 0_i32;
    let closes = |token: &&TokenWithSpan| {
        depth += match token.token {
            Token::LParen => 1,
            Token::RParen => -1,
            _ => 0,
        };
        depth == 0
    };
    tokens.iter().position(closes).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(sql: &str) -> Option<(&str, &str)> {
        FilteredScan::parse(sql, Dialect::POSTGRES).map(|scan| (scan.relation, scan.condition))
    }

    #[test]
    fn tests_of_rows_are_scans() {
        let name = r#""db"."main"."Orders""#;
        assert_eq!(parse(&format!("\nselect id\nfrom {name}\nwhere id is null\n\n")), Some((name, "id is null")));
        assert_eq!(parse("select * from t as x where not(a > 'ü') -- ü"), Some(("t as x", "not(a > 'ü')")));
        assert_eq!(parse("SELECT 1 FROM s.t WHERE b in (select b from u where b > 0)").unwrap().0, "s.t");
        let filtered = "(select * from t where day > now()) dbt_subquery";
        assert_eq!(parse(&format!("select a from {filtered} where a is null")), Some((filtered, "a is null")));
    }

    #[test]
    fn all_else_is_none() {
        for sql in [
            "select id from t",
            "select distinct id from t where id is distinct from 1",
            "select id from t where id is null group by id",
            "select id from t where id is null limit 1",
            "select id from t where id is null union all select 1 from t where true",
            "select other from t where id is null",
            "select 1/id from t where id = 0",
            "select count(*) from t where id is null",
            "select id as a from t where id is null",
            "select id from t, u where id is null",
            "select id from t join u on true where id is null",
            "select id from (select 1 as id) a, (select 2) b where id is null",
            "select id from generate_series(1, 2) where id is null",
            "select id from t where",
            "select id from t where id is null;",
            "select id from t where id is null)",
            "with t as (select 1 as id) select id from t where id is null",
            "",
            "'",
        ] {
            assert_eq!(parse(sql), None, "{sql}");
        }
    }
}
