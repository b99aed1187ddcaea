//! Which part of a template each piece of rendered text comes from.
//!
//! [`Trace::of`] cuts a template into [`Piece`]s and makes a second text in which literal text stands replaced by marks and each printed
//! expression follows one. Rendered, the marks tell what ran, in order; [`Trace::follow`] walks from one to the next and gives the rendered
//! text with its [`Slice`]s. This is what linters need to place a finding about SQL in the template that the SQL was made from.

use std::ops::Range;

use super::lexer::{Token, TokenKind, tokenize};
use super::parser::parse;
use super::syntax::SyntaxError;

/// What a piece of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Text outside tags.
    Literal,
    /// A printed expression, or a tag that makes no block.
    Printed,
    /// `{# … #}`.
    Comment,
    /// A tag that opens a block.
    BlockStart,
    /// `elif`, `else`.
    BlockMid,
    /// A tag that closes a block.
    BlockEnd,
}

/// A part of the template; the pieces cover it without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Bytes of the template.
    pub range: Range<usize>,
    /// The keyword of a tag: `if`, `endfor`.
    pub keyword: Option<String>,
    /// Text that whitespace control takes away.
    is_stripped: bool,
    /// Pieces that may follow instead of the next: over a branch, or back to the start of a loop.
    jumps: Vec<usize>,
}

impl Piece {
    /// A piece that runs never.
    pub fn new(kind: PieceKind, range: Range<usize>) -> Self {
        Self { kind, range, keyword: None, is_stripped: false, jumps: Vec::new() }
    }
}

/// A part of rendered text, or a tag that rendered to nothing, in the order of execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The number of the piece that it was made from.
    pub piece: usize,
    /// Bytes of the rendered text.
    pub rendered: Range<usize>,
}

/// A template that is cut into pieces.
#[derive(Debug)]
pub struct Trace<'a> {
    source: &'a str,
    /// The pieces in their order.
    pub pieces: Vec<Piece>,
    /// What is rendered in place of the template.
    pub marked: String,
    open: char,
}

const CLOSE: char = '\u{E001}';

impl<'a> Trace<'a> {
    /// Cuts a template whose lines end in `\n`.
    pub fn of(source: &'a str) -> Result<Self, SyntaxError> {
        // Refuses what is no template, so that the walk below meets whole blocks only.
        parse(source)?;
        let tokens = tokenize(source)?;
        let mut cutter = Cutter { source, pieces: Vec::new(), captured: 0, roots: Vec::new() };
        cutter.cut(&tokens);
        let Cutter { mut pieces, roots, .. } = cutter;
        link(&mut pieces, &roots);
        let open = ('\u{E002}'..='\u{F8FF}').find(|c| !source.contains(*c)).unwrap_or('\u{E000}');
        let marked = mark(source, &pieces, &roots, open);
        Ok(Self { source, pieces, marked, open })
    }

    /// The rendered text, and what each part of it is made from, by what [`Trace::marked`] was rendered to. Literal text is given as it
    /// stands in the template: newlines at its end, which rendering drops, are there.
    pub fn follow(&self, rendered: &str) -> (String, Vec<Slice>) {
        let mut walk = Walk { trace: self, text: String::with_capacity(rendered.len()), slices: Vec::new(), next: 0 };
        let mut parts = rendered.split(self.open);
        // Before the first mark nothing is printed.
        parts.next();
        for part in parts {
            let Some((number, printed)) = part.split_once(CLOSE) else { continue };
            let Some(target) = number.parse().ok().filter(|at| *at < self.pieces.len()) else { continue };
            walk.to(target, printed);
        }
        if walk.slices.is_empty() {
            // Nothing but tags.
            (0..self.pieces.len()).for_each(|at| walk.record(at, ""));
        }
        (walk.text, walk.slices)
    }
}

struct Cutter<'a> {
    source: &'a str,
    pieces: Vec<Piece>,
    /// Blocks around whose output does not go to the template's own: `macro`, `call`, `filter`, `set` with a body.
    captured: usize,
    /// Whether each piece runs as part of the template's own output.
    roots: Vec<bool>,
}

impl Cutter<'_> {
    fn push(&mut self, kind: PieceKind, range: Range<usize>, keyword: Option<&str>, is_stripped: bool) {
        if range.is_empty() {
            return;
        }
        self.pieces.push(Piece { kind, range, keyword: keyword.map(str::to_owned), is_stripped, jumps: Vec::new() });
        self.roots.push(self.captured == 0);
    }

    fn cut(&mut self, tokens: &[Token]) {
        let mut at = 0;
        let mut position = 0;
        while at < tokens.len() || position < self.source.len() {
            let Some(token) = tokens.get(at).filter(|token| token.start == position) else {
                // Comments have no tokens.
                let end = tokens.get(at).map_or(self.source.len(), |token| token.start);
                self.comments(position..end);
                position = end;
                continue;
            };
            match token.kind {
                TokenKind::Data if self.source[token.start..].starts_with("{%") => {
                    self.push(PieceKind::Printed, token.start..token.end, Some("raw"), false);
                    position = token.end;
                    at += 1;
                }
                TokenKind::Data => {
                    self.literal(token.start..token.end);
                    position = token.end;
                    at += 1;
                }
                _ => {
                    let is_block = token.kind == TokenKind::BlockBegin;
                    let closing = if is_block { TokenKind::BlockEnd } else { TokenKind::VariableEnd };
                    let length = tokens[at..].iter().position(|token| token.kind == closing).unwrap_or(0);
                    let inside = &tokens[at + 1..at + length.max(1)];
                    let range = token.start..tokens[at + length].end;
                    if is_block {
                        self.tag(range.clone(), inside);
                    } else {
                        self.push(PieceKind::Printed, range.clone(), None, false);
                    }
                    position = range.end;
                    at += length + 1;
                }
            }
        }
    }

    fn comments(&mut self, gap: Range<usize>) {
        let mut start = gap.start;
        while start < gap.end {
            let length = self.source[start + 2..gap.end].find("#}").map_or(gap.end - start, |found| found + 4);
            self.push(PieceKind::Comment, start..start + length, None, false);
            start += length;
        }
    }

    /// Text between tags; what their dashes take away is a piece of its own.
    fn literal(&mut self, range: Range<usize>) {
        let text = &self.source[range.clone()];
        let before = &self.source[..range.start];
        let after = &self.source[range.end..];
        let strips_start = ["-}}", "-%}", "-#}"].iter().any(|end| before.ends_with(end));
        let strips_end = ["{{-", "{%-", "{#-"].iter().any(|begin| after.starts_with(begin));
        let start = if strips_start { text.len() - text.trim_start().len() } else { 0 };
        let end = if strips_end { text.trim_end().len().max(start) } else { text.len() };
        self.push(PieceKind::Literal, range.start..range.start + start, None, true);
        self.push(PieceKind::Literal, range.start + start..range.start + end, None, false);
        self.push(PieceKind::Literal, range.start + end..range.end, None, true);
    }

    fn tag(&mut self, range: Range<usize>, inside: &[Token]) {
        let word = inside.first().map_or("", |token| &self.source[token.start..token.end]);
        let text = |token: &Token| &self.source[token.start..token.end];
        let kind = match word {
            "set" => {
                let mut depth = 0_i32;
                let is_assignment = inside.iter().any(|token| {
                    depth += match text(token) {
                        "(" | "[" | "{" => 1,
                        ")" | "]" | "}" => -1,
                        _ => 0,
                    };
                    depth == 0 && token.kind == TokenKind::Operator && text(token) == "="
                });
                if is_assignment { PieceKind::Printed } else { PieceKind::BlockStart }
            }
            "do" | "print" | "include" | "import" | "from" | "extends" | "break" | "continue" => PieceKind::Printed,
            "elif" | "else" => PieceKind::BlockMid,
            word if word.starts_with("end") => PieceKind::BlockEnd,
            _ => PieceKind::BlockStart,
        };
        let captures =
            |word: &str| matches!(word, "set" | "macro" | "test" | "data_test" | "materialization" | "call" | "filter");
        if kind == PieceKind::BlockEnd && captures(word.trim_start_matches("end")) {
            self.captured = self.captured.saturating_sub(1);
        }
        self.push(kind, range, Some(word), false);
        if kind == PieceKind::BlockStart && captures(word) {
            self.captured += 1;
        }
    }
}

/// Notes where each block that may be passed over or run again can go.
fn link(pieces: &mut [Piece], roots: &[bool]) {
    let mut open: Vec<usize> = Vec::new();
    for at in 0..pieces.len() {
        if !roots[at] {
            continue;
        }
        match pieces[at].keyword.as_deref() {
            Some("if" | "for") => open.push(at),
            Some("elif" | "else") => {
                if let Some(before) = open.pop() {
                    pieces[before].jumps.push(at);
                }
                open.push(at);
            }
            Some(word @ ("endif" | "endfor")) => {
                if let Some(before) = open.pop() {
                    pieces[before].jumps.push(at);
                    if word == "endfor" && pieces[before].kind == PieceKind::BlockStart {
                        pieces[at].jumps.push(before + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

fn mark(source: &str, pieces: &[Piece], roots: &[bool], open: char) -> String {
    let mut marked = String::with_capacity(source.len() + pieces.len() * 8);
    for (at, piece) in pieces.iter().enumerate() {
        let text = &source[piece.range.clone()];
        let mark = format!("{open}{at}{CLOSE}");
        let is_loop_control = matches!(piece.keyword.as_deref(), Some("break" | "continue"));
        match piece.kind {
            _ if !roots[at] => marked.push_str(text),
            PieceKind::Literal if piece.is_stripped => {}
            PieceKind::Literal => marked.push_str(&mark),
            // What `call` and `filter` print is theirs. A block that ends leaves a mark of where the template goes on.
            PieceKind::Printed if !is_loop_control => {
                marked.push_str(&mark);
                marked.push_str(text);
            }
            PieceKind::BlockStart if matches!(piece.keyword.as_deref(), Some("call" | "filter")) => {
                marked.push_str(&mark);
                marked.push_str(text);
            }
            PieceKind::BlockEnd if matches!(piece.keyword.as_deref(), Some("endif" | "endfor")) => {
                marked.push_str(text);
                marked.push_str(&mark);
            }
            PieceKind::Comment => {}
            _ => marked.push_str(text),
        }
    }
    marked
}

struct Walk<'t> {
    trace: &'t Trace<'t>,
    text: String,
    slices: Vec<Slice>,
    next: usize,
}

impl Walk<'_> {
    fn record(&mut self, piece: usize, printed: &str) {
        let start = self.text.len();
        self.text.push_str(printed);
        self.slices.push(Slice { piece, rendered: start..self.text.len() });
    }

    /// Goes on to a piece that ran, over those between.
    fn to(&mut self, target: usize, printed: &str) {
        let pieces = &self.trace.pieces;
        let is_text = pieces[target].kind == PieceKind::Literal;
        let printed = if is_text { &self.trace.source[pieces[target].range.clone()] } else { printed };
        while self.next < pieces.len() {
            let at = self.next;
            if at == target {
                self.record(at, printed);
                self.next += 1;
                return;
            }
            self.record(at, "");
            let back = pieces[at].jumps.iter().copied().find(|to| *to <= at && *to <= target && target < at);
            let onward = pieces[at].jumps.iter().copied().filter(|to| *to > at && *to <= target);
            self.next = back.unwrap_or_else(|| onward.max().unwrap_or(at + 1));
        }
        // Not reached in order (a `break`, a loop that ended otherwise): it is still what was printed.
        self.record(target, printed);
        self.next = target + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(source: &str) -> Vec<(PieceKind, &str)> {
        let trace = Trace::of(source).expect("it is a template");
        trace.pieces.iter().map(|piece| (piece.kind, &source[piece.range.clone()])).collect()
    }

    #[test]
    fn pieces_cover_the_template() {
        use PieceKind::{BlockEnd, BlockStart, Comment, Literal, Printed};
        let source = "a {%- if b -%} {{ c }}{# d #}{% endif %}";
        let expected = [
            (Literal, "a"),
            (Literal, " "),
            (BlockStart, "{%- if b -%}"),
            (Literal, " "),
            (Printed, "{{ c }}"),
            (Comment, "{# d #}"),
            (BlockEnd, "{% endif %}"),
        ];
        assert_eq!(pieces(source), expected);
    }

    #[test]
    fn bodies_that_are_captured_are_left_as_they_are() {
        let source = "{% set x %}a{% endset %}b{% set y = {'c': 1} %}";
        let trace = Trace::of(source).expect("it is a template");
        let open = trace.open;
        assert_eq!(
            trace.marked,
            format!("{{% set x %}}a{{% endset %}}{open}3{CLOSE}{open}4{CLOSE}{{% set y = {{'c': 1}} %}}")
        );
    }

    #[test]
    fn loops_and_branches_are_followed() {
        let source = "select{% for c in cs %} {{ c }}{% if not last %},{% endif %}{% endfor %} from t\n";
        let trace = Trace::of(source).expect("it is a template");
        let engine = crate::jinja::Engine::new();
        let marked = trace.marked.replace("not last", "not loop.last").replace("in cs", "in ['a', 'b']");
        let rendered = engine.render_str(&marked, None, minijinja::Value::UNDEFINED).expect("it renders").text();
        let (text, slices) = trace.follow(&rendered);
        assert_eq!(text, "select a, b from t\n");
        let shown: Vec<(&str, &str)> = slices
            .iter()
            .map(|slice| (&source[trace.pieces[slice.piece].range.clone()], &text[slice.rendered.clone()]))
            .filter(|(_, rendered)| !rendered.is_empty())
            .collect();
        let expected = [
            ("select", "select"),
            (" ", " "),
            ("{{ c }}", "a"),
            (",", ","),
            (" ", " "),
            ("{{ c }}", "b"),
            (" from t\n", " from t\n"),
        ];
        assert_eq!(shown, expected);
        let covered: Vec<usize> = slices.iter().map(|slice| slice.rendered.start).collect();
        assert!(covered.is_sorted());
    }
}
