//! `env_var`.

use std::sync::Arc;

use minijinja::Value;

use super::arguments::{bind, function, text};
use super::raise::raise;
use super::scope::Scope;
use crate::diagnostics::{Code, Diagnostic};

/// Variables of this prefix may be read in profiles and package lists only.
const SECRET_PREFIX: &str = "DBT_ENV_SECRET";

/// `env_var` of a scope.
pub(super) fn env_var_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("env_var", move |_, args| {
        let [name, default] = bind("env_var", ["var", "default"], args)?;
        let name = text("env_var", "var", name)?;
        if name.starts_with(SECRET_PREFIX) || name.starts_with("DBT_ENGINE_ENV_SECRET") {
            return Err(raise(
                Diagnostic::error(
                    Code::SECRET_ENV_VAR,
                    format!(
                        "Secret env vars are allowed only in profiles.yml or packages.yml. Found '{name}' referenced elsewhere."
                    ),
                )
                .hint(format!("name it without the prefix {SECRET_PREFIX}, if it is no secret")),
            ));
        }
        if let Some(overridden) = scope.run().and_then(|run| run.overrides().env_vars.get(&name)) {
            return Ok(crate::jinja::from_json(overridden));
        }
        if let Some(value) = scope.session.env(&name) {
            return Ok(Value::from(value));
        }
        match default {
            Some(default) if !default.is_none() => Ok(default),
            _ => Err(raise(
                Diagnostic::error(Code::MISSING_ENV_VAR, format!("Env var required but not provided: '{name}'"))
                    .hint("set it in the environment, or give a default as second argument"),
            )),
        }
    })
}
