//! `--publish run`: everything that a run makes is one transaction, which others see at its end or not at all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::pool;
use super::run::Runner;
use super::schemas::{self, metadata_error};
use super::staging::{self, Staging};
use crate::adapters::{Connection, Publication, SwapOutcome, WholeRun};
use crate::context::Worker;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::{NodeResult, Plan};

/// Refuses, before anything begins, what cannot be one transaction.
pub(super) fn check(runner: &Runner, plan: &Plan) -> Result<(), Diagnostic> {
    let adapter = runner.session.adapter();
    let way = adapter.whole_run();
    if way == WholeRun::Never {
        let message = format!("`--publish run` is not supported by this {} target", adapter.type_name());
        return Err(Diagnostic::error(Code::UNSUPPORTED, message)
            .hint("`--publish audited` publishes each node after its own tests passed"));
    }
    let nodes = plan.jobs().iter().filter_map(|job| runner.manifest.nodes.get(&job.unique_id));
    let databases: BTreeSet<&str> = nodes
        .filter(|node| schemas::has_relation(node))
        .map(|node| node.database.as_deref().unwrap_or_else(|| adapter.database()))
        .collect();
    if way == WholeRun::Swapped {
        let mut ids = plan.jobs().iter().map(|job| job.unique_id.as_str());
        if let Some(function) = ids.find(|id| id.starts_with("function.")) {
            let message = format!("`--publish run` cannot publish functions along with relations: {function}");
            return Err(Diagnostic::error(Code::UNSUPPORTED, message)
                .hint("leave it out: `--exclude resource_type:function`, and build it before"));
        }
        // A plan is checked once.
        let _ = runner.staging.set(Staging::of_plan(runner, plan)?);
    }
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
    let keeps = runner.safeguards.keeps_previous;
    let worker = Worker::new(pool::thread_name(0), connection).in_one_transaction().keeping_previous(keeps);
    worker.connection().begin().map_err(|error| metadata_error(&error))?;
    Ok(Arc::new(worker))
}

/// Publishes everything if all went well, and nothing otherwise.
pub(super) fn end(runner: &Runner, worker: &Worker, plan: &Plan) -> Result<(), Diagnostic> {
    if is_complete(runner, plan) {
        discard_others(runner, worker, plan)?;
        let committed = worker.connection().commit();
        return committed.map_err(|error| {
            withhold(runner, NOTHING_IS_PUBLISHED);
            metadata_error(&error)
        });
    }
    worker.connection().rollback().map_err(|error| metadata_error(&error))?;
    withhold(runner, NOT_COMPLETE);
    Ok(())
}

/// Drops what was kept of nodes that the run did not build: versions that are kept belong together.
fn discard_others(runner: &Runner, worker: &Worker, plan: &Plan) -> Result<(), Diagnostic> {
    let cache = runner.session.relation_cache();
    for (node, previous) in staging::previous_versions(runner)? {
        let database = previous.database.as_deref().unwrap_or_else(|| runner.session.adapter().database());
        let name = previous.identifier.as_deref().unwrap_or_default();
        let Some(kept) = cache.get_relation(database, &node.schema, name) else { continue };
        if plan.position(&node.unique_id).is_none() {
            let sql = format!("drop {} if exists {}", kept.relation_type.as_str(), previous.render_name());
            worker.connection().execute(&sql, false).map_err(|error| metadata_error(&error))?;
            cache.drop_relation(database, &node.schema, name);
        }
    }
    Ok(())
}

/// The same where everything was built under other names: they are swapped if all went well.
pub(super) fn publish(runner: &Runner, staging: &Staging, worker: &Worker, plan: &Plan) -> Result<(), Diagnostic> {
    if !is_complete(runner, plan) {
        withhold(runner, &format!("{NOT_COMPLETE}{KEPT}"));
        return Ok(());
    }
    let publication = staging.publication(runner, plan, runner.safeguards.keeps_previous)?;
    if let Err(problem) = swap(runner, worker.connection().as_mut(), &publication) {
        let is_known = problem.code == Code::PUBLISH_HINDERED;
        let outcome = if is_known { NOTHING_IS_PUBLISHED } else { "It is not known whether this run was published." };
        withhold(runner, &format!("{outcome}{KEPT}"));
        return Err(problem);
    }
    let cache = runner.session.relation_cache();
    let databases = publication.swaps.iter().map(|swap| (swap.database.clone(), swap.schema.clone()));
    for (database, schema) in databases.collect::<BTreeSet<_>>() {
        let filled = cache.fill(worker.connection().as_mut(), &database, &[schema]);
        filled.map_err(|error| metadata_error(&error))?;
    }
    Ok(())
}

/// How long it is tried to get the locks on what is live, and how long between two attempts.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(300);

/// Swaps as soon as nobody reads what is replaced.
pub(super) fn swap(
    runner: &Runner,
    connection: &mut dyn Connection,
    publication: &Publication,
) -> Result<(), Diagnostic> {
    let patience = runner.session.config().flags.wait.unwrap_or(PATIENCE);
    let begin = Instant::now();
    let mut is_told = false;
    loop {
        if crate::faults::fails("swap") {
            return Err(Diagnostic::error(Code::DATABASE, "fault injected at swap"));
        }
        let users = match connection.swap(publication).map_err(|error| metadata_error(&error))? {
            SwapOutcome::Done => break,
            SwapOutcome::Hindered(others) => {
                let message = "nothing is published, because others read what would be replaced and cannot follow";
                let error = Diagnostic::error(Code::PUBLISH_HINDERED, message);
                let error = others.into_iter().fold(error, Diagnostic::note);
                return Err(error.hint("drop them, select them along, or publish each node: `--publish audited`"));
            }
            SwapOutcome::Busy(users) => users,
        };
        let users = if users.is_empty() { "others".to_owned() } else { users.join("; ") };
        if begin.elapsed() >= patience || runner.stop.is_requested() {
            let message = "nothing is published, because others use what would be replaced";
            return Err(Diagnostic::error(Code::PUBLISH_HINDERED, message)
                .note(format!("the last ones were {users}"))
                .hint("try longer: `--wait 1h`"));
        }
        if !is_told {
            is_told = true;
            runner.report(&Event::Note { msg: format!("Waiting to publish until {users} let go") });
        }
        std::thread::sleep(AGAIN);
    }
    if crate::faults::fails("swapped") {
        return Err(Diagnostic::error(Code::DATABASE, "fault injected at swapped"));
    }
    Ok(())
}

fn is_complete(runner: &Runner, plan: &Plan) -> bool {
    let results = runner.results();
    results.len() >= plan.len() && !results.iter().any(NodeResult::is_failure)
}

const NOT_COMPLETE: &str =
    "Nothing of this run is published, because not all of it succeeded. What was there before stays live.";
const NOTHING_IS_PUBLISHED: &str = "Nothing of this run is published. What was there before stays live.";
const KEPT: &str =
    " What was built is kept under names that end in `__hetl_candidate`, each until its node is built again.";

/// Says of each node, and once for all, that it is not published.
fn withhold(runner: &Runner, msg: &str) {
    let kinds = [ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot];
    let made = |result: &&mut NodeResult| !result.is_failure() && kinds.contains(&result.resource_type);
    for result in runner.results().iter_mut().filter(made) {
        result.adapter_response.insert("hetl".into(), json!({"published": false, "candidate": null}));
    }
    runner.report(&Event::Note { msg: msg.to_owned() });
}
