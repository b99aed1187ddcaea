//! Python's mutable containers as minijinja objects, Python's printing, and conversions from and to JSON.
//!
//! Templates written for Jinja2 append to lists and update dicts in place, so every literal is a [`List`] or [`Dict`].
//! No lock is held while a value is compared, printed or iterated: everything works on snapshots.

mod decimal;
mod decimal_object;
mod dict;
mod json;
mod list;
mod operators;
mod range;
mod repr;
mod set;

pub use decimal::Decimal;
pub(crate) use decimal::Rounding;
pub(crate) use decimal_object::{absolute, compare};
pub use dict::{Dict, pairs_of};
pub(crate) use json::json_text;
pub use json::{from_json, to_json};
pub use list::List;
pub(crate) use list::{integer, required};
pub(crate) use operators::{add, div, equal, floordiv, int_value, less, modulo, mul, neg, pow, slice, sub};
pub(crate) use range::Range;
pub(crate) use repr::{float_of, float_text};
pub use repr::{number_of, repr, to_text};
pub use set::Set;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

/// The items of anything that Python can iterate: characters of a string, keys of a dict.
pub fn items_of(value: &Value) -> Result<Vec<Value>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().map(|c| Value::from(c.to_string())).collect());
    }
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    match value.try_iter() {
        Ok(iter) => Ok(iter.collect()),
        Err(_) => {
            Err(Error::new(ErrorKind::InvalidOperation, format!("'{}' object is not iterable", type_name(value))))
        }
    }
}

/// The name of the value's Python type.
pub fn type_name(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined => "Undefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String => "str",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq if value.is_tuple() => "tuple",
        ValueKind::Seq => "list",
        ValueKind::Map => "dict",
        ValueKind::Iterable if value.downcast_object_ref::<Set>().is_some() => "set",
        ValueKind::Iterable => "generator",
        _ if value.downcast_object_ref::<Decimal>().is_some() => "decimal.Decimal",
        _ => "object",
    }
    .to_owned()
}

/// An error with the exception's text.
pub(crate) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// Splits call arguments into positional ones and keyword ones.
pub fn split_args(args: &[Value]) -> (&[Value], Vec<(String, Value)>) {
    match args.split_last() {
        Some((last, rest)) if last.is_kwargs() => {
            let keys = last.try_iter().into_iter().flatten();
            let pairs = keys
                .filter_map(|key| {
                    let value = last.get_item(&key).ok()?;
                    Some((key.as_str()?.to_owned(), value))
                })
                .collect();
            (rest, pairs)
        }
        _ => (args, Vec::new()),
    }
}

/// Binds arguments to names as Python does for a function without defaults: `None` where one is absent.
pub(crate) fn bind<const N: usize>(
    function: &str,
    names: [&str; N],
    args: &[Value],
) -> Result<[Option<Value>; N], Error> {
    let (positional, keyword) = split_args(args);
    if positional.len() > N {
        return Err(failed(format!(
            "{function}() takes at most {N} argument{} ({} given)",
            if N == 1 { "" } else { "s" },
            positional.len()
        )));
    }
    let mut bound: [Option<Value>; N] = std::array::from_fn(|i| positional.get(i).cloned());
    for (name, value) in keyword {
        match names.iter().position(|n| *n == name) {
            Some(index) if bound[index].is_none() => bound[index] = Some(value),
            Some(_) => {
                return Err(failed(format!("{function}() got multiple values for argument '{name}'")));
            }
            None => {
                return Err(failed(format!("{function}() got an unexpected keyword argument '{name}'")));
            }
        }
    }
    Ok(bound)
}
