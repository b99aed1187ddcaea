//! `rollback`: versions that were kept take the places of those that replaced them, all in one transaction.

use super::recording::Recording;
use super::run::Runner;
use super::staging::{PREVIOUS, built, identifier, renamed, schema};
use super::{locking, schemas, whole_run};
use crate::adapters::{Connection, Publication, Swap};
use crate::context::node_relation;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::ResourceType;
use crate::plan::{NodeResult, NodeStatus, Plan};

/// A version of a node that can be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousVersion {
    /// The node.
    pub unique_id: String,
    /// The relation that readers know.
    pub relation: String,
    /// What the version before is called.
    pub kept_as: String,
    swap: Swap,
}

impl Runner {
    /// The versions that are kept of the nodes of a plan.
    pub fn previous_versions(&self, plan: &Plan) -> Result<Vec<PreviousVersion>, Diagnostic> {
        self.kept(plan, self.session.adapter().connect()?.as_mut())
    }

    /// Brings them back; what they replace is kept in their place, so that the same command undoes it. None of them if one of them cannot come
    /// back.
    pub fn roll_back(&self, plan: &Plan) -> Result<Vec<PreviousVersion>, Diagnostic> {
        locking::take(self, plan)?;
        let mut connection = self.session.adapter().connect()?;
        let kept = self.kept(plan, connection.as_mut())?;
        if kept.is_empty() {
            return Err(Diagnostic::error(Code::USAGE, "no version of what is selected is kept").hint(
                "`hetl build --publish run` keeps the versions that it replaces, and so does `keep_generations: 1`",
            ));
        }
        let recording = Recording::begin(self, connection.as_mut());
        let swaps = kept.iter().map(|version| version.swap.clone()).collect();
        let swapped = whole_run::swap(self, connection.as_mut(), &Publication { swaps, discarded: Vec::new() });
        if let Some(recording) = recording {
            let result = |version: &PreviousVersion| {
                let kind = self.manifest.nodes.get(&version.unique_id).map(|node| node.resource_type);
                NodeResult::new(&version.unique_id, kind.unwrap_or(ResourceType::Model), NodeStatus::Success)
            };
            let results: Vec<_> = if swapped.is_ok() { kept.iter().map(result).collect() } else { Vec::new() };
            recording.end(self, connection.as_mut(), &results, swapped.is_ok());
        }
        swapped.map(|()| kept)
    }

    fn kept(&self, plan: &Plan, connection: &mut dyn Connection) -> Result<Vec<PreviousVersion>, Diagnostic> {
        let adapter = self.session.adapter().as_ref();
        let mut versions = Vec::new();
        for node in built(self, plan) {
            let live = node_relation(&self.session, node);
            let previous = renamed(self, &live, PREVIOUS)?;
            let kept = identifier(adapter, &previous);
            versions.push(PreviousVersion {
                unique_id: node.unique_id.clone(),
                relation: live.render_name(),
                kept_as: previous.render_name(),
                swap: Swap {
                    database: live.database.clone().unwrap_or_else(|| adapter.database().to_owned()),
                    schema: schema(adapter, &live),
                    name: identifier(adapter, &live),
                    new: kept.clone(),
                    kept: Some(kept),
                    in_place: false,
                },
            });
        }
        let cache = self.session.relation_cache();
        for version in &versions {
            let (database, schema) = (&version.swap.database, std::slice::from_ref(&version.swap.schema));
            cache.fill_missing(connection, database, schema).map_err(|error| schemas::metadata_error(&error))?;
        }
        versions.retain(|version| {
            let Swap { database, schema, new, .. } = &version.swap;
            cache.get_relation(database, schema, new).is_some()
        });
        Ok(versions)
    }
}
