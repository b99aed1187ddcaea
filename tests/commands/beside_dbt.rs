//! What projects of our own, run by dbt and by hetl, have shown: small rules that only a whole command shows.

use serde_json::json;

use super::Project;
use super::on_postgres::{drop_schema, project};

#[test]
fn a_strategy_that_the_warehouse_has_not_is_no_error_before_rows_are_added() {
    let model = "{{ config(materialized='incremental', incremental_strategy='insert_overwrite', unique_key='id') }} select 1 as id";
    let other = Project::new(&[("models/a.sql", model)]);
    other.run("run").expect(0, &[]);
    other.run("run").expect(1, &["The incremental strategy 'insert_overwrite' is not valid for this adapter"]);
    other.run("run --full-refresh").expect(0, &[]);
    let Some(postgres) = project("hetl_strategy", &[("models/a.sql", model)]) else { return };
    postgres.run("run").expect(1, &["The incremental strategy 'insert_overwrite' is not valid for this adapter"]);
    drop_schema(&postgres);
}

#[test]
fn a_seed_fills_the_columns_that_it_names() {
    let Some(project) = project("hetl_columns", &[("seeds/s.csv", "Id,name\n1,one\n"), ("seeds/s.yml", UNQUOTED)])
    else {
        return;
    };
    project.run("seed").expect(0, &[]);
    project.write("seeds/s.csv", "name,Id\ntwo,2\n");
    project.run("seed").expect(0, &[]);
    let rows = "select id, name from {{ target.schema }}.s";
    assert_eq!(project.query(rows), json!([{"id": 2, "name": "two"}]));
    project.write("seeds/s.csv", "name\nthree\n");
    project.run("seed").expect(0, &[]);
    assert_eq!(project.query(rows), json!([{"id": null, "name": "three"}]));
    project.write("seeds/s.csv", "name,more\nfour,4\n");
    project.run("seed").expect(1, &["column \"more\" of relation \"s\" does not exist"]);
    drop_schema(&project);
}

const UNQUOTED: &str = "seeds:\n  - name: s\n    config: {quote_columns: false}\n";

#[test]
fn results_of_skipped_nodes_say_where_they_lie() {
    let project =
        Project::new(&[("models/a.sql", "select nothing as id"), ("models/b.sql", "select * from {{ ref('a') }}")]);
    project.run("run").expect(1, &["SKIP=1"]);
    let skipped = project.json("target/run_results.json")["results"][1].take();
    assert_eq!([&skipped["status"], &skipped["relation_name"]], [&json!("skipped"), &json!("\"p\".\"main\".\"b\"")]);
}

#[test]
fn queries_of_snapshots_are_not_among_the_compiled_files() {
    let snapshot = "snapshots:\n  - name: s\n    relation: ref('a')\n    config: {unique_key: id, strategy: check, check_cols: all}\n";
    let project = Project::new(&[("models/a.sql", "select 1 as id"), ("snapshots/s.yml", snapshot)]);
    project.run("build").expect(0, &[]);
    assert!(!project.path("target/compiled/p/snapshots").exists());
    assert!(project.path("target/run/p/snapshots").exists());
    assert_eq!(project.json("target/manifest.json")["nodes"]["snapshot.p.s"]["compiled_path"], json!(null));
}

#[test]
fn unit_tests_lie_below_the_same_folder_compiled_and_run() {
    let unit_test = "models:\n  - name: a\n    latest_version: 1\n    versions: [{v: 1}]\nunit_tests:\n  - name: u\n    model: a\n    \
                     versions: {include: [1]}\n    given: []\n    expect: {rows: [{id: 1}]}\n";
    let project = Project::new(&[("models/a_v1.sql", "select 1 as id"), ("models/a.yml", unit_test)]);
    project.run("build").expect(0, &["PASS=2"]);
    for folder in ["compiled", "run"] {
        assert!(project.path(&format!("target/{folder}/p/models/a.yml/models/u_v1.sql")).exists(), "{folder}");
    }
}

#[test]
fn this_is_undefined_in_a_macro_that_is_called_by_itself() {
    let project = Project::new(&[(
        "macros/m.sql",
        "{% macro m() %}{% do log('defined: ' ~ (this is defined), info=true) %}{{ this.schema }}{% endmacro %}",
    )]);
    project.run("run-operation m").expect(1, &["defined: False", "'this' is undefined"]);
}

#[test]
fn docs_blocks_are_templates() {
    let block = "{% docs d %}{# not shown #}{{ 1 + 1 }} {% raw %}{{ ref('a') }}{% endraw %}{{ unknown }}{% enddocs %}";
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/d.md", block),
        ("models/a.yml", "models:\n  - name: a\n    description: \"{{ doc('d') }}\"\n"),
    ]);
    project.run("parse").expect(0, &[]);
    let manifest = project.json("target/manifest.json");
    assert_eq!(manifest["docs"]["doc.p.d"]["block_contents"], json!("2 {{ ref('a') }}"));
    assert_eq!(manifest["nodes"]["model.p.a"]["description"], json!("2 {{ ref('a') }}"));
}

#[test]
fn a_unit_test_whose_rows_do_not_fit_says_so() {
    let unit_test = "unit_tests:\n  - name: u\n    model: b\n    given: [{input: ref('a'), rows: [{id: word}]}]\n    \
                     expect: {rows: [{id: 1}]}\n";
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select id from {{ ref('a') }}"),
        ("models/b.yml", unit_test),
    ]);
    project.run("build").expect(1, &["ERROR=1"]);
    let results = project.json("target/run_results.json")["results"].take();
    let unit = results.as_array().and_then(|all| all.iter().find(|one| one["unique_id"] == "unit_test.p.b.u"));
    let message = unit.and_then(|unit| unit["message"].as_str()).unwrap_or_default();
    assert!(message.contains("An error occurred during execution of unit test 'u'"), "{message}");
    assert!(message.contains("check the data types.\n  Database Error\n    Conversion Error"), "{message}");
}
