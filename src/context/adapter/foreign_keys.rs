//! Keys that tables have, for materializations that must rebuild a table in place.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::cache::database;
use super::execute::{may_ask, problem};
use crate::adapters::Relation;
use crate::context::NodeRun;
use crate::context::arguments::bind;
use crate::context::raise::OrRaise;
use crate::context::relation::relation_argument;
use crate::context::values::list;

/// `catalog_supports_foreign_keys(database)` and `existing_key_constraint_types(relation)`.
pub(super) fn call(run: &Arc<NodeRun>, method: &str, args: &[Value]) -> Result<Value, Error> {
    if method == "catalog_supports_foreign_keys" {
        let [name] = bind(method, ["database"], args)?;
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        return Ok(Value::from(!run.session().adapter().is_ducklake(&name)));
    }
    let [relation] = bind(method, ["relation"], args)?;
    let relation = relation_argument(method, "relation", relation)?;
    let relation = Relation { database: Some(database(run, &relation)), ..relation };
    may_ask(run).or_raise()?;
    let found = run.worker().connection().key_types(&relation);
    let kinds = found.map_err(|error| problem(run, &error, "")).or_raise()?;
    Ok(list(kinds.into_iter().map(Value::from).collect()))
}
