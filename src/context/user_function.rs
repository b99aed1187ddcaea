//! What the materialization of user-defined functions asks: the config of a function, and the macro that writes it.

use minijinja::{Error, Value};

use super::raise::raise;
use super::values::{dict, none};
use crate::diagnostics::{Code, Diagnostic};

/// `relation.get_function_config(model)`: language, type and what Python functions need besides; none for other resources.
pub(super) fn config_of(model: &Value) -> Result<Value, Error> {
    if model.get_attr("resource_type")?.as_str() != Some("function") {
        return Ok(none());
    }
    let config = model.get_attr("config")?;
    let given = |of: &Value, key: &str| of.get_attr(key).ok().filter(|value| !value.is_undefined() && !value.is_none());
    let language = given(model, "language").unwrap_or_else(|| Value::from("sql"));
    let kind = given(&config, "type").unwrap_or_else(|| Value::from("scalar"));
    let runtime_version = given(&config, "runtime_version");
    let entry_point = given(&config, "entry_point");
    if language.as_str() == Some("python") {
        let missing = [("A", "runtime_version", &runtime_version), ("An", "entry_point", &entry_point)];
        if let Some((article, key, _)) = missing.into_iter().find(|(_, _, value)| value.is_none()) {
            let message = format!("{article} `{key}` is required for python functions");
            return Err(raise(
                Diagnostic::error(Code::INVALID_CONFIG, message)
                    .hint(format!("set `{key}` in the config of the function")),
            ));
        }
    }
    Ok(dict([
        ("language", language),
        ("type", kind),
        ("runtime_version", runtime_version.unwrap_or_else(none)),
        ("entry_point", entry_point.unwrap_or_else(none)),
    ]))
}

/// `relation.get_function_macro_name(config)`: `scalar_function_sql`, to be dispatched.
pub(super) fn macro_name(config: &Value) -> Result<Value, Error> {
    Ok(Value::from(format!("{}_function_{}", config.get_attr("type")?, config.get_attr("language")?)))
}
