//! Seeds: their materialization, after a look at what would only confuse the warehouse.

use std::sync::Arc;

use super::failure::Failure;
use super::model;
use super::node::Done;
use super::run::Runner;
use crate::context::NodeRun;
use crate::diagnostics::{Code, Diagnostic};

/// Loads a seed.
pub(super) fn execute(runner: &Runner, run: &Arc<NodeRun>) -> Result<Done, Failure> {
    let node = run.node();
    if let Some(delimiter) = node.config.get("delimiter") {
        let is_one_character = delimiter.as_str().is_some_and(|text| text.chars().count() == 1);
        if !is_one_character {
            return Err(Diagnostic::error(
                Code::INVALID_CONFIG,
                format!("the delimiter of a seed must be one character, not {delimiter}"),
            )
            .at_some(node.span.map(|span| crate::diagnostics::Span { end: span.start, ..span }), "this seed")
            .hint("set `delimiter: \";\"`, or leave it out for commas")
            .into());
        }
    }
    model::execute(runner, run, None)
}
