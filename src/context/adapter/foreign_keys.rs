//! Keys that tables have, for materializations that must rebuild a table in place.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::cache::database;
use super::execute::run as execute;
use crate::context::NodeRun;
use crate::context::arguments::bind;
use crate::context::raise::OrRaise;
use crate::context::relation::relation_argument;
use crate::context::values::list;

/// `catalog_supports_foreign_keys(database)` and `existing_key_constraint_types(relation)`.
pub(super) fn call(run: &Arc<NodeRun>, method: &str, args: &[Value]) -> Result<Value, Error> {
    if method == "catalog_supports_foreign_keys" {
        let [name] = bind(method, ["database"], args)?;
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        return Ok(Value::from(!run.session().adapter().is_ducklake(&name)));
    }
    let [relation] = bind(method, ["relation"], args)?;
    let relation = relation_argument(method, "relation", relation)?;
    let literal = |text: &str| text.replace('\'', "''").to_lowercase();
    let sql = format!(
        "select distinct lower(replace(constraint_type, ' ', '_')) from duckdb_constraints() where lower(database_name) = '{}' \
         and lower(schema_name) = '{}' and lower(table_name) = '{}' \
         and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') order by 1",
        literal(&database(run, &relation)),
        literal(relation.schema.as_deref().unwrap_or_default()),
        literal(relation.identifier.as_deref().unwrap_or_default()),
    );
    let (_, table) = execute(run, &sql, false, true).or_raise()?;
    let kinds = table.column(0).filter_map(|cell| cell.as_text().map(Value::from)).collect();
    Ok(list(kinds))
}
