//! Jinja2's expression grammar.

use std::ops::Range;

use super::lexer::TokenKind;
use super::parser::{Parse, Parser, Patch};
use super::syntax::{Args, BinaryOp, Expr, ExprKind, SyntaxError, escapes_differ, quote, unescape};

/// How many operators may follow each other in one expression.
const MAX_CHAIN: usize = 400;

impl<'a> Parser<'_, 'a> {
    pub(crate) fn reads(&mut self, name: &str) {
        if let Some(uses) = self.uses.last_mut() {
            match name {
                "varargs" => uses.varargs = true,
                "kwargs" => uses.kwargs = true,
                "caller" => uses.caller = true,
                _ => {}
            }
        }
    }

    /// One expression, or several with commas: a tuple without parentheses.
    pub(crate) fn tuple(&mut self) -> Parse<Expr<'a>> {
        self.tuple_of(Self::expression)
    }

    pub(crate) fn condition(&mut self) -> Parse<Expr<'a>> {
        self.tuple_of(Self::or)
    }

    pub(crate) fn tuple_of(&mut self, item: fn(&mut Self) -> Parse<Expr<'a>>) -> Parse<Expr<'a>> {
        let first = item(self)?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let start = first.start;
        let mut items = vec![first];
        while self.skip_op(",") {
            let ended = match self.peek() {
                None => true,
                Some(token) => {
                    matches!(token.kind, TokenKind::VariableEnd | TokenKind::BlockEnd)
                        || matches!(self.text(token), ")" | "]" | ":") && token.kind == TokenKind::Operator
                }
            };
            if ended {
                break;
            }
            items.push(item(self)?);
        }
        Ok(Expr { kind: ExprKind::Tuple { items, bare: true }, start, end: self.previous_end() })
    }

    pub(crate) fn expression(&mut self) -> Parse<Expr<'a>> {
        self.deeper()?;
        let mut expr = self.or()?;
        while self.skip_name("if") {
            let test = self.or()?;
            let otherwise = if self.skip_name("else") { Some(Box::new(self.expression()?)) } else { None };
            let start = expr.start;
            expr = Expr {
                kind: ExprKind::IfElse { test: Box::new(test), then: Box::new(expr), otherwise },
                start,
                end: self.previous_end(),
            };
        }
        self.depth -= 1;
        Ok(expr)
    }

    /// One more link of a chain; trees of chains are deep too.
    fn longer(&self, length: &mut usize) -> Parse<()> {
        *length += 1;
        if *length > MAX_CHAIN {
            return Err(self.unexpected(&format!("at most {MAX_CHAIN} operators in a row")));
        }
        Ok(())
    }

    fn binary(
        &mut self,
        operand: fn(&mut Self) -> Parse<Expr<'a>>,
        operator: fn(&Self) -> Option<BinaryOp>,
    ) -> Parse<Expr<'a>> {
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some(op) = operator(self) {
            self.longer(&mut length)?;
            let token = self.next().expect("an operator was seen");
            let right = operand(self)?;
            let (start, end) = (left.start, right.end);
            left = Expr {
                kind: ExprKind::Binary {
                    op,
                    op_range: token.start..token.end,
                    left: Box::new(left),
                    right: Box::new(right),
                },
                start,
                end,
            };
        }
        Ok(left)
    }

    pub(crate) fn or(&mut self) -> Parse<Expr<'a>> {
        self.binary(Self::and, |p| p.is_name("or").then_some(BinaryOp::Or))
    }

    fn and(&mut self) -> Parse<Expr<'a>> {
        self.binary(Self::not, |p| p.is_name("and").then_some(BinaryOp::And))
    }

    fn not(&mut self) -> Parse<Expr<'a>> {
        if self.is_name("not") {
            let token = self.next().expect("a token was seen");
            self.deeper()?;
            let inner = self.not()?;
            self.depth -= 1;
            let end = inner.end;
            return Ok(Expr { kind: ExprKind::Not(Box::new(inner)), start: token.start, end });
        }
        self.compare()
    }

    fn compare(&mut self) -> Parse<Expr<'a>> {
        let first = self.additive()?;
        let mut rest = Vec::new();
        loop {
            let operator = self.peek().filter(|t| {
                t.kind == TokenKind::Operator && matches!(self.text(*t), "==" | "!=" | "<" | "<=" | ">" | ">=")
            });
            let first_token = self.at;
            if operator.is_some() || self.is_name("in") {
                self.at += 1;
            } else if self.is_name("not")
                && self.tokens.get(self.at + 1).is_some_and(|t| t.kind == TokenKind::Name && self.text(*t) == "in")
            {
                self.at += 2;
            } else {
                break;
            }
            let operator = self.tokens[first_token].start..self.previous_end();
            rest.push((operator, self.additive()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let start = first.start;
        Ok(Expr { kind: ExprKind::Compare { first: Box::new(first), rest }, start, end: self.previous_end() })
    }

    fn operator(&self, table: &[(&str, BinaryOp)]) -> Option<BinaryOp> {
        let token = self.peek().filter(|t| t.kind == TokenKind::Operator)?;
        let text = self.text(token);
        table.iter().find(|(word, _)| *word == text).map(|(_, op)| *op)
    }

    fn additive(&mut self) -> Parse<Expr<'a>> {
        self.binary(Self::concat, |p| p.operator(&[("+", BinaryOp::Add), ("-", BinaryOp::Sub)]))
    }

    fn concat(&mut self) -> Parse<Expr<'a>> {
        self.binary(Self::multiplicative, |p| p.operator(&[("~", BinaryOp::Concat)]))
    }

    fn multiplicative(&mut self) -> Parse<Expr<'a>> {
        self.binary(Self::power, |p| {
            p.operator(&[("*", BinaryOp::Mul), ("/", BinaryOp::Div), ("//", BinaryOp::FloorDiv), ("%", BinaryOp::Rem)])
        })
    }

    fn power(&mut self) -> Parse<Expr<'a>> {
        self.binary(|p| p.unary(true), |p| p.operator(&[("**", BinaryOp::Pow)]))
    }

    fn unary(&mut self, with_filters: bool) -> Parse<Expr<'a>> {
        let expr = if self.is_op("-") || self.is_op("+") {
            let token = self.next().expect("a token was seen");
            self.deeper()?;
            let inner = Box::new(self.unary(false)?);
            self.depth -= 1;
            let end = inner.end;
            let kind = if self.text(token) == "-" { ExprKind::Neg(inner) } else { ExprKind::Pos(inner) };
            Expr { kind, start: token.start, end }
        } else {
            self.primary()?
        };
        let expr = self.postfix(expr)?;
        if with_filters { self.filters_and_tests(expr) } else { Ok(expr) }
    }

    fn primary(&mut self) -> Parse<Expr<'a>> {
        let Some(token) = self.peek() else {
            return Err(self.unexpected("an expression"));
        };
        let text = self.text(token);
        let kind = match token.kind {
            TokenKind::Name => match text {
                "true" | "True" => ExprKind::Bool(true),
                "false" | "False" => ExprKind::Bool(false),
                "none" | "None" => ExprKind::None,
                _ => {
                    self.reads(text);
                    ExprKind::Name(text)
                }
            },
            TokenKind::Str => return self.strings(),
            TokenKind::Int => ExprKind::Int(integer(text)),
            TokenKind::Float => ExprKind::Float(text.replace('_', "").parse().unwrap_or(f64::NAN)),
            TokenKind::Operator => match text {
                "(" => return self.parenthesised(),
                "[" => return self.list(),
                "{" => return self.dict(),
                _ => return Err(SyntaxError::new(token.start..token.end, format!("unexpected '{text}'"))),
            },
            _ => return Err(self.unexpected("an expression")),
        };
        self.at += 1;
        Ok(Expr { kind, start: token.start, end: token.end })
    }

    fn strings(&mut self) -> Parse<Expr<'a>> {
        let start = self.peek().map_or(0, |t| t.start);
        let mut value = String::new();
        while let Some(token) = self.peek().filter(|t| t.kind == TokenKind::Str) {
            let inside = &self.source[token.start + 1..token.end - 1];
            let piece = unescape(inside);
            if escapes_differ(inside) {
                self.patches.push(Patch { range: token.start..token.end, text: quote(&piece) });
            }
            value.push_str(&piece);
            self.at += 1;
        }
        Ok(Expr { kind: ExprKind::Str(value), start, end: self.previous_end() })
    }

    fn parenthesised(&mut self) -> Parse<Expr<'a>> {
        let open = self.next().expect("a parenthesis was seen");
        self.deeper()?;
        let kind = if self.is_op(")") {
            ExprKind::Tuple { items: Vec::new(), bare: false }
        } else {
            let inner = self.tuple()?;
            match inner.kind {
                ExprKind::Tuple { items, bare: true } => ExprKind::Tuple { items, bare: false },
                kind => ExprKind::Paren(Box::new(Expr { kind, ..inner })),
            }
        };
        let close = self.expect_op(")")?;
        self.depth -= 1;
        Ok(Expr { kind, start: open.start, end: close.end })
    }

    fn list(&mut self) -> Parse<Expr<'a>> {
        let open = self.next().expect("a bracket was seen");
        self.deeper()?;
        let mut items = Vec::new();
        while !self.is_op("]") {
            if !items.is_empty() {
                self.expect_op(",")?;
                if self.is_op("]") {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        let close = self.expect_op("]")?;
        self.depth -= 1;
        Ok(Expr { kind: ExprKind::List(items), start: open.start, end: close.end })
    }

    fn dict(&mut self) -> Parse<Expr<'a>> {
        let open = self.next().expect("a brace was seen");
        self.deeper()?;
        let mut items = Vec::new();
        while !self.is_op("}") {
            if !items.is_empty() {
                self.expect_op(",")?;
                if self.is_op("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_op(":")?;
            items.push((key, self.expression()?));
        }
        let close = self.expect_op("}")?;
        self.depth -= 1;
        Ok(Expr { kind: ExprKind::Dict(items), start: open.start, end: close.end })
    }

    fn postfix(&mut self, mut expr: Expr<'a>) -> Parse<Expr<'a>> {
        let mut length = 0;
        loop {
            self.longer(&mut length)?;
            let start = expr.start;
            let kind = if self.skip_op(".") {
                match self.peek() {
                    Some(token) if token.kind == TokenKind::Name => {
                        self.at += 1;
                        ExprKind::Attr(Box::new(expr), self.text(token))
                    }
                    Some(token) if token.kind == TokenKind::Int => {
                        self.at += 1;
                        let index =
                            Expr { kind: ExprKind::Int(integer(self.text(token))), start: token.start, end: token.end };
                        ExprKind::Item { base: Box::new(expr), index: Box::new(index) }
                    }
                    _ => return Err(self.unexpected("name or number")),
                }
            } else if self.is_op("[") {
                self.subscript(expr)?
            } else if self.is_op("(") {
                ExprKind::Call { base: Box::new(expr), args: self.args()? }
            } else {
                return Ok(expr);
            };
            expr = Expr { kind, start, end: self.previous_end() };
        }
    }

    fn subscript(&mut self, base: Expr<'a>) -> Parse<ExprKind<'a>> {
        let open = self.next().expect("a bracket was seen").start;
        let base = Box::new(base);
        let mut start = None;
        if !self.is_op(":") {
            let index = Box::new(self.tuple()?);
            if self.skip_op("]") {
                return Ok(ExprKind::Item { base, index });
            }
            start = Some(index);
        }
        let first_colon = self.expect_op(":")?.start;
        let mut stop = None;
        if !self.is_op(":") && !self.is_op("]") {
            stop = Some(Box::new(self.expression()?));
        }
        let mut second_colon = None;
        let mut step = None;
        if self.is_op(":") {
            second_colon = self.next().map(|t| t.start);
            if !self.is_op("]") {
                step = Some(Box::new(self.expression()?));
            }
        }
        self.expect_op("]")?;
        Ok(ExprKind::Slice { base, open, start, first_colon, stop, second_colon, step })
    }

    fn args(&mut self) -> Parse<Args<'a>> {
        self.expect_op("(")?;
        self.deeper()?;
        let mut args = Args::default();
        let mut first = true;
        while !self.is_op(")") {
            if !first {
                self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            first = false;
            if self.skip_op("**") || self.skip_op("*") {
                args.splats.push(self.expression()?);
                continue;
            }
            let named = self.is_kind(TokenKind::Name)
                && self.tokens.get(self.at + 1).is_some_and(|t| t.kind == TokenKind::Operator && self.text(*t) == "=");
            if named {
                let token = self.next().expect("a name was seen");
                self.at += 1;
                let value = self.expression()?;
                args.keyword.push((self.text(token), value));
            } else {
                let value = self.expression()?;
                if !args.keyword.is_empty() {
                    return Err(SyntaxError::new(
                        value.start..value.end,
                        "invalid syntax for function call expression: a positional argument follows a keyword argument",
                    ));
                }
                args.positional.push(value);
            }
        }
        self.expect_op(")")?;
        self.depth -= 1;
        Ok(args)
    }

    /// The place of a name with dots.
    fn dotted_name(&mut self) -> Parse<Range<usize>> {
        let start = self.expect_name()?.start;
        while self.skip_op(".") {
            self.expect_name()?;
        }
        Ok(start..self.previous_end())
    }

    fn filters_and_tests(&mut self, mut expr: Expr<'a>) -> Parse<Expr<'a>> {
        let mut length = 0;
        loop {
            self.longer(&mut length)?;
            let start = expr.start;
            let kind = if self.skip_op("|") {
                let name = self.dotted_name()?;
                let args = if self.is_op("(") { self.args()? } else { Args::default() };
                ExprKind::Filter { name, base: Some(Box::new(expr)), args }
            } else if self.skip_name("is") {
                self.skip_name("not");
                let name = self.dotted_name()?;
                ExprKind::Test { name, base: Box::new(expr), args: self.test_args()? }
            } else if self.is_op("(") {
                ExprKind::Call { base: Box::new(expr), args: self.args()? }
            } else {
                return Ok(expr);
            };
            expr = Expr { kind, start, end: self.previous_end() };
        }
    }

    fn test_args(&mut self) -> Parse<Args<'a>> {
        if self.is_op("(") {
            return self.args();
        }
        let mut args = Args::default();
        let Some(token) = self.peek() else {
            return Ok(args);
        };
        let text = self.text(token);
        let starts_argument = match token.kind {
            TokenKind::Name => !matches!(text, "else" | "or" | "and" | "is" | "if" | "recursive"),
            TokenKind::Str | TokenKind::Int | TokenKind::Float => true,
            TokenKind::Operator => matches!(text, "[" | "{"),
            _ => false,
        };
        if starts_argument && !(text == "in" || text == "not") {
            let primary = self.primary()?;
            args.positional.push(self.postfix(primary)?);
        }
        Ok(args)
    }

    pub(crate) fn filter_chain(&mut self) -> Parse<Expr<'a>> {
        let start = self.peek().map_or(0, |t| t.start);
        let name = self.dotted_name()?;
        let args = if self.is_op("(") { self.args()? } else { Args::default() };
        let first = Expr { kind: ExprKind::Filter { name, base: None, args }, start, end: self.previous_end() };
        self.filters_and_tests(first)
    }
}

fn integer(text: &str) -> i128 {
    let digits = text.replace('_', "");
    let (radix, body) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ => (10, digits.as_str()),
    };
    i128::from_str_radix(body, radix).unwrap_or(i128::MAX)
}
