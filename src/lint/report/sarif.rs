//! SARIF 2.1.0, which code scanning of GitHub and GitLab reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Finding, Severity, place};

/// One run. Paths must count from the repository's root; `about` gives a sentence about a rule.
pub fn sarif(findings: &[Finding], about: &dyn Fn(&str) -> Option<String>) -> String {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for finding in findings {
        rules.entry(&finding.rule).or_insert_with(|| {
            let mut rule = json!({"id": finding.rule});
            if let Some(sentence) = about(&finding.rule) {
                rule["shortDescription"] = json!({"text": sentence});
            }
            rule
        });
    }
    let numbers: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, rule)| (*rule, at)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, numbers[&*finding.rule])).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "hetl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn result(finding: &Finding, rule_index: usize) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let hint = finding.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    let mut location = json!({"artifactLocation": {"uri": uri(&finding.path)}});
    if finding.range.is_some() {
        let (line, column, end_line, end_column) = place(finding);
        location["region"] =
            json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": level,
        "message": {"text": format!("{}{hint}", finding.message)},
        "locations": [{"physicalLocation": location}],
    })
}

/// A relative path as a URI.
fn uri(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}
