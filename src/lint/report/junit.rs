//! JUnit XML: a suite for each file, a failed case for each finding.

use super::{Finding, Severity, by_file, place};

/// One suite a file. Of the files that were looked at, those without findings are one passed case each.
pub fn junit(findings: &[Finding], files: &[String]) -> String {
    let groups = by_file(findings);
    let failures = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let clean: Vec<&String> = files.iter().filter(|file| groups.iter().all(|(path, _)| path != file)).collect();
    let total = findings.len() + clean.len();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hetl lint\" tests=\"{total}\" failures=\"{failures}\">\n"
    );
    for file in clean {
        let file = escape(file);
        text.push_str(&format!(
            "  <testsuite name=\"{file}\" tests=\"1\" failures=\"0\">\n    <testcase classname=\"{file}\" name=\"lint\"/>\n  </testsuite>\n"
        ));
    }
    for (path, group) in groups {
        let failed = group.iter().filter(|finding| finding.severity == Severity::Error).count();
        let path = escape(path);
        text.push_str(&format!("  <testsuite name=\"{path}\" tests=\"{}\" failures=\"{failed}\">\n", group.len()));
        for finding in group {
            let (line, column, ..) = place(finding);
            let message = escape(&finding.message);
            let rule = escape(&finding.rule);
            text.push_str(&format!("    <testcase classname=\"{path}\" name=\"{rule} {line}:{column}\">"));
            text.push_str(&match finding.severity {
                Severity::Error => {
                    format!(
                        "<failure type=\"{rule}\" message=\"{message}\">{path}:{line}:{column}: {message}</failure>"
                    )
                }
                _ => format!("<system-out>{message}</system-out>"),
            });
            text.push_str("</testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// XML's escapes; characters that XML forbids are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            c if c < ' ' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
