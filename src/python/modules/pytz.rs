//! `modules.pytz`.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, Value};

use super::datetime::Zone;
use crate::diagnostics::{Code, Diagnostic};
use crate::python::arguments::{bind, function, text};
use crate::python::raise::raise;
use crate::python::values::{dict, list};

/// The module's names.
pub(super) fn module() -> Value {
    let zones = Value::from_object(ZoneNames);
    dict([
        ("timezone", function("timezone", |_, args| timezone(args))),
        ("utc", Zone::utc().value()),
        ("UTC", Zone::utc().value()),
        ("all_timezones", zones.clone()),
        ("all_timezones_set", zones.clone()),
        ("common_timezones", zones.clone()),
        ("common_timezones_set", zones),
        ("FixedOffset", function("FixedOffset", |_, args| fixed(args))),
        ("country_timezones", dict::<String>([])),
    ])
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    names.sort();
    names
}

fn timezone(args: &[Value]) -> Result<Value, Error> {
    let [zone] = bind("timezone", ["zone"], args)?;
    let name = text("timezone", "zone", zone)?;
    Zone::named(&name).map(|zone| zone.value()).ok_or_else(|| {
        let problem = Diagnostic::error(Code::JINJA_RUNTIME, format!("unknown time zone '{name}'"));
        raise(problem.suggest(&name, names().iter().map(String::as_str)))
    })
}

fn fixed(args: &[Value]) -> Result<Value, Error> {
    let [minutes] = bind("FixedOffset", ["offset"], args)?;
    let minutes = minutes.and_then(|minutes| minutes.as_i64()).and_then(|minutes| i32::try_from(minutes * 60).ok());
    minutes.and_then(Zone::fixed).map(|zone| zone.value()).ok_or_else(|| {
        raise(Diagnostic::error(Code::JINJA_RUNTIME, "FixedOffset() needs a number of minutes within a day"))
    })
}

/// The names of all zones, listed only when they are looked at.
#[derive(Debug)]
struct ZoneNames;

impl Object for ZoneNames {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        names().get(key.as_usize()?).map(|name| Value::from(name.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Values(names().into_iter().map(Value::from).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut minijinja::State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "copy" => Ok(list(names().into_iter().map(Value::from).collect())),
            _ => Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::jinja::Engine;

    fn eval(expression: &str) -> String {
        let context =
            crate::python::values::dict([("datetime", super::super::datetime::module()), ("pytz", super::module())]);
        match Engine::new().eval_expression(expression, None, context) {
            Ok(value) => value.to_string(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn zones_know_their_offsets() {
        let localized = "pytz.timezone('Europe/Vienna').localize(datetime.datetime(2024, 7, 1, 12))";
        assert_eq!(eval(localized), "2024-07-01 12:00:00+02:00");
        assert_eq!(eval(&format!("{localized}.astimezone(pytz.utc)")), "2024-07-01 10:00:00+00:00");
        assert_eq!(eval(&format!("{localized}.strftime('%Z %z')")), "CEST +0200");
        assert_eq!(eval("pytz.utc.localize(datetime.datetime(2024, 1, 1)).isoformat()"), "2024-01-01T00:00:00+00:00");
        assert_eq!(eval("pytz.timezone('america/new_york')"), "America/New_York");
        assert!(eval("pytz.timezone('Mars/Base')").starts_with("error: unknown time zone"));
    }
}
