//! `time`: a time of day.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use jiff::civil::{Date, Time};
use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::date::part;
use super::zone::{Zone, offset_text, zone_argument};
use super::{format, parse};
use crate::python::arguments::{bind, bound_method, optional_text, text};
use crate::python::raise::compilation;
use crate::python::values::none;

/// A time of day as templates see it.
#[derive(Clone, PartialEq)]
pub(super) struct TimeValue {
    /// The time, exact to the microsecond.
    pub(super) time: Time,
    /// Its zone, if it is aware.
    pub(super) zone: Option<Zone>,
}

impl TimeValue {
    /// The time as a value.
    pub(super) fn value(time: Time, zone: Option<Zone>) -> Value {
        Value::from_object(Self { time, zone })
    }
}

/// The microseconds of a time.
pub(super) fn microsecond(time: Time) -> i32 {
    time.subsec_nanosecond() / 1_000
}

/// The time as `HH:MM:SS[.ffffff]`, cut at `timespec`.
pub(super) fn iso_time(time: Time, timespec: &str) -> Result<String, Error> {
    let micros = microsecond(time);
    let seconds = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    Ok(match timespec {
        "auto" if micros == 0 => seconds,
        "auto" | "microseconds" => format!("{seconds}.{micros:06}"),
        "milliseconds" => format!("{seconds}.{:03}", micros / 1000),
        "seconds" => seconds,
        "minutes" => seconds[..5].to_owned(),
        "hours" => seconds[..2].to_owned(),
        other => return Err(compilation(format!("Unknown timespec value: {other}"))),
    })
}

/// A time of four numbers.
pub(super) fn time_of(parts: [Option<Value>; 4]) -> Result<Time, Error> {
    let names = [("hour", 23), ("minute", 59), ("second", 59), ("microsecond", 999_999)];
    let mut numbers = [0_i64; 4];
    for ((number, value), (name, high)) in numbers.iter_mut().zip(parts).zip(names) {
        if let Some(value) = value {
            *number = part(name, &value, 0, high)?;
        }
    }
    let [hour, minute, second, micros] = numbers;
    Time::new(hour as i8, minute as i8, second as i8, micros as i32 * 1_000)
        .map_err(|error| compilation(error.to_string()))
}

/// The arguments of Python's `repr`: seconds and microseconds only where they are not zero.
pub(super) fn repr_parts(time: Time) -> String {
    let micros = microsecond(time);
    let mut parts = format!("{}, {}", time.hour(), time.minute());
    if time.second() != 0 || micros != 0 {
        let _ = write!(parts, ", {}", time.second());
    }
    if micros != 0 {
        let _ = write!(parts, ", {micros}");
    }
    parts
}

impl fmt::Debug for TimeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "datetime.time({})", repr_parts(self.time))
    }
}

const METHODS: &[&str] = &["strftime", "isoformat", "replace", "utcoffset", "tzname", "dst", "fromisoformat"];

impl Object for TimeValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "hour" => Value::from(self.time.hour()),
            "minute" => Value::from(self.time.minute()),
            "second" => Value::from(self.time.second()),
            "microsecond" => Value::from(microsecond(self.time)),
            "tzinfo" => self.zone.as_ref().map_or_else(none, Zone::value),
            name => return bound_method(self, METHODS, name),
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "strftime" => {
                let [pattern] = bind(method, ["format"], args)?;
                let moment = Date::constant(1900, 1, 1).to_datetime(self.time);
                Ok(Value::from(format::strftime(&text(method, "format", pattern)?, moment, self.zone.as_ref())))
            }
            "isoformat" => {
                let [timespec] = bind(method, ["timespec"], args)?;
                let timespec = optional_text(timespec.as_ref()).unwrap_or_else(|| "auto".into());
                Ok(Value::from(iso_time(self.time, &timespec)?))
            }
            "replace" => {
                let [hour, minute, second, micros, zone] =
                    bind(method, ["hour", "minute", "second", "microsecond", "tzinfo"], args)?;
                let own = [
                    i64::from(self.time.hour()),
                    i64::from(self.time.minute()),
                    i64::from(self.time.second()),
                    i64::from(microsecond(self.time)),
                ];
                let mut parts = [hour, minute, second, micros];
                for (part, own) in parts.iter_mut().zip(own) {
                    part.get_or_insert_with(|| Value::from(own));
                }
                let zone = if zone.is_some() { zone_argument(zone.as_ref())? } else { self.zone.clone() };
                Ok(Self::value(time_of(parts)?, zone))
            }
            "utcoffset" | "tzname" | "dst" => Ok(none()),
            "fromisoformat" => from_iso(args),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.time.cmp(&other.time))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&iso_time(self.time, "auto").unwrap_or_default())?;
        match &self.zone {
            Some(zone) => f.write_str(&offset_text(zone.offset(Date::constant(1900, 1, 1).to_datetime(self.time)))),
            None => Ok(()),
        }
    }
}

fn from_iso(args: &[Value]) -> Result<Value, Error> {
    let [string] = bind("fromisoformat", ["time_string"], args)?;
    let string = text("fromisoformat", "time_string", string)?;
    parse::time(&string)
        .map(|time| TimeValue::value(time, None))
        .ok_or_else(|| compilation(format!("Invalid isoformat string: '{string}'")))
}

/// `datetime.time`.
#[derive(Debug)]
pub(super) struct TimeClass;

impl Object for TimeClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "min" => Some(TimeValue::value(Time::midnight(), None)),
            "max" => Some(TimeValue::value(Time::constant(23, 59, 59, 999_999_000), None)),
            name => bound_method(self, METHODS, name),
        }
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [hour, minute, second, micros, zone] =
            bind("time", ["hour", "minute", "second", "microsecond", "tzinfo"], args)?;
        Ok(TimeValue::value(time_of([hour, minute, second, micros])?, zone_argument(zone.as_ref())?))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        match method {
            "fromisoformat" => from_iso(args),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
