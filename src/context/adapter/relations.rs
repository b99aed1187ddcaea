//! Dropping, emptying and renaming relations, making and dropping schemas: by the macros of those names, so that projects
//! can override them.

use std::sync::Arc;

use minijinja::{Error, State, Value};

use super::cache;
use super::execute::commit;
use crate::adapters::Relation;
use crate::context::NodeRun;
use crate::context::arguments::bind;
use crate::context::raise::{OrRaise, raise};
use crate::context::relation::{relation_argument, relation_value};
use crate::context::values::none;
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::call_macro;

/// Calls a macro by name in the render that is going on.
pub(super) fn call_by_name(
    run: &NodeRun,
    state: &mut State<'_, '_>,
    name: &str,
    keywords: &[(&str, Value)],
) -> Result<Value, Error> {
    let macros = run.session().macros();
    let entry = macros.find_anywhere(name, None).ok_or_else(|| {
        raise(
            Diagnostic::error(Code::MACRO_NOT_FOUND, format!("macro `{name}` is not found"))
                .suggest(name, macros.names()),
        )
    })?;
    call_macro(state, &entry.value, &[], keywords)
}

/// The methods of `adapter` that change what exists.
pub(super) fn call(
    run: &Arc<NodeRun>,
    state: &mut State<'_, '_>,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if method == "rename_relation" {
        let [from, to] = bind(method, ["from_relation", "to_relation"], args)?;
        let from = relation_argument(method, "from_relation", from)?;
        let to = relation_argument(method, "to_relation", to)?;
        cache::rename(run, &from, &to);
        call_by_name(
            run,
            state,
            "rename_relation",
            &[("from_relation", relation_value(from)), ("to_relation", relation_value(to))],
        )?;
        return Ok(none());
    }
    let [relation] = bind(method, ["relation"], args)?;
    let relation = relation_argument(method, "relation", relation)?;
    match method {
        "drop_relation" => {
            if relation.relation_type.is_none() {
                return Err(raise(Diagnostic::error(
                    Code::JINJA_ARGUMENTS,
                    format!("Tried to drop relation {relation}, but its type is null."),
                )));
            }
            cache::remove(run, &relation);
            by_macro(run, state, method, relation)?;
        }
        "truncate_relation" => by_macro(run, state, method, relation)?,
        _ => schema(run, state, method, relation)?,
    }
    Ok(none())
}

fn by_macro(run: &NodeRun, state: &mut State<'_, '_>, name: &str, relation: Relation) -> Result<(), Error> {
    call_by_name(run, state, name, &[("relation", relation_value(relation))]).map(|_| ())
}

/// Makes or drops a schema, and commits.
fn schema(run: &Arc<NodeRun>, state: &mut State<'_, '_>, method: &str, mut relation: Relation) -> Result<(), Error> {
    let database = cache::database(run, &relation);
    let name = relation.schema.clone().unwrap_or_default();
    relation.identifier = None;
    relation.include.identifier = false;
    by_macro(run, state, method, relation)?;
    commit(run).or_raise()?;
    if method == "create_schema" {
        run.cache().add_schema(&database, &name);
    } else {
        run.cache().drop_schema(&database, &name);
    }
    Ok(())
}
