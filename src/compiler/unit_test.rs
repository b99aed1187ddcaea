//! A unit test as a small project of its own: the tested model's template, and an ephemeral model of fixed rows in the
//! place of each input.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Checksum, DependsOn, Manifest, Node, NodeConfig, ResourceType, Source, TestDetails, UnitTest};

/// A unit test ready to be compiled and run.
#[derive(Debug, Clone)]
pub struct UnitTestProject {
    /// The test as a node that materializes as `unit`.
    pub node: Arc<Node>,
    /// Only this node, its inputs and the macros.
    pub manifest: Arc<Manifest>,
    /// The input that stands for `this`, if the test gives one.
    pub this_input: Option<String>,
}

/// Makes the project of one unit test. Inputs come from `depends_on`, in the order in which the test gives them.
pub fn unit_test_project(manifest: &Manifest, test: &UnitTest) -> Result<UnitTestProject, Diagnostic> {
    let tested = test.depends_on.nodes.first().and_then(|id| manifest.nodes.get(id)).ok_or_else(|| {
        Diagnostic::error(Code::REF_NOT_FOUND, format!("unit test `{}` has no model", test.name)).at_some(test.span, "")
    })?;
    let mut small = Manifest {
        project_name: manifest.project_name.clone(),
        adapter_type: manifest.adapter_type.clone(),
        macros: manifest.macros.clone(),
        ..Manifest::default()
    };
    let mut inputs = Vec::new();
    let mut this_input = None;
    let mut upstream = test.depends_on.nodes.iter().skip(1);
    for given in &test.given {
        let is_this = given.get("input").and_then(Value::as_str).is_some_and(|input| input.trim() == "this");
        let id = if is_this { Some(&tested.unique_id) } else { upstream.next() };
        let Some(id) = id else { continue };
        let input = if let Some(node) = manifest.nodes.get(id) {
            node_input(test, node, given)
        } else if let Some(source) = manifest.sources.get(id) {
            let (node, stand_in) = source_input(test, source, given);
            small.sources.insert(source.unique_id.clone(), Arc::new(stand_in));
            node
        } else {
            continue;
        };
        if is_this {
            this_input = Some(input.unique_id.clone());
        }
        inputs.push(input.unique_id.clone());
        small.nodes.insert(input.unique_id.clone(), Arc::new(input));
    }
    let node = Arc::new(test_node(test, tested, inputs));
    small.nodes.insert(node.unique_id.clone(), Arc::clone(&node));
    Ok(UnitTestProject { node, manifest: Arc::new(small), this_input })
}

fn test_node(test: &UnitTest, tested: &Node, inputs: Vec<String>) -> Node {
    let name = match &test.version {
        Some(Value::String(version)) => format!("{}_v{version}", test.name),
        Some(version) => format!("{}_v{version}", test.name),
        None => test.name.clone(),
    };
    let (rows, sql) = match test.expect.get("rows") {
        Some(Value::String(sql)) => (json!([]), Value::from(sql.as_str())),
        Some(rows) => (rows.clone(), Value::Null),
        None => (json!([]), Value::Null),
    };
    let mut config = tested.config.values().clone();
    config.insert("materialized".into(), json!("unit"));
    config.insert("expected_rows".into(), rows);
    config.insert("expected_sql".into(), sql);
    config.insert("pre-hook".into(), json!([]));
    config.insert("post-hook".into(), json!([]));
    Node {
        unique_id: test.unique_id.clone(),
        resource_type: ResourceType::UnitTest,
        name: name.clone(),
        package_name: test.package_name.clone(),
        path: format!("{name}.sql"),
        original_file_path: test.original_file_path.clone(),
        fqn: test.fqn.clone(),
        alias: name,
        relation_name: None,
        checksum: Checksum { name: "none", checksum: String::new() },
        config: NodeConfig::new(config),
        depends_on: DependsOn { macros: tested.depends_on.macros.clone(), nodes: inputs },
        description: test.description.clone(),
        constraints: Vec::new(),
        test: TestDetails::default(),
        ..tested.clone()
    }
}

/// An ephemeral model of the given rows under the name of a node.
fn node_input(test: &UnitTest, original: &Node, given: &Value) -> Node {
    Node {
        unique_id: format!("model.{}.{}", original.package_name, original.search_name()),
        resource_type: ResourceType::Model,
        raw_code: rows_code(given).into(),
        span: test.span,
        original_file_path: test.original_file_path.clone(),
        path: format!("{}.sql", original.name),
        relation_name: None,
        config: NodeConfig::new(ephemeral()),
        refs: Vec::new(),
        sources: Vec::new(),
        depends_on: DependsOn::default(),
        constraints: Vec::new(),
        ..original.clone()
    }
}

/// An ephemeral model of the given rows, and the source that leads to it.
fn source_input(test: &UnitTest, original: &Source, given: &Value) -> (Node, Source) {
    let node = Node {
        unique_id: format!("model.{}.{}__{}", original.package_name, original.source_name, original.name),
        resource_type: ResourceType::Model,
        name: original.name.clone(),
        package_name: original.package_name.clone(),
        path: format!("{}.sql", original.name),
        original_file_path: test.original_file_path.clone(),
        fqn: original.fqn.clone(),
        alias: format!("{}__{}", original.source_name, original.identifier),
        database: original.database.clone(),
        schema: original.schema.clone(),
        relation_name: None,
        checksum: Checksum { name: "none", checksum: String::new() },
        config: NodeConfig::new(ephemeral()),
        unrendered_config: serde_json::Map::new(),
        config_call: serde_json::Map::new(),
        raw_code: rows_code(given).into(),
        span: test.span,
        language: "sql",
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        depends_on: DependsOn::default(),
        description: String::new(),
        columns: original.columns.clone(),
        tags: Vec::new(),
        meta: serde_json::Map::new(),
        group: None,
        docs: serde_json::Map::new(),
        patch_path: None,
        doc_blocks: Vec::new(),
        created_at: original.created_at,
        access: "protected".into(),
        version: None,
        latest_version: None,
        deprecation_date: None,
        constraints: Vec::new(),
        primary_key: Vec::new(),
        time_spine: None,
        test: TestDetails::default(),
        root_path: None,
        index: None,
    };
    let stand_in = Source { unique_id: node.unique_id.clone(), ..original.clone() };
    (node, stand_in)
}

fn ephemeral() -> serde_json::Map<String, Value> {
    json!({"enabled": true, "materialized": "ephemeral"}).as_object().cloned().unwrap_or_default()
}

/// SQL as it is; rows through the macro that makes a `select` of them.
fn rows_code(given: &Value) -> String {
    match given.get("rows") {
        Some(Value::String(sql)) => sql.clone(),
        Some(rows) => {
            format!("{{{{ get_fixture_sql({}, none) }}}}", crate::jinja::repr(&crate::jinja::from_json(rows)))
        }
        None => "select 1 where false".into(),
    }
}
