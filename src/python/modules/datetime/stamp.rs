//! `datetime`: a date with a time of day, naive or in a zone.

use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::date::{DateValue, date_of, shared_method};
use super::delta::{DeltaValue, as_delta};
use super::time::{TimeValue, iso_time, microsecond, repr_parts, time_of};
use super::zone::{Zone, offset_text, zone_argument};
use super::{format, parse};
use crate::python::arguments::{bind, bound_method, optional_text, required, text};
use crate::python::raise::compilation;
use crate::python::values::none;

/// A datetime as templates see it.
#[derive(Clone, PartialEq)]
pub(in crate::python::modules) struct StampValue {
    /// Local date and time, exact to the microsecond.
    pub(super) civil: DateTime,
    /// Its zone, if it is aware.
    pub(super) zone: Option<Zone>,
}

impl StampValue {
    /// The datetime as a value.
    pub(super) fn value(civil: DateTime, zone: Option<Zone>) -> Value {
        Value::from_object(Self { civil, zone })
    }

    /// Seconds east of UTC; a naive one counts as local to this machine.
    fn offset(&self) -> i32 {
        match &self.zone {
            Some(zone) => zone.offset(self.civil),
            None => TimeZone::system().to_ambiguous_zoned(self.civil).compatible().map_or(0, |z| z.offset().seconds()),
        }
    }

    /// The same moment in UTC.
    pub(super) fn utc(&self) -> DateTime {
        let offset = SignedDuration::from_secs(i64::from(self.offset()));
        self.civil.checked_sub(offset).unwrap_or(self.civil)
    }

    /// Microseconds since 1970.
    fn micros(&self) -> i64 {
        // Not by `Timestamp`, which ends some hours before Python's last datetime does.
        let micros = self.utc().duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_micros();
        i64::try_from(micros).expect("9999 years are fewer microseconds than an i64 holds")
    }

    fn iso(&self, separator: &str, timespec: &str) -> Result<String, Error> {
        let offset = self.zone.as_ref().map(|zone| offset_text(zone.offset(self.civil))).unwrap_or_default();
        Ok(format!("{}{separator}{}{offset}", self.civil.date(), iso_time(self.civil.time(), timespec)?))
    }

    fn shifted(&self, micros: i64) -> Result<Value, Error> {
        let moved = self.civil.checked_add(SignedDuration::from_micros(micros)).ok();
        let moved = moved.filter(|moved| moved.year() >= 1);
        moved.map(|civil| Self::value(civil, self.zone.clone())).ok_or_else(|| compilation("date value out of range"))
    }

    fn replaced(&self, args: &[Value]) -> Result<Value, Error> {
        let [year, month, day, hour, minute, second, micros, zone] = bind("replace", FIELDS, args)?;
        let civil = self.civil;
        let or = |given: Option<Value>, own: i64| given.unwrap_or_else(|| Value::from(own));
        let date = date_of(
            &or(year, i64::from(civil.year())),
            &or(month, i64::from(civil.month())),
            &or(day, i64::from(civil.day())),
        )?;
        let time = time_of([
            Some(or(hour, i64::from(civil.hour()))),
            Some(or(minute, i64::from(civil.minute()))),
            Some(or(second, i64::from(civil.second()))),
            Some(or(micros, i64::from(microsecond(civil.time())))),
        ])?;
        let zone = if zone.is_some() { zone_argument(zone.as_ref())? } else { self.zone.clone() };
        Ok(Self::value(date.to_datetime(time), zone))
    }
}

/// The datetime behind a value.
pub(super) fn as_stamp(value: &Value) -> Option<&StampValue> {
    value.downcast_object_ref::<StampValue>()
}

impl fmt::Debug for StampValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.civil.date();
        write!(f, "datetime.datetime({}, {}, {}, ", date.year(), date.month(), date.day())?;
        f.write_str(&repr_parts(self.civil.time()))?;
        match &self.zone {
            Some(zone) => write!(f, ", tzinfo={zone:?})"),
            None => f.write_str(")"),
        }
    }
}

const FIELDS: [&str; 8] = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];

const METHODS: &[&str] = &[
    "strftime",
    "isoformat",
    "date",
    "time",
    "timetz",
    "timestamp",
    "replace",
    "astimezone",
    "utcoffset",
    "tzname",
    "dst",
    "weekday",
    "isoweekday",
    "isocalendar",
    "toordinal",
    "ctime",
    "now",
    "utcnow",
    "today",
    "strptime",
    "fromtimestamp",
    "utcfromtimestamp",
    "fromisoformat",
    "combine",
    "fromordinal",
];

impl Object for StampValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let civil = self.civil;
        Some(match key.as_str()? {
            "year" => Value::from(civil.year()),
            "month" => Value::from(civil.month()),
            "day" => Value::from(civil.day()),
            "hour" => Value::from(civil.hour()),
            "minute" => Value::from(civil.minute()),
            "second" => Value::from(civil.second()),
            "microsecond" => Value::from(microsecond(civil.time())),
            "tzinfo" => self.zone.as_ref().map_or_else(none, Zone::value),
            name => return bound_method(self, METHODS, name),
        })
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let unknown = || Error::from(ErrorKind::UnknownMethod);
        if let Some(answer) = shared_method(self.civil.date(), method) {
            return Ok(answer);
        }
        match method {
            "strftime" => {
                let [pattern] = bind(method, ["format"], args)?;
                let pattern = text(method, "format", pattern)?;
                Ok(Value::from(format::strftime(&pattern, self.civil, self.zone.as_ref())))
            }
            "isoformat" => {
                let [separator, timespec] = bind(method, ["sep", "timespec"], args)?;
                let separator = separator.map_or_else(|| "T".to_owned(), |separator| separator.to_string());
                let timespec = optional_text(timespec.as_ref()).unwrap_or_else(|| "auto".into());
                Ok(Value::from(self.iso(&separator, &timespec)?))
            }
            "ctime" => Ok(Value::from(format::strftime("%a %b %e %H:%M:%S %Y", self.civil, None))),
            "date" => Ok(DateValue::value(self.civil.date())),
            "time" => Ok(TimeValue::value(self.civil.time(), None)),
            "timetz" => Ok(TimeValue::value(self.civil.time(), self.zone.clone())),
            "timestamp" => Ok(Value::from(self.micros() as f64 / 1e6)),
            "replace" => self.replaced(args),
            "astimezone" => {
                let [zone] = bind(method, ["tz"], args)?;
                let zone = match zone_argument(zone.as_ref())? {
                    Some(zone) => zone,
                    None => Zone::fixed(self.offset()).ok_or_else(|| compilation("the offset is out of range"))?,
                };
                Ok(Self::value(zone.local_time(self.utc()), Some(zone)))
            }
            "utcoffset" => Ok(match &self.zone {
                Some(zone) => DeltaValue::value(i64::from(zone.offset(self.civil)) * 1_000_000),
                None => none(),
            }),
            "tzname" => Ok(self.zone.as_ref().map_or_else(none, |zone| Value::from(zone.abbreviation(self.civil)))),
            "dst" => Ok(self.zone.as_ref().map_or_else(none, |_| DeltaValue::value(0))),
            "__add__" | "__radd__" => {
                let delta = args.first().and_then(as_delta).ok_or_else(unknown)?;
                self.shifted(delta.0)
            }
            "__sub__" => {
                let other = args.first().ok_or_else(unknown)?;
                if let Some(delta) = as_delta(other) {
                    return self.shifted(-delta.0);
                }
                let other = as_stamp(other).ok_or_else(unknown)?;
                if self.zone.is_some() != other.zone.is_some() {
                    return Err(compilation("can't subtract offset-naive and offset-aware datetimes"));
                }
                let (own, theirs) = match self.zone {
                    Some(_) => (self.utc(), other.utc()),
                    None => (self.civil, other.civil),
                };
                Ok(DeltaValue::value(own.duration_since(theirs).as_micros() as i64))
            }
            _ => class_method(method, args),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some(match (&self.zone, &other.zone) {
            (Some(_), Some(_)) => self.utc().cmp(&other.utc()),
            (own, theirs) => self.civil.cmp(&other.civil).then(own.is_some().cmp(&theirs.is_some())),
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso(" ", "auto").unwrap_or_default())
    }
}

/// `datetime.datetime`.
#[derive(Debug)]
pub(super) struct StampClass;

impl Object for StampClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "min" => Some(StampValue::value(DateTime::constant(1, 1, 1, 0, 0, 0, 0), None)),
            "max" => Some(StampValue::value(DateTime::constant(9999, 12, 31, 23, 59, 59, 999_999_000), None)),
            name => bound_method(self, METHODS, name),
        }
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [year, month, day, hour, minute, second, micros, zone] = bind("datetime", FIELDS, args)?;
        let year = required("datetime", "year", year)?;
        let month = required("datetime", "month", month)?;
        let date = date_of(&year, &month, &required("datetime", "day", day)?)?;
        let time = time_of([hour, minute, second, micros])?;
        Ok(StampValue::value(date.to_datetime(time), zone_argument(zone.as_ref())?))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        class_method(method, args)
    }
}

/// A moment, cut to microseconds, in a zone or in local time.
fn at(moment: Timestamp, zone: Option<Zone>) -> Value {
    let moment = Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment);
    match zone {
        Some(zone) => StampValue::value(zone.local_time(Offset::UTC.to_datetime(moment)), Some(zone)),
        None => StampValue::value(TimeZone::system().to_datetime(moment), None),
    }
}

fn class_method(method: &str, args: &[Value]) -> Result<Value, Error> {
    match method {
        "now" => {
            let [zone] = bind(method, ["tz"], args)?;
            Ok(at(Timestamp::now(), zone_argument(zone.as_ref())?))
        }
        "today" => Ok(at(Timestamp::now(), None)),
        "utcnow" => {
            let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
            Ok(StampValue::value(Offset::UTC.to_datetime(now), None))
        }
        "strptime" => {
            let [string, pattern] = bind(method, ["date_string", "format"], args)?;
            let string = text(method, "date_string", string)?;
            let pattern = text(method, "format", pattern)?;
            let (civil, zone) = parse::strptime(&string, &pattern)
                .ok_or_else(|| compilation(format!("time data '{string}' does not match format '{pattern}'")))?;
            Ok(StampValue::value(civil, zone))
        }
        "fromtimestamp" | "utcfromtimestamp" => {
            let [seconds, zone] = bind(method, ["timestamp", "tz"], args)?;
            let seconds = f64::try_from(required(method, "timestamp", seconds)?)?;
            let moment = Timestamp::from_microsecond((seconds * 1e6).round_ties_even() as i64)
                .map_err(|_| compilation("timestamp out of range"))?;
            if method == "utcfromtimestamp" {
                return Ok(StampValue::value(Offset::UTC.to_datetime(moment), None));
            }
            Ok(at(moment, zone_argument(zone.as_ref())?))
        }
        "fromisoformat" => {
            let [string] = bind(method, ["date_string"], args)?;
            let string = text(method, "date_string", string)?;
            let (civil, zone) =
                parse::datetime(&string).ok_or_else(|| compilation(format!("Invalid isoformat string: '{string}'")))?;
            Ok(StampValue::value(civil, zone))
        }
        "combine" => {
            let [date, time, zone] = bind(method, ["date", "time", "tzinfo"], args)?;
            let date = required(method, "date", date)?;
            let time = required(method, "time", time)?;
            let day = match (date.downcast_object_ref::<DateValue>(), as_stamp(&date)) {
                (Some(date), _) => date.0,
                (None, Some(stamp)) => stamp.civil.date(),
                (None, None) => return Err(compilation("combine() argument 1 must be a date")),
            };
            let Some(time) = time.downcast_object_ref::<TimeValue>() else {
                return Err(compilation("combine() argument 2 must be a time"));
            };
            let zone = if zone.is_some() { zone_argument(zone.as_ref())? } else { time.zone.clone() };
            Ok(StampValue::value(day.to_datetime(time.time), zone))
        }
        "fromordinal" => {
            let [days] = bind(method, ["ordinal"], args)?;
            let days = super::date::part("ordinal", &required(method, "ordinal", days)?, 1, 3_652_059)?;
            let first = StampValue { civil: DateTime::constant(1, 1, 1, 0, 0, 0, 0), zone: None };
            first.shifted((days - 1) * 86_400_000_000)
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}
