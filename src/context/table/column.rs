//! Columns of a table.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::TableValue;
use super::cell::type_name;
use super::row::{Sequence, as_row, mapped_method, position};
use crate::context::arguments::bound_method;
use crate::context::values::{list, tuple};

/// All columns of a table.
pub(super) fn columns_value(table: &Arc<TableValue>) -> Value {
    let items = (0..table.names.len())
        .map(|index| Value::from_object(ColumnOfTable { table: Arc::clone(table), index }))
        .collect();
    Value::from_object(Sequence { names: Arc::clone(&table.names), items })
}

/// One column of a table.
#[derive(Debug)]
struct ColumnOfTable {
    table: Arc<TableValue>,
    index: usize,
}

const COLUMN_METHODS: &[&str] =
    &["count", "values", "values_distinct", "values_without_nulls", "values_sorted", "values_without_nulls_sorted"];

impl Object for ColumnOfTable {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return Some(match name {
                "name" => Value::from(self.table.names[self.index].as_str()),
                "index" => Value::from(self.index),
                "data_type" => Value::from(type_name(self.table.kinds()[self.index])),
                _ => return bound_method(self, COLUMN_METHODS, name),
            });
        }
        let row = self.table.rows().get(position(key, self.table.len())?)?;
        as_row(row)?.values.get(self.index).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.table.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let mut values = self.table.column(self.index);
        match method {
            "values" => {}
            "values_distinct" => {
                let mut seen = std::collections::HashSet::new();
                values.retain(|value| seen.insert(value.clone()));
            }
            "values_without_nulls" => values.retain(|value| !value.is_none()),
            "values_sorted" => {
                values.sort_by_key(|value| (value.is_none(), value.clone()));
                return Ok(list(values));
            }
            "values_without_nulls_sorted" => {
                values.retain(|value| !value.is_none());
                values.sort();
                return Ok(list(values));
            }
            _ => return mapped_method(&[], &values, method, args),
        }
        Ok(tuple(values))
    }
}
