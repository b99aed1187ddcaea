//! Warnings: what is warned of, and what `--warn-error` makes of it.

use super::Project;

#[test]
fn flags_make_errors_of_warnings_of_parsing_and_selection() {
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("models/x.yml", "modles: []\n")]);
    project.run("build").expect(0, &["warning[W0204]"]);
    project.run("build --warn-error").expect(2, &["error[W0204]"]);
    let options = |text: &str| project.run(&format!("build|-s|nix|--warn-error-options|{text}"));
    options("{error: [NoNodesForSelectionCriteria]}").expect(2, &["warning[W0204]", "error[W0602]"]);
    options("{error: all, warn: [NoNodesForSelectionCriteria, Deprecations]}").expect(0, &["warning[W0204]"]);
    options("{silence: [CustomTopLevelKeyDeprecation]}").expect(0, &[]).without("W0204");
}

#[test]
fn deprecations_are_shown_once_and_counted() {
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("models/x.yml", "modles: []\nsorces: []\n")]);
    let counted = "- CustomTopLevelKeyDeprecation: 2 occurrences";
    project.run("parse").expect(0, &["`modles` is not", counted, "--show-all-deprecations"]).without("`sorces`");
    project.run("parse --show-all-deprecations").expect(0, &["`modles` is not", "`sorces` is not", counted]);
    let options = |text: &str| project.run(&format!("parse|--warn-error-options|{text}"));
    options("{error: [DeprecationsSummary]}").expect(2, &["there are deprecations"]);
    options("{silence: [Deprecations]}").expect(0, &[]).without("Deprecation").without("modles");
    options("{include: all, exclude: [Deprecations]}").expect(0, &["WEOIncludeExcludeDeprecation: 1 occurrence"]);
}

#[test]
fn names_of_warnings_are_checked() {
    let project = Project::new(&[("models/a.sql", "select 1 as a")]);
    let refused = |options: &str, words: &str| {
        project.run(&format!("parse|--warn-error-options|{options}")).expect(2, &[words]);
    };
    refused("{error: [NoNodeForYamlKee]}", "NoNodeForYamlKee is not a valid dbt error name.");
    refused("{error: NoNodeForYamlKey}", "all, *, or a list of names");
    refused("{error: [NoNodeForYamlKey], warn: [LogTestResult]}", "needs `error: all`");
    project.run("parse|--warn-error-options|{error: [], silence: [NoNodeForYamlKey]}").expect(0, &[]);
}

#[test]
fn deprecated_models_and_what_reads_them_are_told() {
    let yaml = "models:\n  - {name: a, deprecation_date: 2020-01-01}\n  - {name: b, deprecation_date: 2999-01-01}\n";
    let project = Project::new(&[
        ("models/a.sql", "select 1 as a"),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/c.sql", "select * from {{ ref('b') }}"),
        ("models/m.yml", yaml),
    ]);
    let words = [
        "Model a has passed its deprecation date of 2020-01-01",
        "While compiling 'b': Found a reference to a, which was deprecated on '2020-01-01T00:00:00",
        "While compiling 'c': Found a reference to b, which is slated for deprecation on '2999-01-01T00:00:00",
        "models/b.sql:1:18",
    ];
    project.run("build").expect(0, &words).without("Model b has");
    project.run("parse|--warn-error-options|{error: [DeprecatedModel]}").expect(2, &["error[W0408]: Model a"]);
}

#[test]
fn what_cannot_be_run_is_named() {
    let project = Project::new(&[("models/p.py", "def model(dbt, session): return session.sql('select 1')\n")]);
    project.run("parse").expect(0, &["the Python model `p` (models/p.py) is left out"]);
}

#[test]
fn a_selector_that_cannot_be_read_is_shown_where_it_stands() {
    let selectors = "selectors:\n  - name: a\n    definition: {method: nope, value: x}\n";
    let project = Project::new(&[("models/a.sql", "select 1 as a"), ("selectors.yml", selectors)]);
    project.run("ls").expect(2, &["error[E0601]", "selectors.yml:2:5"]);
}

#[test]
fn the_semantic_layer_is_in_the_manifest() {
    let yaml = "
semantic_models:
  - name: orders
    model: ref('orders')
    entities: [{name: order, type: primary, expr: id}]
    dimensions: [{name: at, type: time, type_params: {time_granularity: day}}]
    measures: [{name: total, agg: sum, create_metric: true, agg_time_dimension: at}]
metrics:
  - {name: ratio, label: R, type: ratio, type_params: {numerator: total, denominator: total}}
saved_queries:
  - {name: monthly, query_params: {metrics: [ratio]}}
";
    let project = Project::new(&[
        ("models/orders.sql", "select 1 as id"),
        ("models/metricflow_time_spine.sql", "select date '2024-01-01' as date_day"),
        ("models/s.yml", yaml),
    ]);
    project.run("parse").expect(0, &[]);
    let manifest = project.json("target/manifest.json");
    assert_eq!(manifest["child_map"]["model.p.orders"], serde_json::json!(["semantic_model.p.orders"]));
    assert_eq!(manifest["metrics"]["metric.p.ratio"]["type_params"]["input_measures"][0]["name"], "total");
    assert_eq!(manifest["parent_map"]["saved_query.p.monthly"], serde_json::json!(["metric.p.ratio"]));
    project.run("ls -s +saved_query:monthly").expect(0, &["metric:p.total", "semantic_model:p.orders"]);
}

#[test]
fn what_a_profile_asks_for_in_vain_is_told() {
    let profile =
        "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb, plugins: [{module: excel}]}\n";
    Project::new(&[("profiles.yml", profile)]).run("parse").expect(0, &["warning[W0408]", "plugins"]);
}
