//! Cells of a result as Python's values, and the kinds of columns.

use minijinja::Value;

use crate::adapters::{Cell, SeedType};
use crate::context::json_yaml;
use crate::context::modules::datetime;
use crate::context::values::none;
use crate::jinja::{Decimal, number_of, to_text};

/// A cell as Python has it.
pub(super) fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => none(),
        Cell::Bool(flag) => Value::from(*flag),
        Cell::Int(number) => i64::try_from(*number).map_or_else(|_| Value::from(*number), Value::from),
        Cell::Float(number) => Decimal::of_float(*number).map_or_else(|| Value::from(*number), Decimal::value),
        Cell::Decimal(text) => Decimal::parse(text).map_or_else(|| Value::from(text.as_str()), Decimal::value),
        Cell::Text(text) | Cell::Other(text) => Value::from(text.as_str()),
        Cell::Date(text) => datetime::parse_date(text).unwrap_or_else(|| Value::from(text.as_str())),
        Cell::Time(text) => datetime::parse_time(text).unwrap_or_else(|| Value::from(text.as_str())),
        Cell::Timestamp(text) | Cell::TimestampTz(text) => {
            datetime::parse_datetime(text).unwrap_or_else(|| Value::from(text.as_str()))
        }
        Cell::Bytes(bytes) => Value::from_bytes(bytes.clone()),
        Cell::List(_) | Cell::Struct(_) => {
            json_yaml::tojson(&[crate::jinja::from_json(&cell_json(cell))]).unwrap_or_else(|_| none())
        }
    }
}

/// A value of a result in JSON, as dbt writes it: containers are texts of JSON, moments are in ISO form.
pub fn json_of_cell(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::List(_) | Cell::Struct(_) | Cell::Time(_) => serde_json::Value::from(to_text(&cell_value(cell))),
        Cell::Timestamp(_) | Cell::TimestampTz(_) => {
            let text = to_text(&cell_value(cell));
            serde_json::Value::from(text.replacen(' ', "T", 1))
        }
        Cell::Bytes(_) => serde_json::Value::from(cell.to_string()),
        other => cell_json(other),
    }
}

fn cell_json(cell: &Cell) -> serde_json::Value {
    use serde_json::Value as Json;
    match cell {
        Cell::Null => Json::Null,
        Cell::Bool(flag) => Json::from(*flag),
        Cell::Int(number) => i64::try_from(*number).map_or_else(|_| Json::from(number.to_string()), Json::from),
        Cell::Float(number) => Json::from(*number),
        Cell::Decimal(text) => text.parse::<f64>().map_or_else(|_| Json::from(text.as_str()), Json::from),
        Cell::Text(text)
        | Cell::Other(text)
        | Cell::Date(text)
        | Cell::Time(text)
        | Cell::Timestamp(text)
        | Cell::TimestampTz(text) => Json::from(text.as_str()),
        Cell::Bytes(bytes) => Json::from(String::from_utf8_lossy(bytes).into_owned()),
        Cell::List(items) => items.iter().map(cell_json).collect(),
        Cell::Struct(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone(), cell_json(value))).collect())
        }
    }
}

/// The kind of a result's column; one without values is whole numbers.
pub(super) fn kind_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> SeedType {
    let mut kind = None;
    for cell in cells {
        let own = match cell {
            Cell::Null => continue,
            Cell::Bool(_) => SeedType::Boolean,
            Cell::Int(_) => SeedType::Integer,
            Cell::Float(_) | Cell::Decimal(_) => SeedType::Number,
            Cell::Date(_) => SeedType::Date,
            Cell::Timestamp(_) | Cell::TimestampTz(_) => SeedType::DateTime,
            Cell::Time(_) => SeedType::Time,
            _ => SeedType::Text,
        };
        kind = Some(match kind {
            None => own,
            Some(earlier) if earlier == own => own,
            Some(SeedType::Integer | SeedType::Number) if matches!(own, SeedType::Integer | SeedType::Number) => {
                SeedType::Number
            }
            Some(_) => return SeedType::Text,
        });
    }
    kind.unwrap_or(SeedType::Integer)
}

pub(super) fn kind_of_values(values: &[Value]) -> SeedType {
    use minijinja::value::ValueKind;
    let all = |test: fn(&Value) -> bool| values.iter().filter(|value| !value.is_none()).all(test);
    if all(Value::is_integer) {
        SeedType::Integer
    } else if all(|value| number_of(value).is_some()) {
        SeedType::Number
    } else if all(|value| value.kind() == ValueKind::Bool) {
        SeedType::Boolean
    } else if all(datetime::is_datetime) {
        SeedType::DateTime
    } else if all(datetime::is_date) {
        SeedType::Date
    } else {
        SeedType::Text
    }
}

/// The parameters of a batch: values as cells.
pub(in crate::context) fn cell_of(value: &Value) -> Cell {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Cell::Null,
        ValueKind::Bool => Cell::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => {
            i128::try_from(value.clone()).map_or_else(|_| Cell::Text(value.to_string()), Cell::Int)
        }
        ValueKind::Number => f64::try_from(value.clone()).map_or(Cell::Null, Cell::Float),
        _ if value.downcast_object_ref::<Decimal>().is_some() => Cell::Decimal(to_text(value)),
        _ => Cell::Text(to_text(value)),
    }
}

/// The name of an agate type.
pub(super) fn type_name(kind: SeedType) -> &'static str {
    match kind {
        SeedType::Integer => "Integer",
        SeedType::Number => "Number",
        SeedType::Boolean => "Boolean",
        SeedType::Date => "Date",
        SeedType::DateTime => "DateTime",
        SeedType::Time => "TimeDelta",
        SeedType::Text => "Text",
    }
}
