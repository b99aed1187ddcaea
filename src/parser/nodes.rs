//! From a template and its properties to a [`Node`]: what all of models, snapshots, analyses, singular tests and hooks have.

use std::sync::Arc;

use indexmap::{IndexMap, map};
use serde_json::{Map, Value, json};

use super::colors;
use super::columns;
use super::names::{fqn, stem};
use super::node_config::{ConfigSources, ResolvedConfig, check_enabled};
use super::parsing::Parsing;
use super::patches::Patch;
use super::places;
use super::properties::Entry;
use super::references::{self, Reference};
use super::templates;
use super::templates::Reading;
use super::written_config;
use crate::context::{NameMacro, Named, ParseNode, generate_name};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::manifest::{
    Checksum, DependsOn, Node, NodeConfig, ResourceType, TestDetails, publish_setting, publishes_in_place, time_limit,
};

/// What is known of a node before its template is read.
pub(super) struct Draft<'a> {
    pub(super) kind: ResourceType,
    pub(super) name: String,
    pub(super) package: &'a str,
    /// Path below the resource's folder.
    pub(super) path: String,
    pub(super) original_path: String,
    pub(super) fqn: Vec<String>,
    pub(super) unique_id: String,
    pub(super) raw_code: Arc<str>,
    pub(super) span: Option<Span>,
    pub(super) checksum: Checksum,
    /// `sql` or `python`.
    pub(super) language: &'static str,
    pub(super) patch: Option<&'a Patch>,
}

/// A node with the warnings that came up while it was made. It has one place in memory from here to the manifest: nodes are large,
/// and tens of thousands of them are not moved from list to list.
pub(super) type Parsed = Result<(Arc<Node>, Diagnostics), Diagnostics>;

/// Makes a node: reads its template, resolves its configs and names.
pub(super) fn node(parsing: &Parsing, draft: Draft<'_>) -> Parsed {
    let mut problems = Diagnostics::new();
    let captured = if draft.kind == ResourceType::Seed {
        Reading::default()
    } else {
        templates::capture(parsing, &parse_node(parsing, &draft), draft.span)?
    };
    problems.extend(captured.warnings.clone());
    parsing.note(draft.span, &captured);
    let sources = ConfigSources {
        package: draft.package,
        kind: draft.kind,
        fqn: &draft.fqn,
        properties: draft.patch.map(|patch| &patch.config),
        call: &captured.config_call,
    };
    let mut resolved = parsing.configs().resolve(parsing.project(), &sources);
    if parsing.compares_as_written() {
        resolved.unrendered = written_config::unrendered(parsing, &draft, sources);
    }
    let mut node = assemble(parsing, draft, captured, resolved);
    name_relation(parsing, &mut node)?;
    capture_hooks(parsing, &mut node, &mut problems)?;
    Ok((Arc::new(node), problems))
}

fn parse_node(parsing: &Parsing, draft: &Draft<'_>) -> Arc<ParseNode> {
    Arc::new(ParseNode {
        unique_id: draft.unique_id.clone(),
        resource_type: draft.kind,
        name: draft.name.clone(),
        package_name: draft.package.to_owned(),
        path: draft.path.clone(),
        original_file_path: draft.original_path.clone(),
        fqn: draft.fqn.clone(),
        alias: draft.name.clone(),
        database: Some(parsing.adapter().database().to_owned()),
        schema: parsing.adapter().schema().to_owned(),
        raw_code: Arc::clone(&draft.raw_code),
        config: Map::new(),
        names: Vec::new(),
    })
}

fn assemble(parsing: &Parsing, draft: Draft<'_>, captured: Reading, resolved: ResolvedConfig) -> Node {
    let config = resolved.config;
    let version = draft.patch.and_then(|patch| patch.version.as_ref());
    let object = |key: &str| config.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    Node {
        unique_id: draft.unique_id,
        resource_type: draft.kind,
        name: draft.name,
        package_name: draft.package.to_owned(),
        path: draft.path,
        original_file_path: draft.original_path,
        fqn: draft.fqn,
        alias: String::new(),
        database: None,
        schema: String::new(),
        relation_name: None,
        checksum: draft.checksum,
        unrendered_config: resolved.unrendered,
        config_call: captured.config_call,
        raw_code: draft.raw_code,
        span: draft.span,
        language: draft.language,
        refs: captured.refs,
        sources: captured.sources,
        metrics: captured.metrics,
        functions: captured.functions,
        depends_on: DependsOn { macros: captured.macros, nodes: Vec::new() },
        description: draft.patch.map(|patch| patch.description.clone()).unwrap_or_default(),
        columns: draft.patch.map(|patch| columns::by_name(&patch.columns)).unwrap_or_default(),
        tags: config.tags().into_iter().map(str::to_owned).collect(),
        meta: object("meta"),
        group: config.str("group").map(str::to_owned),
        docs: object("docs"),
        patch_path: draft.patch.map(|patch| patch.entry.file.patch_path()),
        doc_blocks: Vec::new(),
        created_at: parsing.created_at(),
        access: config.str("access").unwrap_or("protected").to_owned(),
        version: version.map(|version| version.v.clone()),
        latest_version: version.map(|version| version.latest.clone()),
        deprecation_date: draft.patch.and_then(|patch| patch.deprecation_date.clone()),
        constraints: draft.patch.map(|patch| patch.constraints.clone()).unwrap_or_default(),
        primary_key: Vec::new(),
        time_spine: draft.patch.and_then(|patch| time_spine(&patch.entry)),
        test: TestDetails::default(),
        function: super::functions::details(draft.patch),
        root_path: None,
        properties_span: draft.patch.map(|patch| patch.entry.yaml.span),
        index: None,
        config,
    }
}

/// `time_spine` with dbt's defaults.
fn time_spine(entry: &Entry) -> Option<Value> {
    let mut spine = entry.values.get("time_spine")?.as_object()?.clone();
    spine.entry("custom_granularities").or_insert_with(|| Value::Array(Vec::new()));
    Some(Value::Object(spine))
}

/// Sets database, schema, alias and the relation's name by the project's `generate_*_name` macros.
pub(super) fn name_relation(parsing: &Parsing, node: &mut Node) -> Result<(), Diagnostic> {
    let json = || {
        parsing.note_named(node.span);
        node_json(parsing, node)
    };
    let named = Named { name: &node.name, version: node.version.as_ref(), json: &json };
    let name =
        |which, custom: Option<&str>| generate_name(parsing.session(), which, &node.package_name, custom, &named);
    let database = name(NameMacro::Database, node.config.str("database"))?;
    let schema = name(NameMacro::Schema, node.config.str("schema"))?;
    let alias = name(NameMacro::Alias, node.config.str("alias"))?;
    node.database = Some(database).filter(|name| !name.is_empty());
    node.schema = schema;
    node.alias = alias;
    if node.resource_type == ResourceType::Snapshot {
        if let Some(database) = node.config.str("target_database") {
            node.database = Some(database.to_owned());
        }
        if let Some(schema) = node.config.str("target_schema") {
            schema.clone_into(&mut node.schema);
        }
    }
    let is_relational = match node.resource_type {
        ResourceType::Model => !node.is_ephemeral(),
        ResourceType::Seed | ResourceType::Snapshot | ResourceType::Function => true,
        ResourceType::Test => {
            node.config.bool("store_failures", false) || parsing.session().config().flags.store_failures
        }
        _ => false,
    };
    if is_relational {
        let quoting = node.config.get("quoting").cloned();
        node.relation_name =
            Some(parsing.relation_name(node.database.as_deref(), &node.schema, &node.alias, quoting.as_ref()));
    }
    Ok(())
}

/// The node as the `generate_*_name` macros see it.
fn node_json(parsing: &Parsing, node: &Node) -> Value {
    json!({
        "unique_id": node.unique_id, "name": node.name, "resource_type": node.resource_type.as_str(),
        "package_name": node.package_name, "path": node.path, "original_file_path": node.original_file_path,
        "fqn": node.fqn, "tags": node.tags, "meta": node.meta, "alias": node.name,
        "database": parsing.adapter().database(), "schema": parsing.adapter().schema(),
        "config": node.config.values(), "version": node.version, "latest_version": node.latest_version,
        "group": node.group, "access": node.access, "raw_code": node.raw_code, "language": node.language,
    })
}

/// Hooks are templates too: what they `ref` belongs to the node's dependencies.
fn capture_hooks(parsing: &Parsing, node: &mut Node, problems: &mut Diagnostics) -> Result<(), Diagnostics> {
    if node.resource_type == ResourceType::Test {
        return Ok(());
    }
    let hooks: Vec<String> = ["pre-hook", "post-hook"]
        .into_iter()
        .filter_map(|key| node.config.get(key)?.as_array())
        .flatten()
        .filter_map(|hook| hook.get("sql")?.as_str().map(str::to_owned))
        .filter(|sql| sql.contains("{{") || sql.contains("{%"))
        .collect();
    for sql in hooks {
        let draft = ParseNode {
            unique_id: node.unique_id.clone(),
            resource_type: node.resource_type,
            name: node.name.clone(),
            package_name: node.package_name.clone(),
            path: node.path.clone(),
            original_file_path: node.original_file_path.clone(),
            fqn: node.fqn.clone(),
            alias: node.alias.clone(),
            database: node.database.clone(),
            schema: node.schema.clone(),
            raw_code: sql.into(),
            config: node.config.values().clone(),
            names: Vec::new(),
        };
        let captured = templates::capture(parsing, &Arc::new(draft), None)?;
        parsing.note(node.span, &captured);
        node.refs.extend(captured.refs);
        node.sources.extend(captured.sources);
        node.functions.extend(captured.functions);
        for id in captured.macros {
            if !node.depends_on.macros.contains(&id) {
                node.depends_on.macros.push(id);
            }
        }
        problems.extend(captured.warnings);
    }
    Ok(())
}

/// Foreign keys to `ref('…')` or `source('…')` are dependencies.
pub(super) fn add_foreign_keys(node: &mut Node, span: Option<Span>) -> Result<(), Diagnostic> {
    let Some(span) = span else { return Ok(()) };
    let columns = node.columns.values().flat_map(|column| &column.constraints);
    let targets: Vec<String> = node
        .constraints
        .iter()
        .chain(columns)
        .filter(|constraint| constraint.values.get("type").and_then(Value::as_str) == Some("foreign_key"))
        .filter_map(|constraint| constraint.values.get("to")?.as_str().map(str::to_owned))
        .collect();
    for target in targets {
        let reference = references::parse(&target, span).map_err(|problem| Diagnostic {
            message: format!(
                "Invalid 'ref' or 'source' syntax on foreign key constraint 'to' on model {}: {target}.",
                node.name
            ),
            ..problem
        })?;
        match reference {
            Reference::Ref(call) => node.refs.push(call),
            Reference::Source(source, table) => node.sources.push((source, table)),
            Reference::Metric(_) => {}
        }
    }
    Ok(())
}

/// Checks of a config that dbt makes while parsing.
pub(super) fn check_config(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    let config: &NodeConfig = &node.config;
    let problem = |key: &str, message: String| {
        Diagnostic::error(Code::INVALID_CONFIG, message).at_some(places::of_config(sources, node, key), "")
    };
    if let Some(catalog) = config.str("catalog_name") {
        return Err(problem("catalog_name", format!("Catalog not found. Received: {catalog}"))
            .hint("no warehouse of hetl writes into catalogs"));
    }
    let enforced =
        config.get("contract").and_then(|contract| contract.get("enforced")).and_then(Value::as_bool) == Some(true);
    let on_change = config.str("on_schema_change").unwrap_or("ignore");
    if enforced && config.materialized() == "incremental" && !matches!(on_change, "append_new_columns" | "fail") {
        return Err(problem(
            "on_schema_change",
            format!(
                "Invalid value for on_schema_change: {on_change}. Models materialized as incremental with contracts enabled \
             must set on_schema_change to 'append_new_columns' or 'fail'"
            ),
        ));
    }
    if node.resource_type == ResourceType::Model && !matches!(node.access.as_str(), "private" | "protected" | "public")
    {
        return Err(problem(
            "access",
            format!("Node {} has an invalid value ({}) for the access field", node.unique_id, node.access),
        )
        .hint("access is `private`, `protected` or `public`"));
    }
    if node.access == "public" && node.is_ephemeral() {
        let message = format!(
            "Node {} with 'ephemeral' materialization has an invalid value (public) for the access field",
            node.unique_id
        );
        return Err(problem("access", message).hint("others can only refer to what is in the warehouse"));
    }
    if let Some(only) = only_materialization(node.resource_type)
        && config.str("materialized").is_some_and(|materialized| materialized != only)
    {
        let message = format!("`{}`: A {only} must have a materialized value of '{only}'", node.name);
        return Err(problem("materialized", message).hint("remove `materialized`"));
    }
    check_enabled(config, &node.name)
        .map_err(|problem| problem.at_some(places::of_config(sources, node, "enabled"), ""))?;
    check_build_after(sources, node)?;
    check_types(sources, node)?;
    let color = config.get("docs").and_then(|docs| docs.get("node_color")).and_then(Value::as_str).unwrap_or_default();
    if node.resource_type == ResourceType::Model && !color.is_empty() && !colors::is_color(color) {
        let message = format!("Invalid color name for docs.node_color: {color}");
        return Err(problem("docs", message).hint("give one of HTML's names, or #rrggbb"));
    }
    if let Err(wrong) = time_limit(config) {
        return Err(problem("meta", format!("`timeout` under `meta: hetl:` of `{}` {wrong}", node.name)));
    }
    if let Err(wrong) = publish_setting(config) {
        return Err(problem("meta", format!("`publish` under `meta: hetl:` of `{}` {wrong}", node.name)));
    }
    if let Err(wrong) = publishes_in_place(config) {
        return Err(problem("meta", format!("`publish_in_place` under `meta: hetl:` of `{}` {wrong}", node.name)));
    }
    if let Some(severity) = config.get("severity") {
        let known = severity
            .as_str()
            .is_some_and(|word| word.eq_ignore_ascii_case("warn") || word.eq_ignore_ascii_case("error"));
        if !known {
            return Err(problem(
                "severity",
                format!("Severity must be either 'warn' or 'error'. Got '{}'", super::names::python_str(severity)),
            ));
        }
    }
    Ok(())
}

/// The one materialization that nodes of a type have.
fn only_materialization(kind: ResourceType) -> Option<&'static str> {
    match kind {
        ResourceType::Seed => Some("seed"),
        ResourceType::Test => Some("test"),
        _ => None,
    }
}

/// `freshness: {build_after: …}` has a count and a period, or neither.
fn check_build_after(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    let Some(rule) = node.config.get("freshness").and_then(|freshness| freshness.get("build_after")) else {
        return Ok(());
    };
    let has = |key: &str| rule.get(key).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    let (missing, other) = match (has("count"), has("period")) {
        (true, false) => ("period", "count"),
        (false, true) => ("count", "period"),
        _ => return Ok(()),
    };
    let message = format!(
        "`freshness.build_after` must have a value for `{missing}` if a `{other}` is provided (model {})",
        node.name
    );
    Err(Diagnostic::error(Code::INVALID_CONFIG, message)
        .at_some(places::of_config(sources, node, "freshness"), "")
        .hint("give both: `build_after: {count: 4, period: hour}`"))
}

/// Configs that are read as one type only; another would be ignored without a word.
fn check_types(sources: &SourceMap, node: &Node) -> Result<(), Diagnostic> {
    for (key, value) in node.config.values() {
        let Some(wanted) = expected(node.resource_type, key).and_then(|expected| expected.missed_by(value)) else {
            continue;
        };
        return Err(Diagnostic::error(Code::INVALID_CONFIG, format!("`{key}` of `{}` must be {wanted}", node.name))
            .at_some(places::of_config(sources, node, key), ""));
    }
    Ok(())
}

/// What a config must be, if it is given.
#[derive(Clone, Copy)]
enum Expected {
    Mapping,
    Text,
    Texts,
    Flag,
    Count,
    Tags,
    Hooks,
}

/// What dbt's schema of configs says of those that all nodes have, and of those of one kind.
fn expected(kind: ResourceType, key: &str) -> Option<Expected> {
    use Expected::{Count, Flag, Hooks, Mapping, Tags, Text, Texts};
    let common = match key {
        "meta" | "docs" | "quoting" | "column_types" | "persist_docs" | "grants" => Some(Mapping),
        "materialized" | "schema" | "database" | "alias" | "group" => Some(Text),
        "tags" => Some(Tags),
        "pre-hook" | "post-hook" => Some(Hooks),
        _ => None,
    };
    common.or(match kind {
        ResourceType::Test => match key {
            "where" | "fail_calc" | "warn_if" | "error_if" | "store_failures_as" => Some(Text),
            "store_failures" => Some(Flag),
            "limit" => Some(Count),
            _ => None,
        },
        _ => match key {
            "incremental_strategy" | "on_schema_change" => Some(Text),
            "unique_key" => Some(Texts),
            "full_refresh" => Some(Flag),
            "delimiter" if kind == ResourceType::Seed => Some(Text),
            "quote_columns" if kind == ResourceType::Seed => Some(Flag),
            "check_cols" if kind == ResourceType::Snapshot => Some(Texts),
            "strategy" | "target_schema" | "target_database" | "updated_at" if kind == ResourceType::Snapshot => {
                Some(Text)
            }
            _ => None,
        },
    })
}

impl Expected {
    /// In words what is wanted, where a value is something else.
    fn missed_by(self, value: &Value) -> Option<&'static str> {
        let texts = |items: &[Value]| items.iter().all(Value::is_string);
        let (fits, words) = match self {
            Self::Mapping => (value.is_object(), "a mapping"),
            Self::Text => (value.is_string(), "a string"),
            Self::Texts => (
                value.is_string() || value.as_array().is_some_and(|items| texts(items)),
                "a string or a list of strings",
            ),
            Self::Flag => (value.is_boolean(), "true or false"),
            Self::Count => (value.is_i64(), "a whole number"),
            Self::Tags => {
                let is_nested = |tag: &Value| tag.is_object() || tag.is_array();
                (!value.as_array().is_some_and(|items| items.iter().any(is_nested)), "a tag or a list of tags")
            }
            Self::Hooks => {
                let has_sql = |hook: &Value| hook.get("sql").is_some_and(Value::is_string);
                let fits = value.as_array().is_none_or(|hooks| hooks.iter().all(has_sql));
                (fits, "SQL, a list of SQL, or `{sql: …, transaction: …}`")
            }
        };
        (!fits && !value.is_null()).then_some(words)
    }
}

/// A draft of what one `.sql` file (or block) of a kind defines.
pub(super) fn file_draft<'a>(
    kind: ResourceType,
    file: &'a super::files::ProjectFile,
    patch: Option<&'a Patch>,
) -> Draft<'a> {
    let name = stem(&file.relative_path).to_owned();
    let package = file.package.as_ref();
    Draft {
        kind,
        package,
        path: file.relative_path.clone(),
        original_path: file.original_path.clone(),
        fqn: fqn(package, &file.relative_path, &name),
        unique_id: format!("{}.{package}.{name}", kind.as_str()),
        raw_code: Arc::clone(&file.text),
        span: Some(file.whole()),
        checksum: file.checksum.clone(),
        language: "sql",
        patch,
        name,
    }
}

/// Nodes by id with the order they were found in; disabled ones apart.
#[derive(Default)]
pub(super) struct NodeSet {
    /// Names of nodes that could not be read: what refers to them is not to blame.
    pub(super) broken: std::collections::HashSet<String>,
    /// Names of models that are left out because they are written in Python.
    pub(super) left_out: std::collections::HashSet<String>,
    /// Texts of the nodes that there was something to say about.
    pub(super) with_warnings: std::collections::HashSet<SourceId>,
    pub(super) enabled: IndexMap<String, Arc<Node>>,
    pub(super) disabled: IndexMap<String, Vec<Arc<Node>>>,
}

impl NodeSet {
    /// Adds what parsed; reports what did not.
    pub(super) fn add_parsed(&mut self, parsed: Vec<Parsed>, problems: &mut Diagnostics) {
        self.enabled.reserve(parsed.len());
        for result in parsed {
            match result {
                Ok((node, warnings)) => {
                    if !warnings.is_empty() {
                        self.with_warnings.extend(node.span.map(|span| span.source));
                    }
                    problems.extend(warnings);
                    self.add(node, problems);
                }
                Err(found) => problems.extend(found),
            }
        }
    }

    /// Adds a node; two enabled ones of one id are an error.
    pub(super) fn add(&mut self, node: Arc<Node>, problems: &mut Diagnostics) {
        if !node.config.enabled() {
            self.disabled.entry(node.unique_id.clone()).or_default().push(node);
            return;
        }
        let first = match self.enabled.entry(node.unique_id.clone()) {
            map::Entry::Vacant(place) => {
                place.insert(node);
                return;
            }
            map::Entry::Occupied(first) => first,
        };
        let first = first.get();
        problems.push(
            Diagnostic::error(
                Code::DUPLICATE_RESOURCE,
                format!("dbt found two {} with the name \"{}\"", node.resource_type.plural(), node.name),
            )
            .at_some(node.span, "defined again here")
            .at_some(first.span, "first defined here")
            .hint("names are unique in a package, whatever the folder: rename one of them"),
        );
    }
}
