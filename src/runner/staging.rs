//! [`Staging`]: where a warehouse publishes by renaming, a run that is published as a whole builds every node under another name.
//!
//! `ref` and `this` give the staged relations, `graph` and artifacts the names that hold when the run is over. Nodes that a run changes in
//! place begin with a copy of what is live. [`Staging::publication`] is what the end of the run swaps.

use std::collections::HashMap;
use std::sync::Arc;

use super::run::Runner;
use super::schemas::has_relation;
use crate::adapters::{Adapter, Publication, Relation, Swap};
use crate::context::{NodeRun, RunOptions, Worker, node_relation, suffixed_identifier};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Manifest, Node, ResourceType, publishes_in_place};
use crate::plan::Plan;

/// What a relation is called until it is published; what was refused keeps this name until the node is built again.
pub(super) const STAGED: &str = "__hetl_candidate";
/// What the version before the last publication is called.
pub(super) const PREVIOUS: &str = "__hetl_previous";

/// The relations of a run that is published as a whole.
pub(super) struct Staging {
    relations: Arc<HashMap<String, Relation>>,
}

impl Staging {
    /// Names for what the plan builds.
    pub(super) fn of_plan(runner: &Runner, plan: &Plan) -> Result<Self, Diagnostic> {
        let mut relations = HashMap::new();
        for node in built(runner, plan) {
            let relation = node_relation(&runner.session, node);
            relations.insert(node.unique_id.clone(), renamed(runner, &relation, STAGED)?);
        }
        Ok(Self { relations: Arc::new(relations) })
    }

    /// A node as it is while it is staged, and what its run has to know.
    pub(super) fn stage(&self, manifest: &Manifest, node: &Arc<Node>, options: &mut RunOptions) -> Arc<Node> {
        if node.resource_type == ResourceType::Operation {
            return Arc::clone(node);
        }
        options.node_info.get_or_insert_with(|| node.node_info());
        options.staged = Arc::clone(&self.relations);
        options.stand_ins.extend(self.stand_ins(manifest, node));
        let Some(relation) = self.relations.get(&node.unique_id) else { return Arc::clone(node) };
        let alias = relation.identifier.clone().unwrap_or_default();
        Arc::new(Node { alias, relation_name: Some(relation.render_name()), ..Node::clone(node) })
    }

    /// Names that must not be left in what is kept of a node's SQL: its own, and those of what it reads.
    pub(super) fn stand_ins(&self, manifest: &Manifest, node: &Node) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut waiting = vec![node.unique_id.as_str()];
        waiting.extend(node.depends_on.nodes.iter().map(String::as_str));
        while let Some(id) = waiting.pop() {
            let Some(read) = manifest.nodes.get(id) else { continue };
            if read.is_ephemeral() && id != node.unique_id {
                waiting.extend(read.depends_on.nodes.iter().map(String::as_str));
            } else if let Some(relation) = self.relations.get(id) {
                found.push((relation.identifier.clone().unwrap_or_default(), read.alias.clone()));
            }
        }
        found
    }

    /// Makes room for a node's staged relation, and fills it where the node changes what is there.
    pub(super) fn prepare(&self, runner: &Runner, node: &Arc<Node>, worker: &Arc<Worker>) -> Result<(), Diagnostic> {
        if !self.relations.contains_key(&node.unique_id) {
            return Ok(());
        }
        let run: Arc<NodeRun> = runner.node_run(node, worker, RunOptions::default());
        let live = run.relation_value(node_relation(&runner.session, node));
        run.call_macro_named("hetl_stage_relation", &[live]).map(drop)
    }

    /// The swaps that publish what the plan has built. The version before is kept if `keeps`; versions that were kept until now are dropped,
    /// so that all that are kept belong together.
    pub(super) fn publication(&self, runner: &Runner, plan: &Plan, keeps: bool) -> Result<Publication, Diagnostic> {
        let adapter = runner.session.adapter().as_ref();
        let mut publication = Publication::default();
        for node in built(runner, plan) {
            let live = node_relation(&runner.session, node);
            let Some(staged) = self.relations.get(&node.unique_id) else { continue };
            let kept = keeps.then(|| renamed(runner, &live, PREVIOUS)).transpose()?;
            publication.swaps.push(Swap {
                database: live.database.clone().unwrap_or_else(|| adapter.database().to_owned()),
                schema: schema(adapter, &live),
                name: identifier(adapter, &live),
                new: identifier(adapter, staged),
                kept: kept.as_ref().map(|kept| identifier(adapter, kept)),
                in_place: adapter.replaces_rows()
                    && publishes_in_place(&node.config).ok().flatten().unwrap_or(runner.safeguards.publishes_in_place),
            });
        }
        for (_, previous) in previous_versions(runner)? {
            let database = previous.database.clone().unwrap_or_else(|| adapter.database().to_owned());
            publication.discarded.push((database, schema(adapter, &previous), identifier(adapter, &previous)));
        }
        Ok(publication)
    }
}

/// What a version that is kept is called, of each node of the project.
pub(super) fn previous_versions(runner: &Runner) -> Result<Vec<(&Arc<Node>, Relation)>, Diagnostic> {
    let nodes = runner.manifest.nodes.values().filter(|node| is_built(node));
    nodes.map(|node| Ok((node, renamed(runner, &node_relation(&runner.session, node), PREVIOUS)?))).collect()
}

/// The nodes of a plan that are staged.
pub(super) fn built<'a>(runner: &'a Runner, plan: &'a Plan) -> impl Iterator<Item = &'a Arc<Node>> {
    let nodes = plan.jobs().iter().filter_map(|job| runner.manifest.nodes.get(&job.unique_id));
    nodes.filter(|node| is_built(node))
}

fn is_built(node: &Node) -> bool {
    has_relation(node) && node.is_refable()
}

/// A relation under a name with a suffix.
pub(super) fn renamed(runner: &Runner, relation: &Relation, suffix: &str) -> Result<Relation, Diagnostic> {
    let name = relation.identifier.as_deref().unwrap_or_default();
    let Some(identifier) = suffixed_identifier(runner.session.adapter().as_ref(), name, suffix) else {
        return Err(Diagnostic::error(Code::INVALID_CONFIG, format!("`{name}` has no room for the suffix `{suffix}`")));
    };
    Ok(Relation { identifier: Some(identifier), ..relation.clone() })
}

/// The name of a relation's schema in the metadata.
pub(super) fn schema(adapter: &dyn Adapter, relation: &Relation) -> String {
    adapter.stored_name(relation.schema.as_deref().unwrap_or_default(), relation.quoting.schema)
}

/// The name of a relation in the metadata.
pub(super) fn identifier(adapter: &dyn Adapter, relation: &Relation) -> String {
    adapter.stored_name(relation.identifier.as_deref().unwrap_or_default(), relation.quoting.identifier)
}
