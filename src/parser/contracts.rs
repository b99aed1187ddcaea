//! What a model's contract must say for itself, before any warehouse is asked.

use serde_json::Value;

use crate::diagnostics::{Code, Diagnostic, SourceMap};
use crate::manifest::{Constraint, Node};

/// Checks a model.
pub(super) fn check(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    check_columns(sources, node)?;
    check_primary_key(sources, node)
}

/// An enforced contract lists its columns.
fn check_columns(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    let enforced = node.config.get("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool);
    if enforced == Some(true) && node.columns.is_empty() {
        return Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!(
                "Contract enforcement failed for: ({})\nConstraints must be defined in a `yml` schema configuration file \
                 like `schema.yml`.",
                node.original_file_path
            ),
        )
        .at_some(super::places::of_config(sources, node, "contract"), "enforced here")
        .hint("list its columns with `name` and `data_type` in a property file"));
    }
    Ok(())
}

/// A primary key stands in one place: at one column, or at the model.
fn check_primary_key(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    let is_key = |constraint: &Constraint| constraint.values.get("type").and_then(Value::as_str) == Some("primary_key");
    let keys = node.columns.values().filter(|column| column.constraints.iter().any(is_key));
    let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
    let problem = match keys.as_slice() {
        [] => return Ok(()),
        _ if node.constraints.iter().any(is_key) => {
            "Primary key constraints defined at the model level and the columns level".to_owned()
        }
        [_] => return Ok(()),
        _ => format!("Found {} columns ({}) with primary key constraints defined", keys.len(), keys.join(", ")),
    };
    let place = super::places::of_property(sources, node, &["columns"]);
    Err(Diagnostic::error(Code::INVALID_CONFIG, format!("{problem} (model {})", node.name))
        .at_some(place, "in these columns")
        .hint(
            "a key of several columns is a constraint of the model: `constraints: [{type: primary_key, columns: […]}]`",
        ))
}
