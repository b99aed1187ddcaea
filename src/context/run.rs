//! The context in which a node is compiled and run.

use std::sync::{Arc, Mutex};

use minijinja::Value;

use super::Session;
use crate::adapters::Connection;
use crate::manifest::{Manifest, Node};

/// A worker of the pool with its connection.
pub struct Worker {
    /// What `thread_id` shows: `Thread-1 (worker)`.
    pub name: String,
    /// Its connection.
    pub connection: Mutex<Box<dyn Connection>>,
}

/// Rows from `start` (included) to `end` (excluded), as dbt writes timestamps in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTimeRange {
    /// First moment.
    pub start: Option<String>,
    /// First moment after.
    pub end: Option<String>,
}

/// What a [`NodeRun`] is made of.
pub struct RunParts {
    /// The invocation's session.
    pub session: Arc<Session>,
    /// The whole project.
    pub manifest: Arc<Manifest>,
    /// The node, hook, or a made-up node for inline SQL and operations.
    pub node: Arc<Node>,
    /// Who runs it.
    pub worker: Arc<Worker>,
}

/// One node while it is compiled and run: its context, and what the templates left behind.
pub struct NodeRun {
    _parts: RunParts,
}

impl NodeRun {
    /// A run of a node.
    pub fn new(parts: RunParts) -> Arc<Self> {
        Arc::new(Self { _parts: parts })
    }

    /// What its templates see. `execute` is true.
    pub fn context(self: &Arc<Self>) -> Value {
        Value::UNDEFINED
    }
}
