//! Where exactly a config, a description or a call of a node is written.
//!
//! Looked up again only when something is wrong there, so that a parse without problems carries none of these places.

use crate::diagnostics::{Diagnostics, SourceMap, Span};
use crate::jinja::{Call, Origin, analyze};
use crate::manifest::Node;
use crate::yaml;

/// The place of a config's value: in the template's `config` call, else in the properties, else the node itself.
pub fn of_config(sources: &SourceMap, node: &Node, key: &str) -> Option<Span> {
    let underscored = key.replace('-', "_");
    written(sources, node, &underscored).or_else(|| written(sources, node, key)).or(node.span)
}

fn written(sources: &SourceMap, node: &Node, key: &str) -> Option<Span> {
    let in_call =
        |call: &Call| (call.name() == "config").then(|| call.keyword(key)).flatten().map(|arg| arg.range.clone());
    let in_mapping = |call: &Call| {
        let is_mapping =
            |arg: &&crate::jinja::CallArgument| arg.value.as_ref().is_some_and(|value| value.get(key).is_some());
        (call.name() == "config").then(|| call.positional().find(is_mapping)).flatten().map(|arg| arg.range.clone())
    };
    in_template(sources, node, in_call)
        .or_else(|| in_template(sources, node, in_mapping))
        .or_else(|| of_property(sources, node, &["config", key]))
        .or_else(|| of_property(sources, node, &[key]))
}

/// The place of the template's first call of this function, else of the properties, else the node itself.
pub(super) fn of_call(sources: &SourceMap, node: &Node, name: &str) -> Option<Span> {
    in_template(sources, node, |call| (call.name() == name).then(|| call.range.clone())).or(node.span)
}

/// The place of a call of `source` with these names.
pub(super) fn of_source(sources: &SourceMap, node: &Node, (source, table): (&str, &str)) -> Option<Span> {
    in_template(sources, node, |call| {
        let names: Vec<&str> = call.positional().filter_map(|arg| arg.value.as_ref()?.as_str()).collect();
        (call.name() == "source" && names == [source, table]).then(|| call.range.clone())
    })
}

/// The place of a value in the properties of a node, by the keys that lead to it.
pub(super) fn of_property(sources: &SourceMap, node: &Node, keys: &[&str]) -> Option<Span> {
    let span = node.properties_span?;
    let file = sources.get(span.source);
    let tree = yaml::parse_into(span.source, &file.text, &mut Diagnostics::new())?;
    let entry = find(&tree, span)?;
    let below = |from: &yaml::Node| keys.iter().try_fold(from.clone(), |node, key| node.get(key).cloned());
    // A test's properties stand below its name.
    let arguments = || entry.as_map().and_then(|map| map.iter().next()).and_then(|(_, value)| below(value));
    below(entry).or_else(arguments).map(|found| found.span)
}

/// The first place that `wanted` finds among the calls of a node's own template.
fn in_template(
    sources: &SourceMap,
    node: &Node,
    wanted: impl Fn(&Call) -> Option<std::ops::Range<usize>>,
) -> Option<Span> {
    let span = node.span?;
    let file = sources.get(span.source);
    let is_own = file.text.get(span.start as usize..).is_some_and(|text| text.starts_with(node.raw_code.as_ref()));
    let analysis = analyze(&node.raw_code).ok().filter(|_| is_own)?;
    let range = analysis.calls.iter().find_map(wanted)?;
    Some(Origin::new(span.source, span.start as usize).span(range))
}

fn find(tree: &yaml::Node, span: Span) -> Option<&yaml::Node> {
    if tree.span == span {
        return Some(tree);
    }
    if let Some(items) = tree.as_seq() {
        return items.iter().find_map(|item| find(item, span));
    }
    tree.as_map()?.iter().find_map(|(_, value)| find(value, span))
}
