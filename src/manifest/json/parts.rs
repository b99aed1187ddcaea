//! What the JSON forms of several resources share.

use indexmap::IndexMap;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::maps::values;
use crate::manifest::{ColumnProperties, Constraint, RefCall};

/// Which parts of a name are quoted; null where nothing is said.
#[derive(Serialize)]
pub(super) struct Quoting {
    pub(super) database: Option<bool>,
    pub(super) schema: Option<bool>,
    pub(super) identifier: Option<bool>,
    pub(super) column: Option<bool>,
}

impl Quoting {
    /// As written in YAML.
    pub(super) fn written(quoting: &Map<String, Value>) -> Self {
        let flag = |key: &str| quoting.get(key).and_then(Value::as_bool);
        Self {
            database: flag("database"),
            schema: flag("schema"),
            identifier: flag("identifier"),
            column: flag("column"),
        }
    }
}

/// A call of `ref`.
pub(super) struct RefJson<'a>(pub(super) &'a RefCall);

impl Serialize for RefJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", &self.0.name)?;
        map.serialize_entry("package", &self.0.package)?;
        map.serialize_entry("version", &self.0.version)?;
        map.end()
    }
}

/// Only macros, as seeds and macros have it.
#[derive(Serialize)]
pub(super) struct DependsOnMacros<'a> {
    pub(super) macros: &'a [String],
}

/// `docs` with its defaults.
pub(super) struct DocsJson<'a>(pub(super) &'a Map<String, Value>);

impl Serialize for DocsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("show", self.0.get("show").unwrap_or(&Value::Bool(true)))?;
        map.serialize_entry("node_color", self.0.get("node_color").unwrap_or(&Value::Null))?;
        map.end()
    }
}

/// All columns by name.
pub(super) struct ColumnsJson<'a> {
    pub(super) columns: &'a IndexMap<String, ColumnProperties>,
    /// What foreign keys refer to, if that is known.
    pub(super) targets: Option<&'a IndexMap<String, String>>,
}

impl Serialize for ColumnsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        values(self.columns, |_, column| ColumnJson(column, self.targets)).serialize(serializer)
    }
}

struct ColumnJson<'a>(&'a ColumnProperties, Option<&'a IndexMap<String, String>>);

impl Serialize for ColumnJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let column = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &column.name)?;
        map.serialize_entry("description", &column.description)?;
        map.serialize_entry("meta", &column.meta)?;
        map.serialize_entry("data_type", &column.data_type)?;
        let constraints = ConstraintsJson { constraints: &column.constraints, of_model: false, targets: self.1 };
        map.serialize_entry("constraints", &constraints)?;
        map.serialize_entry("quote", &column.quote)?;
        map.serialize_entry("config", &ColumnConfig(column))?;
        map.serialize_entry("tags", &column.tags)?;
        map.serialize_entry("granularity", &column.extra.get("granularity"))?;
        map.serialize_entry("doc_blocks", &column.doc_blocks)?;
        for (key, value) in column.extra.iter().filter(|(key, _)| *key != "granularity") {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct ColumnConfig<'a>(&'a ColumnProperties);

impl Serialize for ColumnConfig<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("meta", &self.0.meta)?;
        map.serialize_entry("tags", &self.0.tags)?;
        for (key, value) in self.0.config.iter().filter(|(key, _)| !matches!(key.as_str(), "meta" | "tags")) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Constraints with their defaults.
pub(super) struct ConstraintsJson<'a> {
    pub(super) constraints: &'a [Constraint],
    /// Those of a whole model name their columns.
    pub(super) of_model: bool,
    /// What foreign keys refer to, if that is known.
    pub(super) targets: Option<&'a IndexMap<String, String>>,
}

impl Serialize for ConstraintsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.constraints.iter().map(|constraint| ConstraintJson(constraint, self)))
    }
}

struct ConstraintJson<'a>(&'a Constraint, &'a ConstraintsJson<'a>);

impl Serialize for ConstraintJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = &self.0.values;
        let defaults = [
            ("type", Value::Null),
            ("name", Value::Null),
            ("expression", Value::Null),
            ("warn_unenforced", Value::Bool(true)),
            ("warn_unsupported", Value::Bool(true)),
            ("to", Value::Null),
            ("to_columns", Value::Array(Vec::new())),
        ];
        let mut map = serializer.serialize_map(None)?;
        let target = values.get("to").and_then(Value::as_str).and_then(|to| self.1.targets?.get(to));
        for (key, default) in &defaults {
            match target.filter(|_| *key == "to") {
                Some(target) => map.serialize_entry(key, target)?,
                None => map.serialize_entry(key, values.get(*key).unwrap_or(default))?,
            }
        }
        match values.get("columns") {
            Some(columns) => map.serialize_entry("columns", columns)?,
            None if self.1.of_model => map.serialize_entry("columns", &Value::Array(Vec::new()))?,
            None => {}
        }
        map.end()
    }
}
