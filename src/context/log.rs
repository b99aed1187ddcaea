//! `log` and `print`: what templates say becomes events.

use std::sync::Arc;

use minijinja::Value;

use super::arguments::{bind, flag, function, text};
use super::scope::Scope;
use super::values::nothing;
use crate::events::Event;

/// `log` of a scope.
pub(super) fn log_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("log", move |_, args| {
        let [message, info] = bind("log", ["msg", "info"], args)?;
        let msg = scope.session.config().profile.secrets.hide(text("log", "msg", message)?).into_owned();
        let node_info = scope.node_info();
        scope.report(&if flag(info.as_ref()) {
            Event::JinjaLogInfo { msg, node_info }
        } else {
            Event::JinjaLogDebug { msg, node_info }
        });
        Ok(nothing())
    })
}

/// `print` of a scope.
pub(super) fn print_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("print", move |_, args| {
        let [message] = bind("print", ["msg"], args)?;
        if scope.session.config().flags.print {
            let msg = scope.session.config().profile.secrets.hide(text("print", "msg", message)?).into_owned();
            scope.report(&Event::PrintEvent { msg });
        }
        Ok(nothing())
    })
}
