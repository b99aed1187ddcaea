//! DuckDB's ways to write an item of a select list or of `from` that sqlparser does not read, put into words that it does:
//! `alias: value`, `* like 'x%'`, `*columns(…)`.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::rewrite::{is_any_word, is_word, word};

/// The function that stands for `*columns(…)`: the columns as so many arguments of the call around it.
pub(super) const UNPACKED_COLUMNS: &str = "__unpacked_columns";

/// The name that stands for a column's name in a condition on names.
const COLUMN_NAME: &str = "__column_name";

const JOINS: &[&str] =
    &["join", "left", "right", "inner", "full", "cross", "natural", "asof", "positional", "semi", "anti"];
const ENDS: &[&str] = &[
    "where",
    "group",
    "having",
    "qualify",
    "window",
    "order",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "on",
    "using",
    "tablesample",
];

/// What is read within one pair of brackets.
#[derive(Clone, Copy, Default, PartialEq)]
enum Clause {
    SelectList,
    From,
    #[default]
    Other,
}

#[derive(Default)]
struct Level {
    clause: Clause,
    is_item_start: bool,
    /// The name that goes behind the item.
    alias: Option<TokenWithSpan>,
}

impl Level {
    fn end_item(&mut self, made: &mut Vec<TokenWithSpan>) {
        if let Some(alias) = self.alias.take() {
            made.push(word("AS", Keyword::AS, alias.span));
            made.push(alias);
        }
    }

    fn begin(&mut self, clause: Clause, made: &mut Vec<TokenWithSpan>) {
        self.end_item(made);
        self.clause = clause;
        self.is_item_start = clause != Clause::Other;
    }
}

/// Puts the items into words that sqlparser reads. Tokens are without whitespace.
pub(super) fn plain_items(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_rare = |pair: &[TokenWithSpan]| {
        pair[1].token == Token::Colon && matches!(pair[0].token, Token::Word(_))
            || pair[0].token == Token::Mul && is_any_word(&pair[1], &["columns", "not", "like", "glob", "similar"])
    };
    if !tokens.windows(2).any(is_rare) {
        return tokens;
    }
    let mut levels = vec![Level::default()];
    let mut made = Vec::with_capacity(tokens.len() + 16);
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let Some(level) = levels.last_mut() else { return tokens };
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                level.is_item_start = false;
                levels.push(Level::default());
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                level.end_item(&mut made);
                levels.pop();
            }
            Token::SemiColon | Token::EOF => level.begin(Clause::Other, &mut made),
            Token::Comma => {
                level.end_item(&mut made);
                level.is_item_start = level.clause != Clause::Other;
            }
            _ if is_word(token, "select") => {
                level.begin(Clause::SelectList, &mut made);
            }
            _ if level.is_item_start && is_any_word(token, &["distinct", "all"]) => {}
            _ if is_word(token, "from") && !is_distinct_from(&tokens, at) => level.begin(Clause::From, &mut made),
            _ if level.clause == Clause::From && is_any_word(token, JOINS) => {
                level.begin(Clause::From, &mut made);
            }
            _ if level.clause != Clause::Other && is_any_word(token, ENDS) && !level.is_item_start => {
                let clause = if level.clause == Clause::From && is_any_word(token, &["on", "using"]) {
                    Clause::From // a join may follow
                } else {
                    Clause::Other
                };
                level.begin(clause, &mut made);
                level.is_item_start = false;
            }
            Token::Word(_) if level.is_item_start && is_at(&tokens, at + 1, &Token::Colon) => {
                level.alias = Some(token.clone());
                at += 2;
                continue;
            }
            Token::Mul if opens_columns(&tokens, at + 1) && at > 0 && begins_argument(&tokens[at - 1]) => {
                made.push(word(UNPACKED_COLUMNS, Keyword::NoKeyword, token.span));
                at += 2;
                continue;
            }
            Token::Mul if level.clause == Clause::SelectList => {
                level.is_item_start = false;
                if let Some(end) = filtered_star(&tokens, at, &mut made) {
                    at = end;
                    continue;
                }
            }
            // `t.*` is one star.
            Token::Word(_) | Token::Period if level.is_item_start && is_within_name(&tokens, at) => {}
            _ => level.is_item_start = false,
        }
        made.push(token.clone());
        at += 1;
    }
    made
}

fn is_at(tokens: &[TokenWithSpan], at: usize, token: &Token) -> bool {
    tokens.get(at).is_some_and(|found| found.token == *token)
}

/// `a is not distinct from b`, which is no clause.
fn is_distinct_from(tokens: &[TokenWithSpan], at: usize) -> bool {
    at > 1 && is_word(&tokens[at - 1], "distinct") && is_any_word(&tokens[at - 2], &["is", "not"])
}

fn opens_columns(tokens: &[TokenWithSpan], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| is_word(token, "columns")) && is_at(tokens, at + 1, &Token::LParen)
}

fn begins_argument(before: &TokenWithSpan) -> bool {
    matches!(before.token, Token::LParen | Token::LBracket | Token::Comma)
}

fn is_within_name(tokens: &[TokenWithSpan], at: usize) -> bool {
    let star = tokens[at..].iter().position(|token| token.token == Token::Mul);
    star.is_some_and(|star| {
        tokens[at..at + star].iter().all(|token| matches!(token.token, Token::Word(_) | Token::Period))
    })
}

/// `* not like 'x%'` → `columns(*, name -> name not like 'x%')`, also of `t.*`. Gives the position after it.
fn filtered_star(tokens: &[TokenWithSpan], star: usize, made: &mut Vec<TokenWithSpan>) -> Option<usize> {
    let span = tokens[star].span;
    let mut at = star + 1;
    let is_negated = is_word(tokens.get(at)?, "not");
    at += usize::from(is_negated);
    let operator = tokens.get(at)?;
    let mut condition: Vec<TokenWithSpan> = tokens[star + 1..at].to_vec();
    let pattern;
    if is_any_word(operator, &["like", "ilike"]) {
        condition.push(operator.clone());
        pattern = tokens.get(at + 1)?.clone();
        at += 2;
    } else if is_word(operator, "glob") {
        condition.push(word("LIKE", Keyword::LIKE, span));
        let Token::SingleQuotedString(glob) = &tokens.get(at + 1)?.token else { return None };
        if glob.contains(['%', '_', '[', '\\']) {
            return None;
        }
        pattern = TokenWithSpan::new(Token::SingleQuotedString(glob.replace('*', "%").replace('?', "_")), span);
        at += 2;
    } else if is_word(operator, "similar") && is_word(tokens.get(at + 1)?, "to") {
        condition.extend(tokens[at..at + 2].iter().cloned());
        pattern = tokens.get(at + 2)?.clone();
        at += 3;
    } else {
        return None;
    }
    if !matches!(pattern.token, Token::SingleQuotedString(_)) {
        return None;
    }
    condition.push(pattern);
    // What stands before a qualified star is within the call too.
    let mut begin = made.len();
    while begin > 0 && matches!(made[begin - 1].token, Token::Period) {
        begin = begin.checked_sub(2)?;
    }
    let qualifier = made.split_off(begin);
    let name = || word(COLUMN_NAME, Keyword::NoKeyword, span);
    made.push(word("columns", Keyword::NoKeyword, span));
    made.push(TokenWithSpan::new(Token::LParen, span));
    made.extend(qualifier);
    made.push(tokens[star].clone());
    made.push(TokenWithSpan::new(Token::Comma, span));
    made.push(name());
    made.push(TokenWithSpan::new(Token::Arrow, span));
    made.push(name());
    made.extend(condition);
    made.push(TokenWithSpan::new(Token::RParen, span));
    Some(at)
}
