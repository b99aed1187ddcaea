//! Result tables for people, and as CSV and JSON for programs.

use comfy_table::{Table as TextTable, presets};
use serde_json::{Map, Value};

/// A table with borders of plain characters, as `show` prints it.
pub fn text_table(columns: &[String], rows: &[Vec<String>]) -> String {
    let mut table = TextTable::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(columns);
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}

/// Rows as JSON objects in column order.
pub fn json_rows(columns: &[String], rows: &[Vec<Value>]) -> Value {
    rows.iter()
        .map(|row| Value::Object(columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>()))
        .collect()
}

/// Comma-separated values with a header line.
pub fn csv_text(columns: &[String], rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written =
        std::iter::once(columns).chain(rows.iter().map(Vec::as_slice)).all(|row| writer.write_record(row).is_ok());
    match writer.into_inner() {
        Ok(bytes) if written => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    }
}
