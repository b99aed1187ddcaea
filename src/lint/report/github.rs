//! Workflow commands of GitHub Actions: an annotation for each finding.

use super::{Finding, Severity, place};

/// A line for each finding. Paths must count from the repository's root.
pub fn github(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (line, column, end_line, end_column) = place(finding);
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        text.push_str(&format!(
            "::{word} title={},file={},line={line},col={column},endLine={end_line},endColumn={end_column}::{}\n",
            property(&finding.rule),
            property(&finding.path),
            message(&format!("{}: {}{hint}", finding.rule, finding.message)),
        ));
    }
    text
}

/// GitHub's escapes in the text of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// … and in a property, where colon and comma end it too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
