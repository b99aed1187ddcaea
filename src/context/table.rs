//! Query results as templates see them: like the tables of Python's agate library.
//!
//! [`TableValue`] is a sequence of rows; rows give their values by position and by name. Cells become Python's numbers,
//! texts, dates and times when a row is first looked at.

use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{bind, bound_method, flag, required, text};
use super::modules::datetime;
use super::raise::compilation;
use super::values::{dict, list, none, nothing, tuple};
use crate::adapters::{Cell, SeedType, Table};
use crate::jinja::{items_of, to_text};

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

    /// The table as text, as `print_table` shows it.
    fn printed(&self, args: &[Value]) -> Result<String, Error> {
        let names =
            ["max_rows", "max_columns", "output", "max_precision", "max_column_width", "locale", "max_header_width"];
        let [max_rows, max_columns, _output, precision, max_width, ..] = bind("print_table", names, args)?;
        let limit = |value: Option<Value>, default: usize| match value {
            Some(value) if value.is_none() => usize::MAX,
            Some(value) => value.as_usize().unwrap_or(default),
            None => default,
        };
        let max_precision = limit(precision, 3);
        let (max_rows, max_columns, max_width) = (limit(max_rows, 20), limit(max_columns, 6), limit(max_width, 20));
        let shorten = |text: String| {
            if text.chars().count() > max_width {
                let kept: String = text.chars().take(max_width.saturating_sub(3)).collect();
                format!("{kept}...")
            } else {
                text
            }
        };
        let shown = self.names.len().min(max_columns);
        let more_columns = self.names.len() > shown;
        let mut head: Vec<String> = self.names[..shown].iter().map(|name| shorten(name.clone())).collect();
        // All but text stands on the right; numbers of a column have equally many decimal places.
        let kinds = &self.kinds()[..shown];
        let mut on_the_right: Vec<bool> = kinds.iter().map(|kind| *kind != SeedType::Text).collect();
        let places: Vec<Option<usize>> = kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| (*kind == SeedType::Number).then(|| self.decimal_places(index, max_rows)))
            .collect();
        let cell = |(index, value): (usize, &Value)| match places[index] {
            Some(places) if !value.is_none() => grouped_number(value, places, max_precision),
            _ => shown_text(value),
        };
        let mut rows: Vec<Vec<String>> = self
            .rows()
            .iter()
            .take(max_rows)
            .filter_map(as_row)
            .map(|row| row.values[..shown].iter().enumerate().map(cell).map(shorten).collect())
            .collect();
        if more_columns {
            head.push("...".into());
            on_the_right.push(false);
            for row in &mut rows {
                row.push("...".into());
            }
        }
        if self.len() > max_rows {
            rows.push(vec!["...".into(); head.len()]);
        }
        Ok(super::print_table::agate(&head, &rows, &on_the_right))
    }

    /// The most decimal places that a number of a column needs.
    fn decimal_places(&self, index: usize, max_rows: usize) -> usize {
        let places = |value: &Value| to_text(value).split_once('.').map_or(0, |(_, f)| f.trim_end_matches('0').len());
        self.rows().iter().take(max_rows).filter_map(as_row).map(|row| places(&row.values[index])).max().unwrap_or(0)
    }

    fn csv(&self) -> String {
        let field = |text: String| {
            if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        };
        let mut lines = vec![self.names.iter().cloned().map(field).collect::<Vec<_>>().join(",")];
        for row in self.rows().iter().filter_map(as_row) {
            let cells = row.values.iter().map(|value| if value.is_none() { String::new() } else { to_text(value) });
            lines.push(cells.map(field).collect::<Vec<_>>().join(","));
        }
        lines.join("\n")
    }
}

/// A cell as `print_table` shows it: an empty text for null.
fn shown_text(value: &Value) -> String {
    if value.is_none() { String::new() } else { to_text(value) }
}

/// A number with commas between thousands; places that are cut off are told by an ellipsis.
fn grouped_number(value: &Value, places: usize, most: usize) -> String {
    let Ok(number) = f64::try_from(value.clone()) else { return to_text(value) };
    let fixed = format!("{:.*}", places.min(most), number.abs());
    let (whole, fraction) = fixed.split_once('.').unwrap_or((&fixed, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let cut = if places > most { "…" } else { "" };
    format!("{sign}{grouped}{point}{fraction}{cut}")
}

/// The table behind a value.
pub(super) fn as_table(value: &Value) -> Option<&TableValue> {
    value.downcast_object_ref::<TableValue>()
}

fn as_row(value: &Value) -> Option<&RowValue> {
    value.downcast_object_ref::<RowValue>()
}

/// A cell as Python has it.
fn cell_value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => none(),
        Cell::Bool(flag) => Value::from(*flag),
        Cell::Int(number) => i64::try_from(*number).map_or_else(|_| Value::from(*number), Value::from),
        Cell::Float(number) => Value::from(*number),
        Cell::Decimal(text) => number(text),
        Cell::Text(text) | Cell::Other(text) => Value::from(text.as_str()),
        Cell::Date(text) => datetime::parse_date(text).unwrap_or_else(|| Value::from(text.as_str())),
        Cell::Time(text) => datetime::parse_time(text).unwrap_or_else(|| Value::from(text.as_str())),
        Cell::Timestamp(text) | Cell::TimestampTz(text) => {
            datetime::parse_datetime(text).unwrap_or_else(|| Value::from(text.as_str()))
        }
        Cell::Bytes(bytes) => Value::from_bytes(bytes.clone()),
        Cell::List(_) | Cell::Struct(_) => {
            super::json_yaml::tojson(&[crate::jinja::from_json(&cell_json(cell))]).unwrap_or_else(|_| none())
        }
    }
}

/// A decimal as a number: whole ones as integers where they are written so.
fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from)
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
fn kind_of<'a>(cells: impl Iterator<Item = &'a Cell>) -> SeedType {
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

fn kind_of_values(values: &[Value]) -> SeedType {
    use minijinja::value::ValueKind;
    let all = |test: fn(&Value) -> bool| values.iter().filter(|value| !value.is_none()).all(test);
    if all(Value::is_integer) {
        SeedType::Integer
    } else if all(Value::is_number) {
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
    "to_csv",
];

impl Object for TableValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return Some(match name {
                "rows" => Value::from_object(Sequence { names: None, items: self.rows().to_vec() }),
                "columns" => columns_value(self),
                "column_names" => tuple(self.names.iter().map(|name| Value::from(name.as_str())).collect()),
                "column_types" => tuple(self.kinds().iter().map(|kind| Value::from(type_name(*kind))).collect()),
                "original_abspath" => super::values::optional(self.path.as_deref()),
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
                let text = super::json_yaml::tojson(&[rows])?;
                print(state, text.to_string())
            }
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

/// The name of an agate type.
fn type_name(kind: SeedType) -> &'static str {
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

/// A position from the start or, if negative, from the end.
fn position(key: &Value, length: usize) -> Option<usize> {
    let index = key.as_i64()?;
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// One row: a sequence whose items have names too.
#[derive(Debug)]
pub(super) struct RowValue {
    names: Names,
    values: Vec<Value>,
}

impl RowValue {
    fn named(&self, name: &str) -> Option<Value> {
        let index = self.names.iter().position(|other| other == name)?;
        self.values.get(index).cloned()
    }

    fn dict(&self) -> Value {
        dict(self.names.iter().map(String::as_str).zip(self.values.iter().cloned()))
    }
}

/// `values`, `keys`, `items`, `get` and `dict` of a sequence whose items have names.
fn mapped_method(names: &[String], values: &[Value], method: &str, args: &[Value]) -> Result<Value, Error> {
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
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

const MAPPED_METHODS: &[&str] = &["values", "keys", "items", "dict", "get"];

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

/// Rows or columns of a table: by position, columns by name too.
#[derive(Debug)]
struct Sequence {
    names: Option<Names>,
    items: Vec<Value>,
}

impl Sequence {
    fn names(&self) -> &[String] {
        self.names.as_ref().map_or(&[], |names| names.as_slice())
    }
}

impl Object for Sequence {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str() {
            Some(name) => match self.names().iter().position(|other| other == name) {
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
        mapped_method(self.names(), &self.items, method, args)
    }
}

fn columns_value(table: &Arc<TableValue>) -> Value {
    let items = (0..table.names.len())
        .map(|index| Value::from_object(ColumnOfTable { table: Arc::clone(table), index }))
        .collect();
    Value::from_object(Sequence { names: Some(Arc::clone(&table.names)), items })
}

/// One column of a table.
#[derive(Debug)]
struct ColumnOfTable {
    table: Arc<TableValue>,
    index: usize,
}

const COLUMN_METHODS: &[&str] =
    &["values", "values_distinct", "values_without_nulls", "values_sorted", "values_without_nulls_sorted"];

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
            "values_sorted" => values.sort_by_key(|value| (value.is_none(), value.clone())),
            "values_without_nulls_sorted" => {
                values.retain(|value| !value.is_none());
                values.sort();
            }
            _ => return mapped_method(&[], &values, method, args),
        }
        Ok(tuple(values))
    }
}

/// `agate.Table`-like value of keyword rows: only what `store_result` needs.
pub(super) fn matrix(table: &TableValue) -> Value {
    list(table.rows().iter().filter_map(as_row).map(|row| tuple(row.values.clone())).collect())
}

/// The parameters of a batch: values as cells.
pub(super) fn cell_of(value: &Value) -> Cell {
    use minijinja::value::ValueKind;
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Cell::Null,
        ValueKind::Bool => Cell::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => {
            i128::try_from(value.clone()).map_or_else(|_| Cell::Text(value.to_string()), Cell::Int)
        }
        ValueKind::Number => f64::try_from(value.clone()).map_or(Cell::Null, Cell::Float),
        _ => Cell::Text(to_text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn numbers_are_printed_with_equal_places() {
        assert_eq!(grouped_number(&Value::from(1_234_567.5), 2, 3), "1,234,567.50");
        assert_eq!(grouped_number(&Value::from(-0.12345), 5, 3), "-0.123…");
    }

    #[test]
    fn printing_pads_cells() {
        let printed = table().printed(&[]).unwrap();
        assert_eq!(printed, "| id | name | id_2 |\n| -- | ---- | ---- |\n|  2 | b    |      |\n|  1 | a    |    3 |");
    }
}
