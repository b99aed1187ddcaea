//! [`Groups`]: what `group_by` of a table gives, a table for each value of a column.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::row::position;
use crate::context::arguments::{bind, bound_method, required};
use crate::context::values::{list, none, tuple};

/// Tables by the value that their rows share, in the order of first rows.
#[derive(Debug)]
pub(super) struct Groups {
    /// Name of the column.
    pub(super) key_name: String,
    /// Value and table.
    pub(super) tables: Vec<(Value, Value)>,
}

const METHODS: &[&str] = &["keys", "values", "items", "get"];

impl Groups {
    fn named(&self, key: &Value) -> Option<Value> {
        self.tables.iter().find(|(known, _)| known == key).map(|(_, table)| table.clone())
    }
}

impl Object for Groups {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some("key_name") => Some(Value::from(self.key_name.as_str())),
            Some(name) => self.named(key).or_else(|| bound_method(self, METHODS, name)),
            None => self.tables.get(position(key, self.tables.len())?).map(|(_, table)| table.clone()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.tables.len())
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        Ok(match method {
            "keys" => tuple(self.tables.iter().map(|(key, _)| key.clone()).collect()),
            "values" => tuple(self.tables.iter().map(|(_, table)| table.clone()).collect()),
            "items" => list(self.tables.iter().map(|(key, table)| tuple(vec![key.clone(), table.clone()])).collect()),
            "get" => {
                let [key, default] = bind("get", ["key", "default"], args)?;
                let key = required("get", "key", key)?;
                self.named(&key).unwrap_or_else(|| default.unwrap_or_else(none))
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}
