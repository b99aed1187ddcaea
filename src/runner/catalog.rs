//! What the warehouse says of the project's relations, for `catalog.json`.

use std::collections::BTreeMap;

use super::schemas::metadata_error;
use crate::adapters::CatalogRow;
use crate::context::Session;
use crate::diagnostics::Diagnostic;
use crate::manifest::Manifest;

/// One metadata query a database, for all schemas that the project's nodes and sources are in.
pub fn catalog_rows(session: &Session, manifest: &Manifest) -> Result<Vec<CatalogRow>, Diagnostic> {
    let adapter = session.adapter();
    let mut schemas: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let nodes = manifest
        .nodes
        .values()
        .filter(|node| node.is_stored())
        .map(|node| (node.database.as_deref(), node.schema.as_str()));
    let sources = manifest.sources.values().map(|source| (source.database.as_deref(), source.schema.as_str()));
    for (database, schema) in nodes.chain(sources) {
        let known = schemas.entry(database.unwrap_or(adapter.database()).to_owned()).or_default();
        if !known.iter().any(|other| other == schema) {
            known.push(schema.to_owned());
        }
    }
    let mut connection = adapter.connect()?;
    let mut rows = Vec::new();
    for (database, schemas) in schemas {
        rows.extend(connection.catalog(&database, &schemas).map_err(|error| metadata_error(&error))?);
    }
    Ok(rows)
}
