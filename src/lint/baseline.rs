//! [`Baseline`]: the findings that a project had when it began to be checked, so that only new ones are reported.
//!
//! A finding is known again by its rule, its file, its message and the text of its line, not by the number of the line: what
//! moves stays known. Of several alike, as many are known as there were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Finding;

/// Known findings, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    counts: BTreeMap<Key, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key {
    path: String,
    rule: String,
    message: String,
    /// The line without white space around it; empty for a file as a whole.
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: Key,
    count: usize,
}

const VERSION: u32 = 1;

impl Baseline {
    /// The baseline in a file that [`Baseline::to_json`] wrote; else why it is none.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", written.version));
        }
        Ok(Self { counts: written.findings.into_iter().map(|entry| (entry.key, entry.count)).collect() })
    }

    /// All of these findings; `line` gives a line of a file.
    pub fn of(findings: &[Finding], line: impl Fn(&str, usize) -> Option<String>) -> Self {
        let mut counts = BTreeMap::new();
        for finding in findings {
            *counts.entry(key(finding, &line)).or_insert(0) += 1;
        }
        Self { counts }
    }

    /// The findings that are not known.
    pub fn filter(&self, findings: Vec<Finding>, line: impl Fn(&str, usize) -> Option<String>) -> Vec<Finding> {
        let mut left = self.counts.clone();
        let is_new = |finding: &Finding| match left.get_mut(&key(finding, &line)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        findings.into_iter().filter(is_new).collect()
    }

    /// How many findings are known.
    pub fn len(&self) -> usize {
        self.counts.values().sum()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// As it is written to a file: one finding a few lines, in order, to be read in reviews.
    pub fn to_json(&self) -> String {
        let findings = self.counts.iter().map(|(key, count)| Entry { key: key.clone(), count: *count }).collect();
        let mut text = serde_json::to_string_pretty(&Written { version: VERSION, findings })
            .expect("texts and numbers can be written as JSON");
        text.push('\n');
        text
    }
}

fn key(finding: &Finding, line: &impl Fn(&str, usize) -> Option<String>) -> Key {
    let text = finding.range.and_then(|range| line(&finding.path, range.start.line));
    Key {
        path: finding.path.clone(),
        rule: finding.rule.to_string(),
        message: finding.message.clone(),
        text: text.map(|text| text.trim().to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Position;
    use crate::lint::{Range, Severity};

    fn found(line: usize) -> Finding {
        let at = Position { line, column: 1 };
        Finding {
            rule: "select-star".into(),
            severity: Severity::Warning,
            path: "a.sql".into(),
            range: Some(Range { start: at, end: at }),
            message: "a star".into(),
            hint: None,
            edits: Vec::new(),
        }
    }

    fn line(text: &'static str) -> impl Fn(&str, usize) -> Option<String> {
        move |_, number| text.lines().nth(number - 1).map(str::to_owned)
    }

    #[test]
    fn what_moves_stays_known_and_what_is_added_is_new() {
        let before = Baseline::of(&[found(1)], line("select *"));
        let before = Baseline::from_json(&before.to_json()).expect("it was written just now");
        assert!(before.filter(vec![found(3)], line("\n\n  select *")).is_empty());
        assert_eq!(before.filter(vec![found(1), found(2)], line("select *\nselect *")), [found(2)]);
        assert_eq!(before.filter(vec![found(1)], line("select * from b")), [found(1)]);
    }

    #[test]
    fn a_file_that_is_no_baseline_says_why() {
        assert_eq!(Baseline::from_json(r#"{"version": 9, "findings": []}"#), Err("its version is 9, not 1".to_owned()));
        assert!(Baseline::from_json("[]").is_err());
    }
}
