//! Foreign keys of contracts: `to: ref('…')` becomes the relation once a model is compiled.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::NodeRun;
use super::relation::as_relation;
use crate::adapters::Relation;
use crate::diagnostics::{Code, Diagnostic};

/// `constraints` and `columns` of the model with relations in the place of references; nothing where it has none.
pub(super) fn resolved(run: &Arc<NodeRun>) -> Result<Vec<(&'static str, Json)>, Diagnostic> {
    let node = run.node();
    let of_columns = node.columns.values().flat_map(|column| &column.constraints);
    if !node.constraints.iter().chain(of_columns).any(|constraint| target(&constraint.values).is_some()) {
        return Ok(Vec::new());
    }
    let json = node.to_json(None);
    let [mut constraints, mut columns] =
        ["constraints", "columns"].map(|key| json.get(key).cloned().unwrap_or(json!([])));
    replace(run, &mut constraints)?;
    for column in columns.as_object_mut().into_iter().flat_map(|columns| columns.values_mut()) {
        if let Some(constraints) = column.get_mut("constraints") {
            replace(run, constraints)?;
        }
    }
    Ok(vec![("constraints", constraints), ("columns", columns)])
}

/// What a foreign key refers to.
fn target(constraint: &Map<String, Json>) -> Option<&str> {
    let is_foreign = constraint.get("type").and_then(Json::as_str) == Some("foreign_key");
    constraint.get("to").and_then(Json::as_str).filter(|to| is_foreign && !to.is_empty())
}

fn replace(run: &Arc<NodeRun>, constraints: &mut Json) -> Result<(), Diagnostic> {
    for constraint in constraints.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        if let Some(to) = target(constraint) {
            let relation = relation(run, to)?;
            constraint.insert("to".into(), relation.into());
        }
    }
    Ok(())
}

/// The relation that `ref('…')` or `source('…', '…')` means, written out.
fn relation(run: &Arc<NodeRun>, to: &str) -> Result<String, Diagnostic> {
    let value = run.session().engine().eval_expression(to, None, run.context()).map_err(|error| error.diagnostic)?;
    let found = as_relation(&value).ok_or_else(|| {
        Diagnostic::error(Code::INVALID_CONFIG, format!("`{to}` of a foreign key is neither a `ref` nor a `source`"))
    })?;
    // `--empty` and samples limit what is read, not what a key refers to.
    Ok(Relation { limit: None, filter: None, ..found.clone() }.to_string())
}
