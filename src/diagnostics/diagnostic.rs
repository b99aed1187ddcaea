//! One problem as a value.

use serde_json::Value;

use super::{Code, SourceMap, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The command goes on.
    Warning,
    /// The command, or the node it is about, fails.
    Error,
}

/// A marked place with a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be said there; may be empty.
    pub text: String,
}

/// One step of a Jinja call stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who was running, such as ``macro `dbt.statement` ``.
    pub name: String,
    /// Where it made the next call.
    pub span: Option<Span>,
}

/// A problem: what, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, no full stop.
    pub message: String,
    /// Places; the first is the main one.
    pub labels: Vec<Label>,
    /// Further facts.
    pub notes: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Jinja calls from the innermost outwards.
    pub frames: Vec<Frame>,
    /// dbt's name of it, where it is not that of the code: what `--warn-error-options` lists.
    pub event: Option<&'static str>,
    /// What dbt's event of that name says in fields of its own, for those who read logs as JSON.
    pub fields: Vec<(&'static str, Value)>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            hint: None,
            frames: Vec::new(),
            event: None,
            fields: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a place if there is one.
    #[must_use]
    pub fn at_some(self, span: Option<Span>, text: impl Into<String>) -> Self {
        match span {
            Some(span) => self.at(span, text),
            None => self,
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Gives it dbt's name of such an event.
    #[must_use]
    pub fn named(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    /// Fills a field of dbt's event.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// dbt's names of such an event.
    pub fn events(&self) -> &[&'static str] {
        match &self.event {
            Some(event) => std::slice::from_ref(event),
            None => self.code.events(),
        }
    }

    /// The same as an error.
    #[must_use]
    pub fn into_error(self) -> Self {
        Self { severity: Severity::Error, ..self }
    }

    /// Names the most similar of `known` to `name`, if one is similar enough, in the hint.
    #[must_use]
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match most_similar(name, known) {
            Some(similar) => self.hint(format!("a similar name exists: `{similar}`")),
            None => self,
        }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The most similar of `known` to `name`, if one is similar enough to be what was meant.
pub(crate) fn most_similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(score, other)| *score > 0.86 && *other != name)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

/// A growing list of diagnostics: what a step collects instead of stopping at the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Nothing to report yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(others);
    }

    /// Keeps the value, or collects the problem.
    pub fn collect<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their places and, at one place, of their texts, each once; those without a place come first. The
    /// order is a matter of contents only: however they were collected, it is the same.
    #[must_use]
    pub fn sorted(mut self, sources: &SourceMap) -> Self {
        let places = |problem: &Diagnostic| -> Vec<_> {
            let path = |label: &Label| sources.get(label.span.source).path.clone();
            problem.labels.iter().map(|label| (path(label), label.span.start, label.span.end)).collect()
        };
        self.0.sort_by_cached_key(|problem| {
            let places = places(problem);
            let start = places.first().map(|(path, start, _)| (path.clone(), *start));
            (start, problem.message.clone(), problem.code.id, places, problem.notes.clone(), problem.hint.clone())
        });
        self.0.dedup();
        self
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
