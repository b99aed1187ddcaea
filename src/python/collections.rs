//! `set`, `zip` and their strict forms, `diff_of_two_dicts`, `local_md5`.

use md5::{Digest, Md5};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::arguments::{Arguments, bind, required, text};
use super::raise::compilation;
use super::values::{dict, list, none, tuple};
use crate::jinja::{Set, items_of, type_name};

fn iterable(value: &Value) -> Option<Vec<Value>> {
    match value.kind() {
        ValueKind::None | ValueKind::Bool | ValueKind::Number => None,
        _ => items_of(value).ok(),
    }
}

fn not_iterable(value: &Value) -> Error {
    compilation(format!("'{}' object is not iterable", type_name(value)))
}

/// `set(value, default=none)`.
pub(crate) fn set(args: &[Value]) -> Result<Value, Error> {
    let [value, default] = bind("set", ["value", "default"], args)?;
    let Some(value) = value else { return Ok(Set::value([])) };
    Ok(iterable(&value).map_or_else(|| default.unwrap_or_else(none), Set::value))
}

/// `set_strict(value)`.
pub(crate) fn set_strict(args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("set_strict", ["value"], args)?;
    let value = required("set_strict", "value", value)?;
    iterable(&value).map(Set::value).ok_or_else(|| not_iterable(&value))
}

fn zipped(columns: Vec<Vec<Value>>) -> Value {
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    list((0..length).map(|row| tuple(columns.iter().map(|column| column[row].clone()).collect())).collect())
}

/// `zip(*args, default=none)`.
pub(crate) fn zip(args: &[Value]) -> Result<Value, Error> {
    let mut arguments = Arguments::of(args);
    let columns: Option<Vec<_>> = arguments.positional.iter().map(iterable).collect();
    Ok(columns.map_or_else(|| arguments.take("default").unwrap_or_else(none), zipped))
}

/// `zip_strict(*args)`.
pub(crate) fn zip_strict(args: &[Value]) -> Result<Value, Error> {
    let columns: Result<Vec<_>, _> =
        args.iter().map(|value| iterable(value).ok_or_else(|| not_iterable(value))).collect();
    columns.map(zipped)
}

/// `local_md5(value)`.
pub(crate) fn local_md5(args: &[Value]) -> Result<Value, Error> {
    let [value] = bind("local_md5", ["value"], args)?;
    Ok(Value::from(hex::encode(Md5::digest(text("local_md5", "value", value)?.as_bytes()))))
}

/// `diff_of_two_dicts(dict_a, dict_b)`: what lists of `a` have and lists of `b` lack, names compared without case.
pub(crate) fn diff_of_two_dicts(args: &[Value]) -> Result<Value, Error> {
    let [a, b] = bind("diff_of_two_dicts", ["dict_a", "dict_b"], args)?;
    let a = required("diff_of_two_dicts", "dict_a", a)?;
    let b = required("diff_of_two_dicts", "dict_b", b)?;
    let lower = |value: &Value| value.to_string().to_lowercase();
    let other: Vec<(String, Vec<String>)> = items_of(&b)?
        .into_iter()
        .map(|key| {
            let items = items_of(&b.get_item(&key)?)?;
            Ok((lower(&key), items.iter().map(lower).collect()))
        })
        .collect::<Result<_, Error>>()?;
    let mut difference = Vec::new();
    for key in items_of(&a)? {
        let own = a.get_item(&key)?;
        let Some((_, theirs)) = other.iter().find(|(name, _)| *name == lower(&key)) else {
            difference.push((key, own));
            continue;
        };
        let missing: Vec<Value> = items_of(&own)?.into_iter().filter(|item| !theirs.contains(&lower(item))).collect();
        if !missing.is_empty() {
            difference.push((key, list(missing)));
        }
    }
    Ok(dict(difference))
}
