//! `timedelta`: a span of microseconds.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use crate::python::arguments::{bind, bound_method};
use crate::python::raise::compilation;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A span in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeltaValue(pub(super) i64);

impl DeltaValue {
    /// The span as a value.
    pub(super) fn value(micros: i64) -> Value {
        Value::from_object(Self(micros))
    }

    fn days(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    fn seconds(self) -> i64 {
        self.0.rem_euclid(DAY) / SECOND
    }

    fn micros(self) -> i64 {
        self.0.rem_euclid(SECOND)
    }
}

/// The span behind a value.
pub(super) fn as_delta(value: &Value) -> Option<DeltaValue> {
    value.downcast_object_ref::<DeltaValue>().copied()
}

impl fmt::Display for DeltaValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds, micros) = (self.days(), self.seconds(), self.micros());
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if micros != 0 { write!(f, ".{micros:06}") } else { Ok(()) }
    }
}

impl fmt::Debug for DeltaValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("days", self.days()), ("seconds", self.seconds()), ("microseconds", self.micros())];
        let shown: Vec<String> =
            parts.iter().filter(|(_, number)| *number != 0).map(|(name, number)| format!("{name}={number}")).collect();
        let shown = if shown.is_empty() { "0".to_owned() } else { shown.join(", ") };
        write!(f, "datetime.timedelta({shown})")
    }
}

fn float(value: &Value) -> Option<f64> {
    f64::try_from(value.clone()).ok()
}

/// A number of microseconds, halves rounded to even.
fn rounded(micros: f64) -> Result<Value, Error> {
    if micros.is_finite() && micros.abs() < 9e18 {
        Ok(DeltaValue::value(micros.round_ties_even() as i64))
    } else {
        Err(compilation("the timedelta is too large"))
    }
}

const METHODS: &[&str] = &["total_seconds"];

impl Object for DeltaValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0 != 0
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "days" => Value::from(self.days()),
            "seconds" => Value::from(self.seconds()),
            "microseconds" => Value::from(self.micros()),
            name => return bound_method(self, METHODS, name),
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method == "total_seconds" {
            return Ok(Value::from(self.0 as f64 / SECOND as f64));
        }
        let unknown = || Error::from(ErrorKind::UnknownMethod);
        let other = args.first().ok_or_else(unknown)?;
        let delta = as_delta(other).map(|delta| delta.0);
        let overflow = || compilation("the timedelta is too large");
        match (method, delta, float(other)) {
            ("__add__" | "__radd__", Some(delta), _) => self.0.checked_add(delta).map(Self::value).ok_or_else(overflow),
            ("__sub__", Some(delta), _) => self.0.checked_sub(delta).map(Self::value).ok_or_else(overflow),
            ("__rsub__", Some(delta), _) => delta.checked_sub(self.0).map(Self::value).ok_or_else(overflow),
            ("__mul__" | "__rmul__", None, Some(number)) => match other.as_i64() {
                Some(number) => self.0.checked_mul(number).map(Self::value).ok_or_else(overflow),
                None => rounded(self.0 as f64 * number),
            },
            ("__truediv__" | "__floordiv__" | "__mod__", Some(0), _)
            | ("__truediv__" | "__floordiv__", None, Some(0.0)) => Err(compilation("division by zero")),
            ("__truediv__", Some(delta), _) => Ok(Value::from(self.0 as f64 / delta as f64)),
            ("__floordiv__", Some(delta), _) => Ok(Value::from((self.0 as f64 / delta as f64).floor() as i64)),
            ("__mod__", Some(delta), _) => {
                Ok(Self::value(self.0 - delta * (self.0 as f64 / delta as f64).floor() as i64))
            }
            ("__truediv__", None, Some(number)) => rounded(self.0 as f64 / number),
            ("__floordiv__", None, Some(number)) => rounded((self.0 as f64 / number).floor()),
            _ => Err(unknown()),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `datetime.timedelta`.
#[derive(Debug)]
pub(super) struct DeltaClass;

impl Object for DeltaClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        const NAMES: [&str; 7] = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
        const UNITS: [i64; 7] = [DAY, SECOND, 1, 1_000, 60 * SECOND, 3_600 * SECOND, 7 * DAY];
        let bound = bind("timedelta", NAMES, args)?;
        let mut whole: i64 = 0;
        let mut fraction = 0.0;
        for ((value, unit), name) in bound.into_iter().zip(UNITS).zip(NAMES) {
            let Some(value) = value else { continue };
            match (value.as_i64(), float(&value)) {
                (Some(number), _) => {
                    let part = number.checked_mul(unit).and_then(|part| whole.checked_add(part));
                    whole = part.ok_or_else(|| compilation("the timedelta is too large"))?;
                }
                (None, Some(number)) => fraction += number * unit as f64,
                (None, None) => {
                    return Err(compilation(format!("unsupported type for timedelta {name} component: {value}")));
                }
            }
        }
        rounded(fraction).map(|part| DeltaValue::value(whole + as_delta(&part).map_or(0, |delta| delta.0)))
    }
}
