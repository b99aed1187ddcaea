//! Columns of relations and queries.

use std::sync::Arc;

use minijinja::{Error, State, Value};

use super::execute::{may_ask, problem};
use super::relations::call_by_name;
use crate::adapters::{Column, Relation};
use crate::context::NodeRun;
use crate::context::arguments::{bind, text};
use crate::context::column::{as_column, column_value};
use crate::context::raise::raise;
use crate::context::relation::{relation_argument, relation_value};
use crate::context::values::{list, none};
use crate::jinja::items_of;

/// The methods of `adapter` that are about columns.
pub(super) fn call(
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match method {
        "get_columns_in_relation" => {
            let [relation] = bind(method, ["relation"], args)?;
            let relation = relation_argument(method, "relation", relation)?;
            match of_project(run, state, &relation)? {
                Some(answer) => Ok(answer),
                None => Ok(values(in_relation(run, state, &relation)?)),
            }
        }
        "get_columns_in_table" => {
            let [schema, identifier] = bind(method, ["schema", "identifier"], args)?;
            let adapter = run.session().adapter();
            let (schema, identifier) = (text(method, "schema", schema)?, text(method, "identifier", identifier)?);
            let relation = adapter
                .relation(Some(adapter.database()), Some(&schema), Some(&identifier))
                .with_quoting(run.session().quoting());
            Ok(values(in_relation(run, state, &relation)?))
        }
        "get_column_schema_from_query" => {
            let [sql] = bind(method, ["sql"], args)?;
            let sql = text(method, "sql", sql)?;
            may_ask(run).map_err(raise)?;
            let columns = run.worker().connection().columns_of_query(&sql);
            let columns = columns.map_err(|error| raise(problem(run, &error, &sql)))?;
            Ok(values(columns.iter().flat_map(Column::flatten).collect()))
        }
        _ => {
            let [from, to] = bind(method, ["from_relation", "to_relation"], args)?;
            let from = relation_argument(method, "from_relation", from)?;
            let to = relation_argument(method, "to_relation", to)?;
            let from = in_relation(run, state, &from)?;
            let there = in_relation(run, state, &to)?;
            if method == "get_missing_columns" {
                let missing = from.into_iter().filter(|column| !there.iter().any(|other| other.name == column.name));
                return Ok(values(missing.collect()));
            }
            expand(run, state, &to, &from, &there)?;
            Ok(none())
        }
    }
}

fn values(columns: Vec<Column>) -> Value {
    list(columns.into_iter().map(column_value).collect())
}

/// The columns of a relation: by the project's macro if it overrides the built-in one, else by the connection.
pub(super) fn in_relation(
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    relation: &Relation,
) -> Result<Vec<Column>, Error> {
    if let Some(columns) = of_project(run, state, relation)? {
        return Ok(items_of(&columns)?.iter().filter_map(as_column).cloned().collect());
    }
    may_ask(run).map_err(raise)?;
    let columns = run.worker().connection().columns_in_relation(relation);
    columns.map_err(|error| raise(problem(run, &error, "")))
}

/// What the project's own macro answers, if it has one: mostly columns.
fn of_project(run: &Arc<NodeRun>, state: &mut State<'_, '_>, relation: &Relation) -> Result<Option<Value>, Error> {
    const NAME: &str = "get_columns_in_relation";
    if !run.session().is_overridden(NAME) {
        return Ok(None);
    }
    call_by_name(run, state, NAME, &[("relation", relation_value(relation.clone()))]).map(Some)
}

/// Widens text columns of the target to the size of the source's.
fn expand(
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    target: &Relation,
    goal: &[Column],
    current: &[Column],
) -> Result<(), Error> {
    for column in goal {
        let Some(own) = current.iter().find(|own| own.name == column.name) else { continue };
        if own.can_expand_to(column) {
            let size = column.string_size().unwrap_or_default();
            let keywords = [
                ("relation", relation_value(target.clone())),
                ("column_name", Value::from(column.name.as_str())),
                ("new_column_type", Value::from(Column::string_type(size))),
            ];
            call_by_name(run, state, "alter_column_type", &keywords)?;
        }
    }
    Ok(())
}
