//! Comments that allow what a rule finds: `-- hetl: allow rule-name (why)`.
//!
//! A comment holds for its own line, and, where nothing else stands on its line, for the next line that is no comment.
//! `allow-file` holds for the whole file, and so does `allow` for findings that are about a file as a whole. A comment without a
//! reason in parentheses allows nothing and is reported.

use super::finding::{Finding, Range, Severity};
use crate::diagnostics::Position;

/// The name under which comments that allow nothing are reported.
pub(crate) const RULE: &str = "suppression";

const MARK: &str = "hetl: allow";

/// What the comments of one file allow.
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    allowed: Vec<Allowed>,
    problems: Vec<(Range, String)>,
}

#[derive(Debug, Clone)]
struct Allowed {
    rule: String,
    /// The comment's line, from 1.
    line: usize,
    /// The line that it is about; none for the whole file.
    about: Option<usize>,
}

impl Suppressions {
    /// Reads the comments of a text in SQL, Jinja or YAML.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        if !text.contains(MARK) {
            return found;
        }
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some((start, before)) = line.find(MARK).map(|start| (start, line[..start].trim_end())) else {
                continue;
            };
            let Some(opening) = ["--", "{#-", "{#", "/*", "#"].into_iter().find(|opening| before.ends_with(opening))
            else {
                continue;
            };
            let is_alone = before.len() == opening.len() + (before.len() - before.trim_start().len());
            let about = if is_alone { next_line(&lines, at) } else { at } + 1;
            found.read(&line[start + MARK.len()..], at + 1, about, column_range(line, start, at + 1));
        }
        found
    }

    fn read(&mut self, rest: &str, line: usize, about: usize, place: Range) {
        let (rest, is_file) = rest.strip_prefix("-file").map_or((rest, false), |rest| (rest, true));
        let (names, reason) = rest.split_once('(').map_or((rest, None), |(names, reason)| (names, Some(reason)));
        let reason = reason.and_then(|reason| reason.rsplit_once(')')).map(|(reason, _)| reason.trim());
        let names = names.trim_end_matches(['#', '}', '*', '/', '-', ' ']);
        let names: Vec<&str> = names.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            self.problems.push((place, "this comment names no rule that it allows".to_owned()));
        } else if reason.is_none_or(str::is_empty) {
            self.problems.push((place, format!("this comment does not say why it allows `{}`", names.join("`, `"))));
        } else {
            self.allowed.extend(names.into_iter().map(|name| Allowed {
                rule: name.to_owned(),
                line,
                about: (!is_file).then_some(about),
            }));
        }
    }

    /// Whether a comment allows this finding.
    pub fn allow(&self, finding: &Finding) -> bool {
        self.allowed.iter().filter(|allowed| allowed.rule == finding.rule).any(|allowed| {
            match (finding.range, allowed.about) {
                (None, _) | (_, None) => true,
                (Some(range), Some(about)) => [about, allowed.line].contains(&range.start.line),
            }
        })
    }

    /// A finding for each comment that allows nothing, and for each rule that is not `known`.
    pub fn findings(&self, path: &str, known: impl Fn(&str) -> bool) -> Vec<Finding> {
        let finding = |range: Range, message: String, hint: &str| Finding {
            rule: RULE.into(),
            severity: Severity::Warning,
            path: path.to_owned(),
            range: Some(range),
            message,
            hint: Some(hint.to_owned()),
            edits: Vec::new(),
        };
        let unknown = self.allowed.iter().filter(|allowed| !known(&allowed.rule)).map(|allowed| {
            let start = Position { line: allowed.line, column: 1 };
            let message = format!("this comment allows `{}`, which is no rule", allowed.rule);
            finding(Range { start, end: start }, message, "`hetl check --list` lists the rules")
        });
        self.problems
            .iter()
            .map(|(range, message)| finding(*range, message.clone(), "write `hetl: allow rule-name (the reason)`"))
            .chain(unknown)
            .collect()
    }
}

/// The next line that is neither blank nor a comment on its own; the last one if there is none.
fn next_line(lines: &[&str], at: usize) -> usize {
    let is_code = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !["--", "{#", "/*", "#"].iter().any(|opening| line.starts_with(opening))
    };
    (at + 1..lines.len()).find(|next| is_code(&lines[*next])).unwrap_or(lines.len() - 1)
}

fn column_range(line: &str, start: usize, number: usize) -> Range {
    let position = |end: usize| Position { line: number, column: line[..end].chars().count() + 1 };
    Range { start: position(start), end: position(line.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rule: &'static str, line: Option<usize>) -> Finding {
        let position = |line| Position { line, column: 1 };
        Finding {
            rule: rule.into(),
            severity: Severity::Warning,
            path: "models/a.sql".into(),
            range: line.map(|line| Range { start: position(line), end: position(line) }),
            message: String::new(),
            hint: None,
            edits: Vec::new(),
        }
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next_one() {
        let text = "-- hetl: allow select-star (all of it is wanted)\n-- more words\n\nselect *\nfrom a, b  -- hetl: allow x, y (small (tiny) tables)\n";
        let found = Suppressions::of(text);
        assert!(found.allow(&at("select-star", Some(4))));
        assert!(!found.allow(&at("select-star", Some(5))));
        assert!(found.allow(&at("y", Some(5))));
        assert!(found.allow(&at("x", None)), "the finding is about the file");
        assert!(found.findings("a.sql", |_| true).is_empty());
    }

    #[test]
    fn a_reason_is_required() {
        let found = Suppressions::of("{# hetl: allow x #}\nselect 1 /* hetl: allow-file y () */\n# hetl: allow\n");
        assert!(!found.allow(&at("x", Some(2))));
        let messages: Vec<String> = found.findings("a.sql", |_| true).into_iter().map(|found| found.message).collect();
        assert_eq!(
            messages,
            [
                "this comment does not say why it allows `x`",
                "this comment does not say why it allows `y`",
                "this comment names no rule that it allows"
            ]
        );
    }

    #[test]
    fn a_whole_file_can_be_allowed_and_unknown_rules_are_reported() {
        let found = Suppressions::of("models:\n  - name: a  # hetl: allow-file nothing-such (old)\n");
        assert!(found.allow(&at("nothing-such", Some(7))));
        let unknown = found.findings("a.yml", |_| false);
        assert_eq!(unknown[0].message, "this comment allows `nothing-such`, which is no rule");
    }

    #[test]
    fn words_that_are_no_comment_allow_nothing() {
        assert!(!Suppressions::of("select 'hetl: allow x (y)'").allow(&at("x", Some(1))));
    }
}
