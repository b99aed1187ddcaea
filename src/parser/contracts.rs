//! What a model's contract must say for itself, before any warehouse is asked.

use serde_json::Value;

use super::parsing::Parsing;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::manifest::{Constraint, Manifest, Node, ResourceType};

/// Checks a model.
pub(super) fn check(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    check_columns(sources, node)?;
    check_primary_key(sources, node)
}

/// Warns of constraints that a materialization does not enforce, unless all of them have `warn_unsupported: false`.
pub(super) fn warn_of_ignored_constraints(parsing: &Parsing, manifest: &Manifest, problems: &mut Diagnostics) {
    let is_warned =
        |constraint: &Constraint| constraint.values.get("warn_unsupported").and_then(Value::as_bool) != Some(false);
    for node in manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model && is_enforced(node)) {
        let materialized = node.config.materialized();
        let columns = node.columns.values().flat_map(|column| &column.constraints);
        if matches!(materialized, "table" | "incremental") || !node.constraints.iter().chain(columns).any(is_warned) {
            continue;
        }
        problems.push(
            Diagnostic::warning(
                Code::CONSTRAINTS_IGNORED,
                format!("Constraint types are not supported for {materialized} materializations: those of `{}` have no effect", node.name),
            )
            .named("UnsupportedConstraintMaterialization")
            .field("materialized", materialized)
            .at_some(super::places::of_config(parsing.sources(), node, "contract"), "enforced here")
            .hint(
                "only tables and incremental models have constraints; `warn_unsupported: false` on each silences this",
            ),
        );
    }
}

fn is_enforced(node: &Node) -> bool {
    node.config.get("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool) == Some(true)
}

/// An enforced contract lists its columns. Of a model without any properties dbt says so when it is built.
fn check_columns(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    if is_enforced(node) && node.columns.is_empty() && node.patch_path.is_some() {
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
        _ => {
            let names: Vec<String> = keys.iter().map(|key| format!("'{key}'")).collect();
            format!("Found {} columns ([{}]) with primary key constraints defined", keys.len(), names.join(", "))
        }
    };
    let place = super::places::of_property(sources, node, &["columns"]);
    Err(Diagnostic::error(Code::INVALID_CONFIG, format!("{problem} (model {})", node.name))
        .at_some(place, "in these columns")
        .hint(
            "a key of several columns is a constraint of the model: `constraints: [{type: primary_key, columns: […]}]`",
        ))
}
