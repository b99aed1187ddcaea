//! What every template can use: Jinja2's filters, tests and functions, Python's methods, dbt's native filters.

mod filters;
mod functions;
mod html;
mod methods;
mod names;
mod predicates;

use minijinja::{Environment, Output, State, Value, escape_formatter};

pub(super) use names::Kind;

use super::values::{float_of, float_text, repr};

/// Registers everything with an environment.
pub(crate) fn register(environment: &mut Environment<'static>) {
    filters::register(environment);
    predicates::register(environment);
    functions::register(environment);
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(print);
}

/// Prints floats as Python does; everything else already does.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match float_of(value) {
        Some(number) => out.write_str(&float_text(number)).map_err(Into::into),
        None if value.is_tuple() => out.write_str(&repr(value)).map_err(Into::into),
        None => escape_formatter(out, state, value),
    }
}
