//! Reads tokens into the syntax tree, by Jinja2's grammar with the extensions `do` and `loopcontrols` and dbt's blocks.
//!
//! Errors use Jinja2's wording and point at the tag that was left open. What minijinja spells otherwise at token level (string
//! escapes, a colon before `%}`) is collected as [`Patch`]es on the way.

use std::fmt::Write as _;
use std::ops::Range;

use super::lexer::{Token, TokenKind, tokenize, tokenize_expression};
use super::syntax::{Expr, ExprKind, Macro, MacroKind, Param, Stmt, SyntaxError};

/// How deep expressions and blocks together may nest.
const MAX_DEPTH: usize = 100;

/// How deep blocks alone may nest; Python, and so Jinja2, allows fewer.
const MAX_BLOCKS: usize = 50;

/// A replacement of a piece of the source.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// A template as a tree.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    pub(crate) body: Vec<Stmt<'a>>,
    pub(crate) patches: Vec<Patch>,
}

/// Parses a whole template.
pub(crate) fn parse(source: &str) -> Result<Parsed<'_>, SyntaxError> {
    let tokens = tokenize(source)?;
    let mut parser = Parser::new(source, &tokens);
    let (body, end) = parser.statements(&[], None)?;
    debug_assert!(end.is_empty(), "only tags that were asked for end a body");
    Ok(Parsed { body, patches: parser.patches })
}

/// Parses a lone expression and hands it to `read`.
pub(crate) fn with_expression<T>(source: &str, read: impl FnOnce(&Expr<'_>) -> T) -> Result<T, SyntaxError> {
    let tokens = tokenize_expression(source)?;
    let mut parser = Parser::new(source, &tokens);
    let expr = parser.tuple()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected("end of expression"));
    }
    Ok(read(&expr))
}

pub(crate) struct Parser<'t, 'a> {
    pub(crate) source: &'a str,
    pub(crate) tokens: &'t [Token],
    pub(crate) at: usize,
    pub(crate) patches: Vec<Patch>,
    open: Vec<(&'a str, Range<usize>)>,
    pub(crate) uses: Vec<Uses>,
    pub(crate) depth: usize,
    loops: usize,
}

struct MaterializationArguments {
    adapter: String,
    supported_languages: Vec<String>,
}

#[derive(Default, Clone, Copy)]
pub(crate) struct Uses {
    pub(crate) varargs: bool,
    pub(crate) kwargs: bool,
    pub(crate) caller: bool,
}

pub(crate) type Parse<T> = Result<T, SyntaxError>;

impl<'t, 'a> Parser<'t, 'a> {
    fn new(source: &'a str, tokens: &'t [Token]) -> Self {
        Self { source, tokens, at: 0, patches: Vec::new(), open: Vec::new(), uses: Vec::new(), depth: 0, loops: 0 }
    }

    pub(crate) fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    pub(crate) fn text(&self, token: Token) -> &'a str {
        &self.source[token.start..token.end]
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    pub(crate) fn previous_end(&self) -> usize {
        self.tokens[self.at - 1].end
    }

    pub(crate) fn is_op(&self, op: &str) -> bool {
        self.peek().is_some_and(|t| t.kind == TokenKind::Operator && self.text(t) == op)
    }

    pub(crate) fn is_name(&self, name: &str) -> bool {
        self.peek().is_some_and(|t| t.kind == TokenKind::Name && self.text(t) == name)
    }

    pub(crate) fn is_kind(&self, kind: TokenKind) -> bool {
        self.peek().is_some_and(|t| t.kind == kind)
    }

    pub(crate) fn skip_op(&mut self, op: &str) -> bool {
        let found = self.is_op(op);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn unexpected(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            Some(token) => {
                let found = match token.kind {
                    TokenKind::BlockEnd => "end of statement block",
                    TokenKind::VariableEnd => "end of print statement",
                    TokenKind::Str => "string",
                    _ => self.text(token),
                };
                SyntaxError::new(token.start..token.end, format!("expected {expected}, got '{found}'"))
            }
            None => SyntaxError::new(
                self.source.len()..self.source.len(),
                format!("expected {expected}, got the end of the template"),
            ),
        }
    }

    pub(crate) fn expect_op(&mut self, op: &str) -> Parse<Token> {
        if self.is_op(op) {
            Ok(self.next().expect("a token was seen"))
        } else {
            Err(self.unexpected(&format!("token '{op}'")))
        }
    }

    pub(crate) fn expect_name(&mut self) -> Parse<Token> {
        if self.is_kind(TokenKind::Name) {
            Ok(self.next().expect("a token was seen"))
        } else {
            Err(self.unexpected("a name"))
        }
    }

    pub(crate) fn deeper(&mut self) -> Parse<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::new(self.peek().map_or(0..0, |t| t.start..t.end), "template nests too deeply"));
        }
        Ok(())
    }

    // Statements

    /// Statements up to one of the tags in `ends`; returns which, and leaves the position behind its keyword.
    fn statements(
        &mut self,
        ends: &[&str],
        opened: Option<(&'a str, Range<usize>)>,
    ) -> Parse<(Vec<Stmt<'a>>, &'a str)> {
        self.deeper()?;
        let opened_here = opened.is_some();
        if let Some(opened) = opened {
            if self.open.len() >= MAX_BLOCKS {
                return Err(SyntaxError::new(opened.1, "blocks nest too deeply"));
            }
            self.open.push(opened);
        }
        let mut body = Vec::new();
        loop {
            let Some(token) = self.next() else {
                if ends.is_empty() {
                    self.depth -= 1;
                    return Ok((body, ""));
                }
                return Err(self.unclosed(ends));
            };
            match token.kind {
                TokenKind::VariableBegin => {
                    let expr = self.tuple()?;
                    if !self.is_kind(TokenKind::VariableEnd) {
                        return Err(self.unexpected("token 'end of print statement'"));
                    }
                    self.at += 1;
                    body.push(Stmt::Output { expr });
                }
                TokenKind::BlockBegin => {
                    if !self.is_kind(TokenKind::Name) {
                        return Err(SyntaxError::new(
                            token.start..self.peek().map_or(token.end, |t| t.end),
                            "tag name expected",
                        ));
                    }
                    let keyword = self.next().expect("a name was seen");
                    let name = self.text(keyword);
                    if ends.contains(&name) {
                        if opened_here {
                            self.open.pop();
                        }
                        self.depth -= 1;
                        return Ok((body, name));
                    }
                    body.push(self.statement(token, keyword, ends)?);
                }
                _ => body.push(Stmt::Data),
            }
        }
    }

    fn unclosed(&self, ends: &[&str]) -> SyntaxError {
        let end = self.source.len();
        let wanted: Vec<String> = ends.iter().map(|e| format!("'{e}'")).collect();
        let mut text =
            format!("Unexpected end of template. Jinja was looking for the following tags: {}.", wanted.join(" or "));
        match self.open.last() {
            Some((name, range)) => {
                let _ = write!(text, " The innermost block that needs to be closed is '{name}'.");
                SyntaxError::new(range.clone(), text)
            }
            None => SyntaxError::new(end..end, text),
        }
    }

    fn unknown_tag(&self, keyword: Token, ends: &[&str]) -> SyntaxError {
        let name = self.text(keyword);
        let mut text = if name.starts_with("end") || matches!(name, "else" | "elif") {
            format!("Encountered unexpected tag '{name}'.")
        } else {
            format!("Encountered unknown tag '{name}'.")
        };
        let error = |text| SyntaxError::new(keyword.start..keyword.end, text);
        match self.open.last() {
            Some((open, range)) if !ends.is_empty() => {
                let wanted: Vec<String> = ends.iter().map(|e| format!("'{e}'")).collect();
                let _ = write!(
                    text,
                    " Jinja was looking for the following tags: {}. The innermost block that needs to be closed is '{open}'.",
                    wanted.join(" or ")
                );
                error(text).with_opened(range.clone())
            }
            _ => error(text),
        }
    }

    /// Behind a tag's arguments: an optional colon, then `%}`.
    fn end_tag(&mut self) -> Parse<Range<usize>> {
        if self.is_op(":") {
            let colon = self.next().expect("a token was seen");
            self.patches.push(Patch { range: colon.start..colon.end, text: " ".into() });
        }
        if !self.is_kind(TokenKind::BlockEnd) {
            return Err(self.unexpected("token 'end of statement block'"));
        }
        let token = self.next().expect("a token was seen");
        Ok(token.start..token.end)
    }

    fn body_until(&mut self, ends: &[&str], opened: (&'a str, Range<usize>)) -> Parse<(Vec<Stmt<'a>>, &'a str)> {
        self.statements(ends, Some(opened))
    }

    fn statement(&mut self, begin: Token, keyword: Token, ends: &[&str]) -> Parse<Stmt<'a>> {
        let name = self.text(keyword);
        let opened = (name, begin.start..keyword.end);
        Ok(match name {
            "if" => {
                let mut branches = Vec::new();
                let mut condition = Some(self.condition()?);
                self.end_tag()?;
                loop {
                    let ends: &[&str] = if condition.is_some() { &["elif", "else", "endif"] } else { &["endif"] };
                    let (body, end) = self.body_until(ends, opened.clone())?;
                    branches.push((condition.take(), body));
                    if end == "elif" {
                        condition = Some(self.condition()?);
                    }
                    self.end_tag()?;
                    if end == "endif" {
                        break;
                    }
                }
                Stmt::If { branches }
            }
            "for" => self.for_loop(opened)?,
            "set" => self.set(opened)?,
            "do" => {
                let value = self.tuple()?;
                self.end_tag()?;
                Stmt::Do { keyword: keyword.start..keyword.end, value }
            }
            "print" => {
                let value = self.tuple()?;
                let end = self.end_tag()?;
                Stmt::Print { begin: begin.start..begin.end, keyword: keyword.start..keyword.end, end, value }
            }
            "with" => {
                let mut bindings = Vec::new();
                while !self.is_kind(TokenKind::BlockEnd) && !self.is_op(":") {
                    if !bindings.is_empty() {
                        self.expect_op(",")?;
                    }
                    let target = self.targets(false)?;
                    self.expect_op("=")?;
                    bindings.push((target, self.expression()?));
                }
                self.end_tag()?;
                let (body, _) = self.body_until(&["endwith"], opened)?;
                self.end_tag()?;
                Stmt::With { bindings, body }
            }
            "filter" => {
                let filter = self.filter_chain()?;
                self.end_tag()?;
                let (body, _) = self.body_until(&["endfilter"], opened)?;
                self.end_tag()?;
                Stmt::Filter { filter, body }
            }
            "macro" | "test" | "data_test" => self.macro_block(keyword, opened)?,
            "materialization" => self.materialization(keyword, opened)?,
            "call" => {
                let mut params = Vec::new();
                if self.is_op("(") {
                    params = self.params()?.1;
                }
                let call = self.expression()?;
                if !matches!(call.kind, ExprKind::Call { .. }) {
                    return Err(SyntaxError::new(call.start..call.end, "expected call"));
                }
                self.end_tag()?;
                let loops = std::mem::take(&mut self.loops);
                let (body, _) = self.body_until(&["endcall"], opened)?;
                self.loops = loops;
                self.end_tag()?;
                Stmt::CallBlock { params, call, body }
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    let text = format!("'{name}' outside of a loop");
                    return Err(SyntaxError::new(keyword.start..keyword.end, text));
                }
                self.end_tag()?;
                Stmt::LoopControl
            }
            "autoescape" => {
                let value = Some(self.expression()?);
                self.end_tag()?;
                let (body, _) = self.body_until(&["endautoescape"], opened)?;
                self.end_tag()?;
                Stmt::Body { value, body }
            }
            "block" => {
                while self.is_kind(TokenKind::Name) {
                    self.at += 1;
                }
                self.end_tag()?;
                let (body, _) = self.body_until(&["endblock"], opened)?;
                while self.is_kind(TokenKind::Name) {
                    self.at += 1;
                }
                self.end_tag()?;
                Stmt::Body { value: None, body }
            }
            "include" | "import" | "from" | "extends" => {
                let value = self.expression()?;
                while !self.is_kind(TokenKind::BlockEnd) {
                    if self.next().is_none() {
                        return Err(self.unexpected("token 'end of statement block'"));
                    }
                }
                self.end_tag()?;
                Stmt::Other { value }
            }
            _ => return Err(self.unknown_tag(keyword, ends)),
        })
    }

    fn for_loop(&mut self, opened: (&'a str, Range<usize>)) -> Parse<Stmt<'a>> {
        let targets = self.targets(true)?;
        if !self.skip_name("in") {
            return Err(self.unexpected("token 'in'"));
        }
        let iter = self.tuple_of(Self::or)?;
        let condition = if self.skip_name("if") { Some(self.expression()?) } else { None };
        self.skip_name("recursive");
        self.end_tag()?;
        self.loops += 1;
        let (body, end) = self.body_until(&["endfor", "else"], opened.clone())?;
        self.loops -= 1;
        self.end_tag()?;
        let mut otherwise = Vec::new();
        if end == "else" {
            otherwise = self.body_until(&["endfor"], opened)?.0;
            self.end_tag()?;
        }
        Ok(Stmt::For { targets, iter, condition, body, otherwise })
    }

    fn set(&mut self, opened: (&'a str, Range<usize>)) -> Parse<Stmt<'a>> {
        let targets = self.targets(true)?;
        if self.skip_op("=") {
            let mut value = self.tuple()?;
            if let ExprKind::Tuple { bare, .. } = &mut value.kind {
                // minijinja accepts a bare tuple here.
                *bare = false;
            }
            self.end_tag()?;
            return Ok(Stmt::Set { targets, value });
        }
        let filter = if self.skip_op("|") { Some(self.filter_chain()?) } else { None };
        self.end_tag()?;
        let (body, _) = self.body_until(&["endset"], opened)?;
        self.end_tag()?;
        Ok(Stmt::SetBlock { targets, filter, body })
    }

    /// Names that are assigned: one, several with commas, nested in parentheses, or `namespace.attribute`.
    fn targets(&mut self, several: bool) -> Parse<Vec<&'a str>> {
        let mut names = Vec::new();
        loop {
            if self.is_op("(") || self.is_op("[") {
                let close = if self.is_op("(") { ")" } else { "]" };
                self.at += 1;
                names.extend(self.targets(true)?);
                self.expect_op(close)?;
            } else {
                let token = self.expect_name()?;
                let name = self.text(token);
                if matches!(name, "true" | "True" | "false" | "False" | "none" | "None" | "in" | "loop") {
                    return Err(SyntaxError::new(token.start..token.end, format!("cannot assign to '{name}'")));
                }
                if self.skip_op(".") {
                    self.expect_name()?;
                    self.reads(name);
                } else {
                    names.push(name);
                }
            }
            if !(several && self.skip_op(",")) {
                return Ok(names);
            }
            if self.is_name("in") || self.is_op("=") || self.is_op(")") {
                return Ok(names);
            }
        }
    }

    fn params(&mut self) -> Parse<(Range<usize>, Vec<Param<'a>>)> {
        let open = self.expect_op("(")?;
        let mut params: Vec<Param<'a>> = Vec::new();
        while !self.is_op(")") {
            if !params.is_empty() {
                self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            let name = self.expect_name()?;
            let mut annotation = None;
            if self.is_op(":") {
                let colon = self.next().expect("a token was seen");
                self.annotation()?;
                annotation = Some(colon.start..self.previous_end());
            }
            let assign = self.peek().map_or(0, |t| t.start);
            let default = if self.skip_op("=") {
                Some(self.expression()?)
            } else {
                if params.iter().any(|p| p.default.is_some()) {
                    return Err(SyntaxError::new(
                        name.start..name.end,
                        "non-default argument follows default argument",
                    ));
                }
                None
            };
            params.push(Param { name: self.text(name), annotation, assign, default });
        }
        let close = self.expect_op(")")?;
        Ok((open.start..close.end, params))
    }

    fn annotation(&mut self) -> Parse<()> {
        self.expect_name()?;
        if self.skip_op("[") {
            loop {
                self.annotation()?;
                if !self.skip_op(",") {
                    break;
                }
            }
            self.expect_op("]")?;
        }
        Ok(())
    }

    fn macro_block(&mut self, keyword: Token, opened: (&'a str, Range<usize>)) -> Parse<Stmt<'a>> {
        let word = self.text(keyword);
        let name_token = self.expect_name()?;
        let name = self.text(name_token);
        let (params_range, params) = self.params()?;
        let header_end = self.end_tag()?;
        let ends: &[&str] = match word {
            "test" => &["endtest"],
            "data_test" => &["enddata_test"],
            _ => &["endmacro"],
        };
        let (body, end_keyword, uses) = self.macro_body(ends, opened)?;
        let (kind, name) = if word == "macro" {
            (MacroKind::Macro, name.to_owned())
        } else {
            (MacroKind::Test, format!("test_{name}"))
        };
        Ok(Stmt::Macro(Box::new(Macro {
            kind,
            name,
            keyword: keyword.start..keyword.end,
            name_range: name_token.start..name_token.end,
            params_range,
            params,
            header_end,
            body,
            end_keyword,
            uses_varargs: uses.varargs,
            uses_kwargs: uses.kwargs,
            uses_caller: uses.caller,
        })))
    }

    fn macro_body(
        &mut self,
        ends: &[&str],
        opened: (&'a str, Range<usize>),
    ) -> Parse<(Vec<Stmt<'a>>, Range<usize>, Uses)> {
        self.uses.push(Uses::default());
        let loops = std::mem::take(&mut self.loops);
        let (body, _) = self.body_until(ends, opened)?;
        self.loops = loops;
        let end = self.tokens[self.at - 1];
        self.end_tag()?;
        let uses = self.uses.pop().unwrap_or_default();
        Ok((body, end.start..end.end, uses))
    }

    fn materialization(&mut self, keyword: Token, opened: (&'a str, Range<usize>)) -> Parse<Stmt<'a>> {
        let name_token = self.expect_name()?;
        let arguments = self.materialization_arguments(name_token)?;
        let arguments_end = self.previous_end();
        let header_end = self.end_tag()?;
        let (body, end_keyword, uses) = self.macro_body(&["endmaterialization"], opened)?;
        Ok(Stmt::Macro(Box::new(Macro {
            kind: MacroKind::Materialization,
            name: format!("materialization_{}_{}", self.text(name_token), arguments.adapter),
            keyword: keyword.start..keyword.end,
            name_range: name_token.start..name_token.end,
            params_range: name_token.end..arguments_end,
            params: Vec::new(),
            header_end,
            body,
            end_keyword,
            uses_varargs: uses.varargs,
            uses_kwargs: uses.kwargs,
            uses_caller: uses.caller,
        })))
    }

    fn materialization_arguments(&mut self, name_token: Token) -> Parse<MaterializationArguments> {
        let mut adapter = "default".to_owned();
        let mut supported_languages = None;
        while self.skip_op(",") {
            let key = self.expect_name()?;
            match self.text(key) {
                "default" => {}
                "adapter" => {
                    self.expect_op("=")?;
                    let value = self.expression()?;
                    let ExprKind::Str(text) = value.kind else {
                        return Err(SyntaxError::new(
                            value.start..value.end,
                            "the adapter of a materialization must be a string",
                        ));
                    };
                    adapter = text;
                }
                "supported_languages" => {
                    self.expect_op("=")?;
                    let value = self.expression()?;
                    let ExprKind::List(items) = value.kind else {
                        return Err(SyntaxError::new(
                            value.start..value.end,
                            "supported_languages must be a list of strings",
                        ));
                    };
                    let names = items.into_iter().filter_map(|item| match item.kind {
                        ExprKind::Str(text) => Some(text),
                        _ => None,
                    });
                    supported_languages = Some(names.collect());
                }
                other => {
                    let text =
                        format!("materialization '{}' received unknown argument '{other}'", self.text(name_token));
                    return Err(SyntaxError::new(key.start..key.end, text));
                }
            }
        }
        Ok(MaterializationArguments {
            adapter,
            supported_languages: supported_languages.unwrap_or_else(|| vec!["sql".to_owned()]),
        })
    }
}

/// The header tag of a block.
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) name_range: Range<usize>,
    pub(crate) arguments: Vec<super::blocks::Argument>,
    pub(crate) adapter: Option<String>,
    pub(crate) supported_languages: Option<Vec<String>>,
}

/// Reads a lone tag such as `{% macro a(b=1) %}`.
pub(crate) fn parse_header(source: &str) -> Result<Header, SyntaxError> {
    let tokens = tokenize(source)?;
    let mut parser = Parser::new(source, &tokens);
    parser.at = 1;
    let keyword = parser.expect_name()?;
    let name = parser.expect_name()?;
    let mut header = Header {
        name: parser.text(name).to_owned(),
        name_range: name.start..name.end,
        arguments: Vec::new(),
        adapter: None,
        supported_languages: None,
    };
    match parser.text(keyword) {
        "materialization" => {
            let arguments = parser.materialization_arguments(name)?;
            header.adapter = Some(arguments.adapter);
            header.supported_languages = Some(arguments.supported_languages);
        }
        "macro" | "test" | "data_test" => {
            let (_, params) = parser.params()?;
            let text = |range: Range<usize>| source[range].trim().to_owned();
            header.arguments = params
                .iter()
                .map(|param| super::blocks::Argument {
                    name: param.name.to_owned(),
                    annotation: param.annotation.clone().map(|r| text(r.start + 1..r.end)),
                    default: param.default.as_ref().map(|d| text(d.start..d.end)),
                })
                .collect();
        }
        _ => {}
    }
    parser.end_tag()?;
    Ok(header)
}
