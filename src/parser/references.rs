//! `ref('…')` and `source('…', '…')` written as text in YAML: dependencies of exposures, relations of snapshots, inputs of
//! unit tests, targets of foreign keys.

use serde_json::Value;

use crate::diagnostics::{Code, Diagnostic, Span};
use crate::jinja::extract_calls;
use crate::manifest::RefCall;

/// What such a text means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A call of `ref`.
    Ref(RefCall),
    /// A call of `source`.
    Source(String, String),
    /// A call of `metric`.
    Metric(Vec<String>),
}

/// Reads one call.
pub(super) fn parse(text: &str, span: Span) -> Result<Reference, Diagnostic> {
    let wrong = || {
        Diagnostic::error(Code::YAML_VALUE, format!("`{text}` is neither a `ref` nor a `source`"))
            .at(span, "expected `ref('model')` or `source('source', 'table')`")
    };
    let template = format!("{{{{ {} }}}}", text.trim());
    let calls = extract_calls(&template).map_err(|_| wrong())?;
    let call = calls.first().filter(|call| call.is_literal).ok_or_else(wrong)?;
    let positional: Vec<String> = call.args.iter().map(super::names::python_str).collect();
    match (call.name.as_str(), positional.as_slice()) {
        ("ref", [_] | [_, _]) => Ok(Reference::Ref(ref_call(&call.args, &call.kwargs, Some(span)).ok_or_else(wrong)?)),
        ("source", [source, table]) => Ok(Reference::Source(source.clone(), table.clone())),
        ("metric", [_] | [_, _]) => Ok(Reference::Metric(positional)),
        _ => Err(wrong()),
    }
}

/// Reads one call into the lists of a resource.
pub(super) fn add_call(
    text: &str,
    span: Span,
    refs: &mut Vec<RefCall>,
    sources: &mut Vec<(String, String)>,
    metrics: &mut Vec<Vec<String>>,
) -> Result<(), Diagnostic> {
    match parse(text, span)? {
        Reference::Ref(call) => refs.push(call),
        Reference::Source(source, table) => sources.push((source, table)),
        Reference::Metric(name) => metrics.push(name),
    }
    Ok(())
}

/// The arguments of `ref`: one or two names, and `version` or `v`.
pub(super) fn ref_call(args: &[Value], kwargs: &[(String, Value)], span: Option<Span>) -> Option<RefCall> {
    let names: Vec<&str> = args.iter().map(Value::as_str).collect::<Option<_>>()?;
    let (package, name) = match names.as_slice() {
        [name] => (None, *name),
        [package, name] => (Some((*package).to_owned()), *name),
        _ => return None,
    };
    let version = kwargs
        .iter()
        .find(|(key, _)| key == "version" || key == "v")
        .map(|(_, value)| super::names::version_text(value));
    Some(RefCall { name: name.to_owned(), package, version, span })
}
