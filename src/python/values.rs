//! Values between Rust and templates.

use minijinja::Value;
use minijinja::value::Tuple;

use crate::jinja::{Dict, List};

/// `none`.
pub(crate) fn none() -> Value {
    Value::from(())
}

/// The empty text that functions without a result return.
pub(crate) fn nothing() -> Value {
    Value::from("")
}

/// A list that templates can change.
pub(crate) fn list(items: Vec<Value>) -> Value {
    List::value(items)
}

/// A dict that templates can change.
pub(crate) fn dict<K: Into<Value>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Value {
    Dict::value(pairs.into_iter().map(|(key, value)| (key.into(), value)))
}

/// A tuple.
pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::from(Tuple::new(items))
}

/// Text, or none.
pub(crate) fn optional(text: Option<&str>) -> Value {
    text.map_or_else(none, Value::from)
}
