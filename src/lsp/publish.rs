//! Problems as editors show them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, PublishDiagnosticsParams, Range};

use super::workspace::{Loaded, Problem, uri_of};
use crate::lint::Severity;

/// What is to be shown in each file that has problems, and nothing in those that had some before. Updates which files have.
pub(super) fn publications(loaded: &Loaded, shown: &mut BTreeSet<PathBuf>) -> Vec<PublishDiagnosticsParams> {
    let mut by_file: BTreeMap<PathBuf, Vec<Diagnostic>> =
        std::mem::take(shown).into_iter().map(|path| (path, Vec::new())).collect();
    for problem in &loaded.problems {
        let path = loaded.root.join(&problem.path);
        shown.insert(path.clone());
        let text = loaded.sources.ids().map(|id| loaded.sources.get(id)).find(|file| file.path == problem.path);
        by_file.entry(path).or_default().push(diagnostic(problem, text.as_ref().map_or("", |file| &file.text)));
    }
    let publish = |(path, diagnostics): (PathBuf, Vec<Diagnostic>)| {
        Some(PublishDiagnosticsParams { uri: uri_of(&path)?, diagnostics, version: None })
    };
    by_file.into_iter().filter_map(publish).collect()
}

fn diagnostic(problem: &Problem, text: &str) -> Diagnostic {
    // Columns of problems count characters; editors count units of UTF-16.
    let position = |at: crate::diagnostics::Position| {
        let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
        let units: usize = line.chars().take(at.column.saturating_sub(1)).map(char::len_utf16).sum();
        Position { line: at.line.saturating_sub(1) as u32, character: units as u32 }
    };
    Diagnostic {
        range: problem
            .range
            .map_or_else(Range::default, |range| Range { start: position(range.start), end: position(range.end) }),
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
