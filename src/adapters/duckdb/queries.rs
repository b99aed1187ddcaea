//! The metadata queries.
//!
//! They name `system.` in full, so that they mean DuckDB's own catalog also when another database is the current one.

use super::literal;
use crate::adapters::Relation;

/// All schemas of a database.
pub(super) fn schemas(database: &str) -> String {
    format!(
        "select schema_name from system.information_schema.schemata where lower(catalog_name) = lower({}) order by 1",
        literal::string(database)
    )
}

/// All relations of these schemas of a database.
pub(super) fn relations(database: &str, schemas: &[String]) -> String {
    format!(
        "select table_catalog, table_schema, table_name, table_type from system.information_schema.tables \
         where lower(table_catalog) = lower({}) and lower(table_schema) in ({}) order by 1, 2, 3",
        literal::string(database),
        lowered(schemas)
    )
}

/// Each column of each table and view of these schemas, with comments.
pub(super) fn catalog(database: &str, schemas: &[String]) -> String {
    format!(
        "with relations as (
             select database_name, schema_name, table_name as name, 'BASE TABLE' as kind, comment from duckdb_tables()
             union all
             select database_name, schema_name, view_name, 'VIEW', comment from duckdb_views() where not internal
         )
         select r.database_name, r.schema_name, r.name, r.kind, r.comment, c.column_name, c.column_index, c.data_type, c.comment
         from relations r
         join duckdb_columns() c
           on c.database_name = r.database_name and c.schema_name = r.schema_name and c.table_name = r.name
         where lower(r.database_name) = lower({}) and lower(r.schema_name) in ({})
         order by r.schema_name, r.name, c.column_index",
        literal::string(database),
        lowered(schemas)
    )
}

/// The kinds of keys of a table.
pub(super) fn key_types(table: &Relation) -> String {
    let [database, schema, name] = [&table.database, &table.schema, &table.identifier]
        .map(|part| literal::string(part.as_deref().unwrap_or_default()));
    format!(
        "select distinct lower(replace(constraint_type, ' ', '_')) from duckdb_constraints() \
         where lower(database_name) = lower({database}) and lower(schema_name) = lower({schema}) and lower(table_name) = lower({name}) \
         and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') order by 1"
    )
}

/// Loads a file with a header line into these columns, all of them if none are named. Quotes and escapes are for DuckDB to find out: that
/// is what dbt-duckdb does, and files with `\\"` or `'…'` load differently otherwise.
pub(super) fn copy_csv(relation: &str, columns: &[String], file: &str, delimiter: char) -> String {
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
    format!(
        "copy {relation}{columns} from {} (format csv, header true, delimiter {})",
        literal::string(file),
        literal::string(&delimiter.to_string())
    )
}

fn lowered(names: &[String]) -> String {
    // An empty list is not SQL; no name is the empty string.
    if names.is_empty() {
        return "''".to_owned();
    }
    names.iter().map(|name| literal::string(&name.to_lowercase())).collect::<Vec<_>>().join(", ")
}
