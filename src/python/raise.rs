//! Errors of context members: diagnostics on their way through the template engine.

use minijinja::Error;

use crate::diagnostics::{Code, Diagnostic};

pub(crate) use crate::jinja::raise;

/// A compilation error with only a message.
pub(crate) fn compilation(message: impl Into<String>) -> Error {
    raise(Diagnostic::error(Code::JINJA_RUNTIME, message))
}

/// Wrong arguments to something callable.
pub(crate) fn wrong_arguments(message: impl Into<String>) -> Error {
    raise(Diagnostic::error(Code::JINJA_ARGUMENTS, message))
}

/// A diagnostic that is reported to the template as its error.
pub(crate) trait OrRaise<T> {
    /// The value, or the diagnostic raised.
    fn or_raise(self) -> Result<T, Error>;
}

impl<T, D: Into<Diagnostic>> OrRaise<T> for Result<T, D> {
    fn or_raise(self) -> Result<T, Error> {
        self.map_err(|problem| raise(problem.into()))
    }
}
