//! What microbatch models must say, and what is questionable about them. Where a strategy of the project's own is run once for
//! each model instead of batch by batch, nothing is checked, as in dbt.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::Value;

use super::names::{python_repr, python_str};
use super::parsing::Parsing;
use super::places;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::manifest::{Manifest, Node, NodeConfig, ResourceType};

const BATCH_SIZES: &[&str] = &["hour", "day", "month", "year"];

/// Checks all microbatch models.
pub(super) fn check(parsing: &Parsing, manifest: &Manifest, problems: &mut Diagnostics) {
    let is_microbatch = |node: &&Node| node.resource_type == ResourceType::Model && node.config.is_microbatch();
    let models: Vec<&Node> = manifest.nodes.values().map(AsRef::as_ref).filter(is_microbatch).collect();
    let session = parsing.session();
    if models.is_empty() {
        return;
    }
    if !session.runs_batches() {
        let own = session.microbatch_strategy().and_then(|strategy| strategy.definition.span);
        problems.push(
            Diagnostic::warning(
                Code::DEPRECATED,
                "a microbatch strategy of the project's own is not run batch by batch, but once for each model",
            )
            .named("MicrobatchMacroOutsideOfBatchesDeprecation")
            .at_some(own.map(|span| Span { end: span.start, ..span }), "defined here")
            .hint("set the flag `require_batched_execution_for_custom_microbatch_strategy` in dbt_project.yml"),
        );
        return;
    }
    for model in &models {
        match check_config(parsing, model).and_then(|()| has_filtered_input(parsing, manifest, model)) {
            Err(problem) => problems.push(problem),
            Ok(true) => {}
            Ok(false) => problems.push(
                Diagnostic::warning(
                    Code::MICROBATCH_WARNING,
                    format!("none of the inputs of the microbatch model `{}` has an `event_time`", model.name),
                )
                .named("MicrobatchModelNoEventTimeInputs")
                .at_some(places::of_config(parsing.sources(), model, "incremental_strategy"), "")
                .hint("no input is limited to a batch, so each batch adds all rows: give its inputs an `event_time`"),
            ),
        }
    }
    warn_of_concurrency(parsing, &models, problems);
}

/// `event_time`, `begin` and `batch_size` are needed; the others are of one type.
fn check_config(parsing: &Parsing, model: &Node) -> Result<(), Diagnostic> {
    let config: &NodeConfig = &model.config;
    let given = |key: &str| config.get(key).filter(|value| !value.is_null());
    let wrong = |key: &str, wanted: &str| {
        let shown = given(key).map_or_else(|| "nothing".to_owned(), python_repr);
        let message = format!("Microbatch model '{}' must have {wanted} as its `{key}`, but has {shown}", model.name);
        let place = places::of_config(parsing.sources(), model, key)
            .or_else(|| places::of_config(parsing.sources(), model, "incremental_strategy"));
        Err(Diagnostic::error(Code::INVALID_CONFIG, message).at_some(place, ""))
    };
    if !given("event_time").is_some_and(Value::is_string) {
        return wrong("event_time", "the name of a column");
    }
    if !given("begin").and_then(Value::as_str).is_some_and(is_moment) {
        return wrong("begin", "a date or time in ISO form");
    }
    if !given("batch_size").and_then(Value::as_str).is_some_and(|size| BATCH_SIZES.contains(&size)) {
        return wrong("batch_size", &format!("one of {}", BATCH_SIZES.join(", ")));
    }
    if given("lookback").is_some_and(|value| !value.is_i64() && !value.is_boolean()) {
        return wrong("lookback", "a whole number");
    }
    if given("concurrent_batches").is_some_and(|value| !value.is_boolean()) {
        return wrong("concurrent_batches", "true or false");
    }
    Ok(())
}

/// As Python's `datetime.fromisoformat` reads it.
fn is_moment(text: &str) -> bool {
    let with_t = text.replacen(' ', "T", 1);
    text.parse::<Date>().is_ok() && !text.contains(' ')
        || with_t.parse::<Timestamp>().is_ok()
        || with_t.parse::<DateTime>().is_ok()
}

fn has_filtered_input(parsing: &Parsing, manifest: &Manifest, model: &Node) -> Result<bool, Diagnostic> {
    let mut found = false;
    for id in &model.depends_on.nodes {
        let (config, name) = match (manifest.nodes.get(id), manifest.sources.get(id)) {
            (Some(node), _) => (&node.config, &node.name),
            (None, Some(source)) => (&source.config, &source.name),
            (None, None) => continue,
        };
        match config.get("event_time") {
            None | Some(Value::Null) => {}
            Some(Value::String(column)) => found |= !column.is_empty(),
            Some(other) => {
                let message = format!(
                    "`event_time` of `{name}`, an input of the microbatch model '{}', must be the name of a column, not {}",
                    model.name,
                    python_str(other)
                );
                let place =
                    manifest.nodes.get(id).and_then(|node| places::of_config(parsing.sources(), node, "event_time"));
                return Err(Diagnostic::error(Code::INVALID_CONFIG, message).at_some(place.or(model.span), ""));
            }
        }
    }
    Ok(found)
}

/// `concurrent_batches: true` where the warehouse runs one batch after the other.
fn warn_of_concurrency(parsing: &Parsing, models: &[&Node], problems: &mut Diagnostics) {
    let adapter = parsing.adapter();
    if adapter.runs_batches_side_by_side() {
        return;
    }
    let forced: Vec<&&Node> =
        models.iter().filter(|model| model.config.flag("concurrent_batches") == Some(true)).collect();
    let Some(first) = forced.first() else { return };
    problems.push(
        Diagnostic::warning(
            Code::MICROBATCH_WARNING,
            format!(
                "`concurrent_batches` is true for {} microbatch model{}, but batches run one after the other on {}",
                forced.len(),
                if forced.len() == 1 { "" } else { "s" },
                adapter.type_name()
            ),
        )
        .named("InvalidConcurrentBatchesConfig")
        .at_some(places::of_config(parsing.sources(), first, "concurrent_batches"), ""),
    );
}

#[cfg(test)]
mod tests {
    use super::is_moment;

    #[test]
    fn moments_are_dates_and_times_in_iso_form() {
        for text in ["2020-01-01", "2020-01-01T10:00:00", "2020-01-01 10:00", "2020-01-01T10:00:00+01:00"] {
            assert!(is_moment(text), "{text}");
        }
        for text in ["2020-01-01 11 PM", "yesterday", "2020", ""] {
            assert!(!is_moment(text), "{text}");
        }
    }
}
