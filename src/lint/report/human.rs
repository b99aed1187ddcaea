//! Lines for people: the file, then a line for each finding.

use super::{Finding, Severity, by_file, place};

/// All findings, and how many there are of each severity. Empty if there are none.
pub fn human(findings: &[Finding]) -> String {
    let mut text = String::new();
    for (path, group) in by_file(findings) {
        text.push_str(path);
        text.push('\n');
        for finding in group {
            let (line, column, ..) = place(finding);
            let word = match finding.severity {
                Severity::Error => String::new(),
                other => format!("{}: ", other.as_str()),
            };
            text.push_str(&format!("  {line:>4}:{column:<3} {:<4}  {word}{}\n", finding.rule, finding.message));
            if let Some(hint) = &finding.hint {
                text.push_str(&format!("{:16}hint: {hint}\n", ""));
            }
        }
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counts =
        [("error", count(Severity::Error)), ("warning", count(Severity::Warning)), ("note", count(Severity::Info))];
    let words: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if !words.is_empty() {
        let files = by_file(findings).len();
        text.push_str(&format!("{} in {files} file{}\n", words.join(", "), if files == 1 { "" } else { "s" }));
    }
    text
}
