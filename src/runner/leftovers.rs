//! What dead runs left: relations under the names that a build has only while it is going on.
//!
//! The run holds the lock on the schemas that it writes to, so nobody is building there: whatever has such a name is left over.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::run::Runner;
use super::schemas::{has_relation, metadata_error};
use super::staging::renamed;
use crate::context::{RunOptions, Worker, node_relation};
use crate::diagnostics::Diagnostic;
use crate::events::Event;
use crate::plan::Plan;

/// Names of something that is being built, or is just being replaced.
const PASSING: [&str; 2] = ["__dbt_tmp", "__dbt_backup"];

/// Drops what is left of nodes of the project, selected or not, in the schemas that the plan writes to.
pub(super) fn remove(runner: &Runner, plan: &Plan, worker: &Arc<Worker>) -> Result<(), Diagnostic> {
    let nodes = &runner.manifest.nodes;
    let locked: BTreeSet<_> = plan
        .jobs()
        .iter()
        .filter_map(|job| nodes.get(&job.unique_id).filter(|node| has_relation(node)))
        .map(|node| (node.database.as_deref(), node.schema.as_str()))
        .collect();
    let cache = runner.session.relation_cache();
    let here = |node: &&Arc<_>| is_built_in(node, &locked);
    for node in nodes.values().filter(here) {
        for suffix in PASSING {
            let relation = renamed(runner, &node_relation(&runner.session, node), suffix)?;
            let name = relation.identifier.as_deref().unwrap_or_default();
            let database = node.database.as_deref().unwrap_or_else(|| runner.session.adapter().database());
            let Some(found) = cache.get_relation(database, &node.schema, name) else { continue };
            if nodes.values().any(|other| other.schema == node.schema && other.alias == name) {
                continue;
            }
            let run = runner.node_run(node, worker, RunOptions::default());
            let left = run.relation_value(relation.clone().with_type(Some(found.relation_type)));
            run.call_macro_named("drop_relation_if_exists", &[left])?;
            worker.connection().commit().map_err(|error| metadata_error(&error))?;
            runner
                .report(&Event::Note { msg: format!("{relation} was left by a run that did not end; it is dropped") });
        }
    }
    Ok(())
}

fn is_built_in(node: &crate::manifest::Node, schemas: &BTreeSet<(Option<&str>, &str)>) -> bool {
    node.is_refable() && !node.is_ephemeral() && schemas.contains(&(node.database.as_deref(), node.schema.as_str()))
}
