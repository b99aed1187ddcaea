//! Problems as editors show them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, Range};

use super::workspace::Problem;
use crate::diagnostics::SourceMap;
use crate::lint::Severity;

/// What is to be shown in each file that has problems.
pub(super) fn diagnostics(
    root: &Path,
    sources: &SourceMap,
    problems: &[Problem],
) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut by_path: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_path.entry(&problem.path).or_default().push(problem);
    }
    let shown = by_path.into_iter().map(|(path, problems)| {
        let text = sources.find(path).map(|id| Arc::clone(&sources.get(id).text)).unwrap_or_default();
        (root.join(path), problems.into_iter().map(|problem| diagnostic(problem, &text)).collect())
    });
    shown.collect()
}

/// A range as editors count: columns of problems are characters, theirs are units of UTF-16.
pub(super) fn range(range: crate::lint::Range, text: &str) -> Range {
    let position = |at: crate::diagnostics::Position| {
        let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
        let units: usize = line.chars().take(at.column.saturating_sub(1)).map(char::len_utf16).sum();
        Position { line: at.line.saturating_sub(1) as u32, character: units as u32 }
    };
    Range { start: position(range.start), end: position(range.end) }
}

/// A problem in a file with this text.
pub(super) fn diagnostic(problem: &Problem, text: &str) -> Diagnostic {
    Diagnostic {
        range: problem.range.map(|found| range(found, text)).unwrap_or_default(),
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Info => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(problem.code.clone())),
        source: Some("hetl".to_owned()),
        message: problem.message.clone(),
        ..Diagnostic::default()
    }
}
