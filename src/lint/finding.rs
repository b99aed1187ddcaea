//! [`Finding`]: what a rule found, as a value.

use std::borrow::Cow;

use crate::diagnostics::{Position, SourceMap, Span};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; fails nothing.
    Info,
    /// Should be mended; fails nothing.
    Warning,
    /// Must be mended: the command exits with 1.
    Error,
}

impl Severity {
    /// `info`, `warning`, `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A part of a text, the end excluded; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First character.
    pub start: Position,
    /// One past the last.
    pub end: Position,
}

impl Range {
    /// The range of a span in its text.
    pub fn of(span: Span, sources: &SourceMap) -> Self {
        let file = sources.get(span.source);
        Self { start: file.position(span.start as usize), end: file.position(span.end as usize) }
    }
}

/// A change that mends a finding, in the file that the finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub range: Range,
    /// What stands there then.
    pub text: String,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule: `missing-description`, or a code such as `LT01`.
    pub rule: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// The file, below the project's root with `/` between parts.
    pub path: String,
    /// The part of the file; none if it is about the file as a whole.
    pub range: Option<Range>,
    /// One sentence, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// What mends it, if a program can; none of the edits overlap.
    pub edits: Vec<Edit>,
}

impl Finding {
    /// The line that it is shown at: 1 for a file as a whole.
    pub fn line(&self) -> usize {
        self.range.map_or(1, |range| range.start.line)
    }

    /// In the order in which findings are shown: by file, place and rule.
    pub fn sort(findings: &mut [Self]) {
        let key = |finding: &Self| {
            let start = finding.range.map(|range| (range.start.line, range.start.column));
            (finding.path.clone(), start, finding.rule.clone(), finding.message.clone())
        };
        findings.sort_by_cached_key(key);
    }
}
