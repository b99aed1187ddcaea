//! `adapter.parse_index`: an index of a model's `indexes` config, with a name for it.

use std::sync::Arc;

use md5::{Digest, Md5};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use crate::context::arguments::{bind, required};
use crate::context::raise::raise;
use crate::context::values::{list, none};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{items_of, to_text};

/// Which columns an index is of.
#[derive(Debug)]
struct IndexValue {
    columns: Vec<Value>,
    unique: bool,
    kind: Value,
}

impl Object for IndexValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "columns" => Some(list(self.columns.clone())),
            "unique" => Some(Value::from(self.unique)),
            "type" => Some(self.kind.clone()),
            _ => None,
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let moment = match method {
            "render" => Some(jiff::Timestamp::now().to_string()),
            "stable_name" => None,
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        };
        let [relation] = bind(method, ["relation"], args)?;
        Ok(Value::from(self.name(&to_text(&required(method, "relation", relation)?), moment)))
    }
}

impl IndexValue {
    /// A name that depends on what the index is. With a moment, one that no earlier index has: `render`, for warehouses where the
    /// old table's indexes may still be there while the new ones are made. Without, the same one always: `stable_name`.
    fn name(&self, relation: &str, moment: Option<String>) -> String {
        let mut parts: Vec<String> = self.columns.iter().map(to_text).collect();
        parts.push(relation.to_owned());
        parts.push(self.unique.to_string());
        parts.push(to_text(&self.kind));
        parts.extend(moment);
        hex::encode(Md5::digest(parts.join("_").as_bytes()))
    }
}

/// `adapter.parse_index(raw_index)`; none for none.
pub(super) fn parse(args: &[Value]) -> Result<Value, Error> {
    let [raw] = bind("parse_index", ["raw_index"], args)?;
    let raw = required("parse_index", "raw_index", raw)?;
    if raw.is_none() {
        return Ok(none());
    }
    let columns = raw.get_attr("columns").unwrap_or_default();
    if columns.is_undefined() {
        return Err(raise(
            Diagnostic::error(Code::INVALID_CONFIG, format!("an index needs `columns`, got {raw}"))
                .hint("write `indexes: [{columns: ['id'], unique: true}]`"),
        ));
    }
    let unique = raw.get_attr("unique").unwrap_or_default().is_true();
    let kind = raw.get_attr("type").ok().filter(|kind| !kind.is_undefined()).unwrap_or_else(none);
    Ok(Value::from_object(IndexValue { columns: items_of(&columns)?, unique, kind }))
}
