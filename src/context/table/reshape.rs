//! Tables made of others: joined, completed, counted crosswise.

use minijinja::{Error, State, Value};

use super::TableValue;
use super::cell::type_name;
use super::row::as_row;
use crate::adapters::SeedType;
use crate::context::arguments::{bind, flag, required};
use crate::context::raise::compilation;
use crate::context::values::none;
use crate::jinja::{Decimal, items_of, to_text};

/// A number as agate has it in a column of numbers; anything else as it is.
fn decimal(value: Value) -> Value {
    let is_number = value.kind() == minijinja::value::ValueKind::Number;
    let exact = is_number.then(|| Decimal::parse(&to_text(&value))).flatten();
    exact.map_or(value, Decimal::value)
}

impl TableValue {
    /// `join`: rows of both tables where their keys are equal. Without keys, by position.
    pub(super) fn joined(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let names = ["right_table", "left_key", "right_key", "inner", "full_outer", "require_match", "columns"];
        let [right, left_key, right_key, inner, full_outer, require_match, columns] = bind("join", names, args)?;
        let right = required("join", "right_table", right)?;
        let right = super::as_table(&right).ok_or_else(|| compilation("join() takes a table as its first argument"))?;
        let (inner, full_outer) = (flag(inner.as_ref()), flag(full_outer.as_ref()));
        if inner && full_outer {
            return Err(compilation("A join can not be both \"inner\" and \"full_outer\"."));
        }
        let given = |key: Option<Value>| key.filter(|key| !key.is_none() && !key.is_undefined());
        let left_key = given(left_key);
        let right_key = given(right_key).or_else(|| left_key.clone());
        let (left_keys, _) = self.keys(state, left_key.as_ref())?;
        let (right_keys, key_columns) = right.keys(state, right_key.as_ref().filter(|_| left_key.is_some()))?;
        let taken: Vec<usize> = match given(columns).filter(|_| !full_outer) {
            Some(columns) => {
                let wanted: Vec<String> = items_of(&columns)?.iter().map(to_text).collect();
                (0..right.names.len()).filter(|index| wanted.contains(&right.names[*index])).collect()
            }
            None => (0..right.names.len()).filter(|index| full_outer || !key_columns.contains(index)).collect(),
        };
        let mut names = self.names.to_vec();
        for name in taken.iter().map(|index| &right.names[*index]) {
            names.push(if self.names.contains(name) { format!("{name}2") } else { name.clone() });
        }
        let (left_rows, right_rows) = (self.values(), right.values());
        let mut rows = Vec::new();
        for (key, left_row) in left_keys.iter().zip(&left_rows) {
            let matching: Vec<&Vec<Value>> =
                right_keys.iter().zip(&right_rows).filter(|(other, _)| *other == key).map(|(_, row)| row).collect();
            if matching.is_empty() && flag(require_match.as_ref()) {
                let shown = to_text(key);
                return Err(compilation(format!("Left key \"{shown}\" does not have a matching right key.")));
            }
            let with = |right: &dyn Fn(usize) -> Value| -> Vec<Value> {
                left_row.iter().cloned().chain(taken.iter().map(|index| right(*index))).collect()
            };
            rows.extend(matching.iter().map(|right_row| with(&|index| right_row[index].clone())));
            if matching.is_empty() && !inner {
                rows.push(with(&|_| none()));
            }
        }
        if full_outer {
            let alone = right_keys.iter().zip(&right_rows).filter(|(key, _)| !left_keys.contains(key));
            let nothing = || self.names.iter().map(|_| none());
            rows.extend(alone.map(|(_, row)| nothing().chain(row.iter().cloned()).collect::<Vec<Value>>()));
        }
        Ok(Self::of_rows(super::unique_names(names.iter().map(String::as_str)), rows))
    }

    /// What each row is matched by, and the columns that this is taken from.
    fn keys(&self, state: &mut State<'_, '_>, key: Option<&Value>) -> Result<(Vec<Value>, Vec<usize>), Error> {
        let Some(key) = key else { return Ok(((0..self.len()).map(Value::from).collect(), Vec::new())) };
        if key.as_object().is_some_and(|object| matches!(object.repr(), minijinja::value::ObjectRepr::Plain)) {
            let keys: Result<Vec<Value>, Error> =
                self.rows().iter().map(|row| key.call(state, std::slice::from_ref(row))).collect();
            return Ok((keys?, Vec::new()));
        }
        let columns = self.indexes_of(key)?;
        let of_row = |row: Vec<Value>| match columns.as_slice() {
            [only] => row[*only].clone(),
            several => Value::from(several.iter().map(|index| row[*index].clone()).collect::<Vec<_>>()),
        };
        Ok((self.values().into_iter().map(of_row).collect(), columns))
    }

    fn values(&self) -> Vec<Vec<Value>> {
        self.rows().iter().filter_map(as_row).map(|row| row.values.clone()).collect()
    }

    /// `homogenize`: adds rows for the values of key columns that are missing.
    pub(super) fn homogenized(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [key, compare_values, default_row] = bind("homogenize", ["key", "compare_values", "default_row"], args)?;
        let columns = self.indexes_of(&required("homogenize", "key", key)?)?;
        let mut wanted: Vec<Vec<Value>> = Vec::new();
        for value in items_of(&required("homogenize", "compare_values", compare_values)?)? {
            let is_list = value.as_str().is_none() && value.try_iter().is_ok();
            let values = if is_list { items_of(&value)? } else { vec![value] };
            if !wanted.contains(&values) {
                wanted.push(values);
            }
        }
        let mut rows = self.values();
        let known: Vec<Vec<Value>> =
            rows.iter().map(|row| columns.iter().map(|index| row[*index].clone()).collect()).collect();
        let default_row = default_row.filter(|row| !row.is_none() && !row.is_undefined());
        for missing in wanted.into_iter().filter(|values| !known.contains(values)) {
            let row = match &default_row {
                Some(default) if default.try_iter().is_err() => {
                    items_of(&default.call(state, &[Value::from(missing)])?)?
                }
                default => {
                    let mut row = match default {
                        Some(values) => items_of(values)?,
                        None => vec![none(); self.names.len() - columns.len()],
                    };
                    for (index, value) in columns.iter().zip(missing) {
                        row.insert((*index).min(row.len()), value);
                    }
                    row
                }
            };
            if row.len() != self.names.len() {
                let (has, needed) = (row.len(), self.names.len());
                return Err(compilation(format!("homogenize() makes a row of {has} values for {needed} columns")));
            }
            let kinds = self.kinds();
            let cast = |(index, value)| if kinds[index] == SeedType::Number { decimal(value) } else { value };
            rows.push(row.into_iter().enumerate().map(cast).collect());
        }
        Ok(Self::of_rows(std::sync::Arc::clone(&self.names), rows))
    }

    /// `pivot`: how many rows there are for each key (down) and each value of the column `pivot` (across).
    pub(super) fn pivoted(&self, args: &[Value]) -> Result<Value, Error> {
        let names = ["key", "pivot", "aggregation", "computation", "default_value", "key_name"];
        let [key, pivot, aggregation, computation, default_value, key_name] = bind("pivot", names, args)?;
        let given = |value: Option<Value>| value.filter(|value| !value.is_none() && !value.is_undefined());
        if given(aggregation).is_some() || given(computation).is_some() {
            return Err(compilation("pivot() only counts: it takes neither an aggregation nor a computation"));
        }
        let keys = given(key).map_or_else(|| Ok(Vec::new()), |key| self.indexes_of(&key))?;
        let across = given(pivot).map(|pivot| self.index_of(&pivot)).transpose()?;
        let mut fields: Vec<String> = Vec::new();
        let mut counts: Vec<(Vec<Value>, Vec<usize>)> = Vec::new();
        // Groups within groups, each in the order of its first row.
        let mut order: Vec<(Vec<Value>, Value)> = Vec::new();
        for row in self.values() {
            let key: Vec<Value> = keys.iter().map(|index| row[*index].clone()).collect();
            order.push((key, across.map_or_else(none, |index| row[index].clone())));
        }
        let first = |key: &[Value]| order.iter().position(|(other, _)| other.starts_with(key));
        let mut distinct: Vec<&Vec<Value>> = Vec::new();
        for (key, _) in &order {
            if !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        distinct.sort_by_key(|key| (1..=key.len()).map(|length| first(&key[..length])).collect::<Vec<_>>());
        for key in distinct {
            let mut row = vec![0; fields.len()];
            for (_, value) in order.iter().filter(|(other, _)| other == key) {
                let field = if across.is_some() { to_text(value) } else { "Count".to_owned() };
                let at = fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                    fields.push(field);
                    row.push(0);
                    fields.len() - 1
                });
                row[at] += 1;
            }
            counts.push((key.clone(), row));
        }
        // agate counts in decimals.
        let number = |count: usize| decimal(Value::from(count));
        let default = given(default_value).map_or_else(|| number(0), decimal);
        let rows = counts
            .into_iter()
            .map(|(key, counts)| {
                let count = |at: usize| match counts.get(at) {
                    None | Some(0) => default.clone(),
                    Some(count) => number(*count),
                };
                key.into_iter().chain((0..fields.len()).map(count)).collect()
            })
            .collect();
        let mut names: Vec<String> = keys.iter().map(|index| self.names[*index].clone()).collect();
        if let ([name], Some(given)) = (names.as_mut_slice(), given(key_name)) {
            *name = to_text(&given);
        }
        names.extend(fields);
        Ok(Self::of_rows(super::unique_names(names.iter().map(String::as_str)), rows))
    }

    /// A table of the names and types of the columns.
    pub(super) fn structure(&self) -> Self {
        let rows = self.names.iter().zip(self.kinds()).map(|(name, kind)| {
            let values = vec![Value::from(name.as_str()), Value::from(type_name(*kind))];
            std::sync::Arc::new(super::RowValue { names: std::sync::Arc::clone(&self.names), values })
        });
        Self {
            source: super::Source::Rows(rows.collect()),
            ..Self::new(std::sync::Arc::new(crate::adapters::Table::new(
                vec![("column".into(), String::new()), ("data_type".into(), String::new())],
                Vec::new(),
            )))
        }
    }
}
