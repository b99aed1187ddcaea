//! dbt's native rendering: what a YAML scalar's template is worth when it prints exactly one value.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Tuple};
use minijinja::{Error, Value};

use super::parser::with_expression;
use super::syntax::{Expr, ExprKind};
use super::values::{Dict, List, failed, to_text};

/// What a filter asked native rendering to do with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkerKind {
    /// `as_text`: stay text.
    Text,
    /// `as_native`: be read as a Python literal.
    Native,
    /// `as_bool`: be read as a boolean.
    Bool,
    /// `as_number`: be read as a number.
    Number,
}

/// A text marked by one of the filters.
#[derive(Debug)]
pub(crate) struct Marker {
    kind: MarkerKind,
    text: String,
}

impl Marker {
    pub(crate) fn value(kind: MarkerKind, value: &Value) -> Value {
        Value::from_object(Self { kind, text: to_text(value) })
    }

    /// The text of a marked value: in expressions it is text like any other.
    pub(crate) fn text_of(value: &Value) -> Option<Value> {
        value.downcast_object_ref::<Self>().map(|marker| Value::from(marker.text.as_str()))
    }

    fn resolve(&self) -> Result<Value, Error> {
        let text = Value::from(self.text.as_str());
        if self.kind == MarkerKind::Text {
            return Ok(text);
        }
        let value = literal(&self.text).unwrap_or(text);
        let wanted = match self.kind {
            MarkerKind::Bool if value.kind() != minijinja::value::ValueKind::Bool => "bool",
            MarkerKind::Number if value.kind() != minijinja::value::ValueKind::Number => "number",
            _ => return Ok(value),
        };
        Err(failed(format!("Could not convert value '{}' into type '{wanted}'", self.text)))
    }
}

impl Object for Marker {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.text.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The value of a native render that printed `text`, of which `emitted` came from expressions.
pub(crate) fn value_of(text: &Value, emitted: Vec<Value>) -> Result<Value, Error> {
    let Ok([only]) = <[Value; 1]>::try_from(emitted) else {
        return Ok(text.clone());
    };
    let printed = if only.is_undefined() { String::new() } else { to_text(&only) };
    if text.as_str() != Some(printed.as_str()) {
        return Ok(text.clone());
    }
    match only.downcast_object_ref::<Marker>() {
        Some(marker) => marker.resolve(),
        None => Ok(only),
    }
}

/// The value of a text that is a Python literal.
pub fn literal(text: &str) -> Option<Value> {
    let text = text.trim_start_matches([' ', '\t']);
    with_expression(text, |expr| literal_value(text, expr)).ok()?
}

fn literal_value(source: &str, expr: &Expr<'_>) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Str(text) => Value::from(text.as_str()),
        ExprKind::Int(number) => match i64::try_from(*number) {
            Ok(small) => Value::from(small),
            Err(_) => Value::from(*number),
        },
        ExprKind::Float(number) => Value::from(*number),
        // Jinja's `true` is not Python's.
        ExprKind::Bool(_) | ExprKind::None if source[expr.start..].starts_with(char::is_lowercase) => return None,
        ExprKind::Bool(value) => Value::from(*value),
        ExprKind::None => Value::from(()),
        ExprKind::Paren(inner) | ExprKind::Pos(inner) => literal_value(source, inner)?,
        ExprKind::Neg(inner) => match &inner.kind {
            ExprKind::Int(number) => Value::from(i64::try_from(-*number).ok()?),
            ExprKind::Float(number) => Value::from(-*number),
            _ => return None,
        },
        ExprKind::List(items) => {
            List::value(items.iter().map(|item| literal_value(source, item)).collect::<Option<_>>()?)
        }
        ExprKind::Tuple { items, .. } => {
            let items: Vec<Value> = items.iter().map(|item| literal_value(source, item)).collect::<Option<_>>()?;
            Value::from(Tuple::from(items))
        }
        ExprKind::Dict(items) => {
            let pairs: Vec<(Value, Value)> = items
                .iter()
                .map(|(key, value)| Some((literal_value(source, key)?, literal_value(source, value)?)))
                .collect::<Option<_>>()?;
            Dict::value(pairs)
        }
        _ => return None,
    })
}
