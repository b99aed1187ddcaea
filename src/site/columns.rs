//! The columns of a resource: what YAML, the warehouse and the SQL say of them, in one list.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::column_lineage::ColumnLineage;
use super::markdown;
use super::resource::{Body, Resource};
use crate::adapters::CatalogRow;
use crate::manifest::ColumnProperties;

/// Rows of the catalog by relation, names in lower case.
pub(super) struct Catalog<'a>(HashMap<(String, String, String), Vec<&'a CatalogRow>>);

impl<'a> Catalog<'a> {
    pub(super) fn new(rows: &'a [CatalogRow]) -> Self {
        let mut tables: HashMap<_, Vec<&CatalogRow>> = HashMap::new();
        for row in rows {
            tables.entry(key(&row.database, &row.schema, &row.identifier)).or_default().push(row);
        }
        Self(tables)
    }

    /// What the warehouse says of the columns of a resource.
    pub(super) fn of(&self, resource: &Resource<'_>) -> &[&'a CatalogRow] {
        let key = match &resource.body {
            Body::Node(node) if resource.schema.is_some() => {
                key(node.database.as_deref().unwrap_or_default(), &node.schema, &node.alias)
            }
            Body::Source(source) => {
                key(source.database.as_deref().unwrap_or_default(), &source.schema, &source.identifier)
            }
            _ => return &[],
        };
        self.0.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

fn key(database: &str, schema: &str, identifier: &str) -> (String, String, String) {
    (database.to_lowercase(), schema.to_lowercase(), identifier.to_lowercase())
}

/// One column, from wherever it is known.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) data_type: Option<&'a str>,
    /// What the warehouse's comment says, where YAML says nothing.
    pub(super) comment: Option<&'a str>,
    pub(super) properties: Option<&'a ColumnProperties>,
}

impl Column<'_> {
    pub(super) fn description(&self) -> &str {
        let written = self.properties.map(|column| column.description.as_str()).filter(|text| !text.trim().is_empty());
        written.or(self.comment).unwrap_or_default()
    }

    /// The column as its page has it: name, type, description, and what else there is.
    pub(super) fn to_json(&self) -> Value {
        let mut more = Map::new();
        if let Some(properties) = self.properties {
            if !properties.tags.is_empty() {
                more.insert("tags".into(), json!(properties.tags));
            }
            if !properties.meta.is_empty() {
                more.insert("meta".into(), Value::Object(properties.meta.clone()));
            }
            let constraints: Vec<&str> = properties
                .constraints
                .iter()
                .filter_map(|constraint| constraint.values.get("type").and_then(Value::as_str))
                .collect();
            if !constraints.is_empty() {
                more.insert("constraints".into(), json!(constraints));
            }
        }
        let mut column = vec![json!(self.name), json!(self.data_type), json!(markdown::render(self.description()))];
        if !more.is_empty() {
            column.push(Value::Object(more));
        }
        Value::Array(column)
    }
}

/// All columns: those of the relation in its order, then those that only YAML names; without a relation, those that the SQL
/// gives come first.
pub(super) fn columns<'a>(
    resource: &Resource<'a>,
    catalog: &Catalog<'a>,
    lineage: &'a ColumnLineage,
) -> Vec<Column<'a>> {
    let described = resource.columns;
    let properties = |name: &str| {
        let described = described?;
        described.get(name).or_else(|| described.values().find(|column| column.name.eq_ignore_ascii_case(name)))
    };
    let mut rows: Vec<&CatalogRow> = catalog.of(resource).to_vec();
    rows.sort_by_key(|row| row.index);
    let mut columns: Vec<Column<'a>> = rows
        .into_iter()
        .map(|row| Column {
            name: &row.column,
            data_type: Some(&row.data_type),
            comment: row.column_comment.as_deref(),
            properties: properties(&row.column),
        })
        .collect();
    if columns.is_empty() {
        let known = lineage.get(resource.id).into_iter().flatten();
        columns.extend(known.map(|column| {
            let properties = properties(&column.column);
            let declared = properties.and_then(|column| column.data_type.as_deref());
            let data_type = declared.or(column.data_type.as_deref());
            Column { name: &column.column, data_type, comment: None, properties }
        }));
    }
    for column in described.into_iter().flat_map(|map| map.values()) {
        if !columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
            columns.push(Column {
                name: &column.name,
                data_type: column.data_type.as_deref(),
                comment: None,
                properties: Some(column),
            });
        }
    }
    columns
}
