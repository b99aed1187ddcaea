//! [`Plan`]: the jobs of a command, each once, after everything upstream of it.

use std::collections::HashMap;

use crate::graph::{Gates, Graph, Subset};
use crate::manifest::{Manifest, Node, Publish, ResourceType};

/// One step of a plan: a node that is run, tested or loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The node.
    pub unique_id: String,
    /// What it is.
    pub resource_type: ResourceType,
    /// The length of the longest chain of jobs above it.
    pub level: u32,
}

/// How jobs wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each after its upstream jobs (`run`, `seed`, `snapshot`, `compile`).
    Topological,
    /// As [`Mode::Topological`]; moreover nodes wait for the tests of what they read, and a model for its unit tests (`build`).
    /// Nodes that do not say themselves when they are published do as is said here.
    Build(Publish),
    /// None waits for another (`test`, `source freshness`).
    Independent,
}

/// Jobs in order: each once, after everything upstream. Building it touches no warehouse.
#[derive(Debug, Clone)]
pub struct Plan {
    jobs: Vec<Job>,
    positions: HashMap<String, usize>,
    downstream: Vec<Vec<u32>>,
    upstream_count: Vec<u32>,
    followers: Vec<Vec<u32>>,
    gates: Gates,
}

fn positions(jobs: &[Job]) -> HashMap<String, usize> {
    jobs.iter().enumerate().map(|(at, job)| (job.unique_id.clone(), at)).collect()
}

impl Plan {
    /// The plan for selected unique ids.
    ///
    /// What never has a job is left out: ephemeral models (they are compiled into what reads them), hooks, groups, macros,
    /// docs. The order that these make between others is kept. Which other kinds take part (sources only where freshness is
    /// asked for) is for the selection to say.
    pub fn build<'a>(
        graph: &Graph,
        manifest: &Manifest,
        selected: impl IntoIterator<Item = &'a str>,
        mode: Mode,
    ) -> Self {
        let chosen: Vec<&str> = selected.into_iter().filter(|id| has_job(manifest, id)).collect();
        match mode {
            Mode::Build(publish) => {
                let is_audited = |node: &Node| Publish::of_node(node, publish) == Publish::Audited;
                let gates = Gates::find(graph, manifest, &chosen, is_audited);
                let graph = graph.with_test_edges(manifest, &gates);
                Self::of_subset(manifest, graph.subset(chosen)).with_gates(gates)
            }
            Mode::Topological => Self::of_subset(manifest, graph.subset(chosen)),
            Mode::Independent => Self::of_subset(manifest, graph.subset(chosen)).without_waiting(),
        }
    }

    /// The plan for selected unique ids that are only compiled or shown: ephemeral models and hooks have jobs too.
    pub fn with_ephemeral<'a>(graph: &Graph, manifest: &Manifest, selected: impl IntoIterator<Item = &'a str>) -> Self {
        let is_compiled = |id: &str| {
            let node = manifest.nodes.get(id);
            node.is_some_and(|node| node.is_ephemeral() || node.resource_type == ResourceType::Operation)
        };
        let chosen = selected.into_iter().filter(|id| has_job(manifest, id) || is_compiled(id));
        Self::of_subset(manifest, graph.subset(chosen))
    }

    fn of_subset(manifest: &Manifest, subset: Subset) -> Self {
        let jobs: Vec<Job> = subset
            .members()
            .iter()
            .zip(subset.levels())
            .map(|(id, &level)| Job {
                unique_id: id.clone(),
                resource_type: manifest.resource_type(id).unwrap_or(ResourceType::Model),
                level,
            })
            .collect();
        Self {
            positions: positions(&jobs),
            jobs,
            downstream: subset.downstream().to_vec(),
            upstream_count: subset.upstream_count().to_vec(),
            followers: Vec::new(),
            gates: Gates::default(),
        }
    }

    fn with_gates(mut self, gates: Gates) -> Self {
        self.followers = vec![Vec::new(); self.jobs.len()];
        for (first, second) in gates.before() {
            if let (Some(first), Some(second)) = (self.position(first), self.position(second)) {
                self.followers[first].push(second as u32);
                self.upstream_count[second] += 1;
            }
        }
        self.gates = gates;
        self
    }

    /// The same jobs, none of which waits: by unique id, as in dbt.
    fn without_waiting(mut self) -> Self {
        let count = self.jobs.len();
        self.jobs.sort_by(|a, b| a.unique_id.cmp(&b.unique_id));
        self.jobs.iter_mut().for_each(|job| job.level = 0);
        self.positions = positions(&self.jobs);
        self.downstream = vec![Vec::new(); count];
        self.upstream_count = vec![0; count];
        self
    }

    /// The jobs in order.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The number of jobs.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The position of a node's job.
    pub fn position(&self, unique_id: &str) -> Option<usize> {
        self.positions.get(unique_id).copied()
    }

    /// The steps below each step; those from [`Plan::len`] on are waypoints without a job.
    pub(super) fn downstream(&self) -> &[Vec<u32>] {
        &self.downstream
    }

    /// The jobs that begin after a job has ended, however it ended.
    pub(super) fn followers(&self, job: usize) -> &[u32] {
        self.followers.get(job).map_or(&[], Vec::as_slice)
    }

    /// Which tests decide whether a node is published.
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    pub(super) fn upstream_count(&self) -> &[u32] {
        &self.upstream_count
    }
}

fn has_job(manifest: &Manifest, unique_id: &str) -> bool {
    match manifest.resource_type(unique_id) {
        None | Some(ResourceType::Group | ResourceType::Operation | ResourceType::Macro | ResourceType::Doc) => false,
        Some(_) => !manifest.nodes.get(unique_id).is_some_and(|node| node.is_ephemeral()),
    }
}
