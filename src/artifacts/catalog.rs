//! `catalog.json` (v1): what the warehouse says of the project's relations.

use std::collections::{HashMap, HashSet};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use super::ArtifactMetadata;
use crate::adapters::CatalogRow;
use crate::manifest::Manifest;

/// The catalog of a project; serializes to the file's text. Relations that are not of the project are left out.
#[derive(Clone, Copy)]
pub struct CatalogJson<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// What the warehouse says: one row a column, in the order of columns.
    pub rows: &'a [CatalogRow],
    /// The nodes and sources that it is about; all of the project, unless some were selected.
    pub selected: Option<&'a HashSet<String>>,
    /// What went wrong while asking, if anything.
    pub errors: Option<&'a [String]>,
    /// Who wrote it when.
    pub metadata: &'a ArtifactMetadata,
}

/// Names of relations are compared without regard to case, as dbt does.
type Key = (String, String, String);

fn key(database: Option<&str>, schema: &str, identifier: &str) -> Key {
    (database.unwrap_or_default().to_lowercase(), schema.to_lowercase(), identifier.to_lowercase())
}

impl Serialize for CatalogJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tables: HashMap<Key, Vec<&CatalogRow>> = HashMap::new();
        for row in self.rows {
            tables.entry(key(Some(&row.database), &row.schema, &row.identifier)).or_default().push(row);
        }
        let is_selected = |id: &str| self.selected.is_none_or(|selected| selected.contains(id));
        let nodes = self
            .manifest
            .nodes
            .values()
            .filter(|node| node.is_stored() && is_selected(&node.unique_id))
            .map(|node| (node.unique_id.as_str(), key(node.database.as_deref(), &node.schema, &node.alias)));
        let sources = self.manifest.sources.values().filter(|source| is_selected(&source.unique_id)).map(|source| {
            (source.unique_id.as_str(), key(source.database.as_deref(), &source.schema, &source.identifier))
        });
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("metadata", &Metadata { schema: "catalog/v1", metadata: self.metadata })?;
        map.serialize_entry("nodes", &Tables::of(nodes, &tables))?;
        map.serialize_entry("sources", &Tables::of(sources, &tables))?;
        map.serialize_entry("errors", &self.errors)?;
        map.end()
    }
}

/// `metadata` of an artifact that has nothing of its own to add.
pub(super) struct Metadata<'a> {
    pub(super) schema: &'static str,
    pub(super) metadata: &'a ArtifactMetadata,
}

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.metadata.serialize_entries(self.schema, &mut map)?;
        map.end()
    }
}

/// Relations by unique id; two sources may name one table.
struct Tables<'a>(Vec<(&'a str, &'a [&'a CatalogRow])>);

impl<'a> Tables<'a> {
    fn of(members: impl Iterator<Item = (&'a str, Key)>, tables: &'a HashMap<Key, Vec<&'a CatalogRow>>) -> Self {
        Self(members.filter_map(|(id, key)| Some((id, tables.get(&key)?.as_slice()))).collect())
    }
}

impl Serialize for Tables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, rows)| (id, TableJson { unique_id: id, rows })))
    }
}

struct TableJson<'a> {
    unique_id: &'a str,
    rows: &'a [&'a CatalogRow],
}

impl Serialize for TableJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.rows[0];
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry(
            "metadata",
            &json!({
                "type": table.relation_type,
                "schema": table.schema,
                "name": table.identifier,
                "database": table.database,
                "comment": table.comment,
                "owner": table.owner,
            }),
        )?;
        map.serialize_entry("columns", &Columns(self.rows))?;
        let mut stats = table.stats.clone();
        let has_stats = json!({
            "id": "has_stats",
            "label": "Has Stats?",
            "value": !stats.is_empty(),
            "include": false,
            "description": "Indicates whether there are statistics for this table",
        });
        stats.insert("has_stats".into(), has_stats);
        map.serialize_entry("stats", &stats)?;
        map.serialize_entry("unique_id", self.unique_id)?;
        map.end()
    }
}

struct Columns<'a>(&'a [&'a CatalogRow]);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|row| {
            let column =
                json!({"type": row.data_type, "index": row.index, "name": row.column, "comment": row.column_comment});
            (&row.column, column)
        }))
    }
}
