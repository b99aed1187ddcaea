//! DuckDB's statements that sqlparser does not read, put into words that it does: `pivot`, `unpivot`, joins and samples.
//!
//! Works on tokens, so that every name keeps its place. What is changed has the same columns and the same lineage.

use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::select_items::plain_items;

/// The function that stands for the list after `pivot … on`.
pub(super) const PIVOT_ON: &str = "__pivot_on";
/// The function that stands for the list after `pivot … using`.
pub(super) const PIVOT_USING: &str = "__pivot_using";
/// The function that stands for the list after `unpivot … on`; then come the names of the two columns it makes.
pub(super) const UNPIVOT_ON: &str = "__unpivot_on";

pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let tokens: Vec<TokenWithSpan> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let rare =
        ["pivot", "unpivot", "pivot_wider", "pivot_longer", "asof", "positional", "sample", "key", "materialized"];
    let has_power = tokens.windows(2).any(|pair| is_power(&pair[0], &pair[1]));
    let tokens = if has_power || tokens.iter().any(|token| is_any_word(token, &rare)) {
        pivots(joins_and_samples(tokens))
    } else {
        tokens
    };
    plain_items(from_first(tokens))
}

/// `a ** b`, which is read as two stars.
fn is_power(one: &TokenWithSpan, other: &TokenWithSpan) -> bool {
    one.token == Token::Mul && other.token == Token::Mul && one.span.end == other.span.start
}

/// `from t where …` → `select * from t where …`.
fn from_first(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    /// A query, or anything else in parentheses, as far as it is read.
    #[derive(Clone, Copy, Default)]
    struct Part {
        has_begun: bool,
        has_with: bool,
        has_select: bool,
    }
    let mut parts = vec![Part::default()];
    let mut made = Vec::with_capacity(tokens.len() + 2);
    for (at, token) in tokens.iter().enumerate() {
        let part = parts.last_mut();
        let Some(part) = part else { return tokens };
        match token.token {
            Token::LParen => {
                part.has_begun = true;
                parts.push(Part::default());
            }
            Token::RParen => {
                parts.pop();
            }
            _ if is_any_word(token, &["union", "except", "intersect"]) => *part = Part::default(),
            // `union all by name from t`
            _ if !part.has_begun && is_any_word(token, &["all", "by", "name", "distinct"]) && at > 0 => {}
            _ if is_word(token, "with") && !part.has_begun => {
                part.has_begun = true;
                part.has_with = true;
            }
            _ if is_word(token, "select") => {
                part.has_begun = true;
                part.has_select = true;
            }
            _ if is_word(token, "from") && !part.has_select && (!part.has_begun || part.has_with) => {
                part.has_begun = true;
                part.has_select = true;
                let end = end_of_part(&tokens, at + 1, &["select", "union", "except", "intersect"]);
                if !tokens.get(end).is_some_and(|token| is_word(token, "select")) {
                    made.push(word("SELECT", Keyword::SELECT, token.span));
                    made.push(TokenWithSpan::new(Token::Mul, token.span));
                }
            }
            _ => part.has_begun = true,
        }
        made.push(token.clone());
    }
    made
}

pub(super) fn is_any_word(token: &TokenWithSpan, words: &[&str]) -> bool {
    words.iter().any(|word| is_word(token, word))
}

pub(super) fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    matches!(&token.token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

fn joins_and_samples(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let next = |steps: usize| tokens.get(at + steps);
        let is_next = |steps: usize, words: &[&str]| next(steps).is_some_and(|token| is_any_word(token, words));
        // `as materialized (`; elsewhere the word is a name like others.
        let opens = |steps: usize| next(steps).is_some_and(|token| token.token == Token::LParen);
        if is_word(&tokens[at], "asof") && is_next(1, &["join", "left", "right", "inner", "full"]) {
            at += 1;
        } else if is_word(&tokens[at], "positional") && is_next(1, &["join"]) {
            kept.push(word("CROSS", Keyword::CROSS, tokens[at].span));
            at += 1;
        } else if is_word(&tokens[at], "using") && is_next(1, &["sample"]) {
            at = end_of_part(&tokens, at + 2, &["order", "limit", "offset", "union", "except", "intersect", "window"]);
        } else if next(1).is_some_and(|next| is_power(&tokens[at], next)) {
            kept.push(TokenWithSpan::new(Token::Caret, tokens[at].span));
            at += 2;
        } else if is_word(&tokens[at], "as") && is_next(1, &["materialized"]) && opens(2) {
            kept.push(tokens[at].clone());
            at += 2;
        } else if is_word(&tokens[at], "as") && is_next(1, &["not"]) && is_next(2, &["materialized"]) && opens(3) {
            kept.push(tokens[at].clone());
            at += 3;
        } else if is_word(&tokens[at], "using") && is_next(1, &["key"]) {
            // `with recursive t using key (a) as (…)`: which rows are kept, not where columns come from.
            at = next(2).map_or(at + 2, |_| end_of_group(&tokens, at + 2));
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The position after the group in parentheses that begins at `at`; `at` if none does.
fn end_of_group(tokens: &[TokenWithSpan], at: usize) -> usize {
    if tokens.get(at).is_none_or(|token| token.token != Token::LParen) {
        return at;
    }
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// The position of the first of `words` outside of parentheses, of the end of the group that `at` is in, or of the statement.
fn end_of_part(tokens: &[TokenWithSpan], at: usize, words: &[&str]) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace if depth == 0 => return index,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            Token::SemiColon | Token::EOF => return index,
            _ if depth == 0 && is_any_word(token, words) => return index,
            _ => {}
        }
    }
    tokens.len()
}

/// `pivot source on list using list group by …` → `select pivot_on(list), pivot_using(list) from source group by …`.
fn pivots(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut made = Vec::with_capacity(tokens.len() + 16);
    let mut at = 0;
    while at < tokens.len() {
        let begins = at == 0 || matches!(tokens[at - 1].token, Token::LParen | Token::RParen | Token::SemiColon);
        let is_statement = begins
            && is_any_word(&tokens[at], &["pivot", "unpivot", "pivot_wider", "pivot_longer"])
            && tokens.get(at + 1).is_some_and(|next| {
                // After a closing parenthesis stands the clause of a relation, `t pivot (…)`, unless it ends a `with`.
                at == 0 || tokens[at - 1].token != Token::RParen || next.token != Token::LParen
            });
        if is_statement && let Some(end) = pivot(&tokens, at, &mut made) {
            at = end;
        } else {
            made.push(tokens[at].clone());
            at += 1;
        }
    }
    made
}

/// Writes one statement; gives the position after it. Nothing, if it has no `on`.
fn pivot(tokens: &[TokenWithSpan], at: usize, made: &mut Vec<TokenWithSpan>) -> Option<usize> {
    let span = tokens[at].span;
    let is_pivot = is_any_word(&tokens[at], &["pivot", "pivot_wider"]);
    let on = end_of_part(tokens, at + 1, &["on"]);
    if on >= tokens.len() || !is_word(&tokens[on], "on") {
        return None;
    }
    let source = pivots(tokens[at + 1..on].to_vec());
    let tail = ["group", "order", "limit", "offset", "union", "except", "intersect"];
    let push_call = |made: &mut Vec<TokenWithSpan>, name: &str, inner: &[TokenWithSpan]| {
        made.push(word(name, Keyword::NoKeyword, span));
        made.push(TokenWithSpan::new(Token::LParen, span));
        made.extend_from_slice(inner);
        made.push(TokenWithSpan::new(Token::RParen, span));
    };
    made.push(word("SELECT", Keyword::SELECT, span));
    let end;
    if is_pivot {
        let list_end = end_of_part(tokens, on + 1, &[&["using"], &tail[..]].concat());
        push_call(made, PIVOT_ON, &tokens[on + 1..list_end]);
        if tokens.get(list_end).is_some_and(|token| is_word(token, "using")) {
            end = end_of_part(tokens, list_end + 1, &tail);
            made.push(TokenWithSpan::new(Token::Comma, span));
            push_call(made, PIVOT_USING, &tokens[list_end + 1..end]);
        } else {
            end = list_end;
        }
    } else {
        let list_end = end_of_part(tokens, on + 1, &[&["into"], &tail[..]].concat());
        push_call(made, UNPIVOT_ON, &tokens[on + 1..list_end]);
        let (mut name, mut values) = (vec![], vec![]);
        let mut next = list_end;
        if tokens.get(next).is_some_and(|token| is_word(token, "into")) {
            next += 1;
            if tokens.get(next).is_some_and(|token| is_word(token, "name")) {
                let value = end_of_part(tokens, next + 1, &[&["value"], &tail[..]].concat());
                name = tokens[next + 1..value].to_vec();
                next = value;
            }
            if tokens.get(next).is_some_and(|token| is_word(token, "value")) {
                let value_end = end_of_part(tokens, next + 1, &tail);
                values = tokens[next + 1..value_end].to_vec();
                next = value_end;
            }
        }
        end = next;
        if name.is_empty() {
            name.push(word("name", Keyword::NoKeyword, span));
        }
        if values.is_empty() {
            values.push(word("value", Keyword::NoKeyword, span));
        }
        for part in [name, values] {
            made.push(TokenWithSpan::new(Token::Comma, span));
            push_call(made, UNPIVOT_ON, &part);
        }
    }
    made.push(word("FROM", Keyword::FROM, span));
    made.extend(source);
    Some(end)
}

pub(super) fn word(value: &str, keyword: Keyword, span: Span) -> TokenWithSpan {
    let Ident { value, .. } = Ident::new(value);
    TokenWithSpan::new(Token::Word(Word { value, quote_style: None, keyword }), span)
}
