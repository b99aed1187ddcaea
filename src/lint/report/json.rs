//! JSON as sqlfluff writes it: a list of files, each with its violations.

use serde_json::{Value, json};

use super::{Finding, Severity, by_file, place};

/// One object a file that has findings, as of `sqlfluff lint --format json`, with `severity` and `hint` beside.
pub fn json(findings: &[Finding]) -> String {
    let files: Vec<Value> = by_file(findings)
        .into_iter()
        .map(|(path, group)| json!({"filepath": path, "violations": group.iter().map(violation).collect::<Vec<_>>()}))
        .collect();
    serde_json::to_string_pretty(&files).unwrap_or_default()
}

fn violation(finding: &Finding) -> Value {
    let (line, column, end_line, end_column) = place(finding);
    json!({
        "code": finding.rule,
        "description": finding.message,
        "start_line_no": line,
        "start_line_pos": column,
        "end_line_no": end_line,
        "end_line_pos": end_column,
        "warning": finding.severity != Severity::Error,
        "severity": finding.severity.as_str(),
        "hint": finding.hint,
        "fixes": finding.edits.iter().map(|edit| json!({
            "type": if edit.range.start == edit.range.end { "create_before" } else { "replace" },
            "edit": edit.text,
            "start_line_no": edit.range.start.line,
            "start_line_pos": edit.range.start.column,
            "end_line_no": edit.range.end.line,
            "end_line_pos": edit.range.end.column,
        })).collect::<Vec<_>>(),
    })
}
