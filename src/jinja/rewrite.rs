//! Turns Jinja2 source into source that minijinja runs with the same result, and remembers where each byte came from.
//!
//! Edits are inserted into the original text, everything else is copied verbatim, whitespace control included:
//! literals become mutable (`[1]` → `([1]|__list)`), operators become filters that know Python's types
//! (`a + b` → `((a)|__add(b))`), `do` becomes an assignment, dbt's blocks become macros.

use std::fmt::Write as _;
use std::ops::Range;

use super::parser::{Parsed, parse};
use super::syntax::{Args, BinaryOp, Expr, ExprKind, Macro, MacroKind, Param, Stmt, SyntaxError};

/// What the rewritten template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Text.
    Text,
    /// One macro, which is handed to the engine when the template runs.
    Macro,
    /// Text, but each printed value is kept too: dbt's native rendering.
    Native,
    /// One printed expression whose value is wanted, constants included.
    Value,
}

/// What a macro's header says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MacroHeader {
    pub(crate) name: String,
    pub(crate) params: Vec<String>,
    pub(crate) uses_varargs: bool,
    pub(crate) uses_kwargs: bool,
    pub(crate) uses_caller: bool,
}

/// A rewritten template.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) map: EditMap,
    pub(crate) header: Option<MacroHeader>,
}

/// Where the bytes of a rewritten text came from.
#[derive(Debug, Default)]
pub(crate) struct EditMap {
    /// Pieces copied verbatim: start in the output, start in the source, length.
    pieces: Vec<(usize, usize, usize)>,
    /// Offsets (after newline normalisation) before which a carriage return was dropped.
    dropped: Vec<usize>,
}

impl EditMap {
    /// The source range behind a range of the output; never empty unless the source is.
    pub(crate) fn source_range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.source_offset(range.start, false);
        let end = self.source_offset(range.end, true).max(start);
        self.widen(start)..self.widen(end)
    }

    fn source_offset(&self, offset: usize, is_end: bool) -> usize {
        let index = if is_end {
            self.pieces.partition_point(|(out, _, _)| *out < offset)
        } else {
            self.pieces.partition_point(|(out, _, _)| *out <= offset)
        };
        let Some(&(out, source, length)) = index.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return self.pieces.first().map_or(0, |piece| piece.1);
        };
        let inside = offset - out;
        if inside < length || (is_end && inside <= length) {
            return source + inside;
        }
        if is_end {
            return source + length;
        }
        self.pieces.get(index).map_or(source + length, |next| next.1)
    }

    /// An offset of the normalised text as one of the original.
    pub(crate) fn widen(&self, offset: usize) -> usize {
        offset + self.dropped.partition_point(|at| *at < offset)
    }
}

/// `\r\n` and `\r` as `\n`, as Jinja2 reads files; `None` if there are none.
fn normalise_newlines(source: &str) -> Option<(String, Vec<usize>)> {
    if !source.contains('\r') {
        return None;
    }
    let mut text = String::with_capacity(source.len());
    let mut dropped = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => dropped.push(text.len()),
            '\r' => text.push('\n'),
            c => text.push(c),
        }
    }
    Some((text, dropped))
}

/// Rewrites `source` for minijinja.
pub(crate) fn rewrite(source: &str, purpose: Purpose) -> Result<Rewritten, SyntaxError> {
    match normalise_newlines(source) {
        None => rewrite_normalised(source, purpose),
        Some((text, dropped)) => {
            let map = EditMap { pieces: Vec::new(), dropped };
            let mut rewritten = rewrite_normalised(&text, purpose).map_err(|mut error| {
                error.range = map.widen(error.range.start)..map.widen(error.range.end);
                error.opened = error.opened.map(|r| map.widen(r.start)..map.widen(r.end));
                error
            })?;
            rewritten.map.dropped = map.dropped;
            Ok(rewritten)
        }
    }
}

fn rewrite_normalised(source: &str, purpose: Purpose) -> Result<Rewritten, SyntaxError> {
    let Parsed { body, patches } = parse(source)?;
    let mut rewriter = Rewriter { source, purpose, edits: Vec::new() };
    for patch in patches {
        rewriter.replace(patch.range, patch.text);
    }
    let mut header = None;
    if purpose == Purpose::Macro {
        header = body.iter().find_map(|stmt| match stmt {
            Stmt::Macro(found) => Some(macro_header(found)),
            _ => None,
        });
    }
    rewriter.body(&body, true);
    let mut rewritten = rewriter.apply();
    if let Some(header) = &header {
        let _ = write!(rewritten.text, "{{% set __exported = {}|__export %}}", inner_name(&header.name));
    }
    rewritten.header = header;
    Ok(rewritten)
}

/// dbt keeps a macro's own name free inside it, so that recursion goes through the context.
fn inner_name(name: &str) -> String {
    format!("dbt_macro__{name}")
}

pub(crate) fn macro_header(found: &Macro<'_>) -> MacroHeader {
    let named = |name: &str| found.params.iter().any(|p| p.name == name);
    MacroHeader {
        name: found.name.clone(),
        params: found.params.iter().map(|p| p.name.to_owned()).collect(),
        uses_varargs: found.uses_varargs && !named("varargs"),
        uses_kwargs: found.uses_kwargs && !named("kwargs"),
        uses_caller: found.uses_caller && !named("caller"),
    }
}

/// The order of edits at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Close,
    Open,
    Replace,
}

struct Edit {
    start: usize,
    end: usize,
    class: Class,
    text: String,
}

struct Rewriter<'a> {
    source: &'a str,
    purpose: Purpose,
    edits: Vec<Edit>,
}

impl Rewriter<'_> {
    fn open(&mut self, at: usize, text: impl Into<String>) {
        self.edits.push(Edit { start: at, end: at, class: Class::Open, text: text.into() });
    }

    fn close(&mut self, at: usize, text: impl Into<String>) {
        self.edits.push(Edit { start: at, end: at, class: Class::Close, text: text.into() });
    }

    fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push(Edit { start: range.start, end: range.end, class: Class::Replace, text: text.into() });
    }

    fn apply(mut self) -> Rewritten {
        // Openers were pushed from the outside in and closers from the inside out; the stable sort keeps that.
        self.edits.sort_by_key(|edit| (edit.start, edit.class));
        let mut text = String::with_capacity(self.source.len() + self.edits.len() * 8);
        let mut pieces = Vec::with_capacity(self.edits.len() + 1);
        let mut at = 0;
        for edit in &self.edits {
            if edit.start < at {
                // Inside a piece that is replaced as a whole.
                continue;
            }
            if edit.start > at {
                pieces.push((text.len(), at, edit.start - at));
                text.push_str(&self.source[at..edit.start]);
            }
            text.push_str(&edit.text);
            at = at.max(edit.end);
        }
        if at < self.source.len() {
            pieces.push((text.len(), at, self.source.len() - at));
            text.push_str(&self.source[at..]);
        }
        Rewritten { text, map: EditMap { pieces, dropped: Vec::new() }, header: None }
    }

    /// `root`: what is printed here is output of the template itself.
    fn body(&mut self, body: &[Stmt<'_>], root: bool) {
        for stmt in body {
            self.stmt(stmt, root);
        }
    }

    fn stmt(&mut self, stmt: &Stmt<'_>, root: bool) {
        match stmt {
            Stmt::Data | Stmt::LoopControl => {}
            Stmt::Output { expr } => self.output(expr, root),
            Stmt::Print { begin, keyword, end, value } => {
                self.replace(begin.clone(), self.source[begin.clone()].replace('%', "{"));
                self.replace(keyword.clone(), "");
                self.replace(end.clone(), self.source[end.clone()].replace('%', "}"));
                self.output(value, root);
            }
            Stmt::If { branches } => {
                for (condition, body) in branches {
                    if let Some(condition) = condition {
                        self.expr_bare(condition);
                    }
                    self.body(body, root);
                }
            }
            Stmt::For { iter, condition, body, otherwise, .. } => {
                let plain = matches!(
                    iter.kind,
                    ExprKind::List(_) | ExprKind::Tuple { bare: false, .. } | ExprKind::Call { .. }
                ) && !may_be_text(iter);
                if !plain {
                    self.open(iter.start, "((");
                }
                self.expr_bare(iter);
                if !plain {
                    self.close(iter.end, ")|__iter)");
                }
                if let Some(condition) = condition {
                    self.expr(condition);
                }
                self.body(body, root);
                self.body(otherwise, root);
            }
            Stmt::SetBlock { filter, body, .. } => {
                if let Some(filter) = filter {
                    self.expr(filter);
                }
                self.body(body, false);
            }
            Stmt::With { bindings, body } => {
                for (_, value) in bindings {
                    self.expr(value);
                }
                self.body(body, root);
            }
            Stmt::Filter { filter, body } => {
                self.expr(filter);
                self.body(body, false);
            }
            Stmt::Do { keyword, value } => {
                self.replace(keyword.clone(), "set __do =");
                self.expr_bare(value);
            }
            Stmt::Macro(found) => self.macro_block(found, root),
            Stmt::CallBlock { params, call, body } => {
                self.params(params);
                self.expr(call);
                self.body(body, false);
            }
            Stmt::Body { value, body } => {
                if let Some(value) = value {
                    self.expr(value);
                }
                self.body(body, root);
            }
            Stmt::Set { value, .. } | Stmt::Other { value } => self.expr(value),
        }
    }

    fn output(&mut self, expr: &Expr<'_>, root: bool) {
        let kept = root
            && match self.purpose {
                Purpose::Text | Purpose::Macro => false,
                Purpose::Native => !is_constant(expr),
                Purpose::Value => true,
            };
        if kept {
            self.open(expr.start, "(");
        }
        self.expr_bare(expr);
        if kept {
            self.close(expr.end, ")|__emit");
        }
    }

    fn macro_block(&mut self, found: &Macro<'_>, root: bool) {
        let own = root && self.purpose == Purpose::Macro;
        if found.kind != MacroKind::Macro {
            self.replace(found.keyword.clone(), "macro");
            self.replace(found.end_keyword.clone(), "endmacro");
        }
        if own {
            self.replace(found.name_range.clone(), inner_name(&found.name));
        } else if found.kind != MacroKind::Macro {
            self.replace(found.name_range.clone(), found.name.clone());
        }
        // First, since edits at one place are kept in order: a default may end where the extra parameters begin.
        let late = self.params(&found.params);
        if found.kind == MacroKind::Materialization {
            self.replace(found.params_range.clone(), "()");
        } else {
            let header = macro_header(found);
            let mut extra = String::new();
            if header.uses_varargs {
                extra.push_str(", varargs=()");
            }
            if header.uses_kwargs {
                extra.push_str(", kwargs=({}|__dict)");
            }
            if !extra.is_empty() {
                let close = found.params_range.end - 1;
                let before = self.source[..close].trim_end();
                let bare = before.ends_with(['(', ',']);
                let text = if bare { &extra[2..] } else { &extra };
                self.close(close, text);
            }
        }
        if !late.is_empty() {
            let end = &self.source[found.header_end.clone()];
            let mut text = String::from(" %}");
            for (index, (name, default)) in late.iter().enumerate() {
                let _ = write!(text, "{{% if {name} is undefined %}}{{% set {name} = ({default}) %}}{{% endif ");
                text.push_str(if index + 1 < late.len() { "%}" } else { end });
            }
            self.replace(found.header_end.clone(), text);
        }
        self.body(&found.body, false);
    }

    /// Rewrites parameters; returns those whose default refers to an earlier one, to be set in the body instead.
    fn params(&mut self, params: &[Param<'_>]) -> Vec<(String, String)> {
        let mut late = Vec::new();
        for (index, param) in params.iter().enumerate() {
            if let Some(annotation) = &param.annotation {
                self.replace(annotation.clone(), "");
            }
            let Some(default) = &param.default else {
                continue;
            };
            let refers = params[..index].iter().any(|p| mentions(default, p.name));
            if !refers {
                self.expr(default);
                continue;
            }
            let mut inner = Rewriter { source: self.source, purpose: Purpose::Text, edits: Vec::new() };
            inner.expr(default);
            inner.replace(0..default.start, "");
            inner.replace(default.end..self.source.len(), "");
            late.push((param.name.to_owned(), inner.apply().text));
            self.replace(param.assign..default.end, "=({}).__absent");
        }
        late
    }

    /// An expression where Jinja2 accepts a tuple without parentheses and minijinja does not.
    fn expr_bare(&mut self, expr: &Expr<'_>) {
        if let ExprKind::Tuple { bare: true, .. } = expr.kind {
            self.open(expr.start, "(");
            self.expr(expr);
            self.close(expr.end, ")");
        } else {
            self.expr(expr);
        }
    }

    fn exprs<'e, 'a: 'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr<'a>>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn args(&mut self, args: &Args<'_>) {
        self.exprs(&args.positional);
        self.exprs(args.keyword.iter().map(|(_, value)| value));
        self.exprs(&args.splats);
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match &expr.kind {
            ExprKind::Name(_)
            | ExprKind::Str(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::None => {}
            ExprKind::List(items) => {
                self.open(expr.start, "(");
                self.exprs(items);
                self.close(expr.end, "|__list)");
            }
            ExprKind::Tuple { items, .. } => self.exprs(items),
            ExprKind::Dict(items) => {
                self.open(expr.start, "(");
                for (key, value) in items {
                    self.expr(key);
                    self.expr(value);
                }
                self.close(expr.end, "|__dict)");
            }
            ExprKind::Neg(inner) if !is_constant(inner) => {
                self.replace(expr.start..expr.start + 1, "((");
                self.expr(inner);
                self.close(expr.end, ")|__neg)");
            }
            ExprKind::Paren(inner) | ExprKind::Not(inner) | ExprKind::Neg(inner) => {
                self.expr(inner);
            }
            ExprKind::Pos(inner) => {
                self.replace(expr.start..expr.start + 1, " ");
                self.expr(inner);
            }
            ExprKind::Binary { op, .. } => match operator_filter(*op) {
                Some(_) => {
                    self.open(expr.start, "((");
                    self.chain(expr);
                    self.close(expr.end, ")");
                }
                None => self.unchained(expr),
            },
            ExprKind::Compare { first, rest } => match rest.as_slice() {
                [(operator, second)] => self.comparison(expr, first, operator, second),
                _ => {
                    self.expr(first);
                    self.exprs(rest.iter().map(|(_, operand)| operand));
                }
            },
            ExprKind::IfElse { test, then, otherwise } => {
                self.expr(then);
                self.expr(test);
                if let Some(otherwise) = otherwise {
                    self.expr(otherwise);
                }
            }
            ExprKind::Filter { base, args, .. } => {
                if let Some(base) = base {
                    self.expr(base);
                }
                self.args(args);
            }
            ExprKind::Test { base, args, .. } | ExprKind::Call { base, args } => {
                self.expr(base);
                self.args(args);
            }
            ExprKind::Attr(base, _) => self.expr(base),
            ExprKind::Item { base, index } => {
                self.expr(base);
                self.expr_bare(index);
            }
            ExprKind::Slice { .. } => self.slice(expr),
        }
    }

    fn unchained(&mut self, expr: &Expr<'_>) {
        if let ExprKind::Binary { left, right, .. } = &expr.kind {
            self.expr(left);
            self.expr(right);
        }
    }

    /// The inside of `((first)|__add(second)|__sub(third))`: a chain keeps the nesting flat for minijinja's parser.
    fn chain(&mut self, expr: &Expr<'_>) {
        let ExprKind::Binary { op, op_range, left, right } = &expr.kind else {
            return;
        };
        let Some(filter) = operator_filter(*op) else {
            return;
        };
        let chained = matches!(&left.kind, ExprKind::Binary { op, .. } if operator_filter(*op).is_some());
        if chained {
            self.chain(left);
        } else {
            self.expr(left);
            self.close(left.end, ")");
        }
        self.replace(op_range.clone(), format!("|{filter}("));
        self.expr(right);
        self.close(right.end, ")");
    }

    /// `a < b` as `((a)|__lt(b))`, where an operand may be a `Decimal`.
    fn comparison(&mut self, expr: &Expr<'_>, first: &Expr<'_>, operator: &Range<usize>, second: &Expr<'_>) {
        let is_no_number = |operand: &Expr<'_>| {
            use ExprKind::{Bool, Dict, List, None, Str, Tuple};
            matches!(operand.kind, Str(_) | Bool(_) | None | List(_) | Dict(_) | Tuple { .. })
        };
        let filter = match &self.source[operator.clone()] {
            "==" => "__eq",
            "!=" => "__ne",
            "<" => "__lt",
            "<=" => "__le",
            ">" => "__gt",
            ">=" => "__ge",
            _ => "",
        };
        if filter.is_empty() || is_no_number(first) || is_no_number(second) {
            self.expr(first);
            return self.expr(second);
        }
        self.open(expr.start, "((");
        self.expr(first);
        self.close(first.end, ")");
        self.replace(operator.clone(), format!("|{filter}("));
        self.expr(second);
        self.close(second.end, "))");
    }

    fn slice(&mut self, expr: &Expr<'_>) {
        let ExprKind::Slice { base, open, start, first_colon, stop, second_colon, step } = &expr.kind else {
            return;
        };
        self.open(expr.start, "((");
        self.expr(base);
        let none = |part: &Option<Box<Expr<'_>>>| if part.is_some() { "" } else { "none" };
        self.replace(*open..open + 1, format!(")|__slice({}", none(start)));
        self.replace(*first_colon..first_colon + 1, format!(", {}", none(stop)));
        let tail = match second_colon {
            Some(colon) => {
                self.replace(*colon..colon + 1, format!(", {}", none(step)));
                "))"
            }
            None => ", none))",
        };
        for part in [start, stop, step].into_iter().flatten() {
            self.expr(part);
        }
        self.replace(expr.end - 1..expr.end, tail);
    }
}

fn operator_filter(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Add => "__add",
        BinaryOp::Sub => "__sub",
        BinaryOp::Mul => "__mul",
        BinaryOp::Div => "__div",
        BinaryOp::FloorDiv => "__floordiv",
        BinaryOp::Rem => "__mod",
        BinaryOp::Pow => "__pow",
        BinaryOp::Concat | BinaryOp::And | BinaryOp::Or => return None,
    })
}

/// Whether a loop over this could run over a string (whose `loop.last` minijinja gets wrong).
fn may_be_text(iter: &Expr<'_>) -> bool {
    match &iter.kind {
        ExprKind::Call { base, .. } => match &base.kind {
            ExprKind::Name(name) => *name != "range",
            ExprKind::Attr(_, name) => !matches!(*name, "items" | "keys" | "values" | "split"),
            _ => true,
        },
        _ => false,
    }
}

/// Whether Jinja2 folds the expression to a constant, whose text is then what native rendering returns.
pub(crate) fn is_constant(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::None => true,
        ExprKind::List(items) | ExprKind::Tuple { items, .. } => items.iter().all(is_constant),
        ExprKind::Dict(items) => items.iter().all(|(k, v)| is_constant(k) && is_constant(v)),
        ExprKind::Paren(inner) | ExprKind::Not(inner) | ExprKind::Neg(inner) | ExprKind::Pos(inner) => {
            is_constant(inner)
        }
        ExprKind::Binary { left, right, .. } => is_constant(left) && is_constant(right),
        ExprKind::Compare { first, rest } => is_constant(first) && rest.iter().all(|(_, operand)| is_constant(operand)),
        _ => false,
    }
}

/// Whether `name` is read anywhere in the expression.
fn mentions(expr: &Expr<'_>, name: &str) -> bool {
    let mut found = false;
    expr.walk(&mut |inner| {
        found |= matches!(inner.kind, ExprKind::Name(n) if n == name);
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        rewrite(source, Purpose::Text).expect("valid Jinja").text
    }

    #[test]
    fn literals_and_operators_become_filters() {
        assert_eq!(text("{{ [1] }}"), "{{ ([1]|__list) }}");
        assert_eq!(text("{{ a + b * c - d }}"), "{{ ((a) |__add( ((b) |__mul( c))) |__sub( d)) }}");
        assert_eq!(text("{{ a < b }}"), "{{ ((a) |__lt( b)) }}");
        assert_eq!(text("{{ a == 'b' and -a }}"), "{{ a == 'b' and ((a)|__neg) }}");
        assert_eq!(text("{{ x[1:] }}"), "{{ ((x)|__slice(1, none, none)) }}");
        assert_eq!(text("{% do a.b %}"), "{% set __do = a.b %}");
    }

    #[test]
    fn ranges_lead_back_to_the_source() {
        let source = "{{ 7 % [1, 2] }}";
        let rewritten = rewrite(source, Purpose::Text).expect("valid Jinja");
        let out = rewritten.text.find("[1, 2]").expect("copied verbatim");
        let range = rewritten.map.source_range(out..out + 6);
        assert_eq!(&source[range], "[1, 2]");
    }
}
