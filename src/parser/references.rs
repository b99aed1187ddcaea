//! `ref('…')` and `source('…', '…')` written as text in YAML: dependencies of exposures, relations of snapshots, inputs of
//! unit tests, targets of foreign keys.

use crate::diagnostics::{Code, Diagnostic, Span};
use crate::jinja::{Call, analyze};
use crate::manifest::{RefCall, RefVersion};

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

/// Reads one call; none if the text is something else.
pub(super) fn read(text: &str, span: Option<Span>) -> Option<Reference> {
    let analysis = analyze(&format!("{{{{ {} }}}}", text.trim())).ok()?;
    let call = analysis.calls.first().filter(|call| call.is_literal)?;
    match call.name().as_str() {
        "ref" => ref_call(call, span).map(Reference::Ref),
        "source" => source_call(call).map(|(source, table)| Reference::Source(source, table)),
        "metric" => positional(call).map(Reference::Metric),
        _ => None,
    }
}

/// Reads one call; an error with the place if the text is something else.
pub(super) fn parse(text: &str, span: Span) -> Result<Reference, Diagnostic> {
    read(text, Some(span)).ok_or_else(|| {
        Diagnostic::error(Code::YAML_VALUE, format!("`{text}` is neither a `ref` nor a `source`"))
            .at(span, "expected `ref('model')` or `source('source', 'table')`")
    })
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
pub(super) fn ref_call(call: &Call, span: Option<Span>) -> Option<RefCall> {
    let mut names = positional(call)?;
    let name = names.pop()?;
    let package = names.pop();
    let version = call.keyword("version").or(call.keyword("v")).map(|argument| argument.value.as_ref());
    let version = match version {
        Some(value) => Some(RefVersion { written: value?.clone() }),
        None => None,
    };
    names.is_empty().then_some(RefCall { name, package, version, span })
}

/// The arguments of `source`: its name and the table's.
pub(super) fn source_call(call: &Call) -> Option<(String, String)> {
    let names = positional(call)?;
    match <[String; 2]>::try_from(names) {
        Ok([source, table]) => Some((source, table)),
        Err(_) => None,
    }
}

/// The positional arguments, if they are literal strings.
pub(super) fn positional(call: &Call) -> Option<Vec<String>> {
    call.positional().map(|argument| argument.value.as_ref()?.as_str().map(str::to_owned)).collect()
}
