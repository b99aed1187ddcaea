//! Operators by Python's types.
//!
//! Numbers and strings go to minijinja's own operators (through a compiled expression); containers are handled here; any
//! other object takes part by answering the methods `__add__`, `__radd__`, `__sub__`, `__rsub__`, `__mul__`, `__rmul__`,
//! `__truediv__`, `__floordiv__`, `__mod__`, `__pow__`, `__neg__`.

use std::cmp::Ordering;

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::list::integer;
use super::{Set, compare, failed, items_of, type_name};
use crate::jinja::native::Marker;
use crate::jinja::values::List;

fn is_list(value: &Value) -> bool {
    value.kind() == ValueKind::Seq && !value.is_tuple()
}

fn unsupported(symbol: &str, left: &Value, right: &Value) -> Error {
    for side in [left, right] {
        if side.is_undefined() {
            return Error::new(ErrorKind::UndefinedError, format!("an undefined value cannot be used with '{symbol}'"));
        }
    }
    failed(format!("unsupported operand type(s) for {symbol}: '{}' and '{}'", type_name(left), type_name(right)))
}

/// An operator's symbol and its method names.
struct Operator {
    symbol: &'static str,
    method: &'static str,
    reflected: &'static str,
}

/// Objects first, then minijinja's operator.
fn fallback(state: &mut State<'_, '_>, operator: &Operator, left: &Value, right: &Value) -> Result<Value, Error> {
    for (object, method, other) in [(left, operator.method, right), (right, operator.reflected, left)] {
        if let Some(handler) = object.as_object()
            && !is_plain(object)
        {
            match handler.call_method(state, method, std::slice::from_ref(other)) {
                Err(error) if error.kind() == ErrorKind::UnknownMethod => {}
                answer => return answer,
            }
        }
    }
    Err(unsupported(operator.symbol, left, right))
}

fn is_plain(value: &Value) -> bool {
    value.is_tuple()
        || value.downcast_object_ref::<List>().is_some()
        || value.downcast_object_ref::<super::Dict>().is_some()
}

/// A number as an integer or a float; booleans are integers.
enum Numeric {
    Int(i128),
    Float(f64),
}

fn numeric(value: &Value) -> Option<Numeric> {
    match value.kind() {
        ValueKind::Bool => Some(Numeric::Int(i128::from(value.is_true()))),
        ValueKind::Number => match super::repr::float_of(value) {
            Some(float) => Some(Numeric::Float(float)),
            None => i128::try_from(value.clone()).ok().map(Numeric::Int),
        },
        _ => None,
    }
}

/// An integer as a value.
pub(crate) fn int_value(number: i128) -> Value {
    i64::try_from(number).map_or_else(|_| Value::from(number), Value::from)
}

fn float(number: &Numeric) -> f64 {
    match number {
        Numeric::Int(n) => *n as f64,
        Numeric::Float(n) => *n,
    }
}

fn arithmetic(
    left: &Value,
    right: &Value,
    ints: fn(i128, i128) -> Option<i128>,
    floats: fn(f64, f64) -> f64,
) -> Option<Result<Value, Error>> {
    let (left, right) = (numeric(left)?, numeric(right)?);
    Some(match (&left, &right) {
        (Numeric::Int(a), Numeric::Int(b)) => {
            ints(*a, *b).map(int_value).ok_or_else(|| failed("the integer is too large"))
        }
        _ => Ok(Value::from(floats(float(&left), float(&right)))),
    })
}

/// `left + right`.
pub(crate) fn add(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        return Ok(Value::from([a, b].concat()));
    }
    if let Some(sum) = arithmetic(left, right, i128::checked_add, |a, b| a + b) {
        return sum;
    }
    if left.is_tuple() && right.is_tuple() || is_list(left) && is_list(right) {
        let mut items = items_of(left)?;
        items.extend(items_of(right)?);
        return Ok(if left.is_tuple() { Value::from(Tuple::from(items)) } else { List::value(items) });
    }
    if left.as_str().is_some() && right.as_object().is_none() && !right.is_undefined() {
        return Err(failed(format!("can only concatenate str (not \"{}\") to str", type_name(right))));
    }
    if is_list(left) && right.as_object().is_none() && !right.is_undefined() {
        return Err(failed(format!("can only concatenate list (not \"{}\") to list", type_name(right))));
    }
    let operator = Operator { symbol: "+", method: "__add__", reflected: "__radd__" };
    fallback(state, &operator, left, right)
}

/// `left - right`.
pub(crate) fn sub(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let Some(difference) = arithmetic(left, right, i128::checked_sub, |a, b| a - b) {
        return difference;
    }
    if let (Some(set), Some(other)) = (left.downcast_object_ref::<Set>(), right.downcast_object_ref::<Set>()) {
        return Ok(Set::value(set.combine("difference", &other.snapshot())));
    }
    let operator = Operator { symbol: "-", method: "__sub__", reflected: "__rsub__" };
    fallback(state, &operator, left, right)
}

/// `left * right`.
pub(crate) fn mul(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let Some(product) = arithmetic(left, right, i128::checked_mul, |a, b| a * b) {
        return product;
    }
    for (sequence, count) in [(left, right), (right, left)] {
        let repeatable = sequence.as_str().is_some() || sequence.kind() == ValueKind::Seq;
        if !repeatable || numeric(count).is_none() || super::repr::float_of(count).is_some() {
            continue;
        }
        let count = if count.kind() == ValueKind::Bool {
            usize::from(count.is_true())
        } else {
            usize::try_from(integer(count)?).unwrap_or(0)
        };
        let length = sequence.len().unwrap_or(0);
        if length.saturating_mul(count) > 50_000_000 {
            return Err(failed("the repeated sequence is too large"));
        }
        if let Some(text) = sequence.as_str() {
            return Ok(Value::from(text.repeat(count)));
        }
        let items = items_of(sequence)?;
        let repeated: Vec<Value> = std::iter::repeat_n(items, count).flatten().collect();
        return Ok(if sequence.is_tuple() { Value::from(Tuple::from(repeated)) } else { List::value(repeated) });
    }
    let operator = Operator { symbol: "*", method: "__mul__", reflected: "__rmul__" };
    fallback(state, &operator, left, right)
}

/// `left / right`.
pub(crate) fn div(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (numeric(left), numeric(right)) {
        let divisor = float(&b);
        if divisor == 0.0 {
            return Err(failed("division by zero"));
        }
        return Ok(Value::from(float(&a) / divisor));
    }
    let operator = Operator { symbol: "/", method: "__truediv__", reflected: "__rtruediv__" };
    fallback(state, &operator, left, right)
}

fn divide_floor(left: i128, right: i128) -> (i128, i128) {
    let (quotient, remainder) = (left.wrapping_div(right), left.wrapping_rem(right));
    if remainder != 0 && (remainder < 0) != (right < 0) {
        (quotient - 1, remainder + right)
    } else {
        (quotient, remainder)
    }
}

/// `left // right`.
pub(crate) fn floordiv(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (numeric(left), numeric(right)) {
        if float(&b) == 0.0 {
            return Err(failed("integer division or modulo by zero"));
        }
        return Ok(match (a, b) {
            (Numeric::Int(a), Numeric::Int(b)) => int_value(divide_floor(a, b).0),
            (a, b) => Value::from((float(&a) / float(&b)).floor()),
        });
    }
    let operator = Operator { symbol: "//", method: "__floordiv__", reflected: "__rfloordiv__" };
    fallback(state, &operator, left, right)
}

/// `left % right`: formatting for strings, remainder for numbers.
pub(crate) fn modulo(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let Some(template) = left.as_str() {
        return super::super::printf::format(template, right);
    }
    if let (Some(a), Some(b)) = (numeric(left), numeric(right)) {
        if float(&b) == 0.0 {
            return Err(failed("integer modulo by zero"));
        }
        return Ok(match (a, b) {
            (Numeric::Int(a), Numeric::Int(b)) => int_value(divide_floor(a, b).1),
            (a, b) => {
                let (a, b) = (float(&a), float(&b));
                Value::from(a - b * (a / b).floor())
            }
        });
    }
    let operator = Operator { symbol: "%", method: "__mod__", reflected: "__rmod__" };
    fallback(state, &operator, left, right)
}

/// `left ** right`.
pub(crate) fn pow(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (numeric(left), numeric(right)) {
        return match (a, b) {
            (Numeric::Int(a), Numeric::Int(b)) if b >= 0 => u32::try_from(b)
                .ok()
                .and_then(|exponent| a.checked_pow(exponent))
                .map(int_value)
                .ok_or_else(|| failed("the integer is too large")),
            (a, b) => {
                let (a, b) = (float(&a), float(&b));
                if a == 0.0 && b < 0.0 {
                    return Err(failed("0.0 cannot be raised to a negative power"));
                }
                Ok(Value::from(a.powf(b)))
            }
        };
    }
    let operator = Operator { symbol: "** or pow()", method: "__pow__", reflected: "__rpow__" };
    fallback(state, &operator, left, right)
}

/// `-value`.
pub(crate) fn neg(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    match numeric(value) {
        Some(Numeric::Int(number)) => {
            number.checked_neg().map(int_value).ok_or_else(|| failed("the integer is too large"))
        }
        Some(Numeric::Float(number)) => Ok(Value::from(-number)),
        None => match value.as_object().map(|object| object.call_method(state, "__neg__", &[])) {
            Some(Err(error)) if error.kind() != ErrorKind::UnknownMethod => Err(error),
            Some(Ok(negative)) => Ok(negative),
            _ if value.is_undefined() => Err(Error::from(ErrorKind::UndefinedError)),
            _ => Err(failed(format!("bad operand type for unary -: '{}'", type_name(value)))),
        },
    }
}

/// `left == right`.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (Marker::text_of(left), Marker::text_of(right)) {
        (None, None) => compare(left, right).map_or_else(|| left == right, Ordering::is_eq),
        (left_text, right_text) => left_text.as_ref().unwrap_or(left) == right_text.as_ref().unwrap_or(right),
    }
}

/// `left < right`, or `left <= right` with `or_equal`.
pub(crate) fn less(left: &Value, right: &Value, or_equal: bool) -> bool {
    let order = compare(left, right).unwrap_or_else(|| left.cmp(right));
    order.is_lt() || or_equal && order.is_eq()
}

/// `value[start:stop:step]`.
pub(crate) fn slice(value: &Value, start: &Value, stop: &Value, step: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let sliceable = value.as_str().is_some() || matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    if !sliceable {
        return Err(failed(format!("'{}' object is not subscriptable", type_name(value))));
    }
    let items = items_of(value)?;
    let bound = |value: &Value| {
        if value.is_none() || value.is_undefined() { Ok(None) } else { integer(value).map(Some) }
    };
    let step = bound(step)?.unwrap_or(1);
    if step == 0 {
        return Err(failed("slice step cannot be zero"));
    }
    let length = items.len() as i64;
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |index: i64| {
        let index = if index < 0 { index + length } else { index };
        index.clamp(low, high)
    };
    let first = bound(start)?.map_or(if step > 0 { low } else { high }, clamp);
    let last = bound(stop)?.map_or(if step > 0 { high } else { low }, clamp);
    let mut picked = Vec::new();
    let mut at = first;
    while (step > 0 && at < last) || (step < 0 && at > last) {
        picked.push(items[at as usize].clone());
        at += step;
    }
    Ok(if value.as_str().is_some() {
        Value::from(picked.iter().filter_map(Value::as_str).collect::<String>())
    } else if value.is_tuple() {
        Value::from(Tuple::from(picked))
    } else {
        List::value(picked)
    })
}
