//! Jinja2's tests where minijinja has none or another meaning.

use minijinja::value::ValueKind;
use minijinja::{Environment, Value};

use crate::jinja::values::{items_of, number_of};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Undefined)
    });
    environment.add_test("iterable", |value: &Value| {
        matches!(
            value.kind(),
            ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Undefined
        )
    });
    environment.add_test("mapping", |value: &Value| value.kind() == ValueKind::Map);
    environment.add_test("callable", |value: &Value| {
        value.as_object().is_some_and(|object| object.repr() == minijinja::value::ObjectRepr::Plain)
    });
    environment.add_test("number", |value: &Value| value.kind() == ValueKind::Bool || number_of(value).is_some());
    environment.add_test("in", |value: &Value, container: &Value| match (value.as_str(), container.as_str()) {
        (Some(part), Some(whole)) => whole.contains(part),
        _ => items_of(container).is_ok_and(|items| items.contains(value)),
    });
    environment.add_test("divisibleby", |value: i64, num: i64| num != 0 && value % num == 0);
}
