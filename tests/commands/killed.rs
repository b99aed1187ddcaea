//! `kill -9` while a table is built: the old table stays, and nothing is in the way of the next run.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::Project;

const MODEL: &str = "{{ config(materialized='table') }}
select {{ var('answer') }} as answer
{% if var('slow', false) %}, (select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b) as x{% endif %}";

#[test]
fn a_killed_build_leaves_the_old_table() {
    let project = Project::new(&[("models/a.sql", MODEL)]);
    project.run("build|--vars|{answer: 1}").expect(0, &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(["build", "--vars", "{answer: 2, slow: true}"])
        .current_dir(project.path(""))
        .env_remove("DBT_PROFILES_DIR")
        .stdout(Stdio::piped())
        .spawn()
        .expect("hetl can be started");
    let printed = BufReader::new(child.stdout.take().expect("it has an output"));
    let is_started = printed.lines().map_while(Result::ok).any(|line| line.contains("START sql table model main.a"));
    assert!(is_started);
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().expect("its state").is_none(), "it ended by itself");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert_eq!(project.query("select answer from a"), json!([{"answer": 1}]));
    project.run("build|--vars|{answer: 3}").expect(0, &[]);
    assert_eq!(project.query("select answer from a"), json!([{"answer": 3}]));
    let tables = project.query("select table_name as name from information_schema.tables where table_schema = 'main'");
    assert_eq!(tables, json!([{"name": "a"}]));
}

#[test]
fn what_a_dead_run_left_is_dropped_by_the_next_one_also_of_other_nodes() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select 2 as id"),
        // A node of the project may be called so.
        ("models/b__dbt_tmp.sql", "select 3 as id"),
        (
            "macros/leave.sql",
            "{% macro leave() %}{% do run_query('create table main.b__dbt_backup as select 1 as id') %}{% do adapter.commit() %}{% endmacro %}",
        ),
    ]);
    // One after the other: what b makes on its way has the name of the other model.
    project.run("build --threads 1").expect(0, &[]);
    project.run("run-operation leave").expect(0, &[]);
    project.run("build --select a").expect(0, &["\"b__dbt_backup\" was left by a run that did not end"]);
    let tables = project
        .query("select table_name as name from information_schema.tables where table_schema = 'main' order by 1");
    assert_eq!(tables, json!([{"name": "a"}, {"name": "b"}, {"name": "b__dbt_tmp"}]));
}
