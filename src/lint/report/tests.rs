//! Each form of one set of findings, whole.

use super::*;
use crate::diagnostics::Position;
use crate::lint::Range;

fn finding(path: &str, rule: &'static str, severity: Severity, line: usize, message: &str) -> Finding {
    let at = |column| Position { line, column };
    Finding {
        rule: rule.into(),
        severity,
        path: path.into(),
        range: Some(Range { start: at(3), end: at(7) }),
        message: message.into(),
        hint: None,
        edits: Vec::new(),
    }
}

fn findings() -> Vec<Finding> {
    vec![
        finding("models/a b.sql", "LT01", Severity::Error, 2, "expected one space, \"a\" < b"),
        finding("models/c.sql", "AM04", Severity::Warning, 9, "100% of columns"),
    ]
}

#[test]
fn people_read_lines() {
    assert_eq!(
        human(&findings()),
        "models/a b.sql\n     2:3   LT01  expected one space, \"a\" < b\nmodels/c.sql\n     9:3   AM04  warning: 100% of columns\n\
         1 error, 1 warning in 2 files\n"
    );
    assert_eq!(human(&[]), "");
}

#[test]
fn github_gets_annotations() {
    assert_eq!(
        github(&findings()),
        "::error title=LT01,file=models/a b.sql,line=2,col=3,endLine=2,endColumn=7::LT01: expected one space, \"a\" < b\n\
         ::warning title=AM04,file=models/c.sql,line=9,col=3,endLine=9,endColumn=7::AM04: 100%25 of columns\n"
    );
}

#[test]
fn json_is_sqlfluffs() {
    let read: serde_json::Value = serde_json::from_str(&json(&findings())).expect("it is JSON");
    assert_eq!(read[0]["filepath"], "models/a b.sql");
    assert_eq!(read[0]["violations"][0]["code"], "LT01");
    assert_eq!(read[1]["violations"][0]["start_line_no"], 9);
    assert_eq!(read[1]["violations"][0]["warning"], true);
}

#[test]
fn sarif_names_each_rule_once() {
    let about = |rule: &str| (rule == "LT01").then(|| "Spacing.".to_owned());
    let read: serde_json::Value = serde_json::from_str(&sarif(&findings(), &about)).expect("it is JSON");
    let run = &read["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(2));
    assert_eq!(run["results"][0]["ruleIndex"], 1);
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "models/a%20b.sql");
    assert_eq!(run["results"][1]["level"], "warning");
}

#[test]
fn junit_has_a_case_for_each_finding_and_each_clean_file() {
    let text = junit(&findings(), &["models/a b.sql".into(), "models/clean.sql".into()]);
    assert!(text.contains("tests=\"3\" failures=\"1\""), "{text}");
    assert!(text.contains("<testcase classname=\"models/clean.sql\" name=\"lint\"/>"), "{text}");
    assert!(text.contains("message=\"expected one space, &quot;a&quot; &lt; b\""), "{text}");
}
