//! `snapshot --repair plan`: what is wrong with a history and how to mend it; nothing is changed.

use std::sync::Arc;

use super::failure::Failure;
use super::node::Done;
use super::run::Runner;
use crate::adapters::{Cell, Table};
use crate::context::NodeRun;
use crate::manifest::ResourceType;

/// Keeps the plan for one snapshot, a line a row; other nodes have none.
pub(super) fn plan(runner: &Runner, run: &Arc<NodeRun>) -> Result<Done, Failure> {
    let node = run.node();
    if node.resource_type == ResourceType::Snapshot {
        let plan = run.call_macro_named("hetl_snapshot_repair_plan", &[])?.to_string();
        let lines = plan.lines().map(|line| vec![Cell::Text(line.to_owned())]).collect();
        runner.keep_table(&node.unique_id, Table::new(vec![("plan".to_owned(), "text".to_owned())], lines));
    }
    Ok(Done::default())
}
