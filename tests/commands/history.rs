//! `hetl_meta.runs`: what each run has done, and whether anybody has changed that since.

use serde_json::{Value, json};

use super::Project;

const CANARY: &str = "canary-7f3a91";

fn shop() -> Project {
    Project::new(&[
        ("hetl.yml", "history: on\n"),
        (
            "models/orders.sql",
            "{{ config(materialized='table') }} select {{ var('id', 1) }} as id, 'canary-7f3a91' as secret",
        ),
        (
            "models/models.yml",
            "models: [{name: orders, columns: [{name: id, data_tests: [{accepted_values: {values: [1, 2]}}]}]}]\n",
        ),
    ])
}

fn lines(printed: &str) -> Vec<Value> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn each_run_is_recorded_with_its_nodes() {
    let project = shop();
    project.run("history").expect(0, &["No run is recorded"]);
    project.run("build").expect(0, &[]);
    project.run("build|--vars|id: 3").expect(1, &[]);
    // What was built last failed, and a test after it looks at that.
    project.run("test").expect(1, &["is not published"]);
    let runs = lines(&project.run("history --output json").printed);
    let told: Vec<_> =
        runs.iter().map(|run| (run["command"].clone(), run["status"].clone(), run["row_count"].clone())).collect();
    assert_eq!(
        told,
        [
            (json!("test"), json!("error"), json!(1)),
            (json!("build"), json!("error"), json!(2)),
            (json!("build"), json!("success"), json!(2))
        ]
    );
    let id = runs[1]["run_id"].as_str().expect("an id");
    let nodes = lines(&project.run(&format!("history --output json --run {id}")).printed);
    let told: Vec<_> =
        nodes.iter().map(|node| (node["node"].clone(), node["status"].clone(), node["published"].clone())).collect();
    assert_eq!(told[0], (Value::Null, json!("started"), Value::Null));
    assert_eq!(told[1], (json!("model.p.orders"), json!("success"), json!(false)));
    assert_eq!(told[2].1, json!("fail"));
    assert_eq!(nodes[1]["statement_hash"].as_str().map(str::len), Some(64));
    project.run("history --limit 1").expect(0, &["test  error  1 nodes"]).without("build");
}

#[test]
fn a_run_that_was_killed_is_closed_by_the_next_one() {
    let project = shop();
    project.run("build").expect(0, &[]);
    project.run_with("build", &[("HETL_FAULT", "kill:commit:1")]);
    let told = || {
        let runs = lines(&project.run("history --output json").printed);
        runs.iter().map(|run| run["status"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(), ["started", "success"]);
    project.run("test").expect(0, &[]);
    assert_eq!(told(), ["success", "killed", "success"]);
    project.run("history").expect(0, &["build  killed"]);
    project.run("verify").expect(0, &["of 3 runs"]);
}

#[test]
fn a_rollback_is_recorded() {
    let project = shop();
    project.run("build|--publish|run").expect(0, &[]);
    project.run("build|--publish|run|--vars|id: 2").expect(0, &[]);
    project.run("rollback").expect(0, &[]);
    project.run("history --limit 1").expect(0, &["rollback  success  1 nodes"]);
    project.run("verify").expect(0, &["of 3 runs"]);
}

#[test]
fn a_changed_entry_is_found() {
    let project = shop();
    project.run("verify").expect(0, &["0 entries of 0 runs"]);
    project.run("build").expect(0, &[]);
    project.run("build").expect(0, &[]);
    project.run("verify").expect(0, &["8 entries of 2 runs are as they were written"]);
    let change = "{% macro change(sql) %}{% do run_query(sql) %}{% do adapter.commit() %}{% endmacro %}";
    project.write("macros/change.sql", change);
    let change = |sql: &str| {
        project.run(&format!("run-operation|change|--args|{{sql: \"begin; {sql}; commit\"}}")).expect(0, &[]);
    };
    change("update hetl_meta.runs set status = 'error' where position = 6");
    project.run("verify").expect(1, &["E0711", "broken at entry 6: it was changed"]);
    change("delete from hetl_meta.runs where position = 6");
    project.run("verify").expect(1, &["broken at entry 7: entries before it are missing"]);
}

#[test]
fn no_sql_and_no_values_are_recorded() {
    let project = shop();
    project.run("build").expect(0, &[]);
    let recorded = project.query("select string_agg(r::varchar, '') as text from hetl_meta.runs r");
    let recorded = recorded[0]["text"].as_str().expect("text").to_owned();
    assert!(recorded.contains("model.p.orders") && !recorded.contains(CANARY), "{recorded}");
}

#[test]
fn only_who_asks_for_it_gets_a_table_that_dbt_does_not_make() {
    let project = shop();
    let recorded =
        || project.query("select count(*) as n from information_schema.schemata where schema_name = 'hetl_meta'");
    project.run_with("build", &[("HETL_HISTORY", "off")]).expect(0, &[]);
    for settings in ["history: off\n", "{}\n"] {
        project.write("hetl.yml", settings);
        project.run("build").expect(0, &[]);
    }
    assert_eq!(recorded(), json!([{"n": 0}]));
    project.run_with("build", &[("HETL_HISTORY", "on")]).expect(0, &[]);
    assert_eq!(recorded(), json!([{"n": 1}]));
    project.write("hetl.yml", "history: sometimes\n");
    project.run("build").expect(2, &["`history` must be on or off"]);
}
