//! `dbt_project.yml`: from YAML to a checked [`Project`].

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Map;

use super::locate::{PROJECT_FILE, YamlFile};
use super::project::{DispatchRule, Hook, Project, ProjectPaths, QueryComment};
use super::reader::{Reader, wrong_type};
use super::template::Templates;
use super::version::{Version, VersionRange};
use super::{ConfigKind, ConfigTree, DBT_VERSION};
use crate::adapters::RelationParts;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::{Mapping, Node, Value};

/// What the flags say of folders; stronger than the file, and only for the root project.
#[derive(Debug, Clone, Default)]
pub(super) struct PathFlags {
    pub(super) target_path: Option<PathBuf>,
    pub(super) log_path: Option<PathBuf>,
}

const KNOWN_KEYS: &[&str] = &[
    "name",
    "version",
    "config-version",
    "profile",
    "project-root",
    "source-paths",
    "model-paths",
    "macro-paths",
    "data-paths",
    "seed-paths",
    "test-paths",
    "analysis-paths",
    "docs-paths",
    "asset-paths",
    "function-paths",
    "target-path",
    "snapshot-paths",
    "clean-targets",
    "log-path",
    "packages-install-path",
    "quoting",
    "on-run-start",
    "on-run-end",
    "require-dbt-version",
    "dispatch",
    "models",
    "seeds",
    "snapshots",
    "analyses",
    "sources",
    "tests",
    "data_tests",
    "unit_tests",
    "metrics",
    "semantic-models",
    "saved-queries",
    "exposures",
    "functions",
    "vars",
    "packages",
    "query-comment",
    "restrict-access",
    "dbt-cloud",
    "flags",
];

/// Names that a project cannot have, as templates use them.
const RESERVED_NAMES: &[&str] = &[
    "_sql_results",
    "adapter",
    "api",
    "column",
    "config",
    "context",
    "database",
    "env",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "fromjson",
    "fromyaml",
    "graph",
    "invocation_id",
    "load_agate_table",
    "load_result",
    "log",
    "model",
    "modules",
    "post_hooks",
    "pre_hooks",
    "ref",
    "render",
    "return",
    "run_started_at",
    "schema",
    "source",
    "sql",
    "sql_now",
    "store_result",
    "store_raw_result",
    "target",
    "this",
    "tojson",
    "toyaml",
    "try_or_compiler_error",
    "var",
    "write",
];

/// Makes a project of its file, as far as it can be read; a missing name is empty. `None` only if nothing can be made of it.
pub(super) fn project(
    file: &YamlFile,
    root: &Path,
    templates: &Templates<'_>,
    flags: &PathFlags,
    check_version: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Project> {
    if file.root.as_map().is_none() {
        diagnostics.push(
            Diagnostic::error(
                Code::INVALID_PROJECT,
                format!("{PROJECT_FILE} must be a mapping, not {}", file.root.type_name()),
            )
            .at(file.root.span, "")
            .hint("it needs at least `name: my_project` and `profile: my_profile`"),
        );
        return None;
    }
    let rendered = templates.tree(&file.root, &|path| stays(path), diagnostics);
    let map = rendered.as_map()?;
    let unrendered = file.root.as_map()?;
    let mut reader = Reader::new(PROJECT_FILE, map, diagnostics);
    reader.check_keys(KNOWN_KEYS);
    check_config_version(&mut reader);
    let name = name(&mut reader, file.root.span);
    let paths = paths(&mut reader);
    let target_path =
        flags.target_path.clone().or_else(|| path(&mut reader, "target-path", "target", "ConfigTargetPathDeprecation"));
    let target_path = target_path.unwrap_or_else(|| PathBuf::from("target"));
    let log_path = flags.log_path.clone().or_else(|| path(&mut reader, "log-path", "logs", "ConfigLogPathDeprecation"));
    let clean_targets = reader
        .strings("clean-targets")
        .map_or_else(|| vec![target_path.clone()], |targets| targets.into_iter().map(PathBuf::from).collect());
    let require_dbt_version = version_ranges(&mut reader, check_version);
    let configs = ConfigKind::ALL
        .iter()
        .filter_map(|kind| Some((*kind, config_tree(*kind, &mut reader, unrendered)?)))
        .collect::<IndexMap<_, _>>();
    Some(Project {
        root: root.to_path_buf(),
        source: file.source,
        name: name.unwrap_or_default(),
        version: version(&mut reader),
        profile_name: reader.string("profile"),
        paths,
        clean_targets,
        target_path,
        log_path: log_path.unwrap_or_else(|| PathBuf::from("logs")),
        packages_install_path: reader
            .string("packages-install-path")
            .map_or_else(|| PathBuf::from("dbt_packages"), PathBuf::from),
        quoting: quoting(&mut reader),
        dispatch: dispatch(&mut reader),
        vars: reader.json_map("vars"),
        on_run_start: hooks(&mut reader, "on-run-start"),
        on_run_end: hooks(&mut reader, "on-run-end"),
        query_comment: query_comment(&mut reader, map),
        require_dbt_version,
        restrict_access: reader.bool("restrict-access").unwrap_or(false),
        flags: reader.json_map("flags"),
        dbt_cloud: reader.json_map("dbt-cloud"),
        configs,
        selectors: None,
        package_specs: Vec::new(),
        packages: Vec::new(),
    })
}

/// dbt knows one form of `dbt_project.yml`.
fn check_config_version(reader: &mut Reader<'_>) {
    let Some(node) = reader.node("config-version") else { return };
    let given = node.scalar_text().unwrap_or_default();
    if given != "2" {
        let problem = Diagnostic::error(Code::YAML_VALUE, format!("config-version is {given}, and must be 2"));
        reader.report(problem.at(node.span, "").hint("remove it, and write configs with a `+`"));
    }
}

/// Key paths that are rendered later, when they are used.
fn stays(path: &[&str]) -> bool {
    match path.first() {
        Some(&("on-run-start" | "on-run-end" | "query-comment" | "vars" | "name")) => true,
        Some(&("models" | "seeds" | "snapshots" | "tests" | "data_tests")) => path.iter().any(|part| {
            matches!(part.trim_start_matches(['+', ' ']), "pre-hook" | "post-hook" | "pre_hook" | "post_hook")
        }),
        _ => false,
    }
}

fn name(reader: &mut Reader<'_>, whole: Span) -> Option<String> {
    let Some(node) = reader.node("name") else {
        reader.report(
            Diagnostic::error(Code::YAML_MISSING_KEY, format!("{PROJECT_FILE} has no `name`"))
                .at(Span::new(whole.source, 0, 0), "")
                .hint("add `name: my_project`: letters, digits and underscores"),
        );
        return None;
    };
    let span = node.span;
    let name = reader.string("name")?;
    let is_identifier = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_identifier {
        reader.report(
            Diagnostic::error(Code::INVALID_PROJECT, format!("`{name}` cannot be the name of a project"))
                .at(span, "")
                .hint("use letters, digits and underscores; the first is not a digit"),
        );
        return None;
    }
    if RESERVED_NAMES.contains(&name.as_str()) {
        reader.report(
            Diagnostic::error(
                Code::INVALID_PROJECT,
                format!("`{name}` is a reserved word and cannot be the name of a project"),
            )
            .at(span, ""),
        );
        return None;
    }
    Some(name)
}

fn version(reader: &mut Reader<'_>) -> Option<String> {
    let node = reader.node("version")?;
    let is_version = match &node.value {
        Value::Int(_) | Value::Float(_) => true,
        Value::Str(text) => {
            Version::parse(text).is_some() || Version::parse(&format!("{text}.0")).is_some_and(|_| text.contains('.'))
        }
        _ => false,
    };
    if !is_version {
        reader.report(
            Diagnostic::error(Code::INVALID_PROJECT, "`version` must be a semantic version")
                .at(node.span, "")
                .hint("write it as \"1.0.0\""),
        );
    }
    node.scalar_text()
}

fn paths(reader: &mut Reader<'_>) -> ProjectPaths {
    let mut list = |key: &str, old: Option<(&str, &'static str)>, default: &str| {
        if let Some((old, event)) = old {
            check_old_key(reader, old, key, event);
        }
        let strings = match old {
            Some((old, _)) if reader.node(key).is_none() => reader.strings(old),
            _ => reader.strings(key),
        };
        strings.map_or_else(|| vec![default.to_owned()], |paths| paths.into_iter().map(|path| tidy(&path)).collect())
    };
    let model = list("model-paths", Some(("source-paths", "ConfigSourcePathDeprecation")), "models");
    let seed = list("seed-paths", Some(("data-paths", "ConfigDataPathDeprecation")), "seeds");
    let test = list("test-paths", None, "tests");
    let analysis = list("analysis-paths", None, "analyses");
    let macros = list("macro-paths", None, "macros");
    let snapshot = list("snapshot-paths", None, "snapshots");
    let function = list("function-paths", None, "functions");
    let docs = reader.strings("docs-paths").unwrap_or_else(|| {
        let mut all: Vec<String> = Vec::new();
        for path in [&model, &seed, &snapshot, &analysis, &macros, &test, &function].into_iter().flatten() {
            if !all.contains(path) {
                all.push(path.clone());
            }
        }
        all
    });
    let asset = reader.strings("asset-paths").unwrap_or_default();
    ProjectPaths { model, seed, test, analysis, macros, snapshot, docs, asset, function }
}

/// Without a trailing slash and a leading `./`.
fn tidy(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { path.to_owned() } else { trimmed.to_owned() }
}

fn check_old_key(reader: &mut Reader<'_>, old: &str, new: &str, event: &'static str) {
    let Some(node) = reader.node(old) else { return };
    let span = node.span;
    if reader.node(new).is_some() {
        reader.report(
            Diagnostic::error(Code::INVALID_PROJECT, format!("`{old}` and `{new}` cannot both be given"))
                .at(span, "")
                .hint(format!("remove `{old}`, the old name of `{new}`")),
        );
    } else {
        reader.report(
            Diagnostic::warning(Code::DEPRECATED, format!("The `{old}` config has been renamed to `{new}`"))
                .named(event)
                .field("deprecated_path", old)
                .field("exp_path", new)
                .at(span, "")
                .hint(format!("rename it in {PROJECT_FILE}")),
        );
    }
}

/// `target-path` or `log-path`: dbt wants other values than the default as a flag or in the environment.
fn path(reader: &mut Reader<'_>, key: &str, default: &str, event: &'static str) -> Option<PathBuf> {
    let text = reader.string(key)?;
    if let Some(node) = reader.node(key).filter(|_| text != default) {
        let variable = format!("DBT_{}", key.replace('-', "_").to_uppercase());
        reader.report(
            Diagnostic::warning(
                Code::DEPRECATED,
                format!("The `{key}` config in `{PROJECT_FILE}` has been deprecated"),
            )
            .named(event)
            .field("deprecated_path", key)
            .at(node.span, "")
            .hint(format!("use --{key}, or the environment variable {variable}")),
        );
    }
    Some(PathBuf::from(text))
}

fn quoting(reader: &mut Reader<'_>) -> RelationParts<Option<bool>> {
    let mut quoting = RelationParts::default();
    let Some(map) = reader.map("quoting") else { return quoting };
    for (key, value) in map.iter() {
        let name = key.as_str().unwrap_or_default();
        let flag = match value.value {
            Value::Bool(flag) => Some(flag),
            Value::Null => None,
            _ => {
                reader.report(wrong_type(PROJECT_FILE, &format!("quoting.{name}"), value, "a boolean"));
                continue;
            }
        };
        match name {
            "database" | "project" => quoting.database = flag,
            "schema" => quoting.schema = flag,
            "identifier" => quoting.identifier = flag,
            "snowflake_ignore_case" | "column" => {}
            _ => reader.report(super::reader::unknown_key(
                "`quoting`",
                name,
                key.span,
                &["database", "schema", "identifier"],
            )),
        }
    }
    quoting
}

fn dispatch(reader: &mut Reader<'_>) -> Vec<DispatchRule> {
    let mut rules = Vec::new();
    for entry in reader.seq("dispatch").unwrap_or_default() {
        let namespace = entry.get("macro_namespace").and_then(Node::as_str);
        let order = entry.get("search_order").and_then(Node::as_seq);
        let (Some(namespace), Some(order)) = (namespace, order) else {
            reader.report(
                Diagnostic::error(
                    Code::INVALID_PROJECT,
                    "an entry of `dispatch` needs `macro_namespace` and a list `search_order`",
                )
                .at(entry.span, ""),
            );
            continue;
        };
        rules.push(DispatchRule {
            macro_namespace: namespace.to_owned(),
            search_order: order.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        });
    }
    rules
}

fn hooks(reader: &mut Reader<'_>, key: &str) -> Vec<Hook> {
    let Some(node) = reader.node(key) else { return Vec::new() };
    let items = match &node.value {
        Value::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut hooks = Vec::new();
    for item in items {
        match &item.value {
            Value::Str(sql) => hooks.push(Hook { sql: sql.clone(), span: item.span }),
            Value::Null => {}
            _ => reader.report(wrong_type(PROJECT_FILE, key, item, "SQL: a string or a list of strings")),
        }
    }
    hooks
}

fn query_comment(reader: &mut Reader<'_>, map: &Mapping) -> QueryComment {
    let default = QueryComment { comment: None, append: false, span: None };
    let Some(node) = map.get("query-comment") else { return default };
    let span = Some(node.span);
    let none = QueryComment { comment: Some(String::new()), append: false, span };
    match &node.value {
        Value::Null | Value::Bool(false) => none,
        Value::Str(text) => QueryComment { comment: Some(text.clone()), ..none },
        Value::Map(options) => {
            let comment = options.get("comment").filter(|comment| !comment.is_null());
            if let Some(wrong) = comment.filter(|comment| comment.as_str().is_none()) {
                reader.report(wrong_type(PROJECT_FILE, "query-comment.comment", wrong, "a string"));
            }
            let append = options.get("append").is_some_and(|append| append.value == Value::Bool(true));
            QueryComment { comment: comment.and_then(Node::as_str).map(str::to_owned), append, span }
        }
        _ => {
            reader.report(wrong_type(PROJECT_FILE, "query-comment", node, "a string or a mapping"));
            default
        }
    }
}

fn version_ranges(reader: &mut Reader<'_>, check: bool) -> Vec<String> {
    let Some(node) = reader.node("require-dbt-version") else { return Vec::new() };
    let written: Vec<(String, Span)> = match &node.value {
        Value::Str(text) => text.split(',').map(|part| (part.trim().to_owned(), node.span)).collect(),
        Value::Seq(items) => {
            let texts = items.iter().filter_map(|item| Some((item.as_str()?, item.span)));
            texts.flat_map(|(text, span)| text.split(',').map(move |part| (part.trim().to_owned(), span))).collect()
        }
        _ => {
            reader.report(wrong_type(PROJECT_FILE, "require-dbt-version", node, "a range or a list of ranges"));
            return Vec::new();
        }
    };
    let ours = Version::parse(DBT_VERSION).expect("our own version is well-formed");
    for (text, span) in &written {
        match VersionRange::parse(text) {
            None => reader.report(
                Diagnostic::error(Code::INVALID_PROJECT, format!("`{text}` is not a version range"))
                    .at(*span, "")
                    .hint("write it as \">=1.9.0\": an operator and three numbers"),
            ),
            Some(range) if check && !range.contains(&ours) => reader.report(
                Diagnostic::error(
                    Code::DBT_VERSION,
                    format!("this project wants dbt {text}; hetl works as dbt {DBT_VERSION}"),
                )
                .at(*span, "required here")
                .hint("use --no-version-check to try it nevertheless"),
            ),
            Some(_) => {}
        }
    }
    written.into_iter().map(|(text, _)| text).collect()
}

fn config_tree(kind: ConfigKind, reader: &mut Reader<'_>, unrendered: &Mapping) -> Option<ConfigTree> {
    let mut key = kind.key();
    if kind == ConfigKind::DataTests && reader.node("tests").is_some() {
        if let Some(node) = reader.node("data_tests") {
            reader.report(
                Diagnostic::error(
                    Code::INVALID_PROJECT,
                    "Invalid project config: cannot have both 'tests' and 'data_tests' defined",
                )
                .at(node.span, "")
                .hint("move everything under `data_tests`"),
            );
        }
        key = "tests";
    }
    let rendered = reader.node(key)?;
    if rendered.as_map().is_none() {
        reader.report(wrong_type(PROJECT_FILE, key, rendered, "a mapping"));
        return None;
    }
    Some(ConfigTree { rendered: rendered.clone(), unrendered: unrendered.get(key)?.clone() })
}

/// The keys of a raw file that are needed before it can be rendered.
pub(super) fn raw_flags(file: &YamlFile) -> Map<String, serde_json::Value> {
    file.root.get("flags").and_then(Node::as_map).map(super::reader::to_json).unwrap_or_default()
}
