//! `clone`: the relation that another state has of a node appears under the node's own name.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use super::failure::Failure;
use super::model;
use super::node::{Done, Running};
use crate::context::RunOptions;
use crate::manifest::Node;

/// Runs the materialization `clone`, whose SQL, where it must be a view, reads the other relation.
pub(super) fn run(running: &mut Running<'_>, node: &Arc<Node>) -> Result<Done, Failure> {
    let runner = running.runner;
    let mut names = BTreeMap::from([("defer_relation".to_owned(), Value::from(()))]);
    let options = |names| RunOptions { names, ..RunOptions::default() };
    if let Some(other) = runner.deferred.get(&node.unique_id) {
        let run = runner.node_run(node, running.worker, RunOptions::default());
        names.insert("sql".to_owned(), Value::from(format!("select * from {other}")));
        names.insert("defer_relation".to_owned(), run.relation_value(other.clone()));
    }
    let run = runner.node_run(node, running.worker, options(names));
    let returned = model::materialize_as(runner, &run, "clone")?;
    run.remember_relations(&returned)?;
    let Some(main) = run.statement_result("main") else {
        return Ok(Done { message: Some("No-op".into()), ..Done::default() });
    };
    Ok(Done {
        message: Some(main.response.message.clone()),
        adapter_response: main.response.to_map(),
        ..Done::default()
    })
}
