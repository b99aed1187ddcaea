//! The one place where this room calls the template language.

use minijinja::{Environment, Value as Jinja};
use serde_json::Value as Json;

use crate::diagnostics::{Code, Diagnostic, Span};

/// The value of a template, typed if it prints exactly one expression. `origin` is the template's place in its file.
pub(super) fn render(text: &str, context: &Jinja, origin: Option<Span>) -> Result<Json, Diagnostic> {
    let environment = Environment::new();
    let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).filter(|i| !i.contains("{{"));
    let result = match inner {
        Some(expression) => {
            environment.compile_expression(expression.trim_matches('-')).and_then(|expression| expression.eval(context))
        }
        None => environment.render_str(text, context).map(Jinja::from),
    };
    match result {
        Ok(value) if value.is_undefined() => Ok(Json::String(String::new())),
        Ok(value) => Ok(serde_json::to_value(&value).unwrap_or_else(|_| Json::String(value.to_string()))),
        Err(error) => Err(Diagnostic::error(Code::JINJA_RUNTIME, error.to_string()).at_some(origin, "")),
    }
}
