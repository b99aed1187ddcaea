//! The words for each event: dbt's, where tools or habits read them.

use std::fmt::Write as _;

use super::Style;
use super::deps_wording::deps_message;
use serde_json::Value;

use crate::events::{DeprecationSummary, Event};

/// What an event says.
pub(super) fn message(event: &Event, style: Style) -> String {
    match event {
        Event::MainReportVersion { version, .. } => format!("Running with hetl{version}"),
        Event::MainReportArgs { args } => {
            let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let args: Vec<String> = args.iter().map(|(name, value)| format!("'{name}': '{}'", shown(value))).collect();
            format!("running dbt with arguments {{{}}}", args.join(", "))
        }
        Event::StarterProjectPath { dir } => format!("Starter project path: {dir}"),
        Event::ProjectCreated { project_name, .. } => format!("Your new project \"{project_name}\" was created!"),
        Event::AdapterRegistered { adapter_name, adapter_version } => {
            format!("Registered adapter: {adapter_name}{adapter_version}")
        }
        Event::FoundStats { stat_line } => format!("Found {stat_line}"),
        Event::ParsePerfInfoPath { path } => format!("Performance info: {path}"),
        Event::ArtifactWritten { artifact_path, artifact_type } => {
            format!("Wrote artifact {artifact_type} to {artifact_path}")
        }
        Event::CatalogWritten { path } => format!("Catalog written to {path}"),
        Event::BuildingCatalog {} => "Building catalog".into(),
        Event::JinjaLogInfo { msg, .. }
        | Event::JinjaLogDebug { msg, .. }
        | Event::Formatting { msg }
        | Event::DebugCmdOut { msg }
        | Event::DebugCmdResult { msg }
        | Event::Note { msg }
        | Event::QuietNote { msg }
        | Event::PrintEvent { msg }
        | Event::ListCmdOut { msg }
        | Event::RunResultWarningMessage { msg, .. } => msg.clone(),
        Event::Diagnosed { text, coloured, .. } => style.choose(text, coloured).trim_end().to_owned(),
        Event::MainKeyboardInterrupt {} => "ctrl-c".into(),
        Event::MainEncounteredError { exc, coloured } => {
            format!("Encountered an error:\n{}", style.choose(exc, coloured))
        }
        Event::CommandCompleted { command, completed_at, elapsed, success } => {
            let status = if *success { "succeeded" } else { "failed" };
            format!("Command `{command}` {status} at {completed_at} after {elapsed:.2} seconds")
        }
        _ => run_message(event, style)
            .or_else(|| side_message(event))
            .or_else(|| deps_message(event, style))
            .unwrap_or_default(),
    }
}

/// What is said while nodes run, and in the end.
fn run_message(event: &Event, style: Style) -> Option<String> {
    Some(match event {
        Event::ConcurrencyLine { num_threads, target_name, .. } => {
            format!("Concurrency: {num_threads} threads (target='{target_name}')")
        }
        Event::FinishedRunningStats { execution, execution_time, stat_line } => {
            format!("Finished running {stat_line}{execution} ({execution_time:.2}s).")
        }
        Event::LogStartLine { description, index, total, .. } => {
            Line::new(format!("START {description}"), "RUN").of(*index, *total).write(style)
        }
        Event::LogModelResult { description, execution_time, index, status, total, .. } => {
            let (verb, status) = outcome(status, status, "creating", "created", style);
            Line::new(format!("{verb} {description}"), status).of(*index, *total).took(*execution_time).write(style)
        }
        Event::LogFunctionResult { description, execution_time, index, status, total, .. } => {
            let (verb, status) = outcome(status, &status.to_uppercase(), "creating", "created", style);
            Line::new(format!("{verb} {description}"), status).of(*index, *total).took(*execution_time).write(style)
        }
        Event::LogBatchResult { batch_index, description, execution_time, status, total_batches, .. } => {
            let (verb, status) = outcome(status, status, "creating", "created", style);
            let line = Line::new(format!("{verb} {description}"), status).of(*batch_index, *total_batches);
            format!("Batch {}", line.took(*execution_time).write(style))
        }
        Event::LogStartBatch { batch_index, description, total_batches, .. } => {
            let line = Line::new(format!("START {description}"), "RUN").of(*batch_index, *total_batches);
            format!("Batch {}", line.write(style))
        }
        Event::LogSnapshotResult { description, execution_time, index, result_message, status, total, .. } => {
            let (verb, status) = outcome(status, result_message, "snapshotting", "snapshotted", style);
            Line::new(format!("{verb} {description}"), status).of(*index, *total).took(*execution_time).write(style)
        }
        Event::LogSeedResult { execution_time, index, relation, result_message, schema, status, total, .. } => {
            let (verb, status) = outcome(status, result_message, "loading", "loaded", style);
            let line = Line::new(format!("{verb} seed file {schema}.{relation}"), status).of(*index, *total);
            line.took(*execution_time).write(style)
        }
        Event::LogTestResult { execution_time, index, name, num_failures, num_models, status, .. } => {
            let (words, status) = match status.as_str() {
                "error" => ("ERROR".to_owned(), style.red("ERROR")),
                "pass" => ("PASS".to_owned(), style.green("PASS")),
                "warn" => (format!("WARN {num_failures}"), style.yellow(format!("WARN {num_failures}"))),
                _ => (format!("FAIL {num_failures}"), style.red(format!("FAIL {num_failures}"))),
            };
            let line = Line::new(format!("{words} {name}"), status).of(*index, *num_models);
            line.took(*execution_time).write(style)
        }
        Event::LogFreshnessResult { execution_time, index, source_name, status, table_name, total, .. } => {
            let (words, status) = match status.as_str() {
                "runtime error" => ("ERROR", style.red("ERROR")),
                "error" => ("ERROR STALE", style.red("ERROR STALE")),
                "warn" => ("WARN", style.yellow("WARN")),
                _ => ("PASS", style.green("PASS")),
            };
            let line = Line::new(format!("{words} freshness of {source_name}.{table_name}"), status);
            line.of(*index, *total).took(*execution_time).write(style)
        }
        Event::LogNodeNoOpResult { description, execution_time, index, total, .. } => {
            let line = Line::new(format!("NO-OP {description}"), style.yellow("NO-OP"));
            line.of(*index, *total).took(*execution_time).write(style)
        }
        Event::LogHookStartLine { index, statement, total, .. } => {
            Line::new(format!("START hook: {statement}"), "RUN").of(*index, *total).cut().write(style)
        }
        Event::LogHookEndLine { execution_time, index, statement, status, total, .. } => {
            let (words, status) = match status.as_str() {
                "success" => ("OK", style.green("OK")),
                "skipped" => ("SKIP", style.yellow("SKIP")),
                _ => ("ERROR", style.red("ERROR")),
            };
            let line = Line::new(format!("{words} hook: {statement}"), status).of(*index, *total);
            line.took(*execution_time).cut().write(style)
        }
        Event::SkippingDetails { index, node_name, resource_type, schema, total, .. } => {
            let what = match resource_type.as_str() {
                "model" | "seed" | "snapshot" => format!("SKIP relation {schema}.{node_name}"),
                other => format!("SKIP {other} {node_name}"),
            };
            Line::new(what, style.yellow("SKIP")).of(*index, *total).write(style)
        }
        Event::LogSkipBecauseError { index, relation, schema, status, total } => {
            let what = format!("SKIP relation {schema}.{relation} due to ephemeral model status '{status}'");
            Line::new(what, style.red("ERROR SKIP")).of(*index, *total).write(style)
        }
        Event::LogCancelLine { conn_name } => {
            Line::new(format!("CANCEL query {conn_name}"), style.red("CANCEL")).write(style)
        }
        Event::EndOfRunSummary { .. } => end_of_run(event, style),
        Event::StatsLine { stats } => format!(
            "Done. PASS={} WARN={} ERROR={} SKIP={} NO-OP={} TOTAL={}",
            stats.pass, stats.warn, stats.error, stats.skip, stats.noop, stats.total
        ),
        Event::RunResultFailure { node_name, path, resource_type, .. } => {
            style.red(format!("Failure in {resource_type} {node_name} ({path})"))
        }
        Event::RunResultWarning { node_name, path, resource_type, .. } => {
            style.yellow(format!("Warning in {resource_type} {node_name} ({path})"))
        }
        Event::RunResultError { shown: Some((text, coloured)), .. } => {
            style.choose(text, coloured).trim_end().to_owned()
        }
        Event::RunResultError { msg, .. } => format!("  {msg}"),
        Event::RunResultErrorNoMessage { status, .. } => format!("  Status: {status}"),
        Event::SQLCompiledPath { path, .. } => format!("  compiled code at {path}"),
        Event::CheckNodeTestFailure { relation_name, .. } => {
            let query = format!("select * from {relation_name}");
            let rule = "-".repeat(query.len());
            format!("  See test failures:\n  {rule}\n  {query}\n  {rule}")
        }
        _ => return None,
    })
}

fn deprecations(summaries: &[DeprecationSummary], show_all_hint: bool) -> String {
    let mut text = "warning: Summary of encountered deprecations:".to_owned();
    for summary in summaries {
        let _ = write!(text, "\n- {}: {}", summary.event_name, pluralize(summary.occurrences, "occurrence"));
    }
    if show_all_hint {
        text.push_str("\nOnly the first of each kind was shown: --show-all-deprecations shows all");
    }
    text
}

/// What is said beside a run, mostly at debug level.
fn side_message(event: &Event) -> Option<String> {
    Some(match event {
        Event::ConnectionUsed { conn_name, conn_type } => format!("Using {conn_type} connection \"{conn_name}\""),
        Event::SQLQuery { conn_name, sql, .. } => format!("On {conn_name}: {sql}"),
        Event::SQLQueryStatus { elapsed, status, .. } => format!("SQL status: {status} in {elapsed:.3} seconds"),
        Event::DeprecationsSummary { summaries, show_all_hint } => deprecations(summaries, *show_all_hint),
        Event::NoNodesForSelectionCriteria { spec_raw } => {
            format!("The selection criterion '{spec_raw}' does not match any enabled nodes")
        }
        Event::NothingToDo {} => "Nothing to do. Try checking your model configs and model specification args".into(),
        Event::FreshnessCheckComplete {} => "Done.".into(),
        Event::NoNodesSelected {} => "No nodes selected!".into(),
        Event::RunningOperationCaughtError { exc } => format!("Encountered an error while running operation: {exc}"),
        Event::NodeStart { node_info } => format!("Began running node {}", node_info.unique_id),
        Event::NodeFinished { node_info, .. } => format!("Finished running node {}", node_info.unique_id),
        Event::NodeCompiling { node_info } => format!("Began compiling node {}", node_info.unique_id),
        Event::NodeExecuting { node_info } => format!("Began executing node {}", node_info.unique_id),
        Event::WritingInjectedSQLForNode { node_info } => {
            format!("Writing injected SQL for node \"{}\"", node_info.unique_id)
        }
        Event::MarkSkippedChildren { run_result, status, unique_id } => {
            let reason = match run_result.get("message").and_then(serde_json::Value::as_str) {
                Some(message) => format!(" Reason: {message}."),
                None => String::new(),
            };
            format!("Marking all children of '{unique_id}' to be skipped because of status '{status}'. {reason}")
        }
        Event::ShowNode { is_inline, node_name, output_format, preview, quiet, .. } => {
            let names = Names { json: "show", inline: "Previewing inline node:", node: "Previewing node" };
            let value = serde_json::from_str(preview).unwrap_or(serde_json::Value::Null);
            names.write(*is_inline, node_name, output_format == "json", (preview, value), *quiet, ":")
        }
        Event::CompiledNode { compiled, is_inline, node_name, output_format, quiet, .. } => {
            let names = Names { json: "compiled", inline: "Compiled inline node is:", node: "Compiled node" };
            let value = serde_json::Value::from(compiled.as_str());
            names.write(*is_inline, node_name, output_format == "json", (compiled, value), *quiet, " is:")
        }
        Event::OpenCommand { open_cmd, profiles_dir } => {
            format!("To view your profiles.yml file, run:\n\n{open_cmd} {profiles_dir}")
        }
        Event::CheckCleanPath { path } => format!("Checking {path}/*"),
        Event::ConfirmCleanPath { path } => format!("Cleaned {path}/*"),
        Event::FinishedCleanPaths {} => "Finished cleaning all paths.".into(),
        _ => return None,
    })
}

/// The words around a query or a result that is printed.
struct Names {
    json: &'static str,
    inline: &'static str,
    node: &'static str,
}

impl Names {
    fn write(
        &self,
        inline: bool,
        node: &str,
        json: bool,
        (text, value): (&str, serde_json::Value),
        quiet: bool,
        end: &str,
    ) -> String {
        if json {
            let mut object = serde_json::Map::new();
            if !inline {
                object.insert("node".into(), node.into());
            }
            object.insert(self.json.into(), value);
            serde_json::to_string_pretty(&object).unwrap_or_default()
        } else if quiet {
            text.to_owned()
        } else if inline {
            format!("{}\n{text}", self.inline)
        } else {
            format!("{} '{node}'{end}\n{text}", self.node)
        }
    }
}

fn outcome(status: &str, answer: &str, doing: &str, done: &str, style: Style) -> (String, String) {
    if status == "error" {
        (format!("ERROR {doing}"), style.red("ERROR"))
    } else if status == "skipped" {
        ("SKIP".into(), style.yellow("SKIPPED"))
    } else if status.to_uppercase().contains("PARTIAL SUCCESS") {
        (format!("PARTIALLY {done}"), style.yellow(status.to_uppercase()))
    } else {
        (format!("OK {done}"), style.green(answer))
    }
}

fn end_of_run(event: &Event, style: Style) -> String {
    let Event::EndOfRunSummary { keyboard_interrupt, num_errors, num_partial_success, num_warnings } = event else {
        return String::new();
    };
    let errors = pluralize(*num_errors, "error");
    let warnings = pluralize(*num_warnings, "warning");
    let partial = match num_partial_success {
        1 => "1 partial success".to_owned(),
        many => format!("{many} partial successes"),
    };
    if *keyboard_interrupt {
        style.yellow("Exited because of keyboard interrupt")
    } else if *num_errors > 0 {
        style.red(format!("Completed with {errors}, {partial}, and {warnings}:"))
    } else if *num_partial_success > 0 {
        style.yellow(format!("Completed with {partial} and {warnings}"))
    } else if *num_warnings > 0 {
        style.yellow(format!("Completed with {warnings}:"))
    } else {
        style.green("Completed successfully")
    }
}

/// `1 model`, `2 models`, `2 analyses`.
pub fn pluralize(count: usize, word: &str) -> String {
    match (count, word) {
        (1, _) => format!("1 {word}"),
        (_, "analysis") => format!("{count} analyses"),
        _ if word.ends_with('y') => format!("{count} {}ies", &word[..word.len() - 1]),
        _ => format!("{count} {word}s"),
    }
}

/// A line that ends in dots and a status: `1 of 5 START … [RUN]`.
struct Line {
    words: String,
    status: String,
    place: Option<(usize, usize)>,
    seconds: Option<f64>,
    cut: bool,
}

impl Line {
    fn new(words: String, status: impl Into<String>) -> Self {
        Self { words, status: status.into(), place: None, seconds: None, cut: false }
    }

    fn of(mut self, index: usize, total: usize) -> Self {
        self.place = Some((index, total));
        self
    }

    fn took(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    fn write(self, style: Style) -> String {
        let place = self.place.map_or_else(String::new, |(index, total)| format!("{index} of {total} "));
        let mut line = format!("{place}{} ", self.words);
        let length = line.chars().count();
        line.extend(std::iter::repeat_n('.', style.width.saturating_sub(length)));
        if self.cut && line.chars().count() > style.width.saturating_sub(3) {
            line = line.chars().take(style.width.saturating_sub(3)).collect::<String>() + "...";
        }
        let time = self.seconds.map_or_else(String::new, |seconds| format!(" in {seconds:.2}s"));
        format!("{line} [{}{time}]", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_padded_with_dots_to_the_width() {
        let line = Line::new("START sql table model main.x".into(), "RUN").of(1, 5).write(Style::PLAIN);
        assert_eq!(line.find(" [RUN]"), Some(80));
        assert!(line.starts_with("1 of 5 START sql table model main.x ...."));
    }

    #[test]
    fn long_hook_lines_are_cut() {
        let line = Line::new("START hook: ".to_owned() + &"x".repeat(100), "RUN").cut().write(Style::PLAIN);
        assert_eq!(line.find(" [RUN]"), Some(80));
        assert!(line.contains("xxx... [RUN]"));
    }

    #[test]
    fn the_summary_counts_as_dbt_does() {
        let summary = |num_errors, num_warnings| {
            let event =
                Event::EndOfRunSummary { keyboard_interrupt: false, num_errors, num_partial_success: 0, num_warnings };
            message(&event, Style::PLAIN)
        };
        assert_eq!(summary(1, 0), "Completed with 1 error, 0 partial successes, and 0 warnings:");
        assert_eq!(summary(0, 2), "Completed with 2 warnings:");
        assert_eq!(summary(0, 0), "Completed successfully");
    }
}
