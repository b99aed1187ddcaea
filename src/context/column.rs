//! `api.Column` and the columns that adapters return.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{bind, bound_method, optional_text, required, text};
use super::raise::compilation;
use crate::adapters::Column;

/// A column as templates see it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ColumnValue(pub(super) Column);

/// Python's `repr` of it.
impl std::fmt::Debug for ColumnValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<Column {} ({})>", self.0.name, self.0.data_type())
    }
}

const METHODS: &[&str] = &[
    "is_string",
    "is_number",
    "is_float",
    "is_integer",
    "is_numeric",
    "is_struct",
    "string_size",
    "can_expand_to",
    "literal",
    "flatten",
    "create",
    "string_type",
    "numeric_type",
    "translate_type",
];

/// A column as a value.
pub(super) fn column_value(column: Column) -> Value {
    Value::from_object(ColumnValue(column))
}

/// The column behind a value.
pub(super) fn as_column(value: &Value) -> Option<&Column> {
    value.downcast_object_ref::<ColumnValue>().map(|column| &column.0)
}

impl Object for ColumnValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let column = &self.0;
        Some(match key {
            "name" | "column" => Value::from(column.name.as_str()),
            "dtype" => Value::from(column.dtype.as_str()),
            "char_size" => column.char_size.map_or(Value::from(()), Value::from),
            "numeric_precision" => column.numeric_precision.map_or(Value::from(()), Value::from),
            "numeric_scale" => column.numeric_scale.map_or(Value::from(()), Value::from),
            "data_type" | "expanded_data_type" => Value::from(column.data_type()),
            "quoted" => Value::from(column.quoted()),
            _ => return bound_method(self, METHODS, key),
        })
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let column = &self.0;
        Ok(match method {
            "is_string" => column.is_string().into(),
            "is_number" => column.is_number().into(),
            "is_float" => column.is_float().into(),
            "is_integer" => column.is_integer().into(),
            "is_numeric" => column.is_numeric().into(),
            "is_struct" => column.is_struct().into(),
            "string_size" => match column.string_size() {
                Some(size) => size.into(),
                None => return Err(compilation("Called string_size() on non-string field!")),
            },
            "can_expand_to" => {
                let [other] = bind("can_expand_to", ["other_column"], args)?;
                let other = required("can_expand_to", "other_column", other)?;
                let Some(other) = as_column(&other) else {
                    return Err(compilation("can_expand_to() needs a column"));
                };
                column.can_expand_to(other).into()
            }
            "literal" => {
                let [value] = bind("literal", ["value"], args)?;
                column.literal(&text("literal", "value", value)?).into()
            }
            "flatten" => super::values::list(column.flatten().into_iter().map(column_value).collect()),
            _ => return class_method(method, args),
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<Column {} ({})>", self.0.name, self.0.data_type())
    }

    fn custom_cmp(self: &Arc<Self>, other: &minijinja::value::DynObject) -> Option<std::cmp::Ordering> {
        let key = |column: &Column| {
            (
                column.name.clone(),
                column.dtype.clone(),
                column.char_size,
                column.numeric_precision,
                column.numeric_scale,
            )
        };
        other.downcast_ref::<Self>().map(|other| key(&self.0).cmp(&key(&other.0)))
    }
}

/// `api.Column` itself.
#[derive(Debug)]
pub(super) struct ColumnClass;

impl Object for ColumnClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        bound_method(self, METHODS, key.as_str()?)
    }

    /// `api.Column(name, dtype)`.
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [name, dtype, char_size, numeric_precision, numeric_scale] =
            bind("Column", ["column", "dtype", "char_size", "numeric_precision", "numeric_scale"], args)?;
        let number = |value: Option<Value>| value.and_then(|value| u64::try_from(value).ok());
        Ok(column_value(Column {
            name: text("Column", "column", name)?,
            dtype: text("Column", "dtype", dtype)?,
            char_size: number(char_size),
            numeric_precision: number(numeric_precision),
            numeric_scale: number(numeric_scale),
        }))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        class_method(method, args)
    }
}

fn class_method(method: &str, args: &[Value]) -> Result<Value, Error> {
    Ok(match method {
        "create" => {
            let [name, dtype] = bind("Column.create", ["name", "label_or_dtype"], args)?;
            let name = text("Column.create", "name", name)?;
            column_value(Column::create(name, &text("Column.create", "label_or_dtype", dtype)?))
        }
        "translate_type" => {
            let [dtype] = bind("Column.translate_type", ["dtype"], args)?;
            Column::translate_type(&text("Column.translate_type", "dtype", dtype)?).into()
        }
        "string_type" => {
            let [size] = bind("Column.string_type", ["size"], args)?;
            format!("character varying({})", text("Column.string_type", "size", size)?).into()
        }
        "numeric_type" => {
            let [dtype, precision, scale] = bind("Column.numeric_type", ["dtype", "precision", "scale"], args)?;
            let dtype = text("Column.numeric_type", "dtype", dtype)?;
            let (precision, scale) = (optional_text(precision.as_ref()), optional_text(scale.as_ref()));
            match (precision, scale) {
                (Some(precision), Some(scale)) => format!("{dtype}({precision},{scale})").into(),
                _ => dtype.into(),
            }
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}
