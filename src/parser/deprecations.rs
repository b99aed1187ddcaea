//! What dbt calls deprecated: models past their `deprecation_date` and references to them, names with spaces, older ways to write
//! a test, tags that do nothing. What the command line and project files have of that is told where they are read.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::files::ProjectFile;
use super::names::version_text;
use super::parsing::Parsing;
use super::resolve::{Found, Lookup};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::jinja::Blocks;
use crate::manifest::{Manifest, Node, ResourceType, moment};

/// Warns of deprecated models and of references to them.
pub(super) fn warn_of_models(parsing: &Parsing, manifest: &Manifest, problems: &mut Diagnostics) {
    let now = parsing.session().config().invocation.started_at;
    for node in manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model) {
        let Some((text, moment)) = node.deprecation_date.as_deref().zip(node.deprecated_from()) else { continue };
        let is_past = moment < now;
        let date = super::places::of_property(parsing.sources(), node, &["deprecation_date"]);
        if is_past {
            problems.push(
                Diagnostic::warning(
                    Code::DEPRECATED,
                    format!("Model {} has passed its deprecation date of {text}", titled(node)),
                )
                .named("DeprecatedModel")
                .at_some(date, "since then")
                .hint("disable or remove it"),
            );
        }
        let readers = manifest.nodes.values().filter(|reader| {
            reader.resource_type == ResourceType::Model && reader.depends_on.nodes.contains(&node.unique_id)
        });
        problems.extend(readers.map(|reader| reference(node, reader, text, is_past)).collect::<Diagnostics>());
    }
}

/// Warns of references of a package's node that lead to the root project though they do not name it: the root project has a
/// resource of the same name as the package means, which may close a cycle.
pub(super) fn warn_of_root_references(parsing: &Parsing, lookup: &Lookup, node: &Node, problems: &mut Diagnostics) {
    let order = parsing.session().search_order();
    if order.is_own_first() || order.is_root(&node.package_name) {
        return;
    }
    for call in node.refs.iter().filter(|call| call.package.is_none()) {
        let Found::Enabled(id) = lookup.node(call, &node.package_name) else { continue };
        let Some(package) = id.split('.').nth(1).filter(|package| order.is_root(package)) else { continue };
        problems.push(
            Diagnostic::warning(
                Code::REF_LEAVES_PACKAGE,
                format!("`{}` of the package `{}` refers to {id} of the root project", node.name, node.package_name),
            )
            .named("PackageNodeDependsOnRootProjectNode")
            .field("node_name", node.name.as_str())
            .field("package_name", node.package_name.as_str())
            .field("root_project_unique_id", id)
            .at_some(call.span.or(node.span), "referenced here")
            .hint(format!(
                "name the package, `ref('{package}', '{}')`, or set the flag `require_ref_searches_node_package_before_root`",
                call.name
            )),
        );
    }
}

fn reference(node: &Node, reader: &Node, date: &str, is_past: bool) -> Diagnostic {
    let (event, when) = if is_past {
        ("DeprecatedReference", "was deprecated on")
    } else {
        ("UpcomingReferenceDeprecation", "is slated for deprecation on")
    };
    let place = reader
        .refs
        .iter()
        .find(|call| call.name == node.name)
        .and_then(|call| call.span)
        .or_else(|| reader.span.map(|span| Span { end: span.start, ..span }));
    let warning = Diagnostic::warning(
        Code::DEPRECATED,
        format!("While compiling '{}': Found a reference to {}, which {when} '{date}'", reader.name, titled(node)),
    )
    .named(event)
    .at_some(place, "referenced here");
    match (&node.version, &node.latest_version) {
        (Some(version), Some(latest)) if version != latest => warning.hint(format!(
            "a newer version exists: {{{{ ref('{}', '{}', v='{}') }}}}",
            node.package_name,
            node.name,
            version_text(latest)
        )),
        _ => warning,
    }
}

/// Names with spaces, which are errors unless the project allows them.
pub(super) fn check_names(parsing: &Parsing, manifest: &Manifest, problems: &mut Diagnostics) {
    let is_error = parsing.session().config().flags.behaves("require_resource_names_without_spaces");
    for node in manifest.nodes.values().filter(|node| node.name.contains(' ')) {
        let message =
            format!("Resource names cannot contain spaces: '{}' ({})", node.unique_id, node.original_file_path);
        let problem = if is_error {
            Diagnostic::error(Code::INVALID_CONFIG, message)
        } else {
            Diagnostic::warning(Code::DEPRECATED, message).named("ResourceNamesWithSpacesDeprecation")
        };
        let place = node.span.map(|span| Span { end: span.start, ..span });
        problems.push(problem.at_some(place, "").hint("rename it"));
    }
}

/// Tags between the blocks of a file of macros or snapshots.
pub(super) fn of_tags(file: &ProjectFile, blocks: &Blocks) -> Diagnostics {
    let warning = |(keyword, range): &(String, Range<usize>)| {
        Diagnostic::warning(Code::DEPRECATED, format!("Found unexpected '{keyword}' block tag."))
            .named("UnexpectedJinjaBlockDeprecation")
            .at(file.span(range.clone()), "outside of all blocks, where it has no effect")
    };
    blocks.unexpected.iter().map(warning).collect()
}

/// How a generic test is written.
pub(super) struct WrittenTest<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What it is a test of.
    pub(super) of: &'a str,
    /// All that stands below its name.
    pub(super) args: &'a Map<String, Value>,
    /// Where its name stands.
    pub(super) span: Span,
}

impl WrittenTest<'_> {
    /// Configs beside `config:` and arguments beside `arguments:`, or the latter where it is an argument like others.
    pub(super) fn warnings(&self, configs: &[&str], is_nested: bool) -> Diagnostics {
        let name = self.name;
        let warn = |event, message| Diagnostic::warning(Code::DEPRECATED, message).named(event).at(self.span, "");
        if !is_nested {
            let message = format!("`arguments` of test `{name}` is taken for an argument of that name");
            let hint = "set the flag `require_generic_test_arguments_property` in dbt_project.yml";
            let warning = || warn("ArgumentsPropertyInGenericTestDeprecation", message).hint(hint);
            return self.args.contains_key("arguments").then(warning).into_iter().collect();
        }
        let moved = self.args.keys().filter(|key| configs.contains(&key.as_str())).map(|key| {
            warn("PropertyMovedToConfigDeprecation", format!("`{key}` of test `{name}` stands beside `config`"))
                .hint(format!("write it as `config: {{{key}: …}}`"))
        });
        let mut found: Diagnostics = moved.collect();
        let is_own = |key: &String| {
            !matches!(key.as_str(), "arguments" | "config" | "column_name" | "description" | "name")
                && !configs.contains(&key.as_str())
        };
        let has_arguments = self.args.get("arguments").is_some_and(|arguments| match arguments {
            Value::Null | Value::Bool(false) => false,
            Value::Object(map) => !map.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::String(text) => !text.is_empty(),
            _ => true,
        });
        if !has_arguments && self.args.keys().any(is_own) {
            let message = format!("the arguments of test `{name}` of '{}' stand beside its configs", self.of);
            found.push(
                warn("MissingArgumentsPropertyInGenericTestDeprecation", message).hint("nest them under `arguments:`"),
            );
        }
        found
    }
}

fn titled(node: &Node) -> String {
    match &node.version {
        Some(version) => format!("{}.v{}", node.name, version_text(version)),
        None => node.name.clone(),
    }
}

/// A date as dbt keeps it: with time and zone, `2024-01-31T00:00:00+00:00`; without a zone it is of the system's. What is no
/// date stays as it is.
pub(super) fn in_full(text: &str) -> String {
    let Some(moment) = moment(text) else { return text.to_owned() };
    let written = text.trim().replacen(' ', "T", 1);
    let has_zone = written.parse::<Timestamp>().is_ok();
    let zone = if has_zone { own_offset(&written) } else { TimeZone::system() };
    moment.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The offset that a moment is written with: `Z`, `+02`, `-04:00`.
fn own_offset(text: &str) -> TimeZone {
    let parsed = ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%z"]
        .into_iter()
        .find_map(|format| jiff::fmt::strtime::parse(format, text).ok()?.offset());
    parsed.map_or(TimeZone::UTC, TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::in_full;
    use crate::manifest::moment;

    #[test]
    fn dates_are_kept_with_time_and_zone() {
        let whole = in_full("2024-01-31");
        assert!(whole.starts_with("2024-01-31T00:00:00"), "{whole}");
        assert_eq!(moment(&whole), moment("2024-01-31"));
        assert_eq!(in_full("2024-01-31T10:00:00+02:00"), "2024-01-31T10:00:00+02:00");
        assert_eq!(in_full("2024-01-31 10:00:00.00-04:00"), "2024-01-31T10:00:00-04:00");
        assert_eq!(in_full("2024-01-31T10:00:00Z"), "2024-01-31T10:00:00+00:00");
        assert_eq!(in_full("soon"), "soon");
    }
}
