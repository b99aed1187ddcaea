//! Tests listed under models, seeds, snapshots, sources and columns → test nodes, named and hashed as dbt names them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::deprecations;
use super::names::{fqn, generic_test_hash, generic_test_names, python_repr};
use super::node_config::ConfigSources;
use super::nodes::{Parsed, check_config, name_relation};
use super::parsing::Parsing;
use super::patches::{Patch, Version};
use super::properties::Entry;
use super::sources::SourceEntry;
use super::templates;
use super::templates::Reading;
use super::written_config::unrendered_template;
use crate::context::ParseNode;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::jinja::parameters;
use crate::manifest::{DependsOn, Macro, Node, RefCall, RefVersion, ResourceType, TestDetails, TestMetadata};
use crate::yaml::Node as Yaml;

/// Arguments of a test that are configs, where dbt's older syntax has them beside the test's own.
const CONFIG_KEYS: &[&str] = &[
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// What a test is attached to.
enum Target<'a> {
    Node { name: &'a str, version: Option<&'a Version> },
    Source(&'a SourceEntry),
}

/// One test as written, with all that is needed to make its node.
struct Definition<'a> {
    entry: &'a Arc<Entry>,
    target: Target<'a>,
    column: Option<String>,
    /// Tags of the column, table and source.
    tags: Vec<String>,
    test: &'a Value,
    /// Its name.
    span: Span,
    /// All of it.
    item: Span,
}

/// The places of one test: its name and all of it.
struct TestPlace {
    name: Span,
    item: Span,
}

/// Where the tests below `owner` stand, in their order.
fn test_places(owner: Option<&Yaml>) -> Vec<TestPlace> {
    let tests = owner.and_then(|owner| owner.get("data_tests").or(owner.get("tests"))).and_then(Yaml::as_seq);
    let name = |test: &Yaml| match (test.get("test_name"), test.as_map().and_then(|map| map.iter().next())) {
        (Some(name), _) => name.span,
        (None, Some((key, _))) => key.span,
        (None, None) => test.span,
    };
    tests.unwrap_or(&[]).iter().map(|test| TestPlace { name: name(test), item: test.span }).collect()
}

/// The item of the list under `key` that has this name.
fn named<'a>(owner: Option<&'a Yaml>, key: &str, name: &str) -> Option<&'a Yaml> {
    let is_named = |item: &&Yaml| item.get("name").and_then(Yaml::scalar_text).as_deref() == Some(name);
    owner?.get(key)?.as_seq()?.iter().find(is_named)
}

/// All tests of a patch's node.
pub(super) fn of_patch(parsing: &Parsing, patch: &Patch) -> Vec<Parsed> {
    let mut tests = Vec::new();
    let yaml = &patch.entry.yaml;
    for column in &patch.columns {
        if column.data_tests.is_empty() {
            continue;
        }
        let quoted = column.properties.quote.unwrap_or(patch.quote_columns());
        let places = test_places(named(Some(yaml), "columns", &column.properties.name));
        let column_span = column.properties.span.unwrap_or(yaml.span);
        for (index, test) in column.data_tests.iter().enumerate() {
            let place = places.get(index);
            tests.push(Definition {
                entry: &patch.entry,
                target: Target::Node { name: &patch.entry.name, version: patch.version.as_ref() },
                column: Some(column_name(parsing, &column.properties.name, quoted)),
                tags: column.properties.tags.clone(),
                test,
                span: place.map_or(column_span, |place| place.name),
                item: place.map_or(column_span, |place| place.item),
            });
        }
    }
    let places = test_places(Some(yaml));
    for (index, test) in patch.data_tests.iter().enumerate() {
        let place = places.get(index);
        tests.push(Definition {
            entry: &patch.entry,
            target: Target::Node { name: &patch.entry.name, version: patch.version.as_ref() },
            column: None,
            tags: Vec::new(),
            test,
            span: place.map_or_else(|| patch.entry.span("name"), |place| place.name),
            item: place.map_or(yaml.span, |place| place.item),
        });
    }
    tests.into_iter().map(|definition| make(parsing, &definition)).collect()
}

/// All tests of a source table.
pub(super) fn of_source(parsing: &Parsing, source: &SourceEntry) -> Vec<Parsed> {
    let mut tests = Vec::new();
    let table_tags = &source.test_tags;
    let table = named(Some(&source.entry.yaml), "tables", &source.source.name);
    let table_span = source.source.span.unwrap_or(source.entry.yaml.span);
    for column in &source.columns {
        if column.data_tests.is_empty() {
            continue;
        }
        let quoted = column.properties.quote.unwrap_or(source.quote_columns);
        let places = test_places(named(table, "columns", &column.properties.name));
        let column_span = column.properties.span.unwrap_or(table_span);
        for (index, test) in column.data_tests.iter().enumerate() {
            let place = places.get(index);
            tests.push(Definition {
                entry: &source.entry,
                target: Target::Source(source),
                column: Some(column_name(parsing, &column.properties.name, quoted)),
                tags: table_tags.iter().chain(&column.properties.tags).cloned().collect(),
                test,
                span: place.map_or(column_span, |place| place.name),
                item: place.map_or(column_span, |place| place.item),
            });
        }
    }
    let places = test_places(table);
    for (index, test) in source.data_tests.iter().enumerate() {
        let place = places.get(index);
        tests.push(Definition {
            entry: &source.entry,
            target: Target::Source(source),
            column: None,
            tags: table_tags.clone(),
            test,
            span: place.map_or(table_span, |place| place.name),
            item: place.map_or(table_span, |place| place.item),
        });
    }
    tests.into_iter().map(|definition| make(parsing, &definition)).collect()
}

fn column_name(parsing: &Parsing, name: &str, quoted: bool) -> String {
    if quoted { parsing.adapter().quote(name) } else { name.to_owned() }
}

/// A test's name, namespace and arguments, taken apart.
struct Split {
    name: String,
    namespace: Option<String>,
    kwargs: Map<String, Value>,
    config: Map<String, Value>,
    custom_name: Option<String>,
    description: String,
    /// Of how it is written.
    warnings: Diagnostics,
}

/// Tests that dbt parses without rendering a template; so it keeps their configs as values.
const NOT_RENDERED: [&str; 2] = ["macro.dbt.test_not_null", "macro.dbt.test_unique"];

fn make(parsing: &Parsing, definition: &Definition<'_>) -> Parsed {
    let mut split = split(parsing, definition)?;
    let package = definition.entry.file.package.as_ref();
    let model = model_expression(&definition.target);
    split.kwargs.insert("model".into(), Value::String(format!("{{{{ get_where_subquery({model}) }}}}")));
    let (short, full) = match &split.custom_name {
        Some(name) => (name.clone(), name.clone()),
        None => {
            let (kind, target) = name_parts(&split, &definition.target);
            let (short, full) = generic_test_names(&kind, &target, &split.kwargs);
            if short != full && !split.config.contains_key("alias") {
                split.config.insert("alias".into(), Value::String(short.clone()));
            }
            (short, full)
        }
    };
    let metadata = json!({"namespace": split.namespace, "name": split.name, "kwargs": split.kwargs});
    let hash = generic_test_hash(&full, &metadata);
    let below = definition.entry.file.original_path.split_once('/').map_or("", |(_, below)| below);
    let fqn = fqn(package, below, &full);
    let unique_id = format!("test.{package}.{full}.{hash}");
    let raw_code: Arc<str> = raw_code(&split).into();
    let captured = capture(parsing, definition, &split, &unique_id, &full, &short, &fqn, &raw_code)?;
    parsing.note(Some(definition.span), &captured);
    let mut call = split.config.clone();
    super::config_merge::merge(&mut call, &captured.config_call);
    let sources = ConfigSources { package, kind: ResourceType::Test, fqn: &fqn, properties: None, call: &call };
    let mut resolved = parsing.configs().resolve(parsing.project(), &sources);
    let is_rendered = !captured.macros.iter().any(|id| NOT_RENDERED.contains(&id.as_str()));
    if parsing.compares_as_written() && is_rendered {
        resolved.unrendered = unrendered_template(parsing, &raw_code, sources);
    }
    let mut tags = definition.tags.clone();
    tags.extend(resolved.config.tags().into_iter().map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| seen.insert(tag.clone()));
    let mut warnings = std::mem::take(&mut split.warnings);
    warnings.extend(captured.warnings.clone());
    let mut node = Node {
        path: format!("{short}.sql"),
        original_file_path: definition.entry.file.original_path.clone(),
        fqn,
        unrendered_config: resolved.unrendered,
        config_call: call,
        raw_code,
        span: Some(definition.span),
        properties_span: Some(definition.item),
        refs: captured.refs,
        sources: captured.sources,
        functions: captured.functions,
        depends_on: DependsOn { macros: captured.macros, nodes: Vec::new() },
        description: split.description,
        tags,
        meta: resolved.config.get("meta").and_then(Value::as_object).cloned().unwrap_or_default(),
        group: resolved.config.str("group").map(str::to_owned),
        docs: json!({"show": true, "node_color": null}).as_object().cloned().unwrap_or_default(),
        created_at: parsing.created_at(),
        access: String::new(),
        test: TestDetails {
            metadata: Some(TestMetadata { name: split.name, namespace: split.namespace, kwargs: split.kwargs }),
            column_name: definition.column.clone(),
            file_key_name: Some(format!("{}.{}", definition.entry.section, definition.entry.name)),
            attached_node: None,
        },
        config: resolved.config,
        ..Node::new(ResourceType::Test, unique_id, full, package.to_owned())
    };
    check_config(parsing.sources(), &node)?;
    name_relation(parsing, &mut node)?;
    Ok((Arc::new(node), warnings))
}

fn model_expression(target: &Target<'_>) -> String {
    match target {
        Target::Node { name, version: None } => format!("ref('{name}')"),
        Target::Node { name, version: Some(version) } => {
            format!("ref('{name}', version='{}')", super::names::version_text(&version.v))
        }
        Target::Source(source) => format!("source('{}', '{}')", source.source.source_name, source.source.name),
    }
}

fn name_parts(split: &Split, target: &Target<'_>) -> (String, String) {
    let (mut kind, target) = match target {
        Target::Node { name, version: None } => (split.name.clone(), (*name).to_owned()),
        Target::Node { name, version: Some(version) } => {
            (split.name.clone(), format!("{name}_v{}", super::names::version_text(&version.v)))
        }
        Target::Source(source) => {
            (format!("source_{}", split.name), format!("{}_{}", source.source.source_name, source.source.name))
        }
    };
    if let Some(namespace) = &split.namespace {
        kind = format!("{namespace}_{kind}");
    }
    (kind, target)
}

/// The template that runs the test: a call of its macro, and its configs as Python would write them.
fn raw_code(split: &Split) -> String {
    let namespace = split.namespace.as_ref().map(|name| format!("{name}.")).unwrap_or_default();
    let call = format!("{{{{ {namespace}test_{}(**_dbt_generic_test_kwargs) }}}}", split.name);
    let configs: Vec<String> = split
        .config
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}=\"{}\"", text.replace('"', "\\\"")),
            other => format!("{key}={}", python_repr(other)),
        })
        .collect();
    if configs.is_empty() { call } else { format!("{call}{{{{ config({}) }}}}", configs.join(",")) }
}

/// Takes a definition apart; dbt's three spellings are accepted.
fn split(parsing: &Parsing, definition: &Definition<'_>) -> Result<Split, Diagnostic> {
    let problem = |message: String| Diagnostic::error(Code::INVALID_TEST, message).at(definition.span, "in this test");
    let (written, mut args) = match definition.test {
        Value::String(name) => (name.clone(), Map::new()),
        Value::Object(map) => match map.get("test_name") {
            Some(Value::String(name)) => {
                let mut args = map.clone();
                args.shift_remove("test_name");
                (name.clone(), args)
            }
            Some(_) => return Err(problem("`test_name` must be a string".into())),
            None => {
                let mut items = map.iter();
                let (Some((name, value)), None) = (items.next(), items.next()) else {
                    return Err(problem(format!(
                        "a test is a mapping with one key, its name; here are {}: {}",
                        map.len(),
                        map.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    ))
                    .hint("indent the arguments below the name of the test"));
                };
                match value {
                    Value::Null => (name.clone(), Map::new()),
                    Value::Object(args) => (name.clone(), args.clone()),
                    _ => return Err(problem(format!("the arguments of test `{name}` must be a mapping"))),
                }
            }
        },
        _ => return Err(problem("a test is a name, or a mapping from its name to its arguments".into())),
    };
    if let Some(column) = &definition.column {
        args.insert("column_name".into(), Value::String(column.clone()));
    }
    let is_nested = parsing.session().config().flags.behaves("require_generic_test_arguments_property");
    let of = match &definition.target {
        Target::Node { name, .. } => name,
        Target::Source(source) => source.source.name.as_str(),
    };
    let warnings = deprecations::WrittenTest { name: &written, of, args: &args, span: definition.span }
        .warnings(CONFIG_KEYS, is_nested);
    if is_nested && let Some(Value::Object(arguments)) = args.shift_remove("arguments") {
        args.extend(arguments);
    }
    if args.contains_key("model") {
        return Err(problem("Test arguments include \"model\", which is a reserved argument".into()));
    }
    let (namespace, name) = match written.split_once('.') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
        None => (None, written),
    };
    let is_name = |text: &str| {
        text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !is_name(&name) || namespace.as_deref().is_some_and(|namespace| !is_name(namespace)) {
        return Err(problem(format!("`{name}` cannot be the name of a test")));
    }
    let config = config(parsing, definition, &mut args)?;
    let text = |value: Value| super::names::python_str(&value);
    Ok(Split {
        description: args.shift_remove("description").map(text).unwrap_or_default(),
        custom_name: args.shift_remove("name").map(text),
        name,
        namespace,
        kwargs: args,
        config,
        warnings,
    })
}

/// Configs of the test, from `config:` and from beside it, rendered.
fn config(
    parsing: &Parsing,
    definition: &Definition<'_>,
    args: &mut Map<String, Value>,
) -> Result<Map<String, Value>, Diagnostic> {
    let mut nested = match args.shift_remove("config") {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let mut config = Map::new();
    for key in CONFIG_KEYS {
        let beside = args.shift_remove(*key).filter(|value| !value.is_null());
        if beside.is_some() && nested.contains_key(*key) {
            return Err(Diagnostic::error(
                Code::INVALID_TEST,
                format!("Test cannot have the same key at the top-level and in config: `{key}`"),
            )
            .at(definition.span, "in this test")
            .hint("keep the one inside `config`"));
        }
        if let Some(value) = beside.or_else(|| nested.shift_remove(*key)) {
            config.insert((*key).to_owned(), value);
        }
    }
    config.extend(nested);
    let package = definition.entry.file.package.as_ref();
    let mut rendered = Map::new();
    for (key, value) in config {
        let value = match value {
            Value::String(text) if text.contains("{{") || text.contains("{%") => {
                templates::render_yaml(parsing.session(), package, &text, definition.span)?
            }
            other => other,
        };
        if !value.is_null() {
            rendered.insert(key, value);
        }
    }
    Ok(rendered)
}

/// The test's macro takes each of the arguments that are given. What is left out is undefined in it.
fn check_arguments(found: &Macro, definition: &Definition<'_>, split: &Split) -> Result<(), Diagnostic> {
    let taken = parameters(&found.macro_sql);
    let unknown = split.kwargs.keys().find(|name| !taken.contains(name));
    let Some(unknown) = unknown.filter(|_| !found.macro_sql.contains("kwargs")) else { return Ok(()) };
    let message = format!("macro '{}' takes no keyword argument '{unknown}'", found.name);
    let problem = Diagnostic::error(Code::JINJA_ARGUMENTS, message).at(definition.span, "in this test");
    Err(problem.suggest(unknown, taken.iter().map(String::as_str)))
}

/// What the test's template and arguments refer to.
///
/// The macro itself is only rendered if it may call `ref`, `source` or `config`; those of `unique`, `not_null` and most
/// others cannot, so that what they refer to is read off their arguments.
#[allow(clippy::too_many_arguments)]
fn capture(
    parsing: &Parsing,
    definition: &Definition<'_>,
    split: &Split,
    unique_id: &str,
    name: &str,
    alias: &str,
    fqn: &[String],
    raw_code: &Arc<str>,
) -> Result<Reading, Diagnostics> {
    let session = parsing.session();
    let package = definition.entry.file.package.as_ref();
    let macro_name = format!("test_{}", split.name);
    let found = match &split.namespace {
        Some(namespace) => session.macros().find_in(namespace, &macro_name),
        None => session.macros().find(package, &macro_name),
    };
    let macro_id = found.map(|found| found.definition.unique_id.clone());
    let own_reference = |captured: &mut Reading| match &definition.target {
        Target::Node { name, version } => captured.refs.push(RefCall {
            name: (*name).to_owned(),
            package: None,
            version: version.map(|version| RefVersion { written: version.v.clone() }),
            span: Some(definition.span),
        }),
        Target::Source(source) => {
            captured.sources.push((source.source.source_name.clone(), source.source.name.clone()));
        }
    };
    let mut captured = Reading::default();
    if let Some(macro_id) = macro_id.as_ref().filter(|id| NOT_RENDERED.contains(&id.as_str())) {
        captured.macros.push(macro_id.clone());
        own_reference(&mut captured);
        return Ok(captured);
    }
    if let Some(found) = found {
        check_arguments(&found.definition, definition, split)?;
    }
    let node = Arc::new(ParseNode {
        unique_id: unique_id.to_owned(),
        resource_type: ResourceType::Test,
        name: name.to_owned(),
        package_name: package.to_owned(),
        path: format!("{alias}.sql"),
        original_file_path: definition.entry.file.original_path.clone(),
        fqn: fqn.to_vec(),
        alias: alias.to_owned(),
        database: Some(parsing.adapter().database().to_owned()),
        schema: parsing.adapter().schema().to_owned(),
        raw_code: Arc::clone(raw_code),
        config: Map::new(),
        names: Vec::new(),
    });
    let mut captured =
        templates::capture_generic_test(parsing, &node, &split.kwargs, macro_id.as_deref(), definition.span)?;
    if macro_id.is_none() {
        captured.warnings.push(no_such_test(parsing, split, definition.span));
    }
    Ok(captured)
}

/// As in dbt, a test that is not there fails when it runs: what else there is can be built without it.
fn no_such_test(parsing: &Parsing, split: &Split, span: Span) -> Diagnostic {
    let known: Vec<&str> = parsing.session().macros().names().filter_map(|name| name.strip_prefix("test_")).collect();
    let whole = split.namespace.as_ref().map_or_else(|| split.name.clone(), |ns| format!("{ns}.{}", split.name));
    let message = format!("'test_{}' is undefined: there is no generic test `{whole}`", split.name);
    Diagnostic::warning(Code::MACRO_NOT_FOUND, message).at(span, "used here").suggest(&split.name, known)
}
