//! Splits a template into tokens by the rules of Jinja2's lexer.
//!
//! Tokens carry byte offsets of the source only; text is sliced when needed. Data between tags is kept as it is, whitespace
//! control included: the rewrite copies it verbatim and minijinja applies it. Comments yield no tokens.

use super::syntax::SyntaxError;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Text outside tags, or a whole raw block.
    Data,
    /// `{{` with its whitespace mark.
    VariableBegin,
    /// `}}` with its whitespace mark.
    VariableEnd,
    /// `{%` with its whitespace mark.
    BlockBegin,
    /// `%}` with its whitespace mark.
    BlockEnd,
    /// An identifier or a keyword.
    Name,
    /// A quoted string, quotes included.
    Str,
    /// An integer literal.
    Int,
    /// A float literal.
    Float,
    /// An operator or punctuation.
    Operator,
}

/// A token and its byte range in the source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The whole source as tokens.
pub(crate) fn tokenize(source: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { source, position: 0, tokens: Vec::with_capacity(source.len() / 8 + 4) };
    lexer.template()?;
    Ok(lexer.tokens)
}

/// The source of a lone expression as tokens.
pub(crate) fn tokenize_expression(source: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer { source, position: 0, tokens: Vec::new() };
    lexer.inside(0, None)?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    source: &'a str,
    position: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token { kind, start, end });
        self.position = end;
    }

    fn template(&mut self) -> Result<(), SyntaxError> {
        let bytes = self.source.as_bytes();
        loop {
            let from = self.position;
            let Some(open) = next_tag(bytes, from) else {
                if from < bytes.len() {
                    self.push(TokenKind::Data, from, bytes.len());
                }
                return Ok(());
            };
            if open > from {
                self.push(TokenKind::Data, from, open);
            }
            let marked = matches!(bytes.get(open + 2), Some(b'-' | b'+'));
            let begin = open + 2 + usize::from(marked);
            match bytes[open + 1] {
                b'#' => {
                    // Jinja2 reads `{#-#}` as a closed comment too, hence the search from the first two bytes on.
                    let end = self.source[open + 2..]
                        .find("#}")
                        .ok_or_else(|| SyntaxError::new(open..open + 2, "Missing end of comment tag"))?;
                    self.position = open + 2 + end + 2;
                }
                b'%' => {
                    if let Some(body) = raw_tag(bytes, begin, b"raw") {
                        self.raw_block(open, body)?;
                    } else {
                        self.push(TokenKind::BlockBegin, open, begin);
                        self.inside(open, Some((b'%', TokenKind::BlockEnd)))?;
                    }
                }
                _ => {
                    self.push(TokenKind::VariableBegin, open, begin);
                    self.inside(open, Some((b'}', TokenKind::VariableEnd)))?;
                }
            }
        }
    }

    fn raw_block(&mut self, open: usize, body: usize) -> Result<(), SyntaxError> {
        let bytes = self.source.as_bytes();
        let mut from = body;
        while let Some(found) = self.source[from..].find("{%") {
            let tag = from + found;
            let marked = matches!(bytes.get(tag + 2), Some(b'-' | b'+'));
            if let Some(end) = raw_tag(bytes, tag + 2 + usize::from(marked), b"endraw") {
                self.push(TokenKind::Data, open, end);
                return Ok(());
            }
            from = tag + 2;
        }
        Err(SyntaxError::new(open..body, "Missing end of raw directive"))
    }

    /// Tokens up to the end of the tag that opened at `open` (`close`: its first closing byte), or to the end of the source.
    fn inside(&mut self, open: usize, close: Option<(u8, TokenKind)>) -> Result<(), SyntaxError> {
        let bytes = self.source.as_bytes();
        let mut brackets: Vec<(u8, usize)> = Vec::new();
        loop {
            let at = self.position;
            let Some(&byte) = bytes.get(at) else {
                return match close {
                    None => Ok(()),
                    Some((b'%', _)) => {
                        let tag = "unexpected end of template, expected the end of this statement block `%}`";
                        Err(SyntaxError::new(open..open + 2, tag))
                    }
                    Some(_) => {
                        let tag = "unexpected end of template, expected the end of this print statement `}}`";
                        Err(SyntaxError::new(open..open + 2, tag))
                    }
                };
            };
            if byte.is_ascii_whitespace() || byte == 0x0b {
                self.position += 1;
                continue;
            }
            if let Some((first, kind)) = close
                && brackets.is_empty()
            {
                let mark = usize::from(matches!(byte, b'-' | b'+'));
                if bytes.get(at + mark) == Some(&first) && bytes.get(at + mark + 1) == Some(&b'}') {
                    self.push(kind, at, at + mark + 2);
                    return Ok(());
                }
            }
            match byte {
                b'"' | b'\'' => self.string(at, byte)?,
                b'0'..=b'9' => self.number(at),
                b'(' | b'[' | b'{' => {
                    brackets.push((byte, at));
                    self.push(TokenKind::Operator, at, at + 1);
                }
                b')' | b']' | b'}' => {
                    let wanted = match byte {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    match brackets.pop() {
                        Some((opened, _)) if opened == wanted => {}
                        Some((opened, place)) => {
                            let closing = match opened {
                                b'(' => ')',
                                b'[' => ']',
                                _ => '}',
                            };
                            let text = format!("unexpected '{}', expected '{closing}'", byte as char);
                            return Err(SyntaxError::new(at..at + 1, text).with_opened(place..place + 1));
                        }
                        None => {
                            let text = format!("unexpected '{}'", byte as char);
                            return Err(SyntaxError::new(at..at + 1, text));
                        }
                    }
                    self.push(TokenKind::Operator, at, at + 1);
                }
                _ => self.name_or_operator(at)?,
            }
        }
    }

    fn string(&mut self, at: usize, quote: u8) -> Result<(), SyntaxError> {
        let bytes = self.source.as_bytes();
        let mut end = at + 1;
        while let Some(&byte) = bytes.get(end) {
            if byte == b'\\' {
                end += 2;
            } else if byte == quote {
                self.push(TokenKind::Str, at, end + 1);
                return Ok(());
            } else {
                end += 1;
            }
        }
        Err(SyntaxError::new(at..at + 1, "unexpected end of template, this string is not closed"))
    }

    fn number(&mut self, at: usize) {
        let bytes = self.source.as_bytes();
        let digits = |mut from: usize| {
            while bytes.get(from).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
                from += 1;
            }
            from
        };
        if bytes[at] == b'0' && matches!(bytes.get(at + 1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B')) {
            let mut end = at + 2;
            while bytes.get(end).is_some_and(|b| b.is_ascii_hexdigit() || *b == b'_') {
                end += 1;
            }
            self.push(TokenKind::Int, at, end);
            return;
        }
        let mut end = digits(at);
        let mut kind = TokenKind::Int;
        let after_dot = at > 0 && bytes[at - 1] == b'.';
        if !after_dot {
            if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
                kind = TokenKind::Float;
                end = digits(end + 1);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                    kind = TokenKind::Float;
                    end = digits(end + 1 + sign);
                }
            }
        }
        self.push(kind, at, end);
    }

    fn name_or_operator(&mut self, at: usize) -> Result<(), SyntaxError> {
        let rest = &self.source[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if first == '_' || first.is_alphabetic() {
            let length = rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(rest.len());
            self.push(TokenKind::Name, at, at + length);
            return Ok(());
        }
        let double = ["//", "**", "==", "!=", ">=", "<="];
        if double.iter().any(|op| rest.starts_with(op)) {
            self.push(TokenKind::Operator, at, at + 2);
        } else if "+-*/%~><=.:|,;".contains(first) {
            self.push(TokenKind::Operator, at, at + 1);
        } else if first.is_whitespace() {
            self.position = at + first.len_utf8();
        } else {
            let text = format!("unexpected char {first:?}");
            return Err(SyntaxError::new(at..at + first.len_utf8(), text));
        }
        Ok(())
    }
}

fn next_tag(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 1 < bytes.len() {
        let found = bytes[at..].iter().position(|b| *b == b'{')?;
        at += found;
        if matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Where the text after `{% name %}` begins, if that is what stands at `at` (just behind `{%`).
pub(crate) fn raw_tag(bytes: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    let skip = |mut from: usize| {
        while bytes.get(from).is_some_and(u8::is_ascii_whitespace) {
            from += 1;
        }
        from
    };
    let start = skip(at);
    let rest = bytes.get(start..)?;
    if !rest.starts_with(name) {
        return None;
    }
    let mut end = skip(start + name.len());
    if matches!(bytes.get(end), Some(b'-' | b'+')) {
        end += 1;
    }
    bytes.get(end..)?.starts_with(b"%}").then_some(end + 2)
}
