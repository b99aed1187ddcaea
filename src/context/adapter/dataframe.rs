//! `adapter.load_dataframe`: a seed's rows into its table by the warehouse's own loader.

use std::sync::Arc;

use minijinja::{Error, Value};

use super::execute;
use crate::context::NodeRun;
use crate::context::arguments::{bind, optional_text};
use crate::context::raise::{compilation, raise};
use crate::context::seed::seed_path;
use crate::context::table::{TableValue, as_table, cell_of};
use crate::jinja::items_of;

/// A seed's rows into its table by the warehouse's own loader.
pub(super) fn load(run: &Arc<NodeRun>, args: &[Value]) -> Result<Value, Error> {
    let names = ["database", "schema", "table_name", "agate_table", "column_override", "field_delimiter"];
    let [database, schema, name, table, _override, delimiter] = bind("load_dataframe", names, args)?;
    let [database, schema, name] = [database, schema, name].map(|value| optional_text(value.as_ref()));
    let relation = run
        .session()
        .adapter()
        .relation(database.as_deref(), schema.as_deref(), name.as_deref())
        .with_quoting(run.session().quoting());
    let delimiter = optional_text(delimiter.as_ref()).and_then(|text| text.chars().next()).unwrap_or(',');
    let rows = match table.as_ref().and_then(as_table) {
        // The values as dbt reads them: what it takes for null is null, dates are dates.
        Some(table) => {
            let file = csv_of(table).map_err(|error| compilation(format!("the seed cannot be written: {error}")))?;
            run.worker().connection().load_csv(&relation, &[], file.path(), ',')
        }
        None => run.worker().connection().load_csv(&relation, &[], &seed_path(run), delimiter),
    };
    match rows {
        Ok(rows) => Ok(Value::from(rows)),
        Err(error) => Err(raise(execute::problem(run, &error, ""))),
    }
}

/// A table as a CSV file with a header, in which nothing between two commas is null.
fn csv_of(table: &TableValue) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    let mut writer = csv::WriterBuilder::new().from_writer(std::io::BufWriter::new(file.as_file_mut()));
    match table.warehouse() {
        Some(table) => {
            writer.write_record(table.columns().iter().map(|(name, _)| name.as_str()))?;
            for row in table.rows() {
                writer.write_record(row.iter().map(ToString::to_string))?;
            }
        }
        None => {
            writer.write_record(table.names())?;
            for row in table.rows() {
                writer
                    .write_record(items_of(row).unwrap_or_default().iter().map(|value| cell_of(value).to_string()))?;
            }
        }
    }
    writer.flush()?;
    drop(writer);
    Ok(file)
}
