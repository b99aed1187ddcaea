//! What is said after a run: how it went, each failure, and the counts.

use std::collections::BTreeMap;

use super::subject::Subject;
use crate::diagnostics::{SourceMap, render};
use crate::events::{Event, NodeInfo, Reporter, RunStats};
use crate::manifest::{Manifest, ResourceType};
use crate::plan::{NodeResult, NodeStatus, RunResults};

/// "Finished running …".
pub(super) fn report_finish(reporter: &dyn Reporter, manifest: &Manifest, results: &[NodeResult], seconds: f64) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for result in results {
        if let Some(subject) = Subject::find(manifest, &result.unique_id) {
            *counts.entry(subject.counted_as()).or_default() += 1;
        }
    }
    let parts: Vec<String> = counts.iter().map(|(word, count)| plural(*count, word).replace('_', " ")).collect();
    let whole = seconds as u64;
    reporter.report(&Event::blank());
    reporter.report(&Event::FinishedRunningStats {
        execution: format!(
            " in {} hours {} minutes and {:.2} seconds",
            whole / 3600,
            whole % 3600 / 60,
            (whole % 60) as f64 + seconds.fract()
        ),
        execution_time: seconds,
        stat_line: parts.join(", "),
    });
}

/// Says how a run ended, each failure and warning with its place, and the counts.
pub fn report_summary(
    reporter: &dyn Reporter,
    manifest: &Manifest,
    sources: &SourceMap,
    results: &RunResults,
    interrupted: bool,
) {
    let results = results.results();
    let errors: Vec<&NodeResult> = results.iter().filter(|result| is_reported_error(result)).collect();
    let warnings: Vec<&NodeResult> = results.iter().filter(|result| result.status == NodeStatus::Warn).collect();
    reporter.report(&Event::blank());
    reporter.report(&Event::EndOfRunSummary {
        keyboard_interrupt: interrupted,
        num_errors: errors.len(),
        num_partial_success: results.iter().filter(|result| result.status == NodeStatus::PartialSuccess).count(),
        num_warnings: warnings.len(),
    });
    for result in errors.into_iter().chain(warnings) {
        report_problem(reporter, manifest, sources, result, true);
    }
    reporter.report(&Event::blank());
    reporter.report(&Event::StatsLine { stats: count(results) });
}

/// One result that failed or warned, with the reason and where to look.
pub(super) fn report_problem(
    reporter: &dyn Reporter,
    manifest: &Manifest,
    sources: &SourceMap,
    result: &NodeResult,
    after_blank: bool,
) {
    let Some(subject) = Subject::find(manifest, &result.unique_id) else { return };
    let node_info = subject.node_info_with_group(manifest);
    let message = result.message.clone();
    if result.status == NodeStatus::Skipped {
        // Without a problem of its own there is nothing to say that the line of the node has not said.
        if let Some(msg) = message.filter(|_| !result.diagnostics.is_empty()) {
            let shown = shown(result, sources);
            reporter.report(&Event::RunResultError { msg, node_info, shown });
        }
        return;
    }
    if after_blank {
        reporter.report(&Event::blank());
    }
    let is_warning = result.status == NodeStatus::Warn;
    let (node_name, path) = (subject.name().to_owned(), subject.path().to_owned());
    let resource_type = subject.resource_type().as_str().to_owned();
    reporter.report(&if is_warning {
        Event::RunResultWarning { node_info: node_info.clone(), node_name, path, resource_type }
    } else {
        Event::RunResultFailure { node_info: node_info.clone(), node_name, path, resource_type }
    });
    reporter.report(&match message {
        Some(msg) if is_warning => Event::RunResultWarningMessage { msg, node_info: node_info.clone() },
        Some(msg) => {
            // The sort of error comes first, in dbt's words, which tools look for.
            let sort = msg.lines().next().filter(|_| msg.contains('\n')).map(|line| format!("  {line}\n"));
            let sort = sort.unwrap_or_default();
            let shown =
                shown(result, sources).map(|(plain, colored)| (format!("{sort}{plain}"), format!("{sort}{colored}")));
            Event::RunResultError { msg, node_info: node_info.clone(), shown }
        }
        None => Event::RunResultErrorNoMessage { node_info: node_info.clone(), status: result.status.as_str().into() },
    });
    report_places(reporter, &subject, result, node_info);
}

fn report_places(reporter: &dyn Reporter, subject: &Subject, result: &NodeResult, node_info: NodeInfo) {
    if let Some(path) = &result.compiled_path {
        reporter.report(&Event::blank());
        reporter.report(&Event::SQLCompiledPath { node_info: node_info.clone(), path: path.clone() });
    }
    let stored = match subject {
        Subject::Node(node) if node.resource_type == ResourceType::Test => node.relation_name.clone(),
        _ => None,
    };
    if let Some(relation_name) = stored.filter(|_| result.failures.is_some()) {
        reporter.report(&Event::blank());
        reporter.report(&Event::CheckNodeTestFailure { node_info, relation_name });
    }
}

/// The diagnostics of a result as people see them.
fn shown(result: &NodeResult, sources: &SourceMap) -> Option<(String, String)> {
    if result.diagnostics.is_empty() {
        return None;
    }
    let join = |write: fn(&crate::diagnostics::Diagnostic, &SourceMap) -> String| {
        let texts: Vec<String> =
            result.diagnostics.iter().map(|problem| write(problem, sources).trim_end().to_owned()).collect();
        texts.join("\n\n")
    };
    Some((join(render::text), join(render::coloured)))
}

fn is_reported_error(result: &NodeResult) -> bool {
    match result.status {
        NodeStatus::Error | NodeStatus::Fail | NodeStatus::RuntimeError => true,
        // A message says that it was skipped because of something that went wrong outside the plan.
        NodeStatus::Skipped => result.message.is_some() && result.resource_type != ResourceType::Exposure,
        _ => false,
    }
}

fn count(results: &[NodeResult]) -> RunStats {
    let mut stats = RunStats { total: results.len(), ..RunStats::default() };
    for result in results {
        *match result.status {
            NodeStatus::Error | NodeStatus::Fail | NodeStatus::PartialSuccess | NodeStatus::RuntimeError => {
                &mut stats.error
            }
            NodeStatus::Skipped => &mut stats.skip,
            NodeStatus::Warn => &mut stats.warn,
            NodeStatus::Pass | NodeStatus::Success => &mut stats.pass,
            NodeStatus::NoOp => &mut stats.noop,
        } += 1;
    }
    stats
}

fn plural(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        // dbt says what sort of tests they are of several only.
        _ if word == "test" && count != 1 => plural(count, "data test"),
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ if word == "analysis" => format!("{count} analyses"),
        _ => format!("{count} {word}s"),
    }
}
