//! Property files: YAML below the resource folders, split into [`Entry`]s by section (`models`, `sources`, …).
//!
//! An entry keeps its YAML tree for places and has its values as JSON, Jinja rendered except where dbt renders later
//! (descriptions, tests, hooks). What a section means is the business of the parser of that section.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, Span, most_similar};
use crate::yaml::{self, Node};

/// A YAML file of properties.
#[derive(Debug)]
pub(super) struct PropertyFile {
    /// Package that it belongs to.
    pub(super) package: Arc<str>,
    /// Path below the package's root.
    pub(super) original_path: String,
    /// Path below the resource folder (`models/`).
    pub(super) relative_path: String,
    /// Its text.
    pub(super) source: SourceId,
    /// SHA-256 of its stripped text.
    pub(super) checksum: String,
}

impl PropertyFile {
    /// `package://path`, as dbt writes `patch_path`.
    pub(super) fn patch_path(&self) -> String {
        format!("{}://{}", self.package, self.original_path)
    }
}

/// One item of a section.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Where it stands.
    pub(super) file: Arc<PropertyFile>,
    /// Its section.
    pub(super) section: &'static str,
    /// Its `name` (of a unit test too).
    pub(super) name: String,
    /// As written.
    pub(super) yaml: Node,
    /// Rendered.
    pub(super) values: Map<String, Value>,
}

impl Entry {
    /// The place of the value under `key`, or of the whole entry.
    pub(super) fn span(&self, key: &str) -> Span {
        self.yaml.get(key).map_or(self.yaml.span, |node| node.span)
    }

    /// A string, if given; anything else is an error.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Diagnostic> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong_type(key, "a string")),
        }
    }

    /// A list, if given.
    pub(super) fn list(&self, key: &str) -> Result<&[Value], Diagnostic> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong_type(key, "a list")),
        }
    }

    /// A mapping; empty if not given.
    pub(super) fn mapping(&self, key: &str) -> Result<Map<String, Value>, Diagnostic> {
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(_) => Err(self.wrong_type(key, "a mapping")),
        }
    }

    fn wrong_type(&self, key: &str, expected: &str) -> Diagnostic {
        let found = self.yaml.get(key).map_or("something else", Node::type_name);
        Diagnostic::error(Code::YAML_TYPE, format!("`{key}` of `{}` must be {expected}, not {found}", self.name))
            .at(self.span(key), format!("expected {expected}"))
    }

    /// The entry's `config`, with the keys that dbt also accepts beside it (`meta`, `docs`, `group`, `contract`, `access`).
    pub(super) fn config(&self) -> Result<Map<String, Value>, Diagnostic> {
        let mut config = self.mapping("config")?;
        for key in ["meta", "docs", "group", "contract", "access"] {
            let Some(value) = self.values.get(key) else { continue };
            if config.contains_key(key) {
                return Err(Diagnostic::error(
                    Code::INVALID_RESOURCE,
                    format!("`{key}` of `{}` is given both beside and inside `config`", self.name),
                )
                .at(self.span(key), "given here")
                .hint(format!("keep the one inside `config` and delete the other `{key}`")));
            }
            config.insert(key.to_owned(), value.clone());
        }
        Ok(config)
    }
}

/// Sections of a property file, with the keys that an item may have besides those that all have.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("models", MODEL_KEYS),
    ("seeds", NODE_KEYS),
    ("snapshots", NODE_KEYS),
    ("analyses", NODE_KEYS),
    ("macros", &["name", "description", "arguments", "docs", "meta", "config"]),
    ("sources", SOURCE_KEYS),
    ("exposures", EXPOSURE_KEYS),
    ("groups", &["name", "owner", "description", "config"]),
    ("unit_tests", UNIT_TEST_KEYS),
    ("data_tests", &["name", "description", "meta", "docs", "config"]),
    ("functions", FUNCTION_KEYS),
    ("metrics", &[]),
    ("semantic_models", &[]),
    ("saved_queries", &[]),
];

const NODE_KEYS: &[&str] = &[
    "name",
    "description",
    "meta",
    "docs",
    "config",
    "group",
    "contract",
    "access",
    "columns",
    "tests",
    "data_tests",
    "quote_columns",
    "tags",
    "relation",
    "constraints",
];
const MODEL_KEYS: &[&str] = &[
    "name",
    "description",
    "meta",
    "docs",
    "config",
    "group",
    "contract",
    "access",
    "columns",
    "tests",
    "data_tests",
    "quote_columns",
    "tags",
    "constraints",
    "versions",
    "latest_version",
    "deprecation_date",
    "time_spine",
    "derived_semantics",
    "semantic_model",
    "metrics",
    "primary_entity",
    "agg_time_dimension",
];
const SOURCE_KEYS: &[&str] = &[
    "name",
    "description",
    "database",
    "schema",
    "loader",
    "loaded_at_field",
    "loaded_at_query",
    "freshness",
    "quoting",
    "tables",
    "tags",
    "meta",
    "config",
    "overrides",
];
const EXPOSURE_KEYS: &[&str] = &[
    "name",
    "type",
    "owner",
    "description",
    "label",
    "maturity",
    "url",
    "depends_on",
    "meta",
    "tags",
    "config",
    "enabled",
];
const UNIT_TEST_KEYS: &[&str] =
    &["name", "model", "description", "given", "expect", "overrides", "versions", "config", "tags", "meta"];
const FUNCTION_KEYS: &[&str] = &["name", "description", "arguments", "returns", "config", "meta", "docs", "columns"];

/// Other words that a property file may hold at the top.
const OTHER_TOP_KEYS: &[&str] = &["version", "anchors", "test_arguments", "dimensions", "measures", "entities"];

/// Renders one YAML string; returns the typed value.
pub(super) type Render<'a> = dyn Fn(&str, Span) -> Result<Value, Diagnostic> + Sync + 'a;

/// Splits a parsed file into entries; everything wrong goes to `problems`, the rest is kept.
pub(super) fn entries(file: &Arc<PropertyFile>, tree: Node, render: &Render, problems: &mut Diagnostics) -> Vec<Entry> {
    let span = tree.span;
    let map = match tree.value {
        yaml::Value::Null => return Vec::new(),
        yaml::Value::Map(map) => map,
        _ => {
            problems.push(
                Diagnostic::error(
                    Code::YAML_TYPE,
                    format!("Dictionary expected in {}, which holds {}", file.original_path, tree.type_name()),
                )
                .at(span, "expected keys such as `models:` or `sources:`"),
            );
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for (key, value) in map.iter() {
        let Some(name) = key.as_str() else { continue };
        let Some((section, known)) = SECTIONS.iter().find(|(section, _)| *section == name) else {
            warn_of_unknown_section(name, key.span, problems);
            continue;
        };
        if value.is_null() {
            continue;
        }
        let Some(items) = value.as_seq() else {
            problems.push(
                Diagnostic::error(Code::YAML_TYPE, format!("'{section}' is not a list but {}", value.type_name()))
                    .at(value.span, "expected a list of items that begin with `- name:`"),
            );
            continue;
        };
        for item in items {
            if let Some(entry) = problems.collect(entry(file, section, item, render)) {
                warn_of_unknown_keys(&entry, known, problems);
                found.push(entry);
            }
        }
    }
    found
}

fn entry(file: &Arc<PropertyFile>, section: &'static str, item: &Node, render: &Render) -> Result<Entry, Diagnostic> {
    let Some(map) = item.as_map() else {
        return Err(Diagnostic::error(
            Code::YAML_TYPE,
            format!("each item of `{section}` must be a mapping, not {}", item.type_name()),
        )
        .at(item.span, "expected `name: …`"));
    };
    let name = match map.get("name") {
        Some(node) => node.as_str().map(str::to_owned).ok_or_else(|| {
            Diagnostic::error(Code::YAML_TYPE, format!("`name` must be a string, not {}", node.type_name()))
                .at(node.span, "expected a string")
                .hint("quote what YAML reads as another type: `name: \"off\"`")
        })?,
        None => {
            return Err(Diagnostic::error(Code::YAML_MISSING_KEY, format!("an item of `{section}` has no `name`"))
                .at(item.span, "`name` is missing here"));
        }
    };
    let mut values = Map::new();
    for (key, value) in map.iter() {
        let Some(text) = key.scalar_text() else { continue };
        let rendered = rendered_json(section, &[&text], value, render)?;
        values.insert(text, rendered);
    }
    rename_tests(&mut values, item)?;
    // It may be a template.
    let name = values.get("name").and_then(Value::as_str).map_or(name, str::to_owned);
    Ok(Entry { file: Arc::clone(file), section, name, yaml: item.clone(), values })
}

/// The JSON of a node with its Jinja rendered, except where dbt renders later; `path` leads to it from the item, with an empty text for each
/// position in a list.
fn rendered_json(section: &str, path: &[&str], node: &Node, render: &Render) -> Result<Value, Diagnostic> {
    if is_rendered_later(section, path) {
        return Ok(node.to_json());
    }
    match &node.value {
        yaml::Value::Str(text) if text.contains("{{") || text.contains("{%") || text.contains("{#") => {
            render(text, node.span)
        }
        // A rendered text loses the newline at its end.
        yaml::Value::Str(text) => Ok(text.strip_suffix('\n').unwrap_or(text).into()),
        yaml::Value::Seq(items) => {
            let path = [path, &[""]].concat();
            items.iter().map(|item| rendered_json(section, &path, item, render)).collect()
        }
        yaml::Value::Map(map) => {
            let mut out = Map::new();
            for (k, v) in map.iter() {
                let k = k.scalar_text().unwrap_or_else(|| "null".into());
                let rendered = rendered_json(section, &[path, &[&k]].concat(), v, render)?;
                out.insert(k, rendered);
            }
            Ok(Value::Object(out))
        }
        _ => Ok(node.to_json()),
    }
}

/// The places that dbt leaves for later: descriptions, tests, hooks, and what the semantic layer filters by. Hooks may be written with `-` too.
fn is_rendered_later(section: &str, path: &[&str]) -> bool {
    match (section, path) {
        ("sources", ["description" | "loaded_at_query", ..] | ["config", "loaded_at_query", ..])
        | ("metrics", [.., "filter"] | [.., "filter", _])
        | ("saved_queries", ["query_params", "where", ..]) => true,
        ("sources", ["tables", "", inner @ ..]) | ("macros", ["arguments", inner @ ..]) => {
            is_description_test_or_hook(inner)
        }
        ("sources", _) => false,
        (_, path) => is_description_test_or_hook(path),
    }
}

fn is_description_test_or_hook(path: &[&str]) -> bool {
    matches!(
        path,
        ["tests" | "data_tests" | "description" | "loaded_at_query", ..]
            | [_, "tests" | "data_tests" | "description" | "loaded_at_query"]
            | ["config", "pre_hook" | "post_hook" | "pre-hook" | "post-hook" | "loaded_at_query", ..]
            | [_, _, _, _, "description"]
            | ["columns" | "dimensions" | "measures" | "entities", _, "tests" | "data_tests" | "description", ..]
    )
}

/// `tests` is the older spelling of `data_tests`, on an item, its columns, versions and tables.
fn rename_tests(values: &mut Map<String, Value>, item: &Node) -> Result<(), Diagnostic> {
    if let Some(tests) = values.remove("tests") {
        if values.contains_key("data_tests") {
            let span = item.get("tests").map_or(item.span, |node| node.span);
            return Err(Diagnostic::error(
                Code::INVALID_TEST,
                "Invalid test config: cannot have both 'tests' and 'data_tests' defined",
            )
            .at(span, "the older spelling")
            .hint("move these tests below `data_tests` and delete `tests`"));
        }
        values.insert("data_tests".to_owned(), tests);
    }
    for key in ["columns", "versions", "tables"] {
        if let Some(Value::Array(parts)) = values.get_mut(key) {
            for (index, part) in parts.iter_mut().enumerate() {
                let place = item.get(key).and_then(Node::as_seq).and_then(|seq| seq.get(index)).unwrap_or(item);
                if let Value::Object(part) = part {
                    rename_tests(part, place)?;
                }
            }
        }
    }
    Ok(())
}

fn warn_of_unknown_section(name: &str, span: Span, problems: &mut Diagnostics) {
    if OTHER_TOP_KEYS.contains(&name) {
        return;
    }
    let warning = Diagnostic::warning(Code::YAML_UNKNOWN_KEY, format!("`{name}` is not a section of a property file"))
        .named("CustomTopLevelKeyDeprecation")
        .at(span, "nothing reads this");
    problems.push(warning.suggest(name, SECTIONS.iter().map(|(section, _)| *section)));
}

/// Warns only of keys that look like a misspelling: dbt accepts any others and ignores them.
fn warn_of_unknown_keys(entry: &Entry, known: &[&'static str], problems: &mut Diagnostics) {
    let Some(map) = entry.yaml.as_map() else { return };
    for (key, _) in map.iter() {
        let Some(name) = key.as_str() else { continue };
        if known.is_empty() || known.contains(&name) {
            continue;
        }
        if let Some(similar) = most_similar(name, known.iter().copied()) {
            problems.push(
                Diagnostic::warning(
                    Code::YAML_UNKNOWN_KEY,
                    format!("`{name}` of `{}` is not read by anything", entry.name),
                )
                .named("CustomKeyInObjectDeprecation")
                .at(key.span, "unknown key")
                .hint(format!("did you mean `{similar}`?")),
            );
        }
    }
}
