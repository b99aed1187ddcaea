//! The Markdown that GitHub shows below a workflow's job.

use std::fmt::Write as _;

/// A row of results: name, status, what went wrong, file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SummaryRow {
    /// Name of the resource.
    pub name: String,
    /// dbt's word.
    pub status: String,
    /// Message; only its first lines are shown.
    pub message: String,
    /// Path below the project.
    pub path: String,
}

/// What a step's summary says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepSummary {
    /// `hetl build`.
    pub command: String,
    /// Number of results by status, in the order in which they are shown.
    pub counts: Vec<(String, usize)>,
    /// What failed or warned.
    pub problems: Vec<SummaryRow>,
    /// Name and seconds of the slowest.
    pub slowest: Vec<(String, f64)>,
    /// Seconds of the whole.
    pub seconds: f64,
}

/// Rows of problems that are shown: GitHub takes a mebibyte a step.
const MOST_ROWS: usize = 100;
/// Lines of a message that are shown.
const MOST_LINES: usize = 6;

impl StepSummary {
    /// The Markdown, with an empty line at its end so that further steps can append theirs.
    pub fn markdown(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let mut text = format!("### `{}`\n\n{} in {:.1} s\n\n", self.command, counts.join(", "), self.seconds);
        if !self.problems.is_empty() {
            text.push_str("| Status | Resource | Message |\n|---|---|---|\n");
            for row in self.problems.iter().take(MOST_ROWS) {
                let message: Vec<&str> = row.message.lines().map(str::trim_end).take(MOST_LINES).collect();
                let (name, message) = (cell(&row.name), cell(&message.join("\n")));
                let _ = writeln!(text, "| {} | **{name}**<br>{} | {message} |", row.status, cell(&row.path));
            }
            if let Some(more) = self.problems.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
                let _ = writeln!(text, "\n… and {more} more");
            }
            text.push('\n');
        }
        if !self.slowest.is_empty() {
            text.push_str("<details><summary>Slowest</summary>\n\n| Seconds | Resource |\n|---:|---|\n");
            for (name, seconds) in &self.slowest {
                let _ = writeln!(text, "| {seconds:.2} | {} |", cell(name));
            }
            text.push_str("\n</details>\n\n");
        }
        text
    }
}

/// Text in a cell of a table: nothing in it is Markdown or HTML.
fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("<br>"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_break_the_table() {
        let row = SummaryRow {
            name: "not_null_a_id".into(),
            status: "fail".into(),
            message: "Got 2 results | <b>\nsecond".into(),
            path: "models/schema.yml".into(),
        };
        let summary = StepSummary {
            command: "hetl build".into(),
            counts: vec![("pass".into(), 1), ("fail".into(), 1)],
            problems: vec![row],
            slowest: vec![("model.p.a".into(), 1.5)],
            seconds: 2.0,
        };
        assert_eq!(
            summary.markdown(),
            "### `hetl build`\n\n1 pass, 1 fail in 2.0 s\n\n| Status | Resource | Message |\n|---|---|---|\n\
             | fail | **not\\_null\\_a\\_id**<br>models/schema.yml | Got 2 results \\| &lt;b&gt;<br>second |\n\n\
             <details><summary>Slowest</summary>\n\n| Seconds | Resource |\n|---:|---|\n| 1.50 | model.p.a |\n\n</details>\n\n"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let problems = vec![SummaryRow::default(); MOST_ROWS + 3];
        let text = StepSummary { problems, ..StepSummary::default() }.markdown();
        assert!(text.contains("… and 3 more"), "{text}");
    }
}
