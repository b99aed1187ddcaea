//! Rows of a table, and sequences of rows or columns.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::{Names, TableValue};
use crate::context::arguments::{bind, bound_method, required, text};
use crate::context::raise::compilation;
use crate::context::values::{dict, list, none, tuple};
use crate::jinja::repr;

/// The row behind a value.
pub(super) fn as_row(value: &Value) -> Option<&RowValue> {
    value.downcast_object_ref::<RowValue>()
}

/// A position from the start or, if negative, from the end.
pub(super) fn position(key: &Value, length: usize) -> Option<usize> {
    let index = key.as_i64()?;
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// One row: a sequence whose items have names too.
#[derive(Debug)]
pub(super) struct RowValue {
    pub(super) names: Names,
    pub(super) values: Vec<Value>,
}

impl RowValue {
    fn named(&self, name: &str) -> Option<Value> {
        let index = self.names.iter().position(|other| other == name)?;
        self.values.get(index).cloned()
    }

    pub(super) fn dict(&self) -> Value {
        dict(self.names.iter().map(String::as_str).zip(self.values.iter().cloned()))
    }
}

/// `values`, `keys`, `items`, `get` and `dict` of a sequence whose items have names.
pub(super) fn mapped_method(names: &[String], values: &[Value], method: &str, args: &[Value]) -> Result<Value, Error> {
    Ok(match method {
        "values" => tuple(values.to_vec()),
        "keys" => tuple(names.iter().map(|name| Value::from(name.as_str())).collect()),
        "items" => list(
            names
                .iter()
                .zip(values)
                .map(|(name, value)| tuple(vec![Value::from(name.as_str()), value.clone()]))
                .collect(),
        ),
        "dict" => dict(names.iter().map(String::as_str).zip(values.iter().cloned())),
        "get" => {
            let [key, default] = bind("get", ["key", "default"], args)?;
            let key = text("get", "key", key)?;
            let index = names.iter().position(|name| *name == key);
            index.and_then(|index| values.get(index).cloned()).unwrap_or_else(|| default.unwrap_or_else(none))
        }
        "count" => {
            let [value] = bind("count", ["value"], args)?;
            let value = required("count", "value", value)?;
            Value::from(values.iter().filter(|other| **other == value).count())
        }
        "index" => {
            let [value] = bind("index", ["value"], args)?;
            let value = required("index", "value", value)?;
            let index = values.iter().position(|other| *other == value);
            index.map(Value::from).ok_or_else(|| compilation(format!("{} is not among the values", repr(&value))))?
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

pub(super) const MAPPED_METHODS: &[&str] = &["values", "keys", "items", "dict", "get", "count", "index"];

impl Object for RowValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => self.named(name).or_else(|| bound_method(self, MAPPED_METHODS, name)),
            None => self.values.get(position(key, self.values.len())?).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        mapped_method(&self.names, &self.values, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values: Vec<String> = self.values.iter().map(crate::jinja::repr).collect();
        write!(f, "<agate.Row: ({})>", values.join(", "))
    }
}

/// Rows of a table: by position. They are made when one is looked at; to count them takes none.
#[derive(Debug)]
pub(super) struct Rows(pub(super) Arc<TableValue>);

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => bound_method(self, MAPPED_METHODS, name),
            None => self.0.rows().get(position(key, self.0.len())?).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        mapped_method(&[], self.0.rows(), method, args)
    }
}

/// Columns of a table: by position and by name.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) names: Names,
    pub(super) items: Vec<Value>,
}

impl Object for Sequence {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => match self.names.iter().position(|other| other == name) {
                Some(index) => self.items.get(index).cloned(),
                None => bound_method(self, MAPPED_METHODS, name),
            },
            None => self.items.get(position(key, self.items.len())?).cloned(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        mapped_method(&self.names, &self.items, method, args)
    }
}
