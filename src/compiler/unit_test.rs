//! A unit test as something to compile: the tested model's template, with a CTE of fixed rows in the place of each input.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::adapters::{Relation, RelationParts, RelationType};
use crate::context::Overrides;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Checksum, DependsOn, Manifest, Node, NodeConfig, ResourceType, Source, TestDetails, UnitTest};

/// A unit test ready to be compiled and run.
#[derive(Debug, Clone)]
pub struct UnitTestPlan {
    /// The test as a node that materializes as `unit`.
    pub node: Arc<Node>,
    /// What its model sees instead of the real thing.
    pub overrides: Overrides,
    /// The inputs, in the order in which the test gives them.
    pub(super) fixtures: Vec<Fixture>,
}

/// Rows that stand for a node or source.
#[derive(Debug, Clone)]
pub(super) struct Fixture {
    /// Name of the CTE.
    pub(super) cte: String,
    /// An ephemeral model of the rows.
    pub(super) node: Arc<Node>,
}

/// Makes the plan of one unit test.
pub fn unit_test_plan(manifest: &Manifest, test: &UnitTest) -> Result<UnitTestPlan, Diagnostic> {
    let tested = test.depends_on.nodes.first().and_then(|id| manifest.nodes.get(id)).ok_or_else(|| {
        Diagnostic::error(Code::REF_NOT_FOUND, format!("unit test `{}` has no model", test.name)).at_some(test.span, "")
    })?;
    let mut overrides = given_overrides(test);
    overrides.config.insert("materialized".into(), json!(tested.config.materialized()));
    let mut fixtures = Vec::new();
    let inputs = test
        .inputs
        .as_ref()
        .map_err(|problem| Diagnostic::error(Code::YAML_VALUE, problem).at_some(test.span, "in this unit test"))?;
    for (given, id) in test.given.iter().zip(inputs) {
        let is_this = *id == tested.unique_id;
        let (node, cte) = if let Some(node) = manifest.nodes.get(id) {
            (node_input(test, node, given), format!("__dbt__cte__{}", node.alias))
        } else if let Some(source) = manifest.sources.get(id) {
            let cte = format!("__dbt__cte__{}__{}", source.source_name, source.identifier);
            (source_input(test, source, given), cte)
        } else {
            continue;
        };
        let relation = Relation::new(None, None, Some(&cte))
            .with_type(Some(RelationType::Cte))
            .with_quoting(RelationParts::default());
        if is_this {
            overrides.this = Some(relation);
        } else {
            overrides.relations.insert(id.clone(), relation);
        }
        fixtures.push(Fixture { cte, node: Arc::new(node) });
    }
    Ok(UnitTestPlan { node: Arc::new(test_node(test, tested)), overrides, fixtures })
}

fn given_overrides(test: &UnitTest) -> Overrides {
    let part = |key: &str| -> BTreeMap<String, Value> {
        let values = test.overrides.as_ref().and_then(|overrides| overrides.get(key)?.as_object());
        values.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    Overrides { macros: part("macros"), vars: part("vars"), env_vars: part("env_vars"), ..Overrides::default() }
}

fn test_node(test: &UnitTest, tested: &Node) -> Node {
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
    // The contract is about the model's own table; fixtures may have other types.
    config.insert("contract".into(), json!({"enforced": false, "alias_types": true}));
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
        depends_on: tested.depends_on.clone(),
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
        span: None,
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

/// An ephemeral model of the given rows under the name of a source table.
fn source_input(test: &UnitTest, original: &Source, given: &Value) -> Node {
    let unique_id = format!("model.{}.{}__{}", original.package_name, original.source_name, original.name);
    Node {
        path: format!("{}.sql", original.name),
        original_file_path: test.original_file_path.clone(),
        fqn: original.fqn.clone(),
        alias: original.identifier.clone(),
        database: original.database.clone(),
        schema: original.schema.clone(),
        config: NodeConfig::new(ephemeral()),
        raw_code: rows_code(given).into(),
        span: test.span,
        columns: original.columns.clone(),
        ..Node::new(ResourceType::Model, unique_id, original.name.clone(), original.package_name.clone())
    }
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
