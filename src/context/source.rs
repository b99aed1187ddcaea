//! `source`.

use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::arguments::function;
use super::raise::{compilation, wrong_arguments};
use super::relation::relation_value;
use super::scope::{Scope, Stage};
use super::values::nothing;
use crate::jinja::{split_args, type_name};

/// `source` of a scope.
pub(super) fn source_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("source", move |_, args| {
        let (source, table) = source_call(args)?;
        match &scope.stage {
            Stage::Parse { node, capture } => {
                capture.lock().sources.push((source, table));
                Ok(relation_value(super::model::parse_relation(&scope, node)))
            }
            Stage::Run(run) => run.resolve_source(&source, &table).map(relation_value),
            _ => Ok(nothing()),
        }
    })
}

fn source_call(args: &[Value]) -> Result<(String, String), Error> {
    let (positional, _) = split_args(args);
    let [source, table] = positional else {
        return Err(wrong_arguments(format!("source() takes exactly two arguments ({} given)", positional.len())));
    };
    for (value, what) in [(source, "source name (first)"), (table, "table name (second)")] {
        if value.kind() != ValueKind::String {
            return Err(compilation(format!(
                "The {what} argument to source() must be a string, got {}",
                type_name(value)
            )));
        }
    }
    Ok((source.to_string(), table.to_string()))
}
