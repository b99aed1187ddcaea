//! Printing as Python does.

use std::fmt::{self, Write as _};

use minijinja::Value;
use minijinja::value::{ObjectRepr, ValueKind};

/// Python's `str(value)`.
pub fn to_text(value: &Value) -> String {
    match float_of(value) {
        Some(number) => float_text(number),
        None if value.is_tuple() => repr(value),
        None => value.to_string(),
    }
}

/// Python's `repr(value)`.
pub fn repr(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return string_repr(text);
    }
    match float_of(value) {
        Some(number) => float_text(number),
        None if value.is_undefined() => "Undefined".to_owned(),
        None if value.is_tuple() => {
            let items: Vec<String> = value.try_iter().into_iter().flatten().map(|v| repr(&v)).collect();
            if items.len() == 1 { format!("({},)", items[0]) } else { format!("({})", items.join(", ")) }
        }
        // Objects of other rooms print their `repr` as `Debug`.
        None => match value.as_object().filter(|object| object.repr() == ObjectRepr::Plain) {
            Some(object) => format!("{object:?}"),
            None => format!("{value:?}"),
        },
    }
}

/// The nearest float of an integer, a float or a `Decimal`; none for other values.
pub fn number_of(value: &Value) -> Option<f64> {
    match value.downcast_object_ref::<super::Decimal>() {
        Some(decimal) => Some(decimal.to_float()),
        None if value.kind() == ValueKind::Number => f64::try_from(value.clone()).ok(),
        None => None,
    }
}

pub(crate) fn float_of(value: &Value) -> Option<f64> {
    if value.kind() != ValueKind::Number || value.is_integer() {
        return None;
    }
    f64::try_from(value.clone()).ok()
}

/// Python's shortest text of a float.
pub(crate) fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.into();
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = number.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

fn string_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

pub(crate) fn write_list(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    f.write_str("[")?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        f.write_str(&repr(item))?;
    }
    f.write_str("]")
}
