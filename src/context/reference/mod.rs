//! `ref`, `metric` and `function`.

pub(super) mod resolve;

use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::arguments::{Arguments, function};
use super::raise::{compilation, raise};
use super::relation::relation_value;
use super::runtime_config::WithConfig;
use super::scope::{Scope, Stage};
use super::values::{dict, none, nothing, optional};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::type_name;
use crate::manifest::{RefCall, RefVersion};

/// `ref` of a scope.
pub(super) fn ref_function(scope: &Arc<Scope>) -> Value {
    let config = scope.session.shared().runtime_config.clone();
    let scope = Arc::clone(scope);
    let function = function("ref", move |_, args| {
        let call = ref_call(&scope, args)?;
        match &scope.stage {
            Stage::Parse { node, capture } => {
                capture.lock().refs.push(call);
                Ok(relation_value(super::model::parse_relation(&scope, node)))
            }
            Stage::Run(run) => run.resolve_ref(&call).map(relation_value),
            _ => Ok(nothing()),
        }
    });
    Value::from_object(WithConfig { function, config })
}

fn ref_call(scope: &Scope, args: &[Value]) -> Result<RefCall, Error> {
    let mut arguments = Arguments::of(args);
    let version = arguments.take("version").filter(Value::is_true).or_else(|| arguments.take("v"));
    let (package, name) = match arguments.positional.as_slice() {
        [name] => (None, name.clone()),
        [package, name] => (Some(package.clone()), name.clone()),
        other => {
            return Err(raise(
                Diagnostic::error(
                    Code::JINJA_ARGUMENTS,
                    format!("ref() takes at most two arguments ({} given)", other.len()),
                )
                .note(format!("in {}", scope.unique_id()))
                .hint("write `ref('name')` or `ref('package', 'name')`"),
            ));
        }
    };
    if name.kind() != ValueKind::String {
        return Err(compilation(format!("The name argument to ref() must be a string, got {}", type_name(&name))));
    }
    let package = match package {
        Some(package) if package.kind() == ValueKind::String => Some(package.to_string()),
        Some(package) if !package.is_none() => {
            return Err(compilation(format!(
                "The package argument to ref() must be a string or None, got {}",
                type_name(&package)
            )));
        }
        _ => None,
    };
    let version = match version {
        Some(version) if matches!(version.kind(), ValueKind::String | ValueKind::Number) => {
            let written = serde_json::to_value(&version).unwrap_or_else(|_| version.to_string().into());
            Some(RefVersion { written })
        }
        Some(version) if !version.is_none() && !version.is_undefined() => {
            return Err(compilation(format!(
                "The version argument to ref() must be a string, int, float, or None - got {}",
                type_name(&version)
            )));
        }
        _ => None,
    };
    Ok(RefCall { name: name.to_string(), package, version, span: None })
}

/// Package and name of a call with one or two texts.
fn one_or_two(called: &str, args: &[Value]) -> Result<Vec<String>, Error> {
    match args {
        [_] | [_, _] if args.iter().all(|arg| arg.kind() == ValueKind::String) => {
            Ok(args.iter().map(ToString::to_string).collect())
        }
        _ => Err(super::raise::wrong_arguments(format!("{called}() takes one or two names ({} given)", args.len()))),
    }
}

/// `metric` of a scope.
pub(super) fn metric_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("metric", move |_, args| {
        let parts = one_or_two("metric", args)?;
        let name = parts.last().cloned().unwrap_or_default();
        let package = (parts.len() == 2).then(|| parts[0].clone());
        if let Stage::Parse { capture, .. } = &scope.stage {
            capture.lock().metrics.push(parts);
        }
        if let Some(run) = scope.run() {
            let metric = run.manifest().semantic.metrics.values().find(|metric| {
                metric["name"] == name.as_str()
                    && package.as_ref().is_none_or(|package| metric["package_name"] == package.as_str())
            });
            return metric
                .map(crate::jinja::from_json)
                .ok_or_else(|| raise(Diagnostic::error(Code::REF_NOT_FOUND, format!("metric `{name}` is not found"))));
        }
        Ok(dict([("metric_name", Value::from(name)), ("package_name", optional(package.as_deref()))]))
    })
}

/// `function` of a scope: the relation of a user-defined function.
pub(super) fn function_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("function", move |_, args| {
        let parts = one_or_two("function", args)?;
        match &scope.stage {
            Stage::Parse { node, capture } => {
                capture.lock().functions.push(parts);
                let relation = super::model::parse_relation(&scope, node);
                Ok(relation_value(relation.with_type(Some(crate::adapters::RelationType::Function))))
            }
            Stage::Run(run) => resolve::user_function(run, &parts).map(relation_value),
            _ => Ok(none()),
        }
    })
}
