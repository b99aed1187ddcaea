//! `render`, `write` and `try_or_compiler_error`.

use std::sync::Arc;

use minijinja::Value;

use super::arguments::{bind, function, text};
use super::raise::{OrRaise, compilation, raise, wrong_arguments};
use super::scope::Scope;
use super::values::nothing;
use crate::diagnostics::{Code, Diagnostic};

/// `render` of a scope: a text as a template with the same context.
pub(super) fn render_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("render", move |_, args| {
        let [string] = bind("render", ["string"], args)?;
        let string = text("render", "string", string)?;
        let rendered = scope.session.engine().render_str(&string, None, scope.context()).or_raise()?;
        Ok(Value::from(rendered.text()))
    })
}

/// `write` of a scope: keeps the SQL for `target/run`; who runs the node writes the file.
pub(super) fn write_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("write", move |_, args| {
        let [payload] = bind("write", ["payload"], args)?;
        let payload = text("write", "payload", payload)?;
        match scope.run() {
            Some(run) => run.set_written(payload),
            None => return Err(compilation("write() needs a node that runs")),
        }
        Ok(nothing())
    })
}

/// `try_or_compiler_error(message, function, *args, **kwargs)`.
pub(super) fn try_or_compiler_error_function() -> Value {
    function("try_or_compiler_error", |state, args| {
        let [message, callee, rest @ ..] = args else {
            return Err(wrong_arguments("try_or_compiler_error() needs a message and a function"));
        };
        callee.call(state, rest).map_err(|_| raise(Diagnostic::error(Code::COMPILER_ERROR_RAISED, message.to_string())))
    })
}
