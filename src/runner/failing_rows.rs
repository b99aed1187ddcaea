//! [`FailingRows`]: what a test found in a node that was undone, kept until the test's own job stores it (`store_failures`).

use std::sync::Arc;

use super::schemas::metadata_error;
use crate::adapters::{Column, Relation, RelationType, Table};
use crate::context::NodeRun;
use crate::diagnostics::Diagnostic;

/// Rows with the types of the query that gave them.
pub(super) struct FailingRows {
    columns: Vec<Column>,
    rows: Table,
}

impl FailingRows {
    /// The rows of a test's SQL, as many as its `limit` lets through.
    pub(super) fn read(run: &NodeRun, code: &str) -> Result<Self, Diagnostic> {
        let limit = run.node().config.get("limit").and_then(serde_json::Value::as_u64);
        let limit = limit.map_or_else(String::new, |limit| format!(" limit {limit}"));
        let sql = format!("select * from (\n{code}\n) dbt_internal_test{limit}");
        let mut connection = run.worker().connection();
        let columns = connection.columns_of_query(&sql).map_err(|error| metadata_error(&error))?;
        let (_, rows) = connection.execute(&sql, true).map_err(|error| metadata_error(&error))?;
        Ok(Self { columns, rows })
    }

    /// Writes them to the relation of the test, in the place of what is there, which stays if that fails.
    pub(super) fn store(&self, run: &Arc<NodeRun>) -> Result<(), Diagnostic> {
        run.query("begin")?;
        let written = self.write(run);
        let ended = run.query(if written.is_ok() { "commit" } else { "rollback" });
        written.and(ended.map(drop))
    }

    fn write(&self, run: &Arc<NodeRun>) -> Result<(), Diagnostic> {
        let session = run.session();
        let relation = run.relation().with_type(Some(RelationType::Table));
        if let Some(old) = existing(run, &relation) {
            run.call_macro_named("drop_relation_if_exists", &[run.relation_value(old)])?;
        }
        let adapter = session.adapter();
        let column = |column: &Column| format!("{} {}", adapter.quote(&column.name), column.data_type());
        let columns: Vec<String> = self.columns.iter().map(column).collect();
        run.query(&format!("create table {} ({})", relation.render_name(), columns.join(", ")))?;
        let mut connection = run.worker().connection();
        connection.load_rows(&relation, &[], &self.rows).map_err(|error| metadata_error(&error))?;
        Ok(())
    }
}

fn existing(run: &NodeRun, relation: &Relation) -> Option<Relation> {
    let database = relation.database.as_deref().unwrap_or_else(|| run.session().adapter().database());
    let known = run.cache().get_relation(database, relation.schema.as_deref()?, relation.identifier.as_deref()?)?;
    Some(relation.clone().with_type(Some(known.relation_type)))
}
