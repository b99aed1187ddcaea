//! Why a node could not be run, as values and in dbt's words.

use super::subject::Subject;
use crate::context::Session;
use crate::diagnostics::{Code, Diagnostic};

/// Problems that end a job.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// At least one.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// All that the database said, where the diagnostic says less.
    pub(super) whole: Option<String>,
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Self {
        Self { diagnostics: vec![problem], whole: None }
    }
}

/// The message of a result: dbt's sort of error with the node and its file, then what is wrong, indented.
pub(super) fn message(failure: &Failure, subject: &Subject, _session: &Session) -> String {
    let Some(first) = failure.diagnostics.first() else { return "unknown error".into() };
    let mut text =
        format!("{} in {} {} ({})", sort(first.code), subject.resource_type().as_str(), subject.name(), subject.path());
    if let Some(whole) = &failure.whole {
        for line in whole.trim().lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
        return text;
    }
    for problem in &failure.diagnostics {
        for line in problem.message.trim().lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
        for note in &problem.notes {
            for line in note.lines() {
                text.push_str("\n  ");
                text.push_str(line);
            }
        }
    }
    text
}

/// dbt's sort of error for a code.
pub(super) fn sort(code: Code) -> &'static str {
    match code {
        Code::DATABASE | Code::CONNECTION => "Database Error",
        Code::CANCELLED | Code::SEED | Code::UNSUPPORTED | Code::TEST_FAILED => "Runtime Error",
        _ => "Compilation Error",
    }
}
