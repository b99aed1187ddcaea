//! [`Transaction`]: whose transaction a run works in, and who is asked before it is committed.

use std::fmt::Debug;
use std::sync::Arc;

use minijinja::{Error, Value};

use super::NodeRun;
use super::arguments::bind;
use super::raise::{OrRaise, raise};
use super::relation::relation_argument;
use super::values::none;
use crate::adapters::Relation;
use crate::diagnostics::{Code, Diagnostic};

/// Decides whether what a node has built may be published.
pub trait Audit: Send + Sync + Debug {
    /// Runs the node's tests in its open transaction, at most once: true where they passed, and for every later call.
    ///
    /// `candidate` is the relation that holds the rows where they are not under the node's own name yet; an audit that must
    /// see the node as it will be committed answers true, and does its work when it is asked without a candidate.
    fn passes(&self, run: &Arc<NodeRun>, candidate: Option<&Relation>) -> Result<bool, Diagnostic>;

    /// Tells where what was refused is kept.
    fn keeps(&self, relation: &Relation);
}

/// Whose transaction a run works in.
#[derive(Debug, Clone, Default)]
pub enum Transaction {
    /// Its own.
    #[default]
    Own,
    /// Its own, which is committed only after an audit.
    Audited(Arc<dyn Audit>),
    /// That of another node: begin, commit and rollback do nothing.
    Borrowed,
}

impl NodeRun {
    /// The audit, if the node is audited and has something to be looked at.
    fn audit(&self) -> Option<&Arc<dyn Audit>> {
        match self.transaction() {
            Transaction::Audited(audit) if self.statement_result("main").is_some() => Some(audit),
            _ => None,
        }
    }
}

/// Before a commit: an error if what the transaction holds must not be published. The transaction is rolled back then.
pub(super) fn before_commit(run: &Arc<NodeRun>) -> Result<(), Diagnostic> {
    match run.audit() {
        Some(audit) if !audit.passes(run, None)? => Err(refused(run)),
        _ => Ok(()),
    }
}

/// `adapter.hetl_audit(candidate)`: whether the candidate may take the place of the node's relation.
pub(super) fn audit(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let [candidate] = bind("hetl_audit", ["candidate"], args)?;
    let candidate = relation_argument("hetl_audit", "candidate", candidate)?;
    Ok(Value::from(match run.audit() {
        Some(audit) => audit.passes(run, Some(&candidate)).or_raise()?,
        None => true,
    }))
}

/// `adapter.hetl_withhold(kept)`: ends the materialization after the candidate was put where it is kept.
pub(super) fn withhold(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let [kept] = bind("hetl_withhold", ["kept"], args)?;
    let kept = relation_argument("hetl_withhold", "kept", kept)?;
    match run.audit() {
        Some(audit) => {
            audit.keeps(&kept);
            Err(raise(refused(run)))
        }
        None => Ok(none()),
    }
}

/// `adapter.hetl_replace_rows(live, new)`: gives a table the rows of another one; none, or why that cannot be.
pub(super) fn replace_rows(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let [live, new] = bind("hetl_replace_rows", ["live", "new"], args)?;
    let live = relation_argument("hetl_replace_rows", "live", live)?;
    let new = relation_argument("hetl_replace_rows", "new", new)?;
    super::adapter::execute::fault("exchange").or_raise()?;
    let replaced = run.worker().connection().replace_rows(&live, &new);
    let hindrance = replaced.map_err(|error| Diagnostic::error(Code::DATABASE, error.message)).or_raise()?;
    Ok(hindrance.map_or_else(none, Value::from))
}

fn refused(run: &NodeRun) -> Diagnostic {
    Diagnostic::error(Code::TEST_FAILED, format!("{} is not published: its tests failed", run.node().unique_id))
}
