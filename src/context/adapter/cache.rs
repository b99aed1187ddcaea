//! Relations that are known to exist: looked up in the cache, which asks the warehouse once a schema.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::execute::{may_ask, problem};
use crate::adapters::{Relation, RelationInfo, RelationType};
use crate::context::NodeRun;
use crate::context::arguments::{bind, optional_text, required, text};
use crate::context::raise::{compilation, raise};
use crate::context::relation::{as_relation, matches, relation_value};
use crate::context::values::{list, none, nothing};
use crate::diagnostics::Diagnostic;

/// Adds a relation to what is known to exist.
pub(in crate::context) fn add(run: &NodeRun, relation: &Relation) {
    let (Some(schema), Some(identifier)) = (&relation.schema, &relation.identifier) else { return };
    run.cache().add(RelationInfo {
        database: database(run, relation),
        schema: schema.clone(),
        identifier: identifier.clone(),
        relation_type: relation.relation_type.unwrap_or(RelationType::Table),
    });
}

/// The database of a relation; the target's where it names none.
pub(super) fn database(run: &NodeRun, relation: &Relation) -> String {
    relation.database.clone().unwrap_or_else(|| run.session().adapter().database().to_owned())
}

/// A relation that exists under this name.
pub(in crate::context) fn find_relation(run: &Arc<NodeRun>, relation: &Relation) -> Result<Option<Relation>, Error> {
    let identifier = relation.identifier.as_deref();
    let found = named_like(run, &database(run, relation), relation.schema.as_deref().unwrap_or_default(), identifier);
    one_match(found.map_err(raise)?, relation.database.as_deref(), relation.schema.as_deref(), identifier)
}

/// Asks for the relations of one schema if they are not known yet.
fn know_schema(run: &Arc<NodeRun>, database: &str, schema: &str) -> Result<(), Diagnostic> {
    if run.cache().knows_schema(database, schema) {
        return Ok(());
    }
    may_ask(run)?;
    let filled = run.cache().fill(run.worker().connection().as_mut(), database, &[schema.to_owned()]);
    filled.map_err(|error| problem(run, &error, ""))
}

/// The relations of one schema.
fn list_schema(run: &Arc<NodeRun>, database: &str, schema: &str) -> Result<Vec<Relation>, Diagnostic> {
    know_schema(run, database, schema)?;
    let found = run.cache().list_relations(database, schema).unwrap_or_default();
    Ok(found.iter().map(|found| relation_of(run, found)).collect())
}

/// Those of them that may be meant by a name; all where there is none.
fn named_like(
    run: &Arc<NodeRun>,
    database: &str,
    schema: &str,
    identifier: Option<&str>,
) -> Result<Vec<Relation>, Diagnostic> {
    let Some(identifier) = identifier else { return list_schema(run, database, schema) };
    know_schema(run, database, schema)?;
    let found = run.cache().named_like(database, schema, identifier.trim_matches('"'));
    Ok(found.iter().map(|found| relation_of(run, found)).collect())
}

fn relation_of(run: &NodeRun, found: &RelationInfo) -> Relation {
    run.session()
        .adapter()
        .relation(Some(&found.database), Some(&found.schema), Some(&found.identifier))
        .with_quoting(run.session().adapter().default_quoting())
        .with_type(Some(found.relation_type))
}

fn one_match(
    relations: Vec<Relation>,
    database: Option<&str>,
    schema: Option<&str>,
    identifier: Option<&str>,
) -> Result<Option<Relation>, Error> {
    let mut found: Option<Relation> = None;
    for relation in relations {
        // Schemas and databases were matched by the cache; only the identifier can be a near miss.
        let own_database = relation.database.clone();
        let own_schema = relation.schema.clone();
        let database = database.and(own_database.as_deref());
        let schema = schema.and(own_schema.as_deref());
        if matches(&relation, database, schema, identifier)? {
            if found.is_some() {
                return Err(compilation(format!("{relation} is there more than once")));
            }
            found = Some(relation);
        }
    }
    Ok(found)
}

/// Names that are not quoted are written in lower case by the warehouse.
fn search_name(name: Option<String>, quoted: bool) -> Option<String> {
    name.map(|name| if quoted { name } else { name.to_lowercase() })
}

fn get_relation(
    run: &Arc<NodeRun>,
    database: Option<String>,
    schema: Option<String>,
    identifier: Option<String>,
) -> Result<Option<Relation>, Error> {
    let quoting = run.session().quoting();
    let schema = search_name(schema, quoting.schema).unwrap_or_default();
    let identifier = search_name(identifier, quoting.identifier);
    let named = search_name(database, quoting.database);
    let database = named.clone().unwrap_or_else(|| run.session().adapter().database().to_owned());
    let relations = named_like(run, &database, &schema, identifier.as_deref()).map_err(raise)?;
    one_match(relations, named.as_deref(), Some(&schema), identifier.as_deref())
}

/// The methods of `adapter` that look at what exists.
pub(super) fn call(run: &Arc<NodeRun>, method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "get_relation" => {
            let parts = bind(method, ["database", "schema", "identifier"], args)?;
            let [database, schema, identifier] = parts;
            let identifier = Some(required(method, "identifier", identifier)?);
            let [database, schema, identifier] =
                [database, schema, identifier].map(|part| optional_text(part.as_ref()));
            Ok(get_relation(run, database, schema, identifier)?.map_or_else(none, relation_value))
        }
        "already_exists" => {
            let [schema, name] = bind(method, ["schema", "name"], args)?;
            let (schema, name) = (text(method, "schema", schema)?, text(method, "name", name)?);
            Ok(Value::from(get_relation(run, None, Some(schema), Some(name))?.is_some()))
        }
        "list_relations" => {
            let [database, schema] = bind(method, ["database", "schema"], args)?;
            let database =
                optional_text(database.as_ref()).unwrap_or_else(|| run.session().adapter().database().to_owned());
            let relations = list_schema(run, &database, &text(method, "schema", schema)?).map_err(raise)?;
            Ok(list(relations.into_iter().map(relation_value).collect()))
        }
        "list_relations_without_caching" => {
            let [relation] = bind(method, ["schema_relation"], args)?;
            let relation = required(method, "schema_relation", relation)?;
            let relation = as_relation(&relation).ok_or_else(|| compilation(format!("{method}() needs a relation")))?;
            let schema = relation.schema.clone().unwrap_or_default();
            let listed = run.worker().connection().list_relations(&database(run, relation), &[schema]);
            let listed = listed.map_err(|error| raise(problem(run, &error, "")))?;
            Ok(list(listed.iter().map(|found| relation_value(relation_of(run, found))).collect()))
        }
        "check_schema_exists" => {
            let [database, schema] = bind(method, ["database", "schema"], args)?;
            let schema = text(method, "schema", schema)?;
            let known = schemas(run, optional_text(database.as_ref()))?;
            Ok(Value::from(known.iter().any(|known| known.to_lowercase() == schema.to_lowercase())))
        }
        "list_schemas" => {
            let [database] = bind(method, ["database"], args)?;
            let known = schemas(run, optional_text(database.as_ref()))?;
            Ok(list(known.into_iter().map(Value::from).collect()))
        }
        "cache_renamed" => {
            let [from, to] = bind(method, ["from_relation", "to_relation"], args)?;
            match (from.as_ref().and_then(as_relation), to.as_ref().and_then(as_relation)) {
                (Some(from), Some(to)) => rename(run, from, to),
                _ => return Err(compilation("Attempted to rename a relation that is none")),
            }
            Ok(nothing())
        }
        "cache_rebound" => {
            let relations = bind(method, ["dependent", "from_relation", "to_relation"], args)?;
            let [dependent, from, to] = relations.each_ref().map(|relation| relation.as_ref().and_then(as_relation));
            let name = |relation: Option<&Relation>| Some((relation?.schema.clone()?, relation?.identifier.clone()?));
            if let (Some(view), Some(old), Some(new), Some(target)) = (name(dependent), name(from), name(to), to) {
                let [view, old, new] = [&view, &old, &new].map(|(schema, name)| (schema.as_str(), name.as_str()));
                run.cache().rebind(&database(run, target), view, old, new);
            }
            Ok(nothing())
        }
        _ => {
            let [relation] = bind(method, ["relation"], args)?;
            match relation.as_ref().and_then(as_relation) {
                Some(relation) if method == "cache_added" => add(run, relation),
                Some(relation) => remove(run, relation),
                None => return Err(compilation(format!("{method}() got no relation"))),
            }
            Ok(nothing())
        }
    }
}

fn schemas(run: &NodeRun, database: Option<String>) -> Result<Vec<String>, Error> {
    let database = database.unwrap_or_else(|| run.session().adapter().database().to_owned());
    let listed = run.worker().connection().list_schemas(&database);
    listed.map_err(|error| raise(problem(run, &error, "")))
}

/// A relation is gone.
pub(super) fn remove(run: &NodeRun, relation: &Relation) {
    if let (Some(schema), Some(identifier)) = (&relation.schema, &relation.identifier) {
        run.cache().drop_relation(&database(run, relation), schema, identifier);
    }
}

/// A relation has another name.
pub(super) fn rename(run: &NodeRun, from: &Relation, to: &Relation) {
    if let (Some(schema), Some(old), Some(new)) = (&from.schema, &from.identifier, &to.identifier) {
        let kind = from.relation_type.or(to.relation_type).unwrap_or(RelationType::Table);
        run.cache().rename(&database(run, from), schema, old, new, kind);
    }
}
