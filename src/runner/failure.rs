//! Why a node could not be run, as values and in dbt's words.

use super::subject::Subject;
use crate::context::Session;
use crate::diagnostics::{Diagnostic, Label, SourceMap, Span};

/// Problems that end a job.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// At least one.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// All that the database said, where the diagnostic says less.
    pub(super) whole: Option<String>,
}

impl Failure {
    /// What a unit test that could not be executed is told by, as in dbt.
    pub(super) fn of_unit_test(self, name: &str) -> Self {
        let Some(first) = self.diagnostics.first() else { return self };
        let said = self.whole.as_ref().unwrap_or(&first.message).trim().replace('\n', "\n  ");
        let whole = format!(
            "An error occurred during execution of unit test '{name}'. There may be an error in the unit test definition: \
             check the data types.\n{}\n  {said}",
            first.code.sort()
        );
        Self { whole: Some(whole), ..self }
    }
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Self {
        Self { diagnostics: vec![problem], whole: None }
    }
}

/// Some databases draw the place themselves, in the statement that was sent: the diagnostic's own label is enough.
pub(super) fn without_drawing(mut problem: Diagnostic) -> Diagnostic {
    if !problem.labels.is_empty() {
        problem.message = undrawn(&problem.message);
    }
    problem
}

/// A message without the lines that draw the place: DuckDB's at its end, PostgreSQL's before what it says further.
pub(super) fn undrawn(message: &str) -> String {
    if let Some((said, _)) = message.split_once("\n\nLINE ") {
        return said.to_owned();
    }
    let mut lines = message.lines().peekable();
    let mut kept = Vec::new();
    while let Some(line) = lines.next() {
        let is_caret = |next: &&str| next.trim_start() == "^";
        if line.starts_with("LINE ") && lines.next_if(is_caret).is_some() {
            continue;
        }
        kept.push(line);
    }
    kept.join("\n")
}

/// A problem within a built-in macro is shown at the last call of the project's own, or at the node; what is between says
/// nothing to its author.
pub(super) fn shown_in_project(mut problem: Diagnostic, own: Option<Span>, sources: &SourceMap) -> Diagnostic {
    let is_own = |span: &Span| !sources.get(span.source).path.contains("://");
    problem.frames.retain(|frame| frame.span.as_ref().is_some_and(is_own));
    if problem.labels.first().is_none_or(|label| !is_own(&label.span)) {
        let call = problem.frames.first().and_then(|frame| frame.span);
        problem.labels.retain(|label| is_own(&label.span));
        if let Some(span) = call.or(own) {
            problem.labels.insert(0, Label { span, text: String::new() });
        }
    }
    problem
}

/// The message of a result: dbt's sort of error with the node and its file, then what is wrong, indented. What the database said may hold
/// a secret of the profile, which is hidden.
pub(super) fn message(failure: &Failure, subject: &Subject, session: &Session) -> String {
    session.config().profile.secrets.hide(worded(failure, subject)).into_owned()
}

fn worded(failure: &Failure, subject: &Subject) -> String {
    let Some(first) = failure.diagnostics.first() else { return "unknown error".into() };
    let mut text = format!(
        "{} in {} {} ({})",
        first.code.sort(),
        subject.resource_type().as_str(),
        subject.name(),
        subject.path()
    );
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

#[cfg(test)]
mod tests {
    use super::undrawn;

    #[test]
    fn what_databases_draw_is_left_out() {
        assert_eq!(undrawn("Binder Error: no x\n\nLINE 1: select x\n               ^"), "Binder Error: no x");
        assert_eq!(undrawn("no x\nLINE 1: select x\n               ^\nHINT:  try y"), "no x\nHINT:  try y");
        assert_eq!(undrawn("LINE 1 is odd"), "LINE 1 is odd");
    }
}
