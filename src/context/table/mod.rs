//! Query results as templates see them: like the tables of Python's agate library.
//!
//! [`TableValue`] is a sequence of rows; rows give their values by position and by name. Cells become Python's numbers,
//! texts, dates and times when a row is first looked at.

mod cell;
mod column;
mod groups;
mod methods;
mod printing;
mod reshape;
mod row;

use std::sync::{Arc, OnceLock};

use minijinja::{Error, Value};

pub(super) use self::cell::cell_of;
pub use self::cell::json_of_cell;
use self::cell::{cell_value, kind_of, kind_of_values};
pub use self::printing::{TableLimits, drawn_table};
use self::row::{RowValue, as_row};
use super::arguments::{bind, required};
use super::raise::compilation;
use super::values::{list, none, tuple};
use crate::adapters::{SeedType, Table};
use crate::jinja::items_of;

/// The names of a table's columns, unique.
type Names = Arc<Vec<String>>;

/// A table.
pub(super) struct TableValue {
    names: Names,
    source: Source,
    rows: OnceLock<Vec<Value>>,
    kinds: OnceLock<Vec<SeedType>>,
    /// The file it was read from, of a seed.
    pub(super) path: Option<String>,
}

/// Where the rows come from.
enum Source {
    Warehouse(Arc<Table>),
    Rows(Vec<Arc<RowValue>>),
}

impl std::fmt::Debug for TableValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<agate.Table {} rows>", self.len())
    }
}

/// Names as agate has them: empty ones are letters, repeated ones get a number.
fn unique_names<'a>(names: impl Iterator<Item = &'a str>) -> Names {
    let mut unique: Vec<String> = Vec::new();
    for (index, name) in names.enumerate() {
        let base = if name.is_empty() { char::from(b'a' + (index % 26) as u8).to_string() } else { name.to_owned() };
        let mut candidate = base.clone();
        let mut number = 2;
        while unique.contains(&candidate) {
            candidate = format!("{base}_{number}");
            number += 1;
        }
        unique.push(candidate);
    }
    Arc::new(unique)
}

impl TableValue {
    /// The result of a query.
    pub(super) fn new(table: Arc<Table>) -> Self {
        Self {
            names: unique_names(table.column_names()),
            source: Source::Warehouse(table),
            rows: OnceLock::new(),
            kinds: OnceLock::new(),
            path: None,
        }
    }

    /// Its rows as a warehouse takes them.
    pub(super) fn to_table(&self) -> Arc<Table> {
        if let Source::Warehouse(table) = &self.source {
            return Arc::clone(table);
        }
        let cells = |row: &Value| as_row(row).map(|row| row.values.iter().map(cell_of).collect());
        let rows = self.rows().iter().filter_map(cells).collect();
        Arc::new(Table::new(self.names.iter().map(|name| (name.clone(), String::new())).collect(), rows))
    }

    /// A seed: kinds are those of its columns, not guessed from values.
    pub(super) fn of_seed(table: Arc<Table>, kinds: Vec<SeedType>, path: String) -> Self {
        Self { kinds: OnceLock::from(kinds), path: Some(path), ..Self::new(table) }
    }

    /// A table without columns and rows.
    pub(super) fn empty() -> Self {
        Self::new(Arc::new(Table::default()))
    }

    fn of_rows(names: Names, rows: Vec<Vec<Value>>) -> Value {
        let rows = rows.into_iter().map(|values| Arc::new(RowValue { names: Arc::clone(&names), values })).collect();
        Value::from_object(Self {
            names,
            source: Source::Rows(rows),
            rows: OnceLock::new(),
            kinds: OnceLock::new(),
            path: None,
        })
    }

    /// The warehouse's table, unless it was made by a template.
    pub(super) fn warehouse(&self) -> Option<&Arc<Table>> {
        match &self.source {
            Source::Warehouse(table) => Some(table),
            Source::Rows(_) => None,
        }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        match &self.source {
            Source::Warehouse(table) => table.len(),
            Source::Rows(rows) => rows.len(),
        }
    }

    /// The rows as values.
    pub(super) fn rows(&self) -> &[Value] {
        self.rows.get_or_init(|| match &self.source {
            Source::Warehouse(table) => table
                .rows()
                .iter()
                .map(|cells| {
                    let values = cells.iter().map(cell_value).collect();
                    Value::from_object(RowValue { names: Arc::clone(&self.names), values })
                })
                .collect(),
            Source::Rows(rows) => rows.iter().map(|row| Value::from_dyn_object(Arc::clone(row))).collect(),
        })
    }

    /// One column's values.
    fn column(&self, index: usize) -> Vec<Value> {
        self.rows().iter().filter_map(as_row).map(|row| row.values.get(index).cloned().unwrap_or_else(none)).collect()
    }

    /// What the values of each column are.
    pub(super) fn kinds(&self) -> &[SeedType] {
        self.kinds.get_or_init(|| match &self.source {
            Source::Warehouse(table) => (0..self.names.len())
                .map(|index| kind_of(table.rows().iter().filter_map(|row| row.get(index))))
                .collect(),
            Source::Rows(_) => (0..self.names.len()).map(|index| kind_of_values(&self.column(index))).collect(),
        })
    }

    fn index_of(&self, key: &Value) -> Result<usize, Error> {
        let found = match key.as_str() {
            Some(name) => self.names.iter().position(|other| other == name),
            None => key.as_usize().filter(|index| *index < self.names.len()),
        };
        found.ok_or_else(|| compilation(format!("the table has no column {}", crate::jinja::repr(key))))
    }

    fn indexes_of(&self, keys: &Value) -> Result<Vec<usize>, Error> {
        match keys.as_str() {
            Some(_) => Ok(vec![self.index_of(keys)?]),
            None => items_of(keys)?.iter().map(|key| self.index_of(key)).collect(),
        }
    }

    fn with_columns(&self, indexes: &[usize]) -> Value {
        let names = Arc::new(indexes.iter().map(|index| self.names[*index].clone()).collect::<Vec<_>>());
        let rows = self.rows().iter().filter_map(as_row);
        Self::of_rows(names, rows.map(|row| indexes.iter().map(|index| row.values[*index].clone()).collect()).collect())
    }

    fn with_rows(&self, rows: impl Iterator<Item = Value>) -> Value {
        let values = rows.filter_map(|row| as_row(&row).map(|row| row.values.clone())).collect();
        Self::of_rows(Arc::clone(&self.names), values)
    }

    fn renamed(&self, args: &[Value]) -> Result<Value, Error> {
        let [columns, _rows, _slug] = bind("rename", ["column_names", "row_names", "slug_columns"], args)?;
        let columns = required("rename", "column_names", columns)?;
        let names: Vec<String> = match columns.kind() {
            minijinja::value::ValueKind::Map => self
                .names
                .iter()
                .map(|name| {
                    let given = columns.get_item(&Value::from(name.as_str())).ok();
                    given.filter(|given| !given.is_undefined()).map_or_else(|| name.clone(), |given| given.to_string())
                })
                .collect(),
            _ => items_of(&columns)?.iter().map(ToString::to_string).collect(),
        };
        let rows = self.rows().iter().filter_map(as_row).map(|row| row.values.clone()).collect();
        Ok(Self::of_rows(unique_names(names.iter().map(String::as_str)), rows))
    }
}

/// The table behind a value.
pub(super) fn as_table(value: &Value) -> Option<&TableValue> {
    value.downcast_object_ref::<TableValue>()
}

/// `agate.Table`-like value of keyword rows: only what `store_result` needs.
pub(super) fn matrix(table: &TableValue) -> Value {
    list(table.rows().iter().filter_map(as_row).map(|row| tuple(row.values.clone())).collect())
}

#[cfg(test)]
mod tests {
    use minijinja::value::Object;

    use super::*;
    use crate::adapters::Cell;

    fn table() -> Arc<TableValue> {
        let text = |text: &str| Cell::Text(text.to_owned());
        Arc::new(TableValue::new(Arc::new(Table::new(
            vec![("id".into(), "INTEGER".into()), ("name".into(), "VARCHAR".into()), ("id".into(), "INTEGER".into())],
            vec![vec![Cell::Int(2), text("b"), Cell::Null], vec![Cell::Int(1), text("a"), Cell::Int(3)]],
        ))))
    }

    #[test]
    fn rows_have_positions_and_names() {
        let table = table();
        let row = table.get_value(&Value::from(-1)).unwrap();
        assert_eq!(row.get_item(&Value::from("name")).unwrap(), Value::from("a"));
        assert_eq!(row.get_item(&Value::from("id_2")).unwrap(), Value::from(3));
        assert_eq!(row.get_item_by_index(0).unwrap(), Value::from(1));
        assert_eq!(table.kinds(), [SeedType::Integer, SeedType::Text, SeedType::Integer]);
    }

    #[test]
    fn columns_have_names_and_values() {
        let columns = table().get_value(&Value::from("columns")).unwrap();
        let names: Vec<_> =
            columns.try_iter().unwrap().map(|column| column.get_attr("name").unwrap().to_string()).collect();
        assert_eq!(names, ["id", "name", "id_2"]);
        let first = columns.get_item(&Value::from("name")).unwrap();
        assert_eq!(first.get_item_by_index(1).unwrap(), Value::from("a"));
    }

    #[test]
    fn printing_pads_cells() {
        let printed = table().printed(&[]).unwrap();
        assert_eq!(printed, "| id | name | id_2 |\n| -- | ---- | ---- |\n|  2 | b    |      |\n|  1 | a    |    3 |");
    }
}
