//! `--publish run`: everything that a run makes is one transaction, which others see at its end or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::pool;
use super::run::Runner;
use super::schemas::{self, metadata_error};
use crate::context::Worker;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::{NodeResult, Plan};

/// Refuses, before anything begins, what cannot be one transaction.
pub(super) fn check(runner: &Runner, plan: &Plan) -> Result<(), Diagnostic> {
    let adapter = runner.session.adapter();
    if !adapter.can_run_in_one_transaction() {
        let message = format!("`--publish run` is not supported by this {} target", adapter.type_name());
        return Err(Diagnostic::error(Code::UNSUPPORTED, message)
            .hint("`--publish audited` publishes each node after its own tests passed"));
    }
    let nodes = plan.jobs().iter().filter_map(|job| runner.manifest.nodes.get(&job.unique_id));
    let databases: BTreeSet<&str> = nodes
        .filter(|node| schemas::has_relation(node))
        .map(|node| node.database.as_deref().unwrap_or_else(|| adapter.database()))
        .collect();
    if databases.len() > 1 {
        let names = databases.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("`--publish run` cannot write to several databases in one transaction: {names}");
        return Err(Diagnostic::error(Code::UNSUPPORTED, message).hint("select the nodes of one database at a time"));
    }
    Ok(())
}

/// The only worker of the run, in its transaction.
pub(super) fn begin(runner: &Runner) -> Result<Arc<Worker>, Diagnostic> {
    let connection = runner.session.adapter().connect()?;
    let worker = Worker::new(pool::thread_name(0), connection).in_one_transaction();
    worker.connection().begin().map_err(|error| metadata_error(&error))?;
    Ok(Arc::new(worker))
}

/// Publishes everything if all went well, and nothing otherwise.
pub(super) fn end(runner: &Runner, worker: &Worker, plan: &Plan) -> Result<(), Diagnostic> {
    let is_complete = {
        let results = runner.results();
        results.len() >= plan.len() && !results.iter().any(NodeResult::is_failure)
    };
    if is_complete {
        return worker.connection().commit().map_err(|error| metadata_error(&error));
    }
    worker.connection().rollback().map_err(|error| metadata_error(&error))?;
    let kinds = [ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot];
    let made = |result: &&mut NodeResult| !result.is_failure() && kinds.contains(&result.resource_type);
    for result in runner.results().iter_mut().filter(made) {
        result.adapter_response.insert("hetl".into(), json!({"published": false, "candidate": null}));
    }
    runner.report(&Event::Note {
        msg: "Nothing of this run is published, because not all of it succeeded. What was there before stays live."
            .into(),
    });
    Ok(())
}
