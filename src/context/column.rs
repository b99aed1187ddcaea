//! `api.Column` and the columns that adapters return.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{bind, bound_method, optional_text, required, text};
use super::raise::compilation;
use crate::adapters::Column;

/// A column as templates see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnValue(pub(super) Column);

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

fn is_string(column: &Column) -> bool {
    matches!(column.dtype.to_lowercase().as_str(), "text" | "character varying" | "character" | "varchar")
}

fn is_float(column: &Column) -> bool {
    matches!(
        column.dtype.to_lowercase().as_str(),
        "real" | "float4" | "float" | "double precision" | "float8" | "double"
    )
}

fn is_integer(column: &Column) -> bool {
    const NAMES: &[&str] = &[
        "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint",
        "uhugeint", "smallserial", "serial", "bigserial", "int", "int1", "int2", "int4", "int8", "serial2", "serial4",
        "serial8", "short", "signed", "long",
    ];
    NAMES.contains(&column.dtype.to_lowercase().as_str())
}

fn is_numeric(column: &Column) -> bool {
    matches!(column.dtype.to_lowercase().as_str(), "numeric" | "decimal")
}

fn is_struct(column: &Column) -> bool {
    column.dtype.to_lowercase().starts_with("struct")
}

fn string_size(column: &Column) -> u64 {
    if column.dtype == "text" { 256 } else { column.char_size.unwrap_or(256) }
}

fn numeric_type(dtype: &str, precision: Option<&str>, scale: Option<&str>) -> String {
    match (precision, scale) {
        (Some(precision), Some(scale)) => format!("{dtype}({precision},{scale})"),
        _ => dtype.to_owned(),
    }
}

/// The whole type: with size, precision and scale.
pub(super) fn data_type(column: &Column) -> String {
    if is_string(column) {
        format!("character varying({})", string_size(column))
    } else if is_numeric(column) {
        let part = |number: Option<u64>| number.map(|number| number.to_string());
        numeric_type(
            &column.dtype,
            part(column.numeric_precision).as_deref(),
            part(column.numeric_scale).as_deref(),
        )
    } else {
        column.dtype.clone()
    }
}

/// Fields of a struct column as columns of their own (`outer.inner`); other columns as they are.
pub(super) fn flatten(column: &Column) -> Vec<Column> {
    let open = column.dtype.find('(');
    let (true, Some(open)) = (is_struct(column), open) else { return vec![column.clone()] };
    let Some(body) = column.dtype[open + 1..].strip_suffix(')') else { return vec![column.clone()] };
    split_fields(body)
        .into_iter()
        .flat_map(|field| {
            let (name, dtype) = split_field(field);
            let inner = Column {
                name: format!("{}.{}", column.name, name),
                dtype: dtype.to_owned(),
                char_size: None,
                numeric_precision: None,
                numeric_scale: None,
            };
            flatten(&inner)
        })
        .collect()
}

/// The parts between commas outside brackets and quotes.
fn split_fields(body: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start, mut fields) = (0_i32, false, 0, Vec::new());
    for (at, character) in body.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if depth == 0 && !quoted => {
                fields.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(body[start..].trim());
    fields
}

fn split_field(field: &str) -> (&str, &str) {
    if field.starts_with('"')
        && let Some(end) = field[1..].find('"')
    {
        return (&field[..end + 2], field[end + 2..].trim());
    }
    field.split_once(' ').unwrap_or((field, ""))
}

/// dbt's names of types that mean another one.
pub(super) fn translate_type(dtype: &str) -> String {
    if dtype.eq_ignore_ascii_case("string") { "TEXT".into() } else { dtype.to_owned() }
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
            "data_type" | "expanded_data_type" => Value::from(data_type(column)),
            "quoted" => Value::from(format!("\"{}\"", column.name)),
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
            "is_string" => is_string(column).into(),
            "is_number" => (is_integer(column) || is_numeric(column) || is_float(column)).into(),
            "is_float" => is_float(column).into(),
            "is_integer" => is_integer(column).into(),
            "is_numeric" => is_numeric(column).into(),
            "is_struct" => is_struct(column).into(),
            "string_size" if is_string(column) => string_size(column).into(),
            "string_size" => return Err(compilation("Called string_size() on non-string field!")),
            "can_expand_to" => {
                let [other] = bind("can_expand_to", ["other_column"], args)?;
                let other = required("can_expand_to", "other_column", other)?;
                let Some(other) = as_column(&other) else {
                    return Err(compilation("can_expand_to() needs a column"));
                };
                (is_string(column) && is_string(other) && string_size(other) > string_size(column)).into()
            }
            "literal" => {
                let [value] = bind("literal", ["value"], args)?;
                format!("{}::{}", text("literal", "value", value)?, data_type(column)).into()
            }
            "flatten" => super::values::list(flatten(column).into_iter().map(column_value).collect()),
            _ => return class_method(method, args),
        })
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<Column {} ({})>", self.0.name, data_type(&self.0))
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
            column_value(Column {
                name: text("Column.create", "name", name)?,
                dtype: translate_type(&text("Column.create", "label_or_dtype", dtype)?),
                char_size: None,
                numeric_precision: None,
                numeric_scale: None,
            })
        }
        "translate_type" => {
            let [dtype] = bind("Column.translate_type", ["dtype"], args)?;
            translate_type(&text("Column.translate_type", "dtype", dtype)?).into()
        }
        "string_type" => {
            let [size] = bind("Column.string_type", ["size"], args)?;
            format!("character varying({})", text("Column.string_type", "size", size)?).into()
        }
        "numeric_type" => {
            let [dtype, precision, scale] = bind("Column.numeric_type", ["dtype", "precision", "scale"], args)?;
            let dtype = text("Column.numeric_type", "dtype", dtype)?;
            let (precision, scale) = (optional_text(precision.as_ref()), optional_text(scale.as_ref()));
            numeric_type(&dtype, precision.as_deref(), scale.as_deref()).into()
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, dtype: &str) -> Column {
        Column {
            name: name.into(),
            dtype: dtype.into(),
            char_size: None,
            numeric_precision: None,
            numeric_scale: None,
        }
    }

    #[test]
    fn structs_are_flattened_field_by_field() {
        let flat = flatten(&column("a", "STRUCT(b INTEGER, c STRUCT(d DECIMAL(10,2), e VARCHAR[]))"));
        let names: Vec<_> = flat.iter().map(|column| (column.name.as_str(), column.dtype.as_str())).collect();
        assert_eq!(names, [("a.b", "INTEGER"), ("a.c.d", "DECIMAL(10,2)"), ("a.c.e", "VARCHAR[]")]);
    }

    #[test]
    fn data_types_carry_their_size() {
        assert_eq!(data_type(&column("a", "VARCHAR")), "character varying(256)");
        assert_eq!(
            data_type(&Column { numeric_precision: Some(10), numeric_scale: Some(2), ..column("a", "DECIMAL") }),
            "DECIMAL(10,2)"
        );
        assert_eq!(data_type(&column("a", "BIGINT")), "BIGINT");
    }
}
