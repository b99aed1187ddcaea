//! The ways in which templates are rendered while parsing, and what is captured from them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::files::ProjectFile;
use super::parsing::Parsing;
use super::references::positional;
use crate::context::{
    Captured, ParseNode, Session, docs_context, find_doc, parse_context, render_test_arguments, yaml_context,
};
use crate::diagnostics::{Diagnostic, Diagnostics, Span};
use crate::jinja::{
    JinjaError, Origin, Rendered, SyntaxError, Undefined, analyze, callable_undefined, has_tags, to_json,
};
use crate::manifest::RefCall;

/// A file that is not valid Jinja, as a problem with its place.
pub(super) fn syntax_problem(file: &ProjectFile, error: SyntaxError) -> Diagnostic {
    error.diagnostic(Some(Origin::new(file.source, file.offset)))
}

/// Renders a string of a property file; the value keeps its type.
pub(super) fn render_yaml(session: &Arc<Session>, package: &str, text: &str, span: Span) -> Result<Value, Diagnostic> {
    let context = yaml_context(session, package);
    match session.engine().render_native(text, None, context) {
        Ok(rendered) => Ok(to_json(&rendered.value)),
        Err(error) => Err(error.diagnostic.at(span, "in this value")),
    }
}

/// Renders a description; returns it with the doc blocks that it prints as they are, as dbt lists them: neither with a filter nor
/// with a method.
pub(super) fn render_description(
    parsing: &Parsing,
    package: &str,
    text: &str,
) -> Result<(String, Vec<String>), Diagnostic> {
    let context = docs_context(parsing.session(), package, parsing.docs());
    let rendered = parsing.session().engine().render_str(text, None, context)?;
    let printed = analyze(text).map(|analysis| analysis.calls).unwrap_or_default();
    let printed = printed.iter().filter(|call| call.is_printed && call.path == ["doc"]);
    let order = parsing.session().search_order();
    let found = printed.filter_map(|call| {
        let mut names = positional(call)?;
        let name = names.pop()?;
        find_doc(parsing.docs(), order, package, names.pop().as_deref(), &name)
    });
    Ok((rendered.text(), found.map(|doc| doc.unique_id.clone()).collect()))
}

/// What a template refers to, how it configures itself, and which macros it calls.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) refs: Vec<RefCall>,
    pub(super) sources: Vec<(String, String)>,
    pub(super) metrics: Vec<Vec<String>>,
    pub(super) functions: Vec<Vec<String>>,
    pub(super) config_call: Map<String, Value>,
    /// Unique ids of the macros that the template itself calls, each once.
    pub(super) macros: Vec<String>,
    pub(super) warnings: Diagnostics,
    /// Whether anything was rendered, so that it depends on what macros do.
    pub(super) is_rendered: bool,
    /// Whether it may be something else in the next run.
    pub(super) is_volatile: bool,
}

impl From<Captured> for Reading {
    fn from(captured: Captured) -> Self {
        Self {
            refs: captured.refs,
            sources: captured.sources,
            metrics: captured.metrics,
            functions: captured.functions,
            config_call: captured.config_call,
            macros: Vec::new(),
            warnings: captured.warnings,
            is_rendered: true,
            is_volatile: captured.is_volatile,
        }
    }
}

/// What a template refers to and how it configures itself: read off its syntax tree where that is certain, rendered where
/// it is not.
pub(super) fn capture(parsing: &Parsing, node: &Arc<ParseNode>, span: Option<Span>) -> Result<Reading, Diagnostics> {
    if !has_tags(&node.raw_code) {
        return Ok(Reading::default());
    }
    if let Some(captured) = super::extraction::captured(parsing, node, span)? {
        return Ok(captured);
    }
    let mut node = ParseNode::clone(node);
    loop {
        let (context, capture) = parse_context(parsing.session(), Arc::new(node.clone()));
        let engine = parsing.session().engine();
        let place = span.map(origin);
        match engine.render_str_with(&node.raw_code, place, context, Undefined::Chainable, |_| {}, |_| {}) {
            Ok(rendered) => {
                let mut captured = Reading::from(capture.take());
                add_macros(&mut captured, &rendered);
                return Ok(captured);
            }
            // dbt lets a call of something unknown pass while parsing: it counts only where it is compiled.
            Err(JinjaError { undefined_name: Some(name), .. }) if is_plain_name(&name, &node) => {
                node.names.push((name, callable_undefined()));
            }
            Err(error) => return Err(described(parsing, error).into()),
        }
    }
}

/// Whether a name can be stood in for, and has not been already.
fn is_plain_name(name: &str, node: &ParseNode) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !node.names.iter().any(|(known, _)| known == name)
}

/// What a generic test refers to: in its arguments (templates, or bare calls of `ref` and the like) and in its macro, if there is
/// one of its name.
pub(super) fn capture_generic_test(
    parsing: &Parsing,
    node: &Arc<ParseNode>,
    kwargs: &Map<String, Value>,
    macro_id: Option<&str>,
    span: Span,
) -> Result<Reading, Diagnostics> {
    let engine = parsing.session().engine();
    let place = |error: JinjaError| {
        let problem = described(parsing, error);
        if problem.labels.iter().any(|label| label.span == span) { problem } else { problem.at(span, "in this test") }
    };
    let (context, capture) = parse_context(parsing.session(), Arc::clone(node));
    let mut called: Vec<Rendered> = Vec::new();
    let rendered_kwargs = render_test_arguments::<Diagnostic>(kwargs, &mut |text: &str| {
        let rendered = engine
            .render_native_with(text, None, context.clone(), Undefined::Chainable, |_| {}, |_| {})
            .map_err(place)?;
        let value = rendered.value.clone();
        called.push(rendered);
        Ok(value)
    })?;
    let mut captured = Reading::from(capture.take());
    captured.macros.splice(0..0, macro_id.map(str::to_owned));
    called.iter().for_each(|rendered| add_macros(&mut captured, rendered));
    if macro_id.is_none_or(|id| parsing.silent_macros().contains(id)) {
        return Ok(captured);
    }
    let mut with_kwargs = ParseNode::clone(node);
    with_kwargs.names.push(("_dbt_generic_test_kwargs".into(), rendered_kwargs));
    let (context, test_capture) = parse_context(parsing.session(), Arc::new(with_kwargs));
    let rendered =
        engine.render_str_with(&node.raw_code, None, context, Undefined::Chainable, |_| {}, |_| {}).map_err(place)?;
    let in_macro = test_capture.take();
    captured.refs.extend(in_macro.refs);
    captured.sources.extend(in_macro.sources);
    captured.functions.extend(in_macro.functions);
    captured.config_call = in_macro.config_call;
    captured.warnings.extend(in_macro.warnings);
    captured.is_volatile |= in_macro.is_volatile;
    add_macros(&mut captured, &rendered);
    Ok(captured)
}

fn origin(span: Span) -> Origin {
    Origin::new(span.source, span.start as usize)
}

/// Macros that the template itself called, by unique id.
fn add_macros(captured: &mut Reading, rendered: &Rendered) {
    for template in &rendered.macros {
        let Some(name) = template.strip_prefix("macro:") else { continue };
        let id = format!("macro.{name}");
        if !captured.macros.contains(&id) {
            captured.macros.push(id);
        }
    }
}

fn described(parsing: &Parsing, error: JinjaError) -> Diagnostic {
    error.suggest(parsing.session().macros().names()).diagnostic
}
