//! Foreign keys of contracts: `to: ref('…')` becomes the relation once a model is compiled.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::NodeRun;
use super::relation::as_relation;
use crate::adapters::Relation;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{CompiledNode, Node};

/// What the model's foreign keys refer to: `to` as it is written, and the relation that it means.
pub(super) fn targets(run: &Arc<NodeRun>) -> Result<IndexMap<String, String>, Diagnostic> {
    let node = run.node();
    let of_columns = node.columns.values().flat_map(|column| &column.constraints);
    let written = node.constraints.iter().chain(of_columns).filter_map(|constraint| target(&constraint.values));
    written.map(|to| Ok((to.to_owned(), relation(run, to)?))).collect()
}

/// `constraints` and `columns` of a node with relations in the place of references.
pub(super) fn resolved(node: &Node, targets: &IndexMap<String, String>) -> Vec<(&'static str, Json)> {
    let compiled = CompiledNode { foreign_keys: targets.clone(), ..CompiledNode::default() };
    let json = node.to_json(Some(&compiled));
    ["constraints", "columns"].map(|key| (key, json.get(key).cloned().unwrap_or_default())).into()
}

/// What a foreign key refers to.
fn target(constraint: &Map<String, Json>) -> Option<&str> {
    let is_foreign = constraint.get("type").and_then(Json::as_str) == Some("foreign_key");
    constraint.get("to").and_then(Json::as_str).filter(|to| is_foreign && !to.is_empty())
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
