//! Lineage in the shape of OpenLineage: a job event for each model, with the facets `schema` and `columnLineage`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::nouns::{ColumnRef, Lineage, NodeLineage};
use crate::sql::{EdgeKind, InfluenceKind};

const PRODUCER: &str = concat!("hetl/", env!("CARGO_PKG_VERSION"));
const EVENT_SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent";
const SCHEMA_FACET: &str = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json";
const LINEAGE_FACET: &str = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json";

/// Where datasets are and what they are called there.
pub struct Places<'a> {
    /// The warehouse: `postgres://host:5432`.
    pub namespace: &'a str,
    /// The namespace of jobs.
    pub project: &'a str,
    /// Of unique ids: `database.schema.table`.
    pub names: &'a dyn Fn(&str) -> String,
    /// The time of the events, in UTC.
    pub time: &'a str,
}

/// One event for each node with SQL among `ids`.
pub fn open_lineage(lineage: &Lineage, ids: &[&str], places: &Places<'_>) -> Value {
    let nodes = ids.iter().filter_map(|id| Some((*id, lineage.nodes.get(*id)?)));
    nodes.filter(|(_, node)| node.has_query).map(|(id, node)| event(lineage, id, node, places)).collect()
}

fn event(lineage: &Lineage, id: &str, node: &NodeLineage, places: &Places<'_>) -> Value {
    let inputs: Vec<Value> = node
        .reads
        .iter()
        .map(|read| {
            let facets = lineage.nodes.get(read).map_or_else(|| json!({}), |node| json!({"schema": schema(node)}));
            json!({"namespace": places.namespace, "name": (places.names)(read), "facets": facets})
        })
        .collect();
    json!({
        "eventTime": places.time,
        "producer": PRODUCER,
        "schemaURL": EVENT_SCHEMA,
        "job": {"namespace": places.project, "name": id},
        "inputs": inputs,
        "outputs": [{
            "namespace": places.namespace,
            "name": (places.names)(id),
            "facets": {"schema": schema(node), "columnLineage": column_lineage(node, places)},
        }],
    })
}

fn schema(node: &NodeLineage) -> Value {
    let fields: Vec<Value> =
        node.columns.iter().map(|column| json!({"name": column.name, "type": column.data_type})).collect();
    json!({"_producer": PRODUCER, "_schemaURL": SCHEMA_FACET, "fields": fields})
}

fn field(column: &ColumnRef, transformations: Vec<Value>, places: &Places<'_>) -> Value {
    json!({
        "namespace": places.namespace,
        "name": (places.names)(&column.node),
        "field": column.column,
        "transformations": transformations,
    })
}

fn column_lineage(node: &NodeLineage, places: &Places<'_>) -> Value {
    let mut fields = serde_json::Map::new();
    for column in &node.columns {
        let inputs: Vec<Value> = column
            .sources
            .iter()
            .map(|source| {
                let subtype = match source.kind {
                    EdgeKind::Copied => "IDENTITY",
                    EdgeKind::Derived => "TRANSFORMATION",
                    EdgeKind::Aggregated => "AGGREGATION",
                };
                field(&source.from, vec![json!({"type": "DIRECT", "subtype": subtype})], places)
            })
            .collect();
        fields.insert(column.name.clone(), json!({"inputFields": inputs}));
    }
    let mut influences: BTreeMap<&ColumnRef, Vec<Value>> = BTreeMap::new();
    for influence in &node.influences {
        let subtype = match influence.kind {
            InfluenceKind::Filter | InfluenceKind::Set => "FILTER",
            InfluenceKind::Join => "JOIN",
            InfluenceKind::Group | InfluenceKind::Distinct => "GROUP_BY",
            InfluenceKind::Order => "SORT",
            InfluenceKind::Window => "WINDOW",
        };
        influences.entry(&influence.from).or_default().push(json!({"type": "INDIRECT", "subtype": subtype}));
    }
    let dataset: Vec<Value> =
        influences.into_iter().map(|(column, transformations)| field(column, transformations, places)).collect();
    json!({"_producer": PRODUCER, "_schemaURL": LINEAGE_FACET, "fields": fields, "dataset": dataset})
}
