//! The syntax tree of a template, with exact byte ranges of the source, and the error of reading one.
//!
//! Only what the rewrite, the extraction and the block splitter need is kept. minijinja parses the rewritten text again for
//! execution; this tree is never executed.

use std::ops::Range;

/// A template that is not valid Jinja.
#[derive(Debug, Clone)]
pub struct SyntaxError {
    /// Where, in bytes of the text that was read.
    pub range: Range<usize>,
    /// What is wrong, in Jinja2's words where it has some.
    pub message: String,
    /// The block or bracket that is still open.
    pub opened: Option<Range<usize>>,
}

impl SyntaxError {
    pub(crate) fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), opened: None }
    }

    pub(crate) fn with_opened(mut self, opened: Range<usize>) -> Self {
        self.opened = Some(opened);
        self
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// An expression and its byte range, its own parentheses included only for [`ExprKind::Paren`] and tuples.
#[derive(Debug)]
pub(crate) struct Expr<'a> {
    pub(crate) kind: ExprKind<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A binary arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
    And,
    Or,
}

#[derive(Debug)]
pub(crate) enum ExprKind<'a> {
    Name(&'a str),
    Str(String),
    Int(i128),
    Float(f64),
    Bool(bool),
    None,
    List(Vec<Expr<'a>>),
    /// `bare`: written without parentheses.
    Tuple {
        items: Vec<Expr<'a>>,
        bare: bool,
    },
    Dict(Vec<(Expr<'a>, Expr<'a>)>),
    Paren(Box<Expr<'a>>),
    Not(Box<Expr<'a>>),
    Neg(Box<Expr<'a>>),
    /// Unary plus; minijinja has none.
    Pos(Box<Expr<'a>>),
    Binary {
        op: BinaryOp,
        op_range: Range<usize>,
        left: Box<Expr<'a>>,
        right: Box<Expr<'a>>,
    },
    /// The operators are texts of the source: `<`, `in`, `not in` …
    Compare {
        first: Box<Expr<'a>>,
        rest: Vec<(Range<usize>, Expr<'a>)>,
    },
    IfElse {
        test: Box<Expr<'a>>,
        then: Box<Expr<'a>>,
        otherwise: Option<Box<Expr<'a>>>,
    },
    Filter {
        /// Of its name.
        name: Range<usize>,
        base: Option<Box<Expr<'a>>>,
        args: Args<'a>,
    },
    Test {
        /// Of its name.
        name: Range<usize>,
        base: Box<Expr<'a>>,
        args: Args<'a>,
    },
    Attr(Box<Expr<'a>>, &'a str),
    Item {
        base: Box<Expr<'a>>,
        index: Box<Expr<'a>>,
    },
    Slice {
        base: Box<Expr<'a>>,
        open: usize,
        start: Option<Box<Expr<'a>>>,
        first_colon: usize,
        stop: Option<Box<Expr<'a>>>,
        second_colon: Option<usize>,
        step: Option<Box<Expr<'a>>>,
    },
    Call {
        base: Box<Expr<'a>>,
        args: Args<'a>,
    },
}

/// Arguments of a call, filter or test.
#[derive(Debug, Default)]
pub(crate) struct Args<'a> {
    pub(crate) positional: Vec<Expr<'a>>,
    pub(crate) keyword: Vec<(&'a str, Expr<'a>)>,
    /// `*xs` and `**kw`.
    pub(crate) splats: Vec<Expr<'a>>,
}

/// A parameter of a macro or call block.
#[derive(Debug)]
pub(crate) struct Param<'a> {
    pub(crate) name: &'a str,
    /// dbt's type annotation, from the colon on.
    pub(crate) annotation: Option<Range<usize>>,
    /// From the `=` on.
    pub(crate) assign: usize,
    pub(crate) default: Option<Expr<'a>>,
}

/// What kind of definition a [`Macro`] was written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacroKind {
    Macro,
    Test,
    Materialization,
}

/// A `macro`, `test`, `data_test` or `materialization` block.
#[derive(Debug)]
pub(crate) struct Macro<'a> {
    pub(crate) kind: MacroKind,
    /// The name with dbt's prefix.
    pub(crate) name: String,
    /// The keyword, e.g. `test`.
    pub(crate) keyword: Range<usize>,
    pub(crate) name_range: Range<usize>,
    /// Parentheses of the parameters (of a materialization: an empty range behind the name, to the end of the header).
    pub(crate) params_range: Range<usize>,
    pub(crate) params: Vec<Param<'a>>,
    /// `%}` of the header.
    pub(crate) header_end: Range<usize>,
    pub(crate) body: Vec<Stmt<'a>>,
    pub(crate) end_keyword: Range<usize>,
    pub(crate) uses_varargs: bool,
    pub(crate) uses_kwargs: bool,
    pub(crate) uses_caller: bool,
}

#[derive(Debug)]
pub(crate) enum Stmt<'a> {
    Data,
    Output {
        expr: Expr<'a>,
    },
    If {
        branches: Vec<(Option<Expr<'a>>, Vec<Stmt<'a>>)>,
    },
    For {
        targets: Vec<&'a str>,
        iter: Expr<'a>,
        condition: Option<Expr<'a>>,
        body: Vec<Stmt<'a>>,
        otherwise: Vec<Stmt<'a>>,
    },
    Set {
        targets: Vec<&'a str>,
        value: Expr<'a>,
    },
    SetBlock {
        targets: Vec<&'a str>,
        filter: Option<Expr<'a>>,
        body: Vec<Stmt<'a>>,
    },
    With {
        bindings: Vec<(Vec<&'a str>, Expr<'a>)>,
        body: Vec<Stmt<'a>>,
    },
    Filter {
        filter: Expr<'a>,
        body: Vec<Stmt<'a>>,
    },
    Do {
        keyword: Range<usize>,
        value: Expr<'a>,
    },
    Print {
        begin: Range<usize>,
        keyword: Range<usize>,
        end: Range<usize>,
        value: Expr<'a>,
    },
    Macro(Box<Macro<'a>>),
    CallBlock {
        params: Vec<Param<'a>>,
        call: Expr<'a>,
        body: Vec<Stmt<'a>>,
    },
    /// `block`, `autoescape`: a body that runs.
    Body {
        value: Option<Expr<'a>>,
        body: Vec<Stmt<'a>>,
    },
    /// `include`, `import`, `from`, `extends`: not used by dbt projects, handed on as they are.
    Other {
        value: Expr<'a>,
    },
    /// `break`, `continue`.
    LoopControl,
}

/// Python's meaning of the escapes in a string literal's inside.
pub(crate) fn unescape(inside: &str) -> String {
    if !inside.contains('\\') {
        return inside.to_owned();
    }
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('a') => out.push('\u{7}'),
            Some('\n') | None => {}
            Some(c @ ('\\' | '\'' | '"')) => out.push(c),
            Some(c @ ('x' | 'u' | 'U')) => {
                let width = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = chars.clone().take(width).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                match code {
                    Some(decoded) if digits.len() == width => {
                        out.push(decoded);
                        for _ in 0..width {
                            chars.next();
                        }
                    }
                    _ => {
                        out.push('\\');
                        out.push(c);
                    }
                }
            }
            Some(c @ '0'..='7') => {
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    code = code * 8 + digit;
                    chars.next();
                }
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            Some(c) => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out
}

/// Whether minijinja reads the escapes of this string otherwise than Python does.
pub(crate) fn escapes_differ(inside: &str) -> bool {
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !matches!(chars.next(), Some('n' | 't' | 'r' | 'b' | 'f' | '\\' | '\'' | '"')) {
            return true;
        }
    }
    false
}

/// A string literal that minijinja reads as `value`.
pub(crate) fn quote(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

impl<'a> Expr<'a> {
    /// Visits this expression and everything inside it, outside in.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&Expr<'a>)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }

    /// Visits the direct parts.
    pub(crate) fn children(&self, visit: &mut dyn FnMut(&Expr<'a>)) {
        let in_args = |args: &Args<'a>, visit: &mut dyn FnMut(&Expr<'a>)| {
            args.positional.iter().for_each(&mut *visit);
            args.keyword.iter().for_each(|(_, value)| visit(value));
            args.splats.iter().for_each(&mut *visit);
        };
        match &self.kind {
            ExprKind::Name(_)
            | ExprKind::Str(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::None => {}
            ExprKind::List(items) | ExprKind::Tuple { items, .. } => items.iter().for_each(visit),
            ExprKind::Dict(items) => items.iter().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            ExprKind::Paren(inner)
            | ExprKind::Not(inner)
            | ExprKind::Neg(inner)
            | ExprKind::Pos(inner)
            | ExprKind::Attr(inner, _) => visit(inner),
            ExprKind::Binary { left, right, .. } => {
                visit(left);
                visit(right);
            }
            ExprKind::Compare { first, rest } => {
                visit(first);
                rest.iter().for_each(|(_, operand)| visit(operand));
            }
            ExprKind::IfElse { test, then, otherwise } => {
                visit(test);
                visit(then);
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
            ExprKind::Filter { base, args, .. } => {
                if let Some(base) = base {
                    visit(base);
                }
                in_args(args, visit);
            }
            ExprKind::Test { base, args, .. } | ExprKind::Call { base, args } => {
                visit(base);
                in_args(args, visit);
            }
            ExprKind::Item { base, index } => {
                visit(base);
                visit(index);
            }
            ExprKind::Slice { base, start, stop, step, .. } => {
                visit(base);
                for part in [start, stop, step].into_iter().flatten() {
                    visit(part);
                }
            }
        }
    }
}

impl<'a> Stmt<'a> {
    /// What a `{{ … }}` prints.
    pub(crate) fn printed(&self) -> Option<&Expr<'a>> {
        match self {
            Self::Output { expr } => Some(expr),
            _ => None,
        }
    }

    /// Visits the expressions of this statement's own tags.
    pub(crate) fn exprs(&self, visit: &mut dyn FnMut(&Expr<'a>)) {
        let in_params = |params: &[Param<'a>], visit: &mut dyn FnMut(&Expr<'a>)| {
            for default in params.iter().filter_map(|p| p.default.as_ref()) {
                visit(default);
            }
        };
        match self {
            Stmt::Data | Stmt::LoopControl => {}
            Stmt::Output { expr: value }
            | Stmt::Set { value, .. }
            | Stmt::Do { value, .. }
            | Stmt::Print { value, .. }
            | Stmt::Other { value } => visit(value),
            Stmt::If { branches } => branches.iter().filter_map(|(condition, _)| condition.as_ref()).for_each(visit),
            Stmt::For { iter, condition, .. } => {
                visit(iter);
                condition.iter().for_each(visit);
            }
            Stmt::SetBlock { filter, .. } => filter.iter().for_each(visit),
            Stmt::With { bindings, .. } => bindings.iter().for_each(|(_, value)| visit(value)),
            Stmt::Filter { filter, .. } => visit(filter),
            Stmt::Macro(found) => in_params(&found.params, visit),
            Stmt::CallBlock { params, call, .. } => {
                in_params(params, visit);
                visit(call);
            }
            Stmt::Body { value, .. } => value.iter().for_each(visit),
        }
    }

    /// The bodies between this statement's tags.
    pub(crate) fn bodies(&self) -> Vec<&[Stmt<'a>]> {
        match self {
            Stmt::If { branches } => branches.iter().map(|(_, body)| body.as_slice()).collect(),
            Stmt::For { body, otherwise, .. } => vec![body, otherwise],
            Stmt::SetBlock { body, .. }
            | Stmt::With { body, .. }
            | Stmt::Filter { body, .. }
            | Stmt::CallBlock { body, .. }
            | Stmt::Body { body, .. } => vec![body],
            Stmt::Macro(found) => vec![&found.body],
            _ => Vec::new(),
        }
    }
}
