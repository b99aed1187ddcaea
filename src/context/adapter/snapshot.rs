//! What snapshots ask: whether the target is one, and what becomes of deleted rows.

use std::sync::Arc;

use minijinja::{Error, State, Value};

use super::columns::in_relation;
use crate::context::NodeRun;
use crate::context::arguments::{bind, required};
use crate::context::raise::raise;
use crate::context::relation::relation_argument;
use crate::context::values::none;
use crate::diagnostics::{Code, Diagnostic};

/// `valid_snapshot_target(relation, column_names)` and its form with the strategy.
pub(super) fn check_target(
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let [relation, names, strategy] = bind(method, ["relation", "column_names", "strategy"], args)?;
    let relation = relation_argument(method, "relation", relation)?;
    let names = names.filter(Value::is_true);
    let name_of = |column: &str| -> String {
        let given = names.as_ref().and_then(|names| names.get_item(&Value::from(column)).ok());
        given.filter(Value::is_true).map_or_else(|| column.to_owned(), |given| given.to_string())
    };
    let present = in_relation(run, state, &relation)?;
    let is_there = |name: &str| present.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let mut wanted = vec![name_of("dbt_scd_id"), name_of("dbt_valid_from"), name_of("dbt_valid_to")];
    let marks_deleted = strategy
        .and_then(|strategy| strategy.get_attr("hard_deletes").ok())
        .is_some_and(|behavior| behavior.as_str() == Some("new_record"));
    if marks_deleted {
        wanted.push(name_of("dbt_is_deleted"));
    }
    let missing: Vec<String> = wanted.into_iter().filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return Ok(none());
    }
    let is_renamed = names.is_some();
    let shown = missing.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let problem = Diagnostic::error(
        Code::INVALID_CONFIG,
        format!("Snapshot target is missing configured columns (missing {shown})"),
    );
    Err(raise(if is_renamed {
        problem.hint("`snapshot_meta_column_names` must name the columns that the table has")
    } else {
        problem.hint(format!("{relation} exists and is not a snapshot; drop it or snapshot into another table"))
    }))
}

/// `adapter.get_hard_deletes_behavior(config)`.
pub(super) fn hard_deletes(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [config] = bind("get_hard_deletes_behavior", ["config"], args)?;
    let config = required("get_hard_deletes_behavior", "config", config)?;
    let mut get = |name: &str| config.call_method(state, "get", &[Value::from(name), none()]);
    let (invalidates, behavior) = (get("invalidate_hard_deletes")?, get("hard_deletes")?);
    let invalid = |message: &str| Err(raise(Diagnostic::error(Code::INVALID_CONFIG, message)));
    if !invalidates.is_none() && !behavior.is_none() {
        return invalid(
            "You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same snapshot.",
        );
    }
    match behavior.as_str() {
        _ if invalidates.is_true() => Ok(Value::from("invalidate")),
        Some(known @ ("invalidate" | "new_record" | "ignore")) => Ok(Value::from(known)),
        None if behavior.is_none() => Ok(Value::from("ignore")),
        _ => invalid("Invalid setting for property hard_deletes."),
    }
}
