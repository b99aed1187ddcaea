//! Before the first node: the schemas that are needed are there, and what is in the warehouse is known.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::inline::inline_node;
use super::run::Runner;
use crate::adapters::{DatabaseError, Relation};
use crate::context::{NodeRun, RunParts, Worker};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Node, ResourceType};
use crate::plan::Plan;

/// Schemas by database, in the order of names.
type Schemas = BTreeMap<String, Vec<String>>;

/// Makes missing schemas through the project's `create_schema` macro, and fills the relation cache.
pub(super) fn prepare(runner: &Runner, plan: &Plan, worker: &Arc<Worker>) -> Result<(), Diagnostic> {
    // A comment that cannot be made would fail every statement.
    NodeRun::new(RunParts {
        session: Arc::clone(&runner.session),
        manifest: Arc::clone(&runner.manifest),
        node: Arc::new(inline_node(&runner.session, &runner.manifest, "master", "")),
        worker: Arc::clone(worker),
    })
    .check_query_comment()?;
    let selected = plan.jobs().iter().filter_map(|job| runner.manifest.nodes.get(&job.unique_id));
    let needed: Vec<&Arc<Node>> = selected.filter(|node| has_relation(node)).collect();
    for (database, schemas) in by_database(runner, needed.iter().copied()) {
        create_missing(runner, worker, &database, &schemas, &needed)?;
    }
    let flags = &runner.session.config().flags;
    if !flags.populate_cache {
        return Ok(());
    }
    let known: Schemas = if flags.cache_selected_only {
        by_database(runner, needed.iter().copied())
    } else {
        by_database(runner, runner.manifest.nodes.values().filter(|node| has_relation(node)))
    };
    for (database, schemas) in known {
        let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = runner.session.relation_cache();
        cache.fill(connection.as_mut(), &database, &schemas).map_err(|error| metadata_error(&error))?;
    }
    Ok(())
}

/// Whether running the node writes to a schema.
pub(super) fn has_relation(node: &Node) -> bool {
    match node.resource_type {
        ResourceType::Model => !node.is_ephemeral(),
        ResourceType::Seed | ResourceType::Snapshot | ResourceType::Function => true,
        // A test has a relation where it stores its failures.
        ResourceType::Test => node.relation_name.is_some(),
        _ => false,
    }
}

fn by_database<'a>(runner: &Runner, nodes: impl Iterator<Item = &'a Arc<Node>>) -> Schemas {
    let mut schemas = Schemas::new();
    for node in nodes {
        let database = node.database.clone().unwrap_or_else(|| runner.session.adapter().database().to_owned());
        let known = schemas.entry(database).or_default();
        if !known.contains(&node.schema) {
            known.push(node.schema.clone());
        }
    }
    schemas
}

fn create_missing(
    runner: &Runner,
    worker: &Arc<Worker>,
    database: &str,
    schemas: &[String],
    needed: &[&Arc<Node>],
) -> Result<(), Diagnostic> {
    let existing = {
        let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.list_schemas(database).map_err(|error| metadata_error(&error))?
    };
    let is_there = |schema: &String| existing.iter().any(|other| other.eq_ignore_ascii_case(schema));
    for schema in schemas.iter().filter(|schema| !is_there(schema)) {
        // The macro runs as part of some node that needs the schema: it has a context, and errors have a place.
        let Some(node) = needed.iter().find(|node| node.schema == *schema) else { continue };
        let run = NodeRun::new(RunParts {
            session: Arc::clone(&runner.session),
            manifest: Arc::clone(&runner.manifest),
            node: Arc::clone(node),
            worker: Arc::clone(worker),
        });
        let relation = Relation::new(Some(database), Some(schema), None).with_quoting(runner.session.quoting());
        run.call_macro_named("create_schema", &[run.relation_value(relation)])?;
        let mut connection = worker.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.commit().map_err(|error| metadata_error(&error))?;
    }
    Ok(())
}

/// An error of a statement that no template wrote.
pub(super) fn metadata_error(error: &DatabaseError) -> Diagnostic {
    Diagnostic::error(Code::DATABASE, error.message.clone())
}
