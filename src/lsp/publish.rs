//! Problems as editors show them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, Range};

use super::workspace::{Loaded, Problem};
use crate::diagnostics::SourceFile;
use crate::lint::Severity;

/// What is to be shown in each file that has problems.
pub(super) fn diagnostics(loaded: &Loaded) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    if loaded.problems.is_empty() {
        return BTreeMap::new();
    }
    let files = loaded.sources.ids().map(|id| loaded.sources.get(id));
    let files: HashMap<String, Arc<SourceFile>> = files.map(|file| (file.path.clone(), file)).collect();
    let mut by_file: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for problem in &loaded.problems {
        let text = files.get(&problem.path).map_or("", |file| &file.text);
        by_file.entry(loaded.root.join(&problem.path)).or_default().push(diagnostic(problem, text));
    }
    by_file
}

fn diagnostic(problem: &Problem, text: &str) -> Diagnostic {
    // Columns of problems count characters; editors count units of UTF-16.
    let position = |at: crate::diagnostics::Position| {
        let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
        let units: usize = line.chars().take(at.column.saturating_sub(1)).map(char::len_utf16).sum();
        Position { line: at.line.saturating_sub(1) as u32, character: units as u32 }
    };
    let range = |range: crate::lint::Range| Range { start: position(range.start), end: position(range.end) };
    Diagnostic {
        range: problem.range.map(range).unwrap_or_default(),
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
