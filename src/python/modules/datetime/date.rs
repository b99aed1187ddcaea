//! `date`.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Span, Zoned};
use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::delta::{DeltaValue, as_delta};
use super::{format, parse};
use crate::python::arguments::{bind, bound_method, required, text};
use crate::python::raise::compilation;
use crate::python::values::tuple;

/// A date as templates see it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::python::modules) struct DateValue(pub(super) Date);

impl fmt::Debug for DateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "datetime.date({}, {}, {})", self.0.year(), self.0.month(), self.0.day())
    }
}

impl DateValue {
    /// The date as a value.
    pub(super) fn value(date: Date) -> Value {
        Value::from_object(Self(date))
    }
}

/// A whole number within a range, with CPython's words where it is outside.
pub(super) fn part(name: &str, value: &Value, low: i64, high: i64) -> Result<i64, Error> {
    let number = value.as_i64().ok_or_else(|| {
        compilation(format!("'{}' object cannot be interpreted as an integer", crate::jinja::type_name(value)))
    })?;
    if (low..=high).contains(&number) {
        return Ok(number);
    }
    Err(compilation(match name {
        "day" => "day is out of range for month".to_owned(),
        "year" => format!("year {number} is out of range"),
        _ => format!("{name} must be in {low}..{high}"),
    }))
}

/// A date of three numbers.
pub(super) fn date_of(year: &Value, month: &Value, day: &Value) -> Result<Date, Error> {
    let year = part("year", year, 1, 9999)?;
    let month = part("month", month, 1, 12)?;
    let day = part("day", day, 1, 31)?;
    Date::new(year as i16, month as i8, day as i8).map_err(|_| compilation("day is out of range for month"))
}

/// Days since the first of January of the year 1, which is 1.
pub(super) fn ordinal(date: Date) -> i64 {
    i64::from((date - Date::constant(1, 1, 1)).get_days()) + 1
}

/// Methods that dates and datetimes share.
pub(super) fn shared_method(date: Date, method: &str) -> Option<Value> {
    let week = date.iso_week_date();
    Some(match method {
        "weekday" => Value::from(i64::from(date.weekday().to_monday_zero_offset())),
        "isoweekday" => Value::from(i64::from(date.weekday().to_monday_one_offset())),
        "toordinal" => Value::from(ordinal(date)),
        "isocalendar" => tuple(vec![
            Value::from(i64::from(week.year())),
            Value::from(i64::from(week.week())),
            Value::from(i64::from(week.weekday().to_monday_one_offset())),
        ]),
        _ => return None,
    })
}

/// The date some microseconds later; only whole days count.
fn shifted(date: Date, micros: i64) -> Result<Value, Error> {
    let days = micros.div_euclid(86_400_000_000);
    let moved = Span::new().try_days(days).and_then(|span| date.checked_add(span));
    let moved = moved.ok().filter(|date| date.year() >= 1);
    moved.map(DateValue::value).ok_or_else(|| compilation("date value out of range"))
}

const METHODS: &[&str] = &[
    "strftime",
    "isoformat",
    "weekday",
    "isoweekday",
    "isocalendar",
    "toordinal",
    "replace",
    "ctime",
    "today",
    "fromisoformat",
    "fromordinal",
    "fromtimestamp",
    "fromisocalendar",
];

impl Object for DateValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.0.year()),
            "month" => Value::from(self.0.month()),
            "day" => Value::from(self.0.day()),
            name => return bound_method(self, METHODS, name),
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let unknown = || Error::from(ErrorKind::UnknownMethod);
        if let Some(answer) = shared_method(self.0, method) {
            return Ok(answer);
        }
        match method {
            "strftime" => {
                let [pattern] = bind(method, ["format"], args)?;
                let midnight = self.0.at(0, 0, 0, 0);
                Ok(Value::from(format::strftime(&text(method, "format", pattern)?, midnight, None)))
            }
            "isoformat" => Ok(Value::from(self.0.to_string())),
            "ctime" => Ok(Value::from(format::strftime("%a %b %e 00:00:00 %Y", self.0.at(0, 0, 0, 0), None))),
            "replace" => {
                let [year, month, day] = bind(method, ["year", "month", "day"], args)?;
                let or = |given: Option<Value>, own: i64| given.unwrap_or_else(|| Value::from(own));
                let date = date_of(
                    &or(year, i64::from(self.0.year())),
                    &or(month, i64::from(self.0.month())),
                    &or(day, i64::from(self.0.day())),
                )?;
                Ok(Self::value(date))
            }
            "__add__" | "__radd__" => {
                let delta = args.first().and_then(as_delta).ok_or_else(unknown)?;
                shifted(self.0, delta.0)
            }
            "__sub__" => {
                let other = args.first().ok_or_else(unknown)?;
                if let Some(delta) = as_delta(other) {
                    let days = delta.0.div_euclid(86_400_000_000);
                    return shifted(self.0, -days * 86_400_000_000);
                }
                let other = other.downcast_object_ref::<Self>().ok_or_else(unknown)?;
                Ok(DeltaValue::value((ordinal(self.0) - ordinal(other.0)) * 86_400_000_000))
            }
            _ => class_method(method, args),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `datetime.date`.
#[derive(Debug)]
pub(super) struct DateClass;

impl Object for DateClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "min" => Some(DateValue::value(Date::constant(1, 1, 1))),
            "max" => Some(DateValue::value(Date::constant(9999, 12, 31))),
            name => bound_method(self, METHODS, name),
        }
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [year, month, day] = bind("date", ["year", "month", "day"], args)?;
        let year = required("date", "year", year)?;
        let month = required("date", "month", month)?;
        date_of(&year, &month, &required("date", "day", day)?).map(DateValue::value)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        class_method(method, args)
    }
}

fn class_method(method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "today" => Ok(DateValue::value(Zoned::now().date())),
        "fromisoformat" => {
            let [string] = bind(method, ["date_string"], args)?;
            let string = text(method, "date_string", string)?;
            parse::date(&string)
                .map(DateValue::value)
                .ok_or_else(|| compilation(format!("Invalid isoformat string: '{string}'")))
        }
        "fromordinal" => {
            let [days] = bind(method, ["ordinal"], args)?;
            let days = part("ordinal", &required(method, "ordinal", days)?, 1, 3_652_059)?;
            shifted(Date::constant(1, 1, 1), (days - 1) * 86_400_000_000)
        }
        "fromtimestamp" => {
            let [seconds] = bind(method, ["timestamp"], args)?;
            let seconds = f64::try_from(required(method, "timestamp", seconds)?)?;
            let moment = jiff::Timestamp::from_second(seconds.floor() as i64)
                .map_err(|_| compilation("timestamp out of range"))?;
            Ok(DateValue::value(moment.to_zoned(jiff::tz::TimeZone::system()).date()))
        }
        "fromisocalendar" => {
            let [year, week, day] = bind(method, ["year", "week", "day"], args)?;
            let number = |name: &str, value: Option<Value>, low, high| {
                required(method, name, value).and_then(|value| part(name, &value, low, high))
            };
            let (year, week) = (number("year", year, 1, 9999)?, number("week", week, 1, 53)?);
            let day = number("day", day, 1, 7)?;
            let weekday =
                jiff::civil::Weekday::from_monday_one_offset(day as i8).map_err(|_| compilation("Invalid weekday"))?;
            let date = jiff::civil::ISOWeekDate::new(year as i16, week as i8, weekday)
                .map_err(|_| compilation(format!("Invalid week: {week}")))?;
            Ok(DateValue::value(date.date()))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}
