//! Results as JUnit XML, which most CI services show: one suite a resource type, one case a result.

use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::manifest::Manifest;
use crate::plan::{NodeResult, NodeStatus};

/// The file's text. `name` is that of the whole, `seconds` how long all took.
pub fn junit_xml(name: &str, results: &[NodeResult], manifest: &Manifest, seconds: f64) -> String {
    let mut suites: IndexMap<&str, Vec<&NodeResult>> = IndexMap::new();
    for result in results {
        suites.entry(result.resource_type.as_str()).or_default().push(result);
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(&mut xml, 0, &format!("testsuites name={} {} time=\"{seconds:.3}\"", quoted(name), counts(results)), ">");
    for (kind, results) in &suites {
        let seconds: f64 = results.iter().map(|result| result.execution_time).sum();
        let attributes = counts(results.iter().copied());
        line(&mut xml, 1, &format!("testsuite name=\"{kind}\" {attributes} time=\"{seconds:.3}\""), ">");
        for result in results {
            write_case(&mut xml, result, manifest);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn counts<'a>(results: impl IntoIterator<Item = &'a NodeResult>) -> String {
    let (mut all, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for result in results {
        all += 1;
        match outcome(result.status) {
            Outcome::Passed => {}
            Outcome::Failed => failures += 1,
            Outcome::Broken => errors += 1,
            Outcome::Skipped => skipped += 1,
        }
    }
    format!("tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// What JUnit knows.
enum Outcome {
    Passed,
    Failed,
    Broken,
    Skipped,
}

fn outcome(status: NodeStatus) -> Outcome {
    match status {
        NodeStatus::Success | NodeStatus::Pass | NodeStatus::Warn => Outcome::Passed,
        NodeStatus::Fail => Outcome::Failed,
        NodeStatus::Error | NodeStatus::RuntimeError | NodeStatus::PartialSuccess => Outcome::Broken,
        NodeStatus::Skipped | NodeStatus::NoOp => Outcome::Skipped,
    }
}

fn write_case(xml: &mut String, result: &NodeResult, manifest: &Manifest) {
    let about = manifest.describe(&result.unique_id);
    let folders = about.fqn.split_last().map_or_else(String::new, |(_, folders)| folders.join("."));
    let case = format!(
        "testcase name={} classname={} file={} time=\"{:.3}\"",
        quoted(about.name),
        quoted(&folders),
        quoted(about.path),
        result.execution_time
    );
    let message = result.message.as_deref().unwrap_or_default();
    let element = match outcome(result.status) {
        Outcome::Passed if result.status == NodeStatus::Warn => "system-out",
        Outcome::Passed => return line(xml, 2, &case, "/>"),
        Outcome::Failed => "failure",
        Outcome::Broken => "error",
        Outcome::Skipped => "skipped",
    };
    line(xml, 2, &case, ">");
    let text = match (&result.compiled_path, element) {
        (Some(path), "failure" | "error") => format!("{message}\n{}\ncompiled code at {path}", about.path),
        (_, "system-out") => format!("WARN: {message}"),
        _ => message.to_owned(),
    };
    let first = message.lines().next().unwrap_or_default();
    let attributes = if element == "system-out" { String::new() } else { format!(" message={}", quoted(first)) };
    let _ = writeln!(xml, "      <{element}{attributes}>{}</{element}>", escaped(&text));
    xml.push_str("    </testcase>\n");
}

fn line(xml: &mut String, depth: usize, tag: &str, end: &str) {
    let _ = writeln!(xml, "{}<{tag}{end}", "  ".repeat(depth));
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Text for XML 1.0, which has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{ResourceType, sample::sample};

    #[test]
    fn each_result_is_a_case_of_its_type() {
        let manifest = sample(&[("model.shop.a", &[]), ("test.shop.t", &["model.shop.a"])]);
        let results = [
            NodeResult {
                execution_time: 0.5,
                ..NodeResult::new("model.shop.a", ResourceType::Model, NodeStatus::Success)
            },
            NodeResult {
                message: Some("Got 2 results, \"a\" < 'b' & more\u{1b}[0m".into()),
                ..NodeResult::new("test.shop.t", ResourceType::Test, NodeStatus::Fail)
            },
            NodeResult::skipped("test.shop.gone", ResourceType::Test, None),
        ];
        let xml = junit_xml("build", &results, &manifest, 1.25);
        for wanted in [
            "<testsuites name=\"build\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.250\">",
            "<testsuite name=\"model\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0.500\">",
            "<failure message=\"Got 2 results, &quot;a&quot; &lt; 'b' &amp; more[0m\">",
            "<testcase name=\"gone\" classname=\"\" file=\"\" time=\"0.000\">",
        ] {
            assert!(xml.contains(wanted), "{wanted} is not in:\n{xml}");
        }
        assert_eq!(xml.matches("<testcase ").count(), 3);
    }
}
