//! What the warehouse says of the project's relations, for `catalog.json`.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError};

use minijinja::Value;
use serde_json::{Map, Value as Json};

use super::inline::inline_node;
use super::schemas::metadata_error;
use crate::adapters::{CatalogRow, Relation};
use crate::context::{NodeRun, RunParts, Session, Worker, information_schema, node_relation, relation_of_source};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::to_json;
use crate::manifest::Manifest;

/// So many relations dbt asks for by name; of more it asks for all that lie in their schemas.
const MOST_BY_NAME: usize = 100;

/// One metadata query a database, for all schemas that the project's nodes and sources are in. Where the project has its own `get_catalog_relations`
/// or `get_catalog`, that macro answers: the former where nodes were selected, and not too many, as in dbt.
pub fn catalog_rows<S: BuildHasher>(
    session: &Arc<Session>,
    manifest: &Arc<Manifest>,
    selected: Option<&HashSet<String, S>>,
) -> Result<Vec<CatalogRow>, Diagnostic> {
    let by_name: Option<Vec<&str>> = selected
        .filter(|selected| selected.len() <= MOST_BY_NAME)
        .map(|selected| selected.iter().map(String::as_str).collect());
    let name = if by_name.is_some() { "get_catalog_relations" } else { "get_catalog" };
    let mut connection = session.adapter().connect()?;
    if session.is_overridden(name) {
        let run = NodeRun::new(RunParts {
            session: Arc::clone(session),
            manifest: Arc::clone(manifest),
            node: Arc::new(inline_node(session, manifest, "generate_catalog", "")),
            worker: Arc::new(Worker::new("MainThread", connection)),
        });
        return of_project(&run, name, relations_by_database(session, manifest, by_name.as_deref())?);
    }
    let mut rows = Vec::new();
    for (database, relations) in relations_by_database(session, manifest, None)? {
        let schemas: Vec<String> = schemas_of(&relations).into_iter().map(str::to_owned).collect();
        rows.extend(connection.catalog(&database, &schemas).map_err(|error| metadata_error(&error))?);
    }
    Ok(rows)
}

fn relations_by_database(
    session: &Session,
    manifest: &Manifest,
    selected: Option<&[&str]>,
) -> Result<BTreeMap<String, Vec<Relation>>, Diagnostic> {
    let is_selected = |id: &str| selected.is_none_or(|selected| selected.contains(&id));
    let nodes = manifest.nodes.values().filter(|node| node.is_stored() && is_selected(&node.unique_id));
    let sources = manifest.sources.values().filter(|source| is_selected(&source.unique_id));
    let nodes = nodes.map(|node| Ok(node_relation(session, node)));
    let mut relations: BTreeMap<String, Vec<Relation>> = BTreeMap::new();
    for relation in nodes.chain(sources.map(|source| relation_of_source(session, source))) {
        let relation = relation?;
        let database = relation.database.as_deref().unwrap_or(session.adapter().database()).to_owned();
        relations.entry(database).or_default().push(relation);
    }
    Ok(relations)
}

/// Names of the relations' schemas, each once.
fn schemas_of(relations: &[Relation]) -> Vec<&str> {
    let mut schemas = Vec::new();
    for schema in relations.iter().filter_map(|relation| relation.schema.as_deref()) {
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    schemas
}

/// What a macro of the project says.
fn of_project(
    run: &Arc<NodeRun>,
    name: &str,
    relations: BTreeMap<String, Vec<Relation>>,
) -> Result<Vec<CatalogRow>, Diagnostic> {
    let mut rows = Vec::new();
    for relations in relations.into_values() {
        let Some(first) = relations.first() else { continue };
        let database = run.relation_value(information_schema(first, None));
        let which = if name == "get_catalog" {
            schemas_of(&relations).into_iter().map(Value::from).collect()
        } else {
            relations.into_iter().map(|relation| run.relation_value(relation)).collect::<Vec<_>>()
        };
        let table = run.call_macro_named(name, &[database, Value::from(which)])?;
        rows.extend(rows_of(&table, name)?);
    }
    run.worker()
        .connection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .rollback()
        .map_err(|error| metadata_error(&error))?;
    Ok(rows)
}

/// The rows of a table that a macro returned.
fn rows_of(table: &Value, name: &str) -> Result<Vec<CatalogRow>, Diagnostic> {
    let wrong = |what: String| Diagnostic::error(Code::INVALID_RESOURCE, format!("`{name}` {what}"));
    let part = |part: &str| table.get_attr(part).and_then(|values| Ok(values.try_iter()?.collect::<Vec<_>>()));
    let (Ok(columns), Ok(rows)) = (part("column_names"), part("rows")) else {
        return Err(wrong("returned no table".into()).hint("end it with `return(run_query(…))`"));
    };
    let read = |row: &Value| {
        let named = columns.iter().zip(row.try_iter().into_iter().flatten());
        let cells: Map<String, Json> =
            named.map(|(column, value)| (column.to_string().to_lowercase(), to_json(&value))).collect();
        row_of(&cells).map_err(|key| wrong(format!("returned a table without the column `{key}`")))
    };
    rows.iter().map(read).collect()
}

/// One column of one relation; an error is the column that is missing.
fn row_of(cells: &Map<String, Json>) -> Result<CatalogRow, &'static str> {
    let optional = |key: &str| match cells.get(key) {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let needed =
        |key: &'static str| if cells.contains_key(key) { Ok(optional(key).unwrap_or_default()) } else { Err(key) };
    let index = needed("column_index")?;
    Ok(CatalogRow {
        database: optional("table_database").unwrap_or_default(),
        schema: needed("table_schema")?,
        identifier: needed("table_name")?,
        relation_type: needed("table_type")?,
        comment: optional("table_comment"),
        owner: optional("table_owner"),
        column: needed("column_name")?,
        index: index.parse::<f64>().map_or(0, |index| index as u64),
        data_type: needed("column_type")?,
        column_comment: optional("column_comment"),
        stats: stats_of(cells),
    })
}

/// Statistics: each is in four columns, `stats:<id>:label` and so on. One that is not to be included is left out, as in dbt.
fn stats_of(cells: &Map<String, Json>) -> Map<String, Json> {
    let mut stats: Map<String, Json> = Map::new();
    for (key, value) in cells {
        let Some((id, field)) = key.strip_prefix("stats:").and_then(|rest| rest.split_once(':')) else { continue };
        let entry = stats.entry(id).or_insert_with(|| Json::from(Map::from_iter([("id".to_owned(), Json::from(id))])));
        entry[field] = value.clone();
    }
    stats.retain(|_, entry| entry["include"] == true);
    stats
}
