//! What templates call on a table.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::TableValue;
use super::cell::type_name;
use super::column::columns_value;
use super::groups::Groups;
use super::row::{RowValue, Rows, as_row, position};
use crate::context::arguments::{bind, bound_method, flag, required};
use crate::context::json_yaml;
use crate::context::values::{list, none, nothing, optional, tuple};
use crate::jinja::to_text;

const TABLE_METHODS: &[&str] = &[
    "print_table",
    "print_csv",
    "print_json",
    "select",
    "exclude",
    "rename",
    "limit",
    "order_by",
    "distinct",
    "where",
    "find",
    "group_by",
    "homogenize",
    "join",
    "pivot",
    "print_structure",
    "to_csv",
];

impl Object for TableValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return Some(match name {
                "rows" => Value::from_object(Rows(Arc::clone(self))),
                "columns" => columns_value(self),
                "column_names" => tuple(self.names.iter().map(|name| Value::from(name.as_str())).collect()),
                "column_types" => tuple(self.kinds().iter().map(|kind| Value::from(type_name(*kind))).collect()),
                "row_names" => none(),
                "original_abspath" => optional(self.path.as_deref()),
                _ => return bound_method(self, TABLE_METHODS, name),
            });
        }
        self.rows().get(position(key, self.len())?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.len())
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "print_table" => print(state, self.printed(args)?),
            "print_csv" | "to_csv" => print(state, self.csv()),
            "print_json" => {
                let rows = list(self.rows().iter().filter_map(as_row).map(RowValue::dict).collect());
                let text = json_yaml::tojson(&[rows])?;
                print(state, text.to_string())
            }
            "print_structure" => print(state, self.structure().printed(&[])?),
            "homogenize" => self.homogenized(state, args),
            "join" => self.joined(state, args),
            "pivot" => self.pivoted(args),
            "select" => {
                let [key] = bind("select", ["key"], args)?;
                Ok(self.with_columns(&self.indexes_of(&required("select", "key", key)?)?))
            }
            "exclude" => {
                let [key] = bind("exclude", ["key"], args)?;
                let left_out = self.indexes_of(&required("exclude", "key", key)?)?;
                let kept: Vec<usize> = (0..self.names.len()).filter(|index| !left_out.contains(index)).collect();
                Ok(self.with_columns(&kept))
            }
            "rename" => self.renamed(args),
            "limit" => {
                let [start, stop, step] = bind("limit", ["start_or_stop", "stop", "step"], args)?;
                let number = |value: Option<Value>| value.and_then(|value| value.as_usize());
                let (start, stop) = match (number(start), number(stop)) {
                    (start, Some(stop)) => (start.unwrap_or(0), stop),
                    (stop, None) => (0, stop.unwrap_or(self.len())),
                };
                let step = number(step).unwrap_or(1).max(1);
                let rows = self.rows().iter().take(stop).skip(start).step_by(step).cloned();
                Ok(self.with_rows(rows))
            }
            "order_by" => {
                let [key, reverse] = bind("order_by", ["key", "reverse"], args)?;
                let indexes = self.indexes_of(&required("order_by", "key", key)?)?;
                let mut rows = self.rows().to_vec();
                rows.sort_by_key(|row| {
                    let key: Vec<(bool, Value)> = as_row(row)
                        .map(|row| indexes.iter().map(|i| (row.values[*i].is_none(), row.values[*i].clone())).collect())
                        .unwrap_or_default();
                    key
                });
                if flag(reverse.as_ref()) {
                    rows.reverse();
                }
                Ok(self.with_rows(rows.into_iter()))
            }
            "distinct" => {
                let [key] = bind("distinct", ["key"], args)?;
                let indexes = match key.filter(|key| !key.is_none()) {
                    Some(key) => self.indexes_of(&key)?,
                    None => (0..self.names.len()).collect(),
                };
                let mut seen = std::collections::HashSet::new();
                let rows = self.rows().iter().filter(|row| {
                    let key: Vec<Value> = as_row(row)
                        .map(|row| indexes.iter().map(|index| row.values[*index].clone()).collect())
                        .unwrap_or_default();
                    seen.insert(key)
                });
                Ok(self.with_rows(rows.cloned()))
            }
            "where" => {
                let [test] = bind("where", ["test"], args)?;
                let test = required("where", "test", test)?;
                let mut kept = Vec::new();
                for row in self.rows() {
                    if test.call(state, std::slice::from_ref(row))?.is_true() {
                        kept.push(row.clone());
                    }
                }
                Ok(self.with_rows(kept.into_iter()))
            }
            "find" => {
                let [test] = bind("find", ["test"], args)?;
                let test = required("find", "test", test)?;
                for row in self.rows() {
                    if test.call(state, std::slice::from_ref(row))?.is_true() {
                        return Ok(row.clone());
                    }
                }
                Ok(none())
            }
            "group_by" => {
                let [key, key_name] = bind("group_by", ["key", "key_name"], args)?;
                let index = self.index_of(&required("group_by", "key", key)?)?;
                let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
                for row in self.rows() {
                    let value = as_row(row).and_then(|row| row.values.get(index).cloned()).unwrap_or_else(none);
                    match groups.iter_mut().find(|(known, _)| *known == value) {
                        Some((_, rows)) => rows.push(row.clone()),
                        None => groups.push((value, vec![row.clone()])),
                    }
                }
                let key_name = key_name
                    .filter(|name| !name.is_none())
                    .map_or_else(|| self.names[index].clone(), |name| to_text(&name));
                // agate's keys are texts, except for no value.
                let key = |value: Value| if value.is_none() { value } else { Value::from(to_text(&value)) };
                let tables = groups.into_iter().map(|(value, rows)| (key(value), self.with_rows(rows.into_iter())));
                Ok(Value::from_object(Groups { key_name, tables: tables.collect() }))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// Prints through the context's own `print`.
fn print(state: &mut State<'_, '_>, text: String) -> Result<Value, Error> {
    match state.lookup("print") {
        Some(print) => print.call(state, &[Value::from(text)]),
        None => Ok(nothing()),
    }
}
