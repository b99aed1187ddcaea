//! `modules.datetime`: dates, times, spans and zones as Python's `datetime` has them.
//!
//! The types are objects over [`jiff`]'s civil types; printing, formats, arithmetic and comparison follow CPython.

mod date;
mod delta;
mod format;
mod parse;
mod stamp;
mod time;
mod zone;

use minijinja::Value;

pub(super) use date::DateValue;
pub(super) use stamp::StampValue;
pub(super) use zone::Zone;

use super::super::values::dict;

/// The module's names.
pub(super) fn module() -> Value {
    dict([
        ("datetime", Value::from_object(stamp::StampClass)),
        ("date", Value::from_object(date::DateClass)),
        ("time", Value::from_object(time::TimeClass)),
        ("timedelta", Value::from_object(delta::DeltaClass)),
        ("timezone", Value::from_object(zone::ZoneClass)),
        ("tzinfo", Value::from_object(zone::ZoneClass)),
        ("MINYEAR", Value::from(1)),
        ("MAXYEAR", Value::from(9999)),
    ])
}

/// A moment as an aware datetime in UTC.
pub(crate) fn from_timestamp(moment: jiff::Timestamp) -> Value {
    let civil = jiff::tz::Offset::UTC.to_datetime(moment);
    let micros = i16::try_from(civil.subsec_nanosecond() / 1_000 % 1_000).unwrap_or(0);
    let civil = civil.with().nanosecond(0).microsecond(micros).build().unwrap_or(civil);
    StampValue::value(civil, Some(Zone::utc()))
}

/// A date of a result (`2024-01-31`).
pub(crate) fn parse_date(text: &str) -> Option<Value> {
    Some(DateValue::value(parse::date(text)?))
}

/// A time of day of a result.
pub(crate) fn parse_time(text: &str) -> Option<Value> {
    Some(time::TimeValue::value(parse::time(text)?, None))
}

/// A timestamp of a result, with or without offset.
pub(crate) fn parse_datetime(text: &str) -> Option<Value> {
    let (civil, zone) = parse::datetime(text)?;
    Some(StampValue::value(civil, zone))
}

/// A YAML timestamp: a date, or a datetime.
pub(crate) fn from_yaml(text: &str) -> Option<Value> {
    parse_date(text).or_else(|| parse_datetime(text))
}

/// Whether a value is a datetime.
pub(crate) fn is_datetime(value: &Value) -> bool {
    value.downcast_object_ref::<StampValue>().is_some()
}

/// Whether a value is a date.
pub(crate) fn is_date(value: &Value) -> bool {
    value.downcast_object_ref::<DateValue>().is_some()
}

#[cfg(test)]
mod tests {
    use crate::jinja::Engine;

    fn eval(expression: &str) -> String {
        let context = crate::python::values::dict([("datetime", super::module())]);
        match Engine::new().eval_expression(expression, None, context) {
            Ok(value) => value.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    /// Expressions with the answers of CPython 3.12.
    const ANSWERS: &[(&str, &str)] = &[
        ("datetime.datetime(2024, 1, 31, 5, 6, 7)", "2024-01-31 05:06:07"),
        ("datetime.datetime(2024, 1, 31, 5, 6, 7, 120)", "2024-01-31 05:06:07.000120"),
        ("datetime.datetime(2024, 1, 31).isoformat()", "2024-01-31T00:00:00"),
        ("datetime.datetime(2024, 1, 31).isoformat(' ', 'minutes')", "2024-01-31 00:00"),
        ("[datetime.date(2024, 2, 29)]", "[datetime.date(2024, 2, 29)]"),
        ("[datetime.datetime(2024, 2, 29)]", "[datetime.datetime(2024, 2, 29, 0, 0)]"),
        ("datetime.date(2024, 2, 29) + datetime.timedelta(days=1)", "2024-03-01"),
        ("datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1)", "29 days, 0:00:00"),
        ("(datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1)).days", "29"),
        ("datetime.timedelta(hours=-1)", "-1 day, 23:00:00"),
        ("datetime.timedelta(days=1.5)", "1 day, 12:00:00"),
        ("datetime.timedelta(minutes=90).total_seconds()", "5400.0"),
        ("datetime.timedelta(hours=3) / 2", "1:30:00"),
        ("datetime.timedelta(hours=3) // datetime.timedelta(hours=2)", "1"),
        ("datetime.timedelta(seconds=1) * 90", "0:01:30"),
        ("datetime.datetime(2024, 1, 31) - datetime.timedelta(seconds=1)", "2024-01-30 23:59:59"),
        ("datetime.datetime.strptime('2024-01-31 23:59', '%Y-%m-%d %H:%M')", "2024-01-31 23:59:00"),
        ("datetime.datetime.strptime('Jan 5 24', '%b %d %y').date()", "2024-01-05"),
        ("datetime.datetime.strptime('03:04 PM', '%I:%M %p').hour", "15"),
        ("datetime.datetime.strptime('2024-01-31T00:00:00+0200', '%Y-%m-%dT%H:%M:%S%z')", "2024-01-31 00:00:00+02:00"),
        (
            "datetime.datetime(2024, 7, 4, 15, 4, 5).strftime('%A %d %B %Y, %I:%M %p, day %j, week %U %W %V')",
            "Thursday 04 July 2024, 03:04 PM, day 186, week 26 27 27",
        ),
        ("datetime.date(2024, 7, 4).strftime('%y%m%d %a %b %%')", "240704 Thu Jul %"),
        ("datetime.date(2024, 7, 4).weekday()", "3"),
        ("datetime.date(2024, 7, 4).isocalendar()[1]", "27"),
        ("datetime.date.fromisoformat('2024-07-04').year", "2024"),
        ("datetime.datetime.fromisoformat('2024-07-04T10:00:00+00:00')", "2024-07-04 10:00:00+00:00"),
        ("datetime.datetime.combine(datetime.date(2024, 1, 2), datetime.time(3, 4))", "2024-01-02 03:04:00"),
        ("datetime.datetime(2024, 1, 1) < datetime.datetime(2024, 1, 2)", "True"),
        ("datetime.date(2024, 1, 1) == datetime.date(2024, 1, 1)", "True"),
        ("datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc).timestamp()", "1704067200.0"),
        ("datetime.datetime.fromtimestamp(0, datetime.timezone.utc)", "1970-01-01 00:00:00+00:00"),
        ("datetime.datetime(2024, 5, 6).replace(day=1, hour=2)", "2024-05-01 02:00:00"),
        ("datetime.time(1, 2, 3)", "01:02:03"),
        ("datetime.time(1, 2).strftime('%H:%M')", "01:02"),
        ("datetime.datetime(2024, 13, 1)", "error: month must be in 1..12"),
    ];

    #[test]
    fn answers_are_those_of_python() {
        let wrong: Vec<String> = ANSWERS
            .iter()
            .filter(|(expression, answer)| eval(expression) != **answer)
            .map(|(expression, answer)| format!("{expression}: {} instead of {answer}", eval(expression)))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
