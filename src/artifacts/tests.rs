//! Artifacts against what dbt 1.11 writes for a project of ours, against a list of the keys that tools rely on, and, where
//! dbt's Python package is installed, against the JSON schemas that it publishes.

use std::path::PathBuf;
use std::process::Command;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::*;
use crate::adapters::{CatalogRow, RelationParts};
use crate::graph::Graph;
use crate::manifest::{FreshnessRule, FreshnessThreshold, Manifest, Publish, ResourceType, TimePeriod};
use crate::plan::{BatchResults, Mode, NodeResult, NodeStatus, Plan, RunResults, Timing};

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_767_323_045_000_000 + micros).unwrap()
}

fn metadata() -> ArtifactMetadata {
    ArtifactMetadata {
        generated_at: time(6),
        invocation_id: "00000000-0000-4000-8000-000000000000".into(),
        invocation_started_at: time(0),
        env: IndexMap::from([("TEAM".to_owned(), "red".to_owned())]),
    }
}

/// What dbt wrote for the project (its own macros and docs left out, times and paths made equal).
fn dbts_manifest() -> Value {
    let text = include_str!("../../tests/artifacts/shop_manifest.json");
    serde_json::from_str(text).unwrap()
}

/// All artifacts by the name of their schema.
fn artifacts() -> Vec<(&'static str, Value)> {
    let (manifest, compiled) = Manifest::from_json(&dbts_manifest());
    let artifact = metadata();
    let quoting = RelationParts { database: true, schema: true, identifier: false };
    let manifest_metadata = ManifestMetadata { artifact: artifact.clone(), quoting };
    let results = run_results(&manifest);
    let args = Map::from_iter([("which".to_owned(), json!("build"))]);
    let rows = catalog_rows();
    let freshness = freshness_results();
    let to = |value: serde_json::Result<Value>| value.unwrap();
    vec![
        (
            "manifest",
            to(serde_json::to_value(ManifestJson {
                manifest: &manifest,
                metadata: &manifest_metadata,
                compiled: &compiled,
            })),
        ),
        (
            "run-results",
            to(serde_json::to_value(RunResultsJson { results: &results, metadata: &artifact, args: &args })),
        ),
        (
            "catalog",
            to(serde_json::to_value(CatalogJson {
                manifest: &manifest,
                rows: &rows,
                selected: None,
                errors: None,
                metadata: &artifact,
            })),
        ),
        (
            "sources",
            to(serde_json::to_value(SourcesJson { results: &freshness, elapsed_time: 0.5, metadata: &artifact })),
        ),
    ]
}

fn run_results(manifest: &Manifest) -> RunResults {
    let graph = Graph::build(manifest).unwrap();
    let plan = Plan::build(&graph, manifest, graph.ids(), Mode::Build(Publish::Immediate));
    let row = NodeResult {
        timing: vec![Timing { name: "compile", started_at: Some(time(1)), completed_at: Some(time(2)) }],
        thread_id: "Thread-1 (worker)".into(),
        execution_time: 0.25,
        adapter_response: Map::from_iter([("_message".to_owned(), json!("OK"))]),
        message: Some("OK".into()),
        compiled: Some(true),
        compiled_code: Some("select 1".into()),
        relation_name: Some("\"shop\".\"main\".dim".into()),
        batch_results: Some(BatchResults { successful: vec![(time(0), time(1))], failed: Vec::new() }),
        ..NodeResult::new("model.shop.dim", ResourceType::Model, NodeStatus::Success)
    };
    RunResults::collect(&plan, [row], None, 1.5)
}

fn catalog_rows() -> Vec<CatalogRow> {
    let row = |identifier: &str, column: &str, index| CatalogRow {
        database: "SHOP".into(),
        schema: "main".into(),
        identifier: identifier.into(),
        relation_type: "BASE TABLE".into(),
        comment: None,
        owner: None,
        column: column.into(),
        index,
        data_type: "INTEGER".into(),
        column_comment: Some("the id".into()),
        stats: serde_json::Map::new(),
    };
    vec![row("people", "id", 1), row("people", "name", 2), row("stranger", "x", 1)]
}

fn freshness_results() -> Vec<FreshnessResult> {
    let known = KnownFreshness {
        status: NodeStatus::Warn,
        max_loaded_at: time(0),
        snapshotted_at: time(10_000_000),
        age: 10.0,
        criteria: FreshnessRule {
            warn_after: Some(FreshnessThreshold { count: 1, period: TimePeriod::Minute }),
            ..FreshnessRule::default()
        },
        adapter_response: Map::new(),
        timing: Vec::new(),
        thread_id: "Thread-1 (worker)".into(),
        execution_time: 0.1,
    };
    vec![
        FreshnessResult {
            unique_id: "source.shop.raw.orders".into(),
            outcome: FreshnessOutcome::Known(Box::new(known)),
        },
        FreshnessResult {
            unique_id: "source.shop.raw.other".into(),
            outcome: FreshnessOutcome::Failed("Catalog Error".into()),
        },
    ]
}

/// Tells where two values differ first, with the order of keys.
fn difference(ours: &Value, theirs: &Value, place: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            if !a.keys().eq(b.keys()) {
                let [a, b] = [a, b].map(|map| map.keys().cloned().collect::<Vec<_>>().join(" "));
                return Some(format!("{place}: keys\n  {a}\n  {b}"));
            }
            a.iter().find_map(|(key, value)| difference(value, &b[key], &format!("{place}/{key}")))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(a, b, &format!("{place}/{at}")))
        }
        _ => (ours != theirs).then(|| format!("{place}:\n  {ours}\n  {theirs}")),
    }
}

#[test]
fn the_manifest_is_key_by_key_that_of_dbt() {
    let (_, ours) = artifacts().swap_remove(0);
    assert_eq!(difference(&ours, &dbts_manifest(), ""), None);
}

/// For each artifact and path (`*` is every key) the keys that must be there. Never skipped, unlike the schemas below.
const REQUIRED: &[(&str, &str, &str)] = &[
    ("*", "/metadata", "dbt_schema_version dbt_version generated_at invocation_id invocation_started_at env"),
    ("manifest", "/metadata", "project_name project_id user_id adapter_type quoting run_started_at"),
    (
        "manifest",
        "",
        "metadata nodes sources macros docs exposures metrics groups selectors disabled parent_map child_map group_map \
         saved_queries semantic_models unit_tests functions",
    ),
    (
        "manifest",
        "/nodes/*",
        "database schema name resource_type package_name path original_file_path unique_id fqn alias checksum config \
         tags description columns meta group docs patch_path build_path unrendered_config created_at relation_name \
         raw_code doc_blocks depends_on",
    ),
    ("manifest", "/sources/*", "source_name identifier loader freshness relation_name columns config fqn"),
    ("manifest", "/exposures/*", "type owner maturity url depends_on refs sources"),
    ("manifest", "/unit_tests/*", "model given expect overrides depends_on config checksum"),
    ("manifest", "/macros/*", "macro_sql depends_on arguments supported_languages"),
    ("run-results", "", "metadata results elapsed_time args"),
    (
        "run-results",
        "/results/*",
        "status timing thread_id execution_time adapter_response message failures unique_id compiled compiled_code \
         relation_name batch_results",
    ),
    ("catalog", "", "metadata nodes sources errors"),
    ("catalog", "/nodes/*", "metadata columns stats unique_id"),
    ("catalog", "/nodes/*/metadata", "type schema name database comment owner"),
    ("catalog", "/nodes/*/columns/*", "type index name comment"),
    ("catalog", "/nodes/*/stats/has_stats", "id label value include description"),
    ("sources", "", "metadata results elapsed_time"),
    ("sources", "/results/*", "unique_id status"),
];

/// All values at a path; `*` stands for every key or item.
fn at<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for part in path.split('/').skip(1) {
        found = found
            .into_iter()
            .flat_map(|value| match (value, part) {
                (Value::Object(map), "*") => map.values().collect::<Vec<_>>(),
                (Value::Array(items), "*") => items.iter().collect(),
                (other, key) => other.get(key).into_iter().collect(),
            })
            .collect();
    }
    found
}

#[test]
fn artifacts_have_every_key_that_tools_rely_on() {
    for (name, artifact) in artifacts() {
        for (_, path, keys) in REQUIRED.iter().filter(|(wanted, ..)| *wanted == name || *wanted == "*") {
            let values = at(&artifact, path);
            assert!(!values.is_empty(), "{name}{path} is empty");
            for value in values {
                for key in keys.split_whitespace() {
                    assert!(value.get(key).is_some(), "{name}{path}: {key} is missing in {value}");
                }
            }
        }
    }
}

#[test]
fn versions_tell_tools_how_to_read_and_people_who_wrote() {
    for (name, artifact) in artifacts() {
        let metadata = &artifact["metadata"];
        let url = metadata["dbt_schema_version"].as_str().unwrap();
        assert!(url.starts_with(&format!("https://schemas.getdbt.com/dbt/{name}/v")), "{url}");
        assert_eq!(metadata["dbt_version"], "2.0.0");
    }
}

#[test]
fn the_catalog_finds_relations_without_regard_to_case() {
    let (_, catalog) = artifacts().swap_remove(2);
    assert_eq!(catalog["nodes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["seed.shop.people"]);
    assert_eq!(catalog["sources"].as_object().unwrap().keys().collect::<Vec<_>>(), ["source.shop.raw.orders"]);
    let columns = catalog["nodes"]["seed.shop.people"]["columns"].as_object().unwrap();
    assert_eq!(columns.keys().collect::<Vec<_>>(), ["id", "name"]);
}

/// Python of an environment with dbt: what the variable names, else that of the conformance suite.
fn dbts_python() -> Option<PathBuf> {
    let named = std::env::var_os("HETL_DBT_PYTHON").map(PathBuf::from);
    let cached = || Some(dirs::cache_dir()?.join("hetl-conformance").join("bin").join("python"));
    named.or_else(cached).filter(|python| python.exists())
}

const PRINT_SCHEMAS: &str = "
import json
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
kinds = {'manifest': WritableManifest, 'run-results': RunResultsArtifact, 'catalog': CatalogArtifact,
         'sources': FreshnessExecutionResultArtifact}
print(json.dumps({name: kind.json_schema() for name, kind in kinds.items()}))
";

#[test]
fn artifacts_are_valid_against_dbts_schemas() {
    let Some(python) = dbts_python() else {
        assert!(std::env::var_os("CI").is_none(), "no dbt to take the schemas from: set HETL_DBT_PYTHON");
        eprintln!("skipped: no dbt to take the schemas from (set HETL_DBT_PYTHON)");
        return;
    };
    let output = Command::new(python).args(["-c", PRINT_SCHEMAS]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let schemas: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, artifact) in artifacts() {
        let validator = jsonschema::validator_for(&schemas[name]).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&artifact)
            .map(|error| format!("{name}{}: {error:.300}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}
