//! The one place where this room calls the template language.

use minijinja::Value as Jinja;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Span};
use crate::jinja::{Engine, Origin, from_json, to_json};

/// The value of a template, typed if it prints exactly one expression. `origin` is the template's place in its file.
pub(super) fn render(engine: &Engine, text: &str, context: &Jinja, origin: Option<Span>) -> Result<Json, Diagnostic> {
    let origin = origin.map(|span| Origin::new(span.source, span.start as usize));
    let rendered = engine.render_native(text, origin, context.clone()).map_err(|error| error.diagnostic)?;
    Ok(if rendered.value.is_undefined() { Json::String(String::new()) } else { to_json(&rendered.value) })
}

/// A JSON value as templates see it.
pub(super) fn value(json: &Json) -> Jinja {
    from_json(json)
}
