//! `var`.

use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};
use serde_json::Value as Json;

use super::arguments::{bind, bound_method, text};
use super::raise::{OrRaise, raise};
use super::scope::{Scope, Stage};
use super::values::none;
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{from_json, has_tags};

/// The callable behind `var`.
#[derive(Debug)]
struct Var(Arc<Scope>);

/// `var` of a scope.
pub(super) fn var_value(scope: &Arc<Scope>) -> Value {
    Value::from_object(Var(Arc::clone(scope)))
}

impl Var {
    fn find(&self, name: &str) -> Option<Json> {
        if let Some(overridden) = self.0.run().and_then(|run| run.overrides().vars.get(name)) {
            return Some(overridden.clone());
        }
        self.0.session.config().vars.get(&self.0.package, name).cloned()
    }

    /// The value; text is rendered where templates run, and taken as it is in property files.
    fn value(&self, json: &Json) -> Result<Value, Error> {
        let template = json.as_str().filter(|text| has_tags(text));
        let Some(template) = template.filter(|_| !matches!(self.0.stage, Stage::Property | Stage::Description { .. }))
        else {
            return Ok(from_json(json));
        };
        let rendered = self.0.session.engine().render_str(template, None, self.0.context());
        rendered.or_raise().map(|rendered| rendered.value)
    }

    fn missing(&self, name: &str) -> Result<Value, Error> {
        if matches!(self.0.stage, Stage::Parse { .. }) {
            return Ok(none());
        }
        let known = self.0.session.config().vars.merged(&self.0.package);
        let problem = Diagnostic::error(
            Code::MISSING_VAR,
            format!(
                "Required var '{name}' not found in config:\nVars supplied to {} = {}",
                self.0.node_name(),
                super::json_yaml::indented_json(&Json::Object(known.clone()))
            ),
        );
        let problem = problem
            .hint(format!("give it under `vars:`, with `--vars '{{{name}: …}}'`, or a default as second argument"));
        Err(raise(problem.suggest(name, known.keys().map(String::as_str))))
    }
}

impl Object for Var {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [name, default] = bind("var", ["var_name", "default"], args)?;
        let name = text("var", "var_name", name)?;
        match (self.find(&name), default) {
            (Some(found), _) => self.value(&found),
            (None, Some(default)) => Ok(default),
            (None, None) => self.missing(&name),
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        bound_method(self, &["has_var"], key.as_str()?)
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, Error> {
        if method != "has_var" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let [name] = bind("has_var", ["var_name"], args)?;
        Ok(self.find(&text("has_var", "var_name", name)?).is_some().into())
    }
}
