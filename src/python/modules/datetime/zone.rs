//! Time zones: `datetime.timezone`, and what pytz gives.

use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use minijinja::value::{DynObject, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::delta::DeltaValue;
use super::stamp::{StampValue, as_stamp};
use crate::python::arguments::{bind, bound_method, flag, required};
use crate::python::raise::compilation;
use crate::python::values::none;

/// A time zone.
#[derive(Clone)]
pub(in crate::python::modules) struct Zone {
    zone: TimeZone,
    /// What `tzname` and printing show, where it is not the zone's own name.
    name: Option<Arc<str>>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Zone {
    /// UTC.
    pub(in crate::python::modules) fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: Some("UTC".into()) }
    }

    /// A fixed offset in seconds.
    pub(in crate::python::modules) fn fixed(seconds: i32) -> Option<Self> {
        if seconds == 0 {
            return Some(Self::utc());
        }
        Some(Self { zone: TimeZone::fixed(Offset::from_seconds(seconds).ok()?), name: None })
    }

    /// A zone of the IANA database; case does not matter.
    pub(in crate::python::modules) fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::utc());
        }
        let zone = TimeZone::get(name).ok()?;
        let name = zone.iana_name().map(Arc::from);
        Some(Self { zone, name })
    }

    /// The zone as a value.
    pub(in crate::python::modules) fn value(&self) -> Value {
        Value::from_object(ZoneValue(self.clone()))
    }

    /// The offset from UTC at a local time, in seconds.
    pub(super) fn offset(&self, local: DateTime) -> i32 {
        self.zone.to_ambiguous_zoned(local).compatible().map_or(0, |zoned| zoned.offset().seconds())
    }

    /// The local time at an offset from UTC of zero.
    pub(super) fn local_time(&self, utc: DateTime) -> DateTime {
        match TimeZone::UTC.to_timestamp(utc) {
            Ok(moment) => self.zone.to_datetime(moment),
            Err(_) => utc,
        }
    }

    /// `UTC`, `CET`, `UTC+02:00`.
    pub(super) fn abbreviation(&self, local: DateTime) -> String {
        if self.zone == TimeZone::UTC {
            return "UTC".into();
        }
        match self.zone.to_ambiguous_zoned(local).compatible() {
            Ok(zoned) if self.name.is_some() => zoned.strftime("%Z").to_string(),
            _ => format!("UTC{}", offset_text(self.offset(local))),
        }
    }

    fn repr(&self) -> String {
        match &self.name {
            Some(name) if &**name == "UTC" => "<UTC>".into(),
            Some(name) => format!("<DstTzInfo '{name}'>"),
            None => "datetime.timezone".into(),
        }
    }

    /// The name that pytz gives it.
    fn label(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => format!("UTC{}", offset_text(self.offset(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)))),
        }
    }
}

/// `+02:00`, with seconds where there are some.
pub(super) fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{rest:02}")
    }
}

/// The zone of an argument: none, or a zone.
pub(super) fn zone_argument(value: Option<&Value>) -> Result<Option<Zone>, Error> {
    match value {
        None => Ok(None),
        Some(value) if value.is_none() || value.is_undefined() => Ok(None),
        Some(value) => match value.downcast_object_ref::<ZoneValue>() {
            Some(zone) => Ok(Some(zone.0.clone())),
            None => Err(compilation(format!("tzinfo argument must be none or a time zone, not {value}"))),
        },
    }
}

/// A zone as templates see it.
pub(super) struct ZoneValue(Zone);

impl fmt::Debug for ZoneValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.repr())
    }
}

const METHODS: &[&str] = &["localize", "normalize", "utcoffset", "tzname", "dst", "fromutc"];

impl Object for ZoneValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "zone" | "key" => Some(Value::from(self.0.label())),
            name => bound_method(self, METHODS, name),
        }
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        let stamp = |value: Option<Value>| -> Result<StampValue, Error> {
            let value = required(method, "dt", value)?;
            as_stamp(&value).cloned().ok_or_else(|| compilation(format!("{method}() needs a datetime, not {value}")))
        };
        match method {
            "localize" => {
                let [dt, is_dst] = bind(method, ["dt", "is_dst"], args)?;
                let dt = stamp(dt)?;
                let _ = flag(is_dst.as_ref());
                if dt.zone.is_some() {
                    return Err(compilation("Not naive datetime (tzinfo is already set)"));
                }
                Ok(StampValue::value(dt.civil, Some(self.0.clone())))
            }
            "normalize" | "fromutc" => {
                let [dt] = bind(method, ["dt"], args)?;
                let dt = stamp(dt)?;
                Ok(StampValue::value(self.0.local_time(dt.utc()), Some(self.0.clone())))
            }
            "utcoffset" => {
                let [dt, _dst] = bind(method, ["dt", "is_dst"], args)?;
                match dt.filter(|dt| !dt.is_none()) {
                    Some(dt) => {
                        let seconds = self.0.offset(stamp(Some(dt))?.civil);
                        Ok(DeltaValue::value(i64::from(seconds) * 1_000_000))
                    }
                    None => Ok(none()),
                }
            }
            "tzname" => {
                let [dt, _dst] = bind(method, ["dt", "is_dst"], args)?;
                match dt.filter(|dt| !dt.is_none()) {
                    Some(dt) => Ok(Value::from(self.0.abbreviation(stamp(Some(dt))?.civil))),
                    None => Ok(Value::from(self.0.label())),
                }
            }
            "dst" => Ok(DeltaValue::value(0)),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<std::cmp::Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.label().cmp(&other.0.label()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.label())
    }
}

/// `datetime.timezone`.
#[derive(Debug)]
pub(super) struct ZoneClass;

impl Object for ZoneClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "utc").then(|| Zone::utc().value())
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [offset, name] = bind("timezone", ["offset", "name"], args)?;
        let offset = required("timezone", "offset", offset)?;
        let Some(delta) = offset.downcast_object_ref::<DeltaValue>() else {
            return Err(compilation("timezone() argument 1 must be a timedelta"));
        };
        let seconds = i32::try_from(delta.0 / 1_000_000).ok();
        let mut zone = seconds.and_then(Zone::fixed).ok_or_else(|| compilation("the offset must be within a day"))?;
        if let Some(name) = name.filter(|name| !name.is_none()) {
            zone.name = Some(name.to_string().into());
        }
        Ok(zone.value())
    }
}
