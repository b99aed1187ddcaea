//! [`check`]: the findings of one file, whatever can go wrong with it among them.

use super::{Linters, RenderedSql, Renderer, Rendering, Settings, SqlFinding};
use crate::diagnostics::{Diagnostic, Position, SourceMap};
use crate::lint::{Finding, Range, Severity};

/// What is said of a file.
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings by place.
    pub findings: Vec<Finding>,
    /// Why the file, or a part of it, was not looked at.
    pub skipped: Option<String>,
}

/// The findings of a file. `path` is relative to the project, with `/`. A template that cannot be rendered is the finding `TMP`.
pub fn check(renderer: &Renderer, linters: &Linters, settings: &Settings, path: &str, source: &str) -> Checked {
    let rendered = match renderer.render(path, path, source) {
        Rendering::Sql(rendered) => rendered,
        Rendering::Skipped(reason) => return Checked { skipped: Some(reason.to_owned()), ..Checked::default() },
        Rendering::Failed(problem) => {
            return Checked { findings: vec![template_finding(path, &problem, renderer.sources())], skipped: None };
        }
    };
    let mut checked = Checked::default();
    for sql in rendered {
        match linters.lint(settings, &sql) {
            Ok(found) if sql.is_incomplete && found.iter().any(SqlFinding::is_unreadable) => {
                checked.skipped = Some("its SQL is made of what the warehouse answers".into());
            }
            Ok(found) => checked.findings.extend(found.into_iter().map(|finding| placed(finding, &sql))),
            Err(problem) => checked.findings.push(unchecked(path, problem)),
        }
    }
    checked.findings.sort_by_key(Finding::line);
    checked
}

fn placed(finding: SqlFinding, sql: &RenderedSql) -> Finding {
    let start = Position { line: finding.line, column: finding.column };
    let inside = sql.source.get(finding.range.clone()).unwrap_or_default();
    let end = match inside.rsplit_once('\n') {
        None => Position { line: start.line, column: start.column + inside.chars().count() },
        Some((before, last)) => {
            Position { line: start.line + before.matches('\n').count() + 1, column: last.chars().count() + 1 }
        }
    };
    Finding {
        rule: finding.code.into(),
        severity: if finding.is_warning { Severity::Warning } else { Severity::Error },
        path: sql.path.clone(),
        range: Some(Range { start, end }),
        message: finding.message,
        hint: None,
        edits: Vec::new(),
    }
}

/// What is said of a file that the linter could not work on: that is no fault of the file.
fn unchecked(path: &str, problem: String) -> Finding {
    Finding {
        rule: "PRS".into(),
        severity: Severity::Warning,
        path: path.to_owned(),
        range: None,
        message: problem,
        hint: None,
        edits: Vec::new(),
    }
}

fn template_finding(path: &str, problem: &Diagnostic, sources: &SourceMap) -> Finding {
    let span = problem.labels.iter().map(|label| label.span).find(|span| sources.get(span.source).path == path);
    Finding {
        rule: "TMP".into(),
        severity: Severity::Error,
        path: path.to_owned(),
        range: span.map(|span| Range::of(span, sources)),
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        edits: Vec::new(),
    }
}
