//! What is known of the columns of relations besides their SQL: contracts, YAML, seed files, the warehouse's catalog.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use crate::adapters::{Adapter, SeedFile};
use crate::manifest::{ColumnProperties, Manifest, Node, ResourceType};
use crate::sql::{Dialect, InputTable, Query, TableColumn, TableName, Tables};

/// Columns by unique id, as a `catalog.json` has them.
pub type CatalogColumns = HashMap<String, Vec<TableColumn>>;

/// The columns in a `catalog.json`; none where it is none.
pub fn catalog_columns(catalog: &Value) -> CatalogColumns {
    let mut found = CatalogColumns::new();
    for section in ["nodes", "sources"] {
        let Some(tables) = catalog.get(section).and_then(Value::as_object) else { continue };
        for (id, table) in tables {
            let Some(columns) = table.get("columns").and_then(Value::as_object) else { continue };
            let mut columns: Vec<(u64, TableColumn)> = columns
                .values()
                .filter_map(|column| {
                    let name = column.get("name")?.as_str()?.to_owned();
                    let data_type = column.get("type").and_then(Value::as_str).map(str::to_owned);
                    Some((column.get("index").and_then(Value::as_u64).unwrap_or(0), TableColumn { name, data_type }))
                })
                .collect();
            columns.sort_by_key(|(index, _)| *index);
            found.insert(id.clone(), columns.into_iter().map(|(_, column)| column).collect());
        }
    }
    found
}

/// The relations of a project by the names that SQL has for them, and what columns they have as far as that is known now.
pub struct Relations<'m> {
    dialect: Dialect,
    by_name: HashMap<Vec<String>, &'m str>,
    by_text: HashMap<String, &'m str>,
    pub(super) tables: HashMap<&'m str, InputTable>,
}

/// How a table of a compiled CTE is called: it stands for the ephemeral model.
pub(super) fn ephemeral_name(unique_id: &str) -> TableName {
    TableName { parts: Vec::new(), text: format!("ephemeral {unique_id}") }
}

impl<'m> Relations<'m> {
    /// Those of a project; nothing is known of their columns yet.
    pub fn of(manifest: &'m Manifest, adapter: &dyn Adapter) -> Self {
        let dialect = adapter.dialect();
        let mut relations = Self { dialect, by_name: HashMap::new(), by_text: HashMap::new(), tables: HashMap::new() };
        for node in manifest.nodes.values().filter(|node| node.is_refable()) {
            relations.add(
                &node.unique_id,
                node.relation_name.as_deref(),
                node.database.as_deref(),
                &node.schema,
                &node.alias,
            );
            if node.is_ephemeral() {
                relations.by_text.insert(ephemeral_name(&node.unique_id).text, &node.unique_id);
            }
        }
        for source in manifest.sources.values() {
            let id = source.unique_id.as_str();
            relations.add(
                id,
                Some(&source.relation_name),
                source.database.as_deref(),
                &source.schema,
                &source.identifier,
            );
            // A source that lies in a file is written as that file.
            let location = manifest.resource_json(id).and_then(|json| adapter.source_location(&json).ok().flatten());
            let name = location.and_then(|location| Query::table_name(&location, dialect));
            relations.by_text.extend(name.map(|name| (name.text, id)));
        }
        relations
    }

    fn add(&mut self, id: &'m str, relation: Option<&str>, database: Option<&str>, schema: &str, name: &str) {
        let key = |part: &str| self.dialect.key(part);
        let mut names = vec![vec![key(schema), key(name)]];
        names.extend(database.map(|database| vec![key(database), key(schema), key(name)]));
        names.extend(relation.and_then(|relation| Query::table_name(relation, self.dialect)).map(|name| name.parts));
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            self.by_name.entry(name).or_insert(id);
        }
    }

    /// The node or source that SQL names.
    pub fn id_of(&self, name: &TableName) -> Option<&'m str> {
        if name.parts.is_empty() { self.by_text.get(&name.text) } else { self.by_name.get(&name.parts) }.copied()
    }
}

impl Tables for Relations<'_> {
    fn table(&self, name: &TableName) -> Option<InputTable> {
        self.tables.get(self.id_of(name)?).cloned()
    }
}

/// What is said of a relation's columns.
pub(super) struct Said {
    /// In order.
    pub(super) columns: Vec<TableColumn>,
    /// Whether these are all.
    pub(super) is_complete: bool,
}

/// What contract, catalog and YAML say of a relation's columns.
pub(super) fn said(
    columns: &IndexMap<String, ColumnProperties>,
    has_contract: bool,
    catalog: Option<&Vec<TableColumn>>,
    dialect: Dialect,
) -> Said {
    let described: Vec<TableColumn> = columns
        .values()
        .map(|column| TableColumn { name: column.name.clone(), data_type: column.data_type.clone() })
        .collect();
    if has_contract {
        return Said { columns: described, is_complete: true };
    }
    let Some(catalog) = catalog else { return Said { columns: described, is_complete: false } };
    let mut all = catalog.clone();
    let is_known =
        |all: &[TableColumn], name: &str| all.iter().any(|known| dialect.key(&known.name) == dialect.key(name));
    // A catalog that lacks a described column is older than the description.
    let is_complete = described.iter().all(|column| is_known(&all, &column.name));
    for column in described {
        if !is_known(&all, &column.name) {
            all.push(column);
        }
    }
    Said { columns: all, is_complete }
}

pub(super) fn has_contract(node: &Node) -> bool {
    node.config.get("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool).unwrap_or(false)
}

/// The columns of a seed: those of its file's header.
pub(super) fn seed_columns(node: &Node, adapter: &dyn Adapter) -> Option<InputTable> {
    /// Files up to this size are read whole, for the types of their columns.
    const SMALL: u64 = 1 << 20;
    let path = Path::new(node.root_path.as_deref()?).join(&node.original_file_path);
    let size = fs::metadata(&path).ok()?.len();
    let mut bytes = Vec::new();
    fs::File::open(&path).ok()?.take(SMALL).read_to_end(&mut bytes).ok()?;
    let is_whole = size <= SMALL;
    if !is_whole {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        bytes.truncate(end);
    }
    let types = node.config.get("column_types").and_then(Value::as_object);
    let given: Vec<&str> = types.map(|types| types.keys().map(String::as_str).collect()).unwrap_or_default();
    let delimiter = node.config.str("delimiter").and_then(|text| text.chars().next()).unwrap_or(',');
    let file = SeedFile::parse(bytes, delimiter, &given).ok()?;
    let columns = file.columns().iter().map(|column| {
        let given = types.and_then(|types| types.get(&column.name)).and_then(Value::as_str).map(str::to_owned);
        let inferred = is_whole.then(|| adapter.seed_type(column.kind).to_owned());
        TableColumn { name: column.name.clone(), data_type: given.or(inferred) }
    });
    Some(InputTable { columns: columns.collect(), incomplete: None })
}

/// Whether a node is written in SQL that can be read.
pub(super) fn is_query(node: &Node) -> bool {
    matches!(node.resource_type, ResourceType::Model | ResourceType::Snapshot) && node.language == "sql"
}
