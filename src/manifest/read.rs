//! Reads a `manifest.json` that hetl or dbt wrote (v12, or an older form from v4 on) back into a [`Manifest`], to compare with or to
//! defer to.
//!
//! It is lenient: a key that is missing or has another type counts as empty. Macros, docs and groups are read too; places in
//! files are not known.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    Checksum, ColumnProperties, CompiledNode, CompiledNodes, Constraint, DependsOn, Doc, Exposure, FreshnessRule,
    FreshnessThreshold, FunctionDetails, Group, Macro, MacroArgument, Manifest, Node, NodeConfig, RefCall, RefVersion,
    ResourceType, SemanticLayer, Source, TestDetails, TestMetadata, TimePeriod, UnitTest, schema_version,
};
use crate::adapters::RelationParts;

impl Manifest {
    /// The manifest that a `manifest.json` describes, and what it tells of compiled nodes.
    pub fn from_json(json: &Value) -> (Self, CompiledNodes) {
        let mut nodes: IndexMap<String, Arc<Node>> = entries(json, "nodes", |value| Arc::new(node(value)));
        nodes.extend(entries(json, "functions", |value| Arc::new(node(value))));
        let disabled = |wanted: fn(&str) -> bool| {
            entries(json, "disabled", Clone::clone)
                .into_iter()
                .filter(move |(id, _)| wanted(id))
                .map(|(id, list)| (id, list.as_array().cloned().unwrap_or_default()))
        };
        // Metrics of before v10 are another thing.
        let has_comparable_metrics = schema_version(json).is_none_or(|version| version > 9);
        let shared = |list: Vec<Value>, read: fn(&Value) -> Node| list.iter().map(read).map(Arc::new).collect();
        let manifest = Self {
            project_name: json.pointer("/metadata/project_name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            adapter_type: json.pointer("/metadata/adapter_type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            nodes,
            sources: entries(json, "sources", |value| Arc::new(source(value))),
            macros: entries(json, "macros", |value| Arc::new(read_macro(value))),
            docs: entries(json, "docs", |value| Arc::new(doc(value))),
            exposures: entries(json, "exposures", |value| Arc::new(exposure(value))),
            groups: entries(json, "groups", |value| Arc::new(group(value))),
            unit_tests: entries(json, "unit_tests", |value| Arc::new(unit_test(value))),
            disabled: disabled(|id| {
                !["source.", "exposure.", "unit_test."].iter().any(|kind| id.starts_with(kind)) && !is_semantic(id)
            })
            .map(|(id, list)| (id, shared(list, node)))
            .collect(),
            disabled_sources: disabled(|id| id.starts_with("source."))
                .map(|(id, list)| (id, list.iter().map(source).map(Arc::new).collect()))
                .collect(),
            disabled_exposures: disabled(|id| id.starts_with("exposure."))
                .map(|(id, list)| (id, list.iter().map(exposure).map(Arc::new).collect()))
                .collect(),
            disabled_unit_tests: disabled(|id| id.starts_with("unit_test."))
                .map(|(id, list)| (id, list.iter().map(unit_test).map(Arc::new).collect()))
                .collect(),
            selectors: object(json, "selectors"),
            semantic: SemanticLayer {
                metrics: if has_comparable_metrics { entries(json, "metrics", Clone::clone) } else { IndexMap::new() },
                semantic_models: entries(json, "semantic_models", Clone::clone),
                disabled: disabled(is_semantic).collect(),
                saved_queries: entries(json, "saved_queries", Clone::clone),
            },
            file_hashes: HashMap::new(),
        };
        (manifest, compiled_nodes(json))
    }
}

fn compiled_nodes(json: &Value) -> CompiledNodes {
    let maps = ["nodes", "functions"].into_iter().filter_map(|key| json.get(key).and_then(Value::as_object));
    maps.flatten()
        .filter(|(_, value)| {
            ["compiled_code", "compiled_sql"].iter().any(|key| value.get(*key).is_some())
                || option(value, "build_path").is_some()
        })
        .map(|(id, value)| {
            let compiled = CompiledNode {
                code: option(value, "compiled_code").or_else(|| option(value, "compiled_sql")),
                extra_ctes: list(value, "extra_ctes", |cte| {
                    (text(cte, "id"), text(cte, "sql").trim_start().to_owned())
                }),
                compiled_path: option(value, "compiled_path"),
                build_path: option(value, "build_path"),
                relation_name: None,
                foreign_keys: IndexMap::new(),
            };
            (id.clone(), compiled)
        })
        .collect()
}

fn node(value: &Value) -> Node {
    Node {
        unique_id: text(value, "unique_id"),
        resource_type: ResourceType::parse(&text(value, "resource_type")).unwrap_or(ResourceType::Model),
        name: text(value, "name"),
        package_name: text(value, "package_name"),
        path: text(value, "path"),
        original_file_path: text(value, "original_file_path"),
        fqn: strings(value, "fqn"),
        alias: text(value, "alias"),
        database: option(value, "database"),
        schema: text(value, "schema"),
        relation_name: option(value, "relation_name"),
        checksum: checksum(value),
        config: NodeConfig::new(object(value, "config")),
        unrendered_config: object(value, "unrendered_config"),
        config_call: Map::new(),
        raw_code: option(value, "raw_code").unwrap_or_else(|| text(value, "raw_sql")).into(),
        span: None,
        language: if text(value, "language") == "python" { "python" } else { "sql" },
        refs: list(value, "refs", ref_call),
        sources: pairs(value, "sources"),
        metrics: nested(value, "metrics"),
        functions: nested(value, "functions"),
        depends_on: depends_on(value),
        description: text(value, "description"),
        columns: entries(value, "columns", column),
        tags: strings(value, "tags"),
        meta: object(value, "meta"),
        group: option(value, "group"),
        docs: object(value, "docs"),
        patch_path: option(value, "patch_path"),
        properties_span: None,
        doc_blocks: strings(value, "doc_blocks"),
        created_at: number(value, "created_at"),
        access: option(value, "access").unwrap_or_else(|| "protected".to_owned()),
        version: present(value, "version"),
        latest_version: present(value, "latest_version"),
        deprecation_date: option(value, "deprecation_date"),
        constraints: list(value, "constraints", constraint),
        primary_key: strings(value, "primary_key"),
        time_spine: present(value, "time_spine"),
        test: TestDetails {
            metadata: value.get("test_metadata").map(|metadata| TestMetadata {
                name: text(metadata, "name"),
                namespace: option(metadata, "namespace"),
                kwargs: object(metadata, "kwargs"),
            }),
            column_name: option(value, "column_name"),
            file_key_name: option(value, "file_key_name"),
            attached_node: option(value, "attached_node"),
        },
        function: FunctionDetails {
            arguments: list(value, "arguments", |argument| argument.as_object().cloned().unwrap_or_default()),
            returns: object(value, "returns"),
        },
        root_path: option(value, "root_path"),
        index: value.get("index").and_then(Value::as_u64).map(|index| index as usize),
    }
}

fn source(value: &Value) -> Source {
    let quoting = object(value, "quoting");
    let quoted = |key: &str| quoting.get(key).and_then(Value::as_bool).unwrap_or(true);
    Source {
        unique_id: text(value, "unique_id"),
        package_name: text(value, "package_name"),
        original_file_path: text(value, "original_file_path"),
        fqn: strings(value, "fqn"),
        source_name: text(value, "source_name"),
        name: text(value, "name"),
        identifier: text(value, "identifier"),
        database: option(value, "database"),
        unrendered_database: option(value, "unrendered_database"),
        unrendered_schema: option(value, "unrendered_schema"),
        schema: text(value, "schema"),
        relation_name: text(value, "relation_name"),
        resolved_quoting: RelationParts {
            database: quoted("database"),
            schema: quoted("schema"),
            identifier: quoted("identifier"),
        },
        quoting,
        description: text(value, "description"),
        source_description: text(value, "source_description"),
        source_meta: object(value, "source_meta"),
        loader: text(value, "loader"),
        loaded_at_field: option(value, "loaded_at_field"),
        loaded_at_query: option(value, "loaded_at_query"),
        freshness: value.get("freshness").and_then(freshness),
        columns: entries(value, "columns", column),
        meta: object(value, "meta"),
        tags: strings(value, "tags"),
        config: NodeConfig::new(object(value, "config")),
        unrendered_config: object(value, "unrendered_config"),
        external: present(value, "external"),
        doc_blocks: strings(value, "doc_blocks"),
        created_at: number(value, "created_at"),
        span: None,
    }
}

fn freshness(value: &Value) -> Option<FreshnessRule> {
    let threshold = |key: &str| {
        let threshold = value.get(key)?;
        let period = match threshold.get("period")?.as_str()? {
            "minute" => TimePeriod::Minute,
            "hour" => TimePeriod::Hour,
            _ => TimePeriod::Day,
        };
        Some(FreshnessThreshold { count: threshold.get("count")?.as_u64()?, period })
    };
    let rule = FreshnessRule {
        warn_after: threshold("warn_after"),
        error_after: threshold("error_after"),
        filter: option(value, "filter"),
    };
    (rule != FreshnessRule::default()).then_some(rule)
}

fn read_macro(value: &Value) -> Macro {
    Macro {
        unique_id: text(value, "unique_id"),
        name: text(value, "name"),
        package_name: text(value, "package_name"),
        original_file_path: text(value, "original_file_path"),
        macro_sql: text(value, "macro_sql").into(),
        depends_on_macros: depends_on(value).macros,
        description: text(value, "description"),
        meta: object(value, "meta"),
        docs: object(value, "docs"),
        config: object(value, "config"),
        patch_path: option(value, "patch_path"),
        arguments: list(value, "arguments", |argument| MacroArgument {
            name: text(argument, "name"),
            data_type: option(argument, "type"),
            description: text(argument, "description"),
        }),
        supported_languages: value
            .get("supported_languages")
            .filter(|languages| languages.is_array())
            .map(|_| strings(value, "supported_languages")),
        created_at: number(value, "created_at"),
        span: None,
    }
}

fn doc(value: &Value) -> Doc {
    Doc {
        unique_id: text(value, "unique_id"),
        name: text(value, "name"),
        package_name: text(value, "package_name"),
        path: text(value, "path"),
        original_file_path: text(value, "original_file_path"),
        block_contents: text(value, "block_contents"),
    }
}

fn exposure(value: &Value) -> Exposure {
    Exposure {
        unique_id: text(value, "unique_id"),
        name: text(value, "name"),
        package_name: text(value, "package_name"),
        path: text(value, "path"),
        original_file_path: text(value, "original_file_path"),
        fqn: strings(value, "fqn"),
        exposure_type: text(value, "type"),
        owner: object(value, "owner"),
        description: text(value, "description"),
        label: option(value, "label"),
        maturity: option(value, "maturity"),
        url: option(value, "url"),
        meta: object(value, "meta"),
        tags: strings(value, "tags"),
        config: NodeConfig::new(object(value, "config")),
        unrendered_config: object(value, "unrendered_config"),
        refs: list(value, "refs", ref_call),
        sources: pairs(value, "sources"),
        metrics: nested(value, "metrics"),
        depends_on: depends_on(value),
        created_at: number(value, "created_at"),
        span: None,
    }
}

fn group(value: &Value) -> Group {
    Group {
        unique_id: text(value, "unique_id"),
        name: text(value, "name"),
        package_name: text(value, "package_name"),
        path: text(value, "path"),
        original_file_path: text(value, "original_file_path"),
        owner: object(value, "owner"),
        description: option(value, "description"),
        config: object(value, "config"),
        span: None,
    }
}

fn unit_test(value: &Value) -> UnitTest {
    UnitTest {
        unique_id: text(value, "unique_id"),
        name: text(value, "name"),
        model: text(value, "model"),
        package_name: text(value, "package_name"),
        path: text(value, "path"),
        original_file_path: text(value, "original_file_path"),
        fqn: strings(value, "fqn"),
        description: text(value, "description"),
        given: list(value, "given", Clone::clone),
        expect: value.get("expect").cloned().unwrap_or_default(),
        overrides: present(value, "overrides"),
        versions: present(value, "versions"),
        version: present(value, "version"),
        config: NodeConfig::new(object(value, "config")),
        depends_on: depends_on(value),
        inputs: Ok(Vec::new()),
        checksum: option(value, "checksum"),
        schema: option(value, "schema"),
        created_at: number(value, "created_at"),
        span: None,
    }
}

fn column(value: &Value) -> ColumnProperties {
    const KNOWN: [&str; 9] =
        ["name", "description", "meta", "data_type", "constraints", "quote", "config", "tags", "doc_blocks"];
    ColumnProperties {
        name: text(value, "name"),
        description: text(value, "description"),
        meta: object(value, "meta"),
        config: object(value, "config"),
        data_type: option(value, "data_type"),
        constraints: list(value, "constraints", constraint),
        quote: value.get("quote").and_then(Value::as_bool),
        tags: strings(value, "tags"),
        doc_blocks: strings(value, "doc_blocks"),
        extra: value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| !KNOWN.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        span: None,
    }
}

fn constraint(value: &Value) -> Constraint {
    Constraint { values: value.as_object().cloned().unwrap_or_default() }
}

/// A call of `ref`; before v9 a list of one or two names.
fn ref_call(value: &Value) -> RefCall {
    if let Some(names) = value.as_array() {
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        let (name, package) = match names.as_slice() {
            [package, name] => (*name, Some((*package).to_owned())),
            names => (names.first().copied().unwrap_or_default(), None),
        };
        return RefCall { name: name.to_owned(), package, version: None, span: None };
    }
    let version = present(value, "version");
    RefCall {
        name: text(value, "name"),
        package: option(value, "package"),
        version: version.map(|written| RefVersion { written }),
        span: None,
    }
}

fn checksum(value: &Value) -> Checksum {
    let checksum = value.get("checksum").cloned().unwrap_or_default();
    let name = match text(&checksum, "name").as_str() {
        "sha256" => "sha256",
        "path" => "path",
        _ => "none",
    };
    Checksum { name, checksum: text(&checksum, "checksum") }
}

fn depends_on(value: &Value) -> DependsOn {
    let depends_on = value.get("depends_on").unwrap_or(&Value::Null);
    DependsOn { macros: strings(depends_on, "macros"), nodes: strings(depends_on, "nodes") }
}

fn entries<T>(value: &Value, key: &str, read: impl Fn(&Value) -> T) -> IndexMap<String, T> {
    let map = value.get(key).and_then(Value::as_object);
    map.into_iter().flatten().map(|(id, value)| (id.clone(), read(value))).collect()
}

fn list<T>(value: &Value, key: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().map(read).collect()
}

fn object(value: &Value, key: &str) -> Map<String, Value> {
    value.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    list(value, key, |item| item.as_str().unwrap_or_default().to_owned())
}

fn nested(value: &Value, key: &str) -> Vec<Vec<String>> {
    list(value, key, |inner| {
        inner.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    })
}

fn pairs(value: &Value, key: &str) -> Vec<(String, String)> {
    nested(value, key)
        .into_iter()
        .filter_map(|pair| match <[String; 2]>::try_from(pair) {
            Ok([source, table]) => Some((source, table)),
            Err(_) => None,
        })
        .collect()
}

fn text(value: &Value, key: &str) -> String {
    option(value, key).unwrap_or_default()
}

fn option(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn present(value: &Value, key: &str) -> Option<Value> {
    value.get(key).filter(|value| !value.is_null()).cloned()
}

fn number(value: &Value, key: &str) -> f64 {
    value.get(key).and_then(Value::as_f64).unwrap_or_default()
}

/// Whether an id is that of a resource of the semantic layer.
fn is_semantic(id: &str) -> bool {
    ["metric.", "semantic_model.", "saved_query."].iter().any(|kind| id.starts_with(kind))
}
