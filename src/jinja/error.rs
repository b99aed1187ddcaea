//! minijinja's errors as diagnostics with places in the text that the user wrote.
//!
//! The chain of causes is walked inwards: macro calls become frames, includes of the engine itself vanish, and the innermost
//! error gives message and place. A callback that fails with a diagnostic of its own wraps it with [`raise`].

use std::fmt;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use super::macros::MacroFrame;
use super::parser::parse;
use super::store::{Entry, Store};
use super::syntax::{Expr, ExprKind, Stmt, SyntaxError};
use crate::diagnostics::{Code, Diagnostic, Frame, Span};

/// A failed render.
#[derive(Debug, Clone)]
pub struct JinjaError {
    /// What to tell the user.
    pub diagnostic: Diagnostic,
    /// The name that is not defined, if that is the problem; callers add names that are similar.
    pub undefined_name: Option<String>,
}

impl fmt::Display for JinjaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for JinjaError {}

impl From<JinjaError> for Diagnostic {
    fn from(error: JinjaError) -> Self {
        error.diagnostic
    }
}

impl JinjaError {
    /// Adds a hint with the name that is most similar to the undefined one.
    #[must_use]
    pub fn suggest<'a>(mut self, known: impl IntoIterator<Item = &'a str>) -> Self {
        if let Some(name) = &self.undefined_name {
            self.diagnostic = self.diagnostic.suggest(name, known);
        }
        self
    }
}

/// A diagnostic on its way through minijinja.
#[derive(Debug)]
struct Raised(Diagnostic);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Raised {}

/// An error of a Rust callback that keeps its diagnostic; place and frames are added when it is described.
pub fn raise(diagnostic: Diagnostic) -> Error {
    Error::new(ErrorKind::InvalidOperation, diagnostic.message.clone()).with_source(Raised(diagnostic))
}

/// A template that is not valid Jinja.
#[derive(Debug)]
pub(crate) struct BrokenTemplate {
    pub(crate) template: String,
    pub(crate) error: SyntaxError,
}

impl fmt::Display for BrokenTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.message)
    }
}

impl std::error::Error for BrokenTemplate {}

impl SyntaxError {
    /// The error as a diagnostic of a text that stands at `origin`.
    pub fn diagnostic(&self, origin: Option<super::Origin>) -> Diagnostic {
        let span = |range: &Range<usize>| origin.map(|origin| origin.span(range.clone()));
        let mut diagnostic = Diagnostic::error(Code::JINJA_SYNTAX, self.message.clone()).at_some(span(&self.range), "");
        if let Some(opened) = &self.opened {
            diagnostic = diagnostic.at_some(span(opened), "opened here");
        }
        diagnostic
    }
}

/// An error's place: its template and the range in the template's source.
struct Place {
    entry: std::sync::Arc<Entry>,
    range: Range<usize>,
}

impl Place {
    fn of(store: &Store, error: &Error) -> Option<Self> {
        let entry = store.get(error.name()?)?;
        let map = &entry.rewritten().ok()?.map;
        let mut range = map.source_range(error.range()?);
        range.end = range.end.min(entry.source.len());
        range.start = range.start.min(range.end);
        range.start = whole_start(&entry.source, &range).unwrap_or(range.start);
        Some(Self { entry, range })
    }

    fn span(&self) -> Option<Span> {
        self.entry.origin.map(|origin| origin.span(self.range.clone()))
    }

    /// The expression that ends where the error ends: what failed to be read or called.
    fn failed_base(&self) -> Option<String> {
        let source: &str = &self.entry.source;
        let parsed = parse(source).ok()?;
        let mut found: Option<(usize, usize)> = None;
        let end = self.range.end;
        visit_exprs(&parsed.body, &mut |expr| {
            let (ExprKind::Attr(base, _)
            | ExprKind::Item { base, .. }
            | ExprKind::Call { base, .. }
            | ExprKind::Slice { base, .. }) = &expr.kind
            else {
                return;
            };
            if expr.end == end {
                found.get_or_insert((base.start, base.end));
            }
        });
        let (start, end) = found?;
        source.get(start..end).map(str::to_owned)
    }
}

/// Where the expression that failed really begins: minijinja marks chains from their last link, and operators as filters.
fn whole_start(source: &str, range: &Range<usize>) -> Option<usize> {
    let parsed = parse(source).ok()?;
    let mut found = None;
    visit_exprs(&parsed.body, &mut |expr| {
        let whole = match &expr.kind {
            ExprKind::Attr(..) | ExprKind::Item { .. } | ExprKind::Call { .. } | ExprKind::Slice { .. } => {
                expr.start <= range.start
            }
            ExprKind::Binary { op_range, .. } => (op_range.start..=op_range.end).contains(&range.start),
            _ => false,
        };
        if whole && expr.end == range.end {
            found.get_or_insert(expr.start);
        }
    });
    found
}

/// Visits every expression of a template.
pub(crate) fn visit_exprs<'a>(body: &[Stmt<'a>], visit: &mut impl FnMut(&Expr<'a>)) {
    for stmt in body {
        stmt.exprs(&mut |expr| expr.walk(visit));
        for inner in stmt.bodies() {
            visit_exprs(inner, visit);
        }
    }
}

pub(crate) fn describe(store: &Store, error: &Error) -> JinjaError {
    let mut frames = Vec::new();
    let mut running: Option<String> = None;
    let mut current = error;
    let mut raised = None;
    let mut broken = None;
    let mut place = Place::of(store, current);
    while let Some(cause) = std::error::Error::source(current) {
        if let Some(frame) = cause.downcast_ref::<MacroFrame>() {
            frames.push(Frame {
                name: running.unwrap_or_else(|| "template".to_owned()),
                span: place.as_ref().and_then(Place::span),
            });
            running = Some(format!("macro `{}`", frame.name));
            current = &frame.inner;
            // What fails before the macro runs (too deep a recursion) keeps the place of the call.
            place = Place::of(store, current).or(place);
        } else if let Some(inner) = cause.downcast_ref::<Error>() {
            current = inner;
            place = Place::of(store, current).or(place);
        } else {
            raised = cause.downcast_ref::<Raised>();
            broken = cause.downcast_ref::<BrokenTemplate>();
            break;
        }
    }
    if let Some(name) = running {
        frames.push(Frame { name, span: place.as_ref().and_then(Place::span) });
    }
    frames.reverse();
    let mut undefined_name = None;
    let mut diagnostic = if let Some(broken) = broken {
        let origin = store.get(&broken.template).and_then(|entry| entry.origin);
        broken.error.diagnostic(origin)
    } else {
        let span = place.as_ref().and_then(Place::span);
        match raised {
            Some(Raised(own)) if own.labels.is_empty() => own.clone().at_some(span, ""),
            Some(Raised(own)) => own.clone(),
            None => {
                let (code, message, name) = explain(current, place.as_ref());
                undefined_name = name;
                Diagnostic::error(code, message).at_some(span, "")
            }
        }
    };
    diagnostic.frames.extend(frames);
    JinjaError { diagnostic, undefined_name }
}

/// Code, message and undefined name of the innermost error.
fn explain(error: &Error, place: Option<&Place>) -> (Code, String, Option<String>) {
    let detail = error.detail().unwrap_or_default();
    let base = || place.and_then(Place::failed_base);
    let undefined = |name: String| {
        let message = format!("'{name}' is undefined");
        (Code::JINJA_UNDEFINED, message, Some(name))
    };
    match error.kind() {
        ErrorKind::UnknownFunction => {
            let name = detail.strip_suffix(" is unknown").unwrap_or(detail);
            undefined(name.to_owned())
        }
        ErrorKind::UndefinedError => match base() {
            Some(base) => undefined(base),
            None if detail.is_empty() => (Code::JINJA_UNDEFINED, "an undefined value was used".to_owned(), None),
            None => (Code::JINJA_UNDEFINED, detail.to_owned(), None),
        },
        ErrorKind::InvalidOperation if detail.starts_with("value of type undefined is not callable") => {
            undefined(base().unwrap_or_else(|| "this name".to_owned()))
        }
        ErrorKind::UnknownMethod => (Code::JINJA_UNDEFINED, detail.to_owned(), None),
        ErrorKind::SyntaxError => (Code::JINJA_SYNTAX, detail.to_owned(), None),
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => {
            let message = if detail.is_empty() { error.kind().to_string() } else { detail.to_owned() };
            (Code::JINJA_ARGUMENTS, message, None)
        }
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest => {
            let message = detail.replacen("filter ", "no filter named ", 1);
            let message = message.replacen("test ", "no test named ", 1);
            let message = message.replace(" is unknown", "");
            (Code::JINJA_UNDEFINED, message, None)
        }
        kind if detail.is_empty() => (Code::JINJA_RUNTIME, kind.to_string(), None),
        _ => (Code::JINJA_RUNTIME, detail.to_owned(), None),
    }
}
