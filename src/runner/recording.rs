//! At the begin of a run and at its end: that it is there, and what became of its nodes, is added to `hetl_meta.runs`.

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::run::Runner;
use crate::adapters::{Connection, DatabaseError};
use crate::events::Event;
use crate::history::{self, Fact};
use crate::manifest::ResourceType;
use crate::plan::{NodeResult, NodeStatus};

/// A run that is recorded.
pub(super) struct Recording {
    run: Fact,
}

impl Recording {
    /// Records that a run begins, if it is to be recorded. That it cannot be is told, and is no failure of the run: the role may not be allowed to
    /// make the schema.
    pub(super) fn begin(runner: &Runner, connection: &mut dyn Connection) -> Option<Self> {
        if !runner.safeguards.records_history {
            return None;
        }
        let config = runner.session.config();
        let run = Fact {
            run_id: config.invocation.invocation_id.clone(),
            command: config.invocation.which.clone(),
            git_commit: config.project.git_commit(),
            started_at: written(Timestamp::now()),
            ..Fact::default()
        };
        let begun = history::begin(runner.session.adapter().as_ref(), connection, &run);
        tell(runner, begun).then_some(Self { run })
    }

    /// Records what became of its nodes, and of the run.
    pub(super) fn end(
        self,
        runner: &Runner,
        connection: &mut dyn Connection,
        results: &[NodeResult],
        is_success: bool,
    ) {
        let of_nodes = Fact { started_at: String::new(), ..self.run.clone() };
        let mut facts: Vec<Fact> = results.iter().map(|result| of_node(&of_nodes, result)).collect();
        facts.push(Fact {
            status: if is_success { "success" } else { "error" }.to_owned(),
            rows: i64::try_from(results.len()).ok(),
            ended_at: written(Timestamp::now()),
            ..self.run
        });
        if connection.in_transaction() {
            // Hooks commit what is to stay.
            let _ = connection.rollback();
        }
        tell(runner, history::append(runner.session.adapter().as_ref(), connection, facts));
    }
}

fn tell(runner: &Runner, outcome: Result<(), DatabaseError>) -> bool {
    if let Err(error) = &outcome {
        let msg = format!("This run is not recorded in hetl_meta.runs: {error}");
        runner.report(&Event::Note { msg });
    }
    outcome.is_ok()
}

fn of_node(run: &Fact, result: &NodeResult) -> Fact {
    let moment = |moment: Option<Timestamp>| moment.map(written).unwrap_or_default();
    let began = result.timing.first().and_then(|step| step.started_at);
    let ended = result.timing.last().and_then(|step| step.completed_at);
    let is_relation = matches!(result.resource_type, ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot);
    let is_withheld = result.adapter_response.get("hetl").is_some_and(|hetl| hetl["published"] == Value::Bool(false));
    let is_made = matches!(result.status, NodeStatus::Success | NodeStatus::PartialSuccess);
    let rows = result.adapter_response.get("rows_affected").and_then(Value::as_i64).filter(|rows| *rows >= 0);
    Fact {
        node: Some(result.unique_id.clone()),
        status: result.status.as_str().to_owned(),
        published: is_relation.then_some(is_made && !is_withheld),
        statement_hash: result.compiled_code.as_ref().map(|code| hex::encode(Sha256::digest(code))),
        rows: result.failures.filter(|_| result.resource_type == ResourceType::Test).or(rows),
        started_at: moment(began),
        ended_at: moment(ended),
        ..run.clone()
    }
}

/// RFC 3339 in UTC with microseconds.
fn written(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
