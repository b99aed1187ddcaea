//! [`build()`]: compiled nodes → [`Lineage`].

use std::collections::HashMap;

use rayon::prelude::*;

use super::cache::Cache;
use super::known::{CatalogColumns, Relations, Said, ephemeral_name, has_contract, is_query, said, seed_columns};
use super::nouns::{ColumnRef, Influence, Lineage, LineageColumn, NodeLineage, Source};
use super::snapshot::with_history;
use crate::adapters::Adapter;
use crate::graph::Graph;
use crate::manifest::{CompiledNodes, Manifest, Node, ResourceType};
use crate::sql::{Dialect, InputTable, Query, QueryColumns, SqlProblem, TableColumn, TableName};

/// What lineage is built of.
pub struct Parts<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// The order of its nodes.
    pub graph: &'a Graph,
    /// Its SQL.
    pub compiled: &'a CompiledNodes,
    /// Whose SQL it is.
    pub adapter: &'a dyn Adapter,
    /// What the warehouse was last seen to have.
    pub catalog: &'a CatalogColumns,
    /// What is known from before.
    pub cache: &'a mut Cache,
}

/// The SQL of a node as it is read.
struct Text {
    sql: String,
    ctes: Vec<(String, TableName)>,
    said: Said,
    key: String,
}

/// The lineage of all models, snapshots, seeds and sources.
pub fn build(parts: Parts<'_>) -> Lineage {
    let Parts { manifest, graph, compiled, adapter, catalog, cache } = parts;
    let dialect = adapter.dialect();
    let mut relations = Relations::of(manifest, adapter);
    let texts: HashMap<&str, Text> = manifest
        .nodes
        .values()
        .filter(|node| is_query(node))
        .filter_map(|node| Some((node.unique_id.as_str(), text_of(node, manifest, compiled, adapter, catalog)?)))
        .collect();
    let mut lineage = Lineage::default();
    // What a node says of its columns is known before its SQL is read: an incremental model may read itself.
    for node in manifest.nodes.values().filter(|node| node.is_refable()) {
        let table = match node.resource_type {
            ResourceType::Seed => seed_columns(node, adapter),
            _ => None,
        };
        let table = table.unwrap_or_else(|| said_table(&said_of(node, catalog, dialect), &node.unique_id));
        relations.tables.insert(&node.unique_id, table);
    }
    for source in manifest.sources.values() {
        let said = said(&source.columns, false, catalog.get(&source.unique_id), dialect);
        relations.tables.insert(&source.unique_id, said_table(&said, &source.unique_id));
    }
    // Reading is the most of the work and needs nothing of other nodes.
    let mut queries: HashMap<&str, Result<Query, SqlProblem>> = texts
        .par_iter()
        .filter(|(_, text)| !cache.has(&text.key))
        .map(|(id, text)| (*id, Query::parse(&text.sql, dialect)))
        .collect();
    for id in graph.topological() {
        if let Some(source) = manifest.sources.get(id) {
            lineage.nodes.insert(source.unique_id.clone(), plain(relations.tables.get(id)));
            continue;
        }
        let Some((id, node)) = manifest.nodes.get_key_value(id).filter(|(_, node)| node.is_refable()) else { continue };
        let found = match texts.get(id.as_str()) {
            None => NodeLineage {
                problem: problem_of(node),
                has_query: node.resource_type != ResourceType::Seed,
                ..plain(relations.tables.get(id.as_str()))
            },
            Some(text) => {
                let found = cache.get(&text.key, &relations).map_or_else(
                    || {
                        let query = queries.remove(id.as_str()).unwrap_or_else(|| Query::parse(&text.sql, dialect))?;
                        let expected: Vec<String> =
                            text.said.columns.iter().map(|column| column.name.clone()).collect();
                        let found = query.columns(&relations, &text.ctes, &expected);
                        cache.insert(text.key.clone(), &found, &relations);
                        Ok(found)
                    },
                    Ok,
                );
                match found {
                    Ok(found) => lineage_of(found, text, &relations, dialect),
                    Err(SqlProblem { message }) => NodeLineage {
                        problem: Some(format!("its SQL is not understood: {message}")),
                        has_query: true,
                        ..plain(relations.tables.get(id.as_str()))
                    },
                }
            }
        };
        if found.has_query && found.problem.is_none() {
            relations.tables.insert(id, table_of(&found));
        }
        lineage.nodes.insert(id.clone(), found);
    }
    lineage
}

fn said_of(node: &Node, catalog: &CatalogColumns, dialect: Dialect) -> Said {
    said(&node.columns, has_contract(node), catalog.get(&node.unique_id), dialect)
}

fn said_table(said: &Said, id: &str) -> InputTable {
    let name = id.splitn(3, '.').nth(2).unwrap_or(id);
    let incomplete = (!said.is_complete).then(|| format!("not all columns of {name} are known"));
    InputTable { columns: said.columns.clone(), incomplete }
}

fn problem_of(node: &Node) -> Option<String> {
    match node.resource_type {
        ResourceType::Seed => None,
        _ if node.language != "sql" => Some(format!("it is written in {}", node.language)),
        _ => Some("it was not compiled".to_owned()),
    }
}

fn text_of(
    node: &Node,
    manifest: &Manifest,
    compiled: &CompiledNodes,
    adapter: &dyn Adapter,
    catalog: &CatalogColumns,
) -> Option<Text> {
    let compiled = compiled.get(&node.unique_id)?;
    let code = compiled.code.as_deref()?;
    let sql =
        if node.resource_type == ResourceType::Snapshot { with_history(node, code, adapter) } else { code.to_owned() };
    let ctes: Vec<(String, TableName)> = compiled
        .extra_ctes
        .iter()
        .map(|(id, _)| {
            let alias = manifest.nodes.get(id).map_or("", |node| node.alias.as_str());
            (format!("__dbt__cte__{alias}"), ephemeral_name(id))
        })
        .collect();
    let said = said_of(node, catalog, adapter.dialect());
    let mut parts = vec![sql.as_str(), if said.is_complete { "complete" } else { "" }, adapter.type_name()];
    parts.extend(ctes.iter().flat_map(|(name, table)| [name.as_str(), table.text.as_str()]));
    parts.push("columns");
    parts.extend(said.columns.iter().map(|column| column.name.as_str()));
    let key = Cache::key(&parts);
    Some(Text { sql, ctes, said, key })
}

/// A node without SQL.
fn plain(table: Option<&InputTable>) -> NodeLineage {
    let Some(table) = table else { return NodeLineage::default() };
    let columns = table.columns.iter().map(|column| LineageColumn {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        sources: Vec::new(),
        unknown: Vec::new(),
    });
    NodeLineage { columns: columns.collect(), incomplete: table.incomplete.clone(), ..NodeLineage::default() }
}

fn table_of(found: &NodeLineage) -> InputTable {
    let columns = found
        .columns
        .iter()
        .map(|column| TableColumn { name: column.name.clone(), data_type: column.data_type.clone() });
    InputTable { columns: columns.collect(), incomplete: found.incomplete.clone() }
}

fn lineage_of(found: QueryColumns, text: &Text, relations: &Relations<'_>, dialect: Dialect) -> NodeLineage {
    let names: Vec<String> = found
        .tables
        .iter()
        .map(|table| relations.id_of(table).map_or_else(|| table.text.clone(), str::to_owned))
        .collect();
    let reference = |table: usize, column: String| ColumnRef { node: names[table].clone(), column };
    let types: HashMap<String, &str> = text
        .said
        .columns
        .iter()
        .filter_map(|column| Some((dialect.key(&column.name), column.data_type.as_deref()?)))
        .collect();
    let mut columns: Vec<LineageColumn> = found
        .columns
        .into_iter()
        .map(|column| {
            let said = types.get(&dialect.key(&column.name)).map(|data_type| (*data_type).to_owned());
            let mut sources: Vec<Source> = column
                .sources
                .into_iter()
                .map(|edge| Source { from: reference(edge.table, edge.column), kind: edge.kind })
                .collect();
            sources.sort_unstable();
            LineageColumn { name: column.name, data_type: column.data_type.or(said), sources, unknown: column.unknown }
        })
        .collect();
    let mut incomplete = found.incomplete;
    if incomplete.is_some() && text.said.is_complete {
        // The SQL does not say which columns a star stands for, but a contract or the warehouse does.
        let place = |name: &str| {
            let key = dialect.key(name);
            text.said.columns.iter().position(|column| dialect.key(&column.name) == key).unwrap_or(usize::MAX)
        };
        columns.sort_by_key(|column| place(&column.name));
        incomplete = None;
    }
    let mut influences: Vec<Influence> = found
        .influences
        .into_iter()
        .map(|influence| Influence { from: reference(influence.table, influence.column), kind: influence.kind })
        .collect();
    influences.sort_unstable();
    influences.dedup();
    let mut reads = names.clone();
    reads.sort_unstable();
    reads.dedup();
    NodeLineage {
        columns,
        incomplete,
        influences,
        unknown_influences: found.unknown_influences,
        reads,
        missing: found.missing,
        problem: None,
        has_query: true,
    }
}
