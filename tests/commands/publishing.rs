//! Audit before publish: in `build` others see a node only after its tests passed.

use serde_json::json;

use super::Project;

const TESTED: &str = "
models:
  - name: orders
    columns:
      - name: id
        data_tests: [unique]
";

/// A table with a test, and a view below it; `rows` is a variable.
fn shop(orders: &str) -> Project {
    let project = Project::new(&[
        ("models/orders.sql", orders),
        ("models/totals.sql", "select count(*) as n from {{ ref('orders') }}"),
        ("models/models.yml", TESTED),
    ]);
    project.run("build").expect(0, &["PASS=3"]);
    project
}

const TABLE: &str = "{{ config(materialized='table') }} select unnest({{ var('ids', [1, 2]) }}) as id";
const INCREMENTAL: &str = "{{ config(materialized='incremental') }} select unnest({{ var('ids', [1, 2]) }}) as id";

const LOOKED: &str = "What was built last of model.p.orders is not published; unique_orders_id has looked at";

#[test]
fn a_table_that_fails_its_test_stays_as_it_was_and_what_was_built_is_kept() {
    let project = shop(TABLE);
    let ran = project.run("build|--vars|ids: [3, 3]");
    ran.expect(1, &["OK created sql table model main.orders", "FAIL 1 unique_orders_id", "SKIP relation main.totals"]);
    ran.expect(1, &["\"p\".\"main\".\"orders\" is not published", "stays live", "orders__hetl_candidate"]);
    let results = project.json("target/run_results.json");
    let rows = results["results"].as_array().expect("results");
    let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap_or_default()).collect();
    assert_eq!(statuses, ["success", "fail", "skipped"]);
    assert_eq!(rows[0]["adapter_response"]["hetl"]["published"], json!(false));
    assert!(!rows[1]["compiled_code"].as_str().expect("its SQL").contains("__dbt_tmp"), "{}", rows[1]);
    assert_eq!(project.query("select id from main.orders order by id"), json!([{"id": 1}, {"id": 2}]));
    assert_eq!(project.query("select id from main.orders__hetl_candidate"), json!([{"id": 3}, {"id": 3}]));

    // What is tested is what was built last, as in dbt.
    project.run("test").expect(1, &["FAIL 1 unique_orders_id", LOOKED]);

    project.run("build|--vars|ids: [4]").expect(0, &["PASS=3"]).without("not published");
    project.run("test").expect(0, &[]).without(LOOKED);
    assert_eq!(project.query("select id from main.orders"), json!([{"id": 4}]));
    project.run("show|--inline|select * from main.orders__hetl_candidate").expect(2, &["does not exist"]);
}

#[test]
fn an_incremental_model_that_fails_its_test_is_undone() {
    let project = shop(INCREMENTAL);
    project.run("build|--vars|ids: [2]").expect(1, &["is not published", "what was built is undone"]);
    assert_eq!(project.query("select count(*) as n from main.orders"), json!([{"n": 2}]));
    project.run("build|--vars|ids: [3]").expect(0, &[]);
    assert_eq!(project.query("select count(*) as n from main.orders"), json!([{"n": 3}]));
}

#[test]
fn nothing_is_live_after_a_first_build_that_fails_its_test() {
    for orders in [TABLE, INCREMENTAL, "select unnest({{ var('ids') }}) as id"] {
        let project = Project::new(&[("models/orders.sql", orders), ("models/models.yml", TESTED)]);
        project.run("build|--vars|ids: [1, 1]").expect(1, &["Nothing is live under its name"]);
        project.run("show|--inline|select * from main.orders").expect(2, &["does not exist"]);
        assert_eq!(project.query("select count(*) as n from main.orders__hetl_candidate"), json!([{"n": 2}]));
        // As in dbt, the test fails again.
        project.run("test").expect(1, &["FAIL 1 unique_orders_id", LOOKED]);
        project.run("build|--vars|ids: [1]").expect(0, &[]);
        assert_eq!(project.query("select count(*) as n from main.orders"), json!([{"n": 1}]));
    }
}

#[test]
fn dbt_s_order_is_a_setting_of_the_command_and_of_a_node() {
    let project = shop(TABLE);
    project.run("build|--publish|immediate|--vars|ids: [3, 3]").expect(1, &["FAIL 1"]).without("not published");
    assert_eq!(project.query("select count(*) as n from main.orders where id = 3"), json!([{"n": 2}]));
    project.write("models/orders.sql", &TABLE.replace("config(", "config(meta={'hetl': {'publish': 'immediate'}}, "));
    project.run("build|--vars|ids: [5, 5]").expect(1, &["FAIL 1"]).without("not published");
    project.write("models/orders.sql", &TABLE.replace("config(", "config(meta={'hetl': {'publish': 'audited'}}, "));
    project.run("build|--publish|immediate|--vars|ids: [6, 6]").expect(1, &["is not published"]);
    assert_eq!(project.query("select count(*) as n from main.orders where id = 5"), json!([{"n": 2}]));
}

#[test]
fn run_and_test_publish_at_once_as_in_dbt() {
    let project = shop(TABLE);
    project.run("run|--vars|ids: [3, 3]").expect(0, &[]);
    project.run("test").expect(1, &["FAIL 1 unique_orders_id"]);
    assert_eq!(project.query("select count(*) as n from main.orders where id = 3"), json!([{"n": 2}]));
}

#[test]
fn a_warning_publishes() {
    let project = shop(TABLE);
    project.write("models/models.yml", &TESTED.replace("[unique]", "[{unique: {config: {severity: warn}}}]"));
    project.run("build|--vars|ids: [3, 3]").expect(0, &["WARN 1 unique_orders_id"]).without("not published");
    project.run("--warn-error|build|--vars|ids: [4, 4]").expect(1, &["is not published"]);
    assert_eq!(project.query("select count(*) as n from main.orders where id = 3"), json!([{"n": 2}]));
}

#[test]
fn a_test_of_two_nodes_decides_about_the_last_of_them() {
    let project = Project::new(&[
        ("models/a.sql", "{{ config(materialized='table') }} select {{ var('a', 1) }} as id"),
        ("models/b.sql", "{{ config(materialized='table') }} select {{ var('b', 1) }} as id"),
        ("models/below_b.sql", "select * from {{ ref('b') }}"),
        ("tests/same.sql", "select id from {{ ref('b') }} where id not in (select id from {{ ref('a') }})"),
    ]);
    project.run("build").expect(0, &["PASS=4"]);
    // The new `b` is looked at beside the new `a`.
    project.run("build|--vars|{a: 2, b: 2}").expect(0, &["PASS=4"]);
    let ran = project.run("build|--vars|{a: 3, b: 4}");
    ran.expect(1, &["\"p\".\"main\".\"b\" is not published", "SKIP relation main.below_b"]);
    let both = "select a.id as a, b.id as b from main.a, main.b";
    assert_eq!(project.query(both), json!([{"a": 3, "b": 2}]));
}

#[test]
fn a_hook_of_the_transaction_is_looked_at_too() {
    let orders = "{{ config(materialized='table', post_hook=\"insert into {{ this }} values (1)\") }} \
                  select unnest({{ var('ids', [2]) }}) as id";
    let project = shop(orders);
    project.run("build|--vars|ids: [1]").expect(1, &["is not published", "what was built is undone"]);
    assert_eq!(project.query("select id from main.orders order by id"), json!([{"id": 1}, {"id": 2}]));
}

#[test]
fn seeds_and_snapshots_wait_for_their_tests() {
    let project = Project::new(&[
        ("seeds/codes.csv", "code\na\nb\n"),
        ("seeds/seeds.yml", "seeds: [{name: codes, columns: [{name: code, data_tests: [unique]}]}]\n"),
        (
            "snapshots/history.yml",
            "snapshots: [{name: history, relation: ref('codes'), config: {unique_key: code, strategy: check, \
             check_cols: all}, data_tests: [few]}]\n",
        ),
        (
            "tests/generic/few.sql",
            "{% test few(model) %} select * from (select count(*) as n from {{ model }}) where n > 2 {% endtest %}",
        ),
    ]);
    project.run("build").expect(0, &["PASS=4"]);
    project.write("seeds/codes.csv", "code\na\na\n");
    project.run("build").expect(1, &["\"codes\" is not published", "SKIP relation main.history"]);
    assert_eq!(project.query("select count(distinct code) as n from main.codes"), json!([{"n": 2}]));
    project.write("seeds/codes.csv", "code\na\nb\nc\n");
    project.run("build").expect(1, &["\"history\" is not published", "what was built is undone"]);
    assert_eq!(project.query("select count(*) as n from main.history"), json!([{"n": 2}]));
    assert_eq!(project.query("select count(*) as n from main.codes"), json!([{"n": 3}]));
}

#[test]
fn failing_rows_are_stored_whether_the_node_is_kept_or_undone() {
    for orders in [TABLE, INCREMENTAL] {
        let project = shop(orders);
        project.write("models/models.yml", &TESTED.replace("[unique]", "[{unique: {config: {store_failures: true}}}]"));
        project.run("build|--vars|ids: [2, 2]").expect(1, &["is not published"]);
        let stored =
            project.query("select unique_field, n_records >= 2 as many from main_dbt_test__audit.unique_orders_id");
        assert_eq!(stored, json!([{"unique_field": 2, "many": true}]), "{orders}");
        project.run("build|--vars|ids: [7]").expect(0, &[]);
        let stored = project.query("select count(*) as n from main_dbt_test__audit.unique_orders_id");
        assert_eq!(stored, json!([{"n": 0}]), "{orders}");
    }
}

#[test]
fn a_test_that_cannot_run_publishes_nothing() {
    let project = shop(TABLE);
    project.write("tests/wrong.sql", "select * from {{ ref('orders') }} where cast('x' || id as int) = 1");
    project.run("build|--vars|ids: [9]").expect(1, &["ERROR wrong", "is not published"]);
    assert_eq!(project.query("select id from main.orders order by id"), json!([{"id": 1}, {"id": 2}]));
}

#[test]
fn a_retry_builds_again_what_was_not_published() {
    let project = shop(TABLE);
    project.run("build|--vars|ids: [3, 3]").expect(1, &["is not published"]);
    project.write("models/models.yml", &TESTED.replace("[unique]", "[{unique: {config: {where: 'id < 3'}}}]"));
    project.run("retry").expect(0, &["unique_orders_id", "main.totals"]);
    assert_eq!(project.query("select n from main.totals"), json!([{"n": 2}]));
    assert_eq!(project.query("select count(*) as n from main.orders where id = 3"), json!([{"n": 2}]));
}

/// Two tables over one another, a seed, a snapshot and an incremental model; a test of the last table.
const STAR: &[(&str, &str)] = &[
    ("seeds/codes.csv", "code\n1\n2\n"),
    ("models/a.sql", "{{ config(materialized='table') }} select code, {{ var('v', 1) }} as v from {{ ref('codes') }}"),
    ("models/b.sql", "{{ config(materialized='table') }} select * from {{ ref('a') }}"),
    ("models/c.sql", "{{ config(materialized='incremental', unique_key='code') }} select * from {{ ref('b') }}"),
    ("models/d.sql", "select sum(v) as v from {{ ref('c') }}"),
    (
        "snapshots/history.yml",
        "snapshots: [{name: history, relation: ref('b'), config: {unique_key: code, strategy: check, check_cols: all}}]\n",
    ),
    ("tests/small.sql", "select * from {{ ref('d') }} where v > 10"),
];

/// The values that each relation of [`STAR`] holds, and the number of versions in its snapshot.
fn star(project: &Project) -> serde_json::Value {
    project.query(
        "select (select max(v) from main.a) as a, (select max(v) from main.b) as b, (select max(v) from main.c) as c, \
         (select max(v) from main.d) as d, (select count(*) from main.history) as versions",
    )
}

#[test]
fn a_run_is_published_as_a_whole_or_not_at_all() {
    let project = Project::new(STAR);
    project.run("build|--publish|run").expect(0, &["PASS=7"]);
    assert_eq!(star(&project), json!([{"a": 1, "b": 1, "c": 1, "d": 2, "versions": 2}]));
    project.run("build|--publish|run|--vars|v: 2").expect(0, &["PASS=7"]);
    assert_eq!(star(&project), json!([{"a": 2, "b": 2, "c": 2, "d": 4, "versions": 4}]));
    let ran = project.run("build|--publish|run|--vars|v: 7");
    ran.expect(1, &["OK created sql table model main.a", "FAIL 1 small", "Nothing of this run is published"]);
    let results = project.json("target/run_results.json");
    let model = results["results"].as_array().expect("results").iter().find(|row| row["unique_id"] == "model.p.a");
    assert_eq!(model.expect("a result")["adapter_response"]["hetl"]["published"], json!(false));
    project.run("retry|--vars|v: 3").expect(0, &["PASS=7"]);
    assert_eq!(star(&project), json!([{"a": 3, "b": 3, "c": 3, "d": 6, "versions": 6}]));
}

#[test]
fn a_model_that_fails_publishes_nothing_of_the_run() {
    let project = Project::new(STAR);
    project.run("build|--publish|run").expect(0, &[]);
    project.write(
        "models/b.sql",
        "{{ config(materialized='table') }} select *, cast('x' || v as int) from {{ ref('a') }}",
    );
    let ran = project.run("build|--publish|run|--vars|v: 2");
    ran.expect(1, &["ERROR=1", "Nothing of this run is published"]).without("aborted");
    assert_eq!(star(&project), json!([{"a": 1, "b": 1, "c": 1, "d": 2, "versions": 2}]));
}

#[test]
fn a_run_that_is_published_as_a_whole_writes_to_one_database() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "{{ config(database='second') }} select 1 as id"),
        (
            "profiles.yml",
            "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb, attach: [{path: second.duckdb, alias: second}]}\n",
        ),
        ("hetl.yml", "publish: run\n"),
    ]);
    project.run("build").expect(2, &["E0705", "several databases in one transaction: p, second"]);
    project.run("build|--select|b").expect(0, &["PASS=1"]);
}

#[test]
fn a_test_that_asks_the_warehouse_while_it_is_compiled_sees_published_names() {
    let listing = "{% set found = run_query(\"select table_name from information_schema.tables where table_name like 'orders%'\") %}
        select name from (select '{{ found.columns[0].values()[0] if execute }}' as name) where name <> 'orders'
        -- depends_on: {{ ref('orders') }}";
    let project = Project::new(&[
        ("models/orders.sql", "{{ config(materialized='table') }} select 1 as id"),
        ("tests/listing.sql", listing),
    ]);
    project.run("build").expect(0, &["PASS=2"]);
}

#[test]
fn a_publication_can_be_taken_back_and_that_too() {
    let project = Project::new(STAR);
    project.run("rollback").expect(2, &["no version of what is selected is kept"]);
    project.run("build|--publish|run").expect(0, &[]);
    project.run("build|--publish|run|--vars|v: 2").expect(0, &[]);
    let [old, new] = [
        json!([{"a": 1, "b": 1, "c": 1, "d": 2, "versions": 2}]),
        json!([{"a": 2, "b": 2, "c": 2, "d": 4, "versions": 4}]),
    ];
    assert_eq!(star(&project), new);
    project.run("rollback --list").expect(0, &["\"main\".\"c\" can be brought back from", "history__hetl_previous"]);
    assert_eq!(star(&project), new);
    project.run("rollback").expect(0, &["\"main\".\"a\" is what it was before"]);
    assert_eq!(star(&project), old);
    project.run("rollback").expect(0, &[]);
    assert_eq!(star(&project), new);
    project.run("rollback --select c").expect(0, &[]);
    assert_eq!(project.query("select max(v) as v from main.c"), json!([{"v": 1}]));
    // What is kept belongs together: the next publication drops what it does not renew.
    project.run("build|--publish|run|--select|a|--vars|v: 3").expect(0, &[]);
    let kept = "select table_name as t from information_schema.tables where table_name like '%hetl_previous'";
    assert_eq!(project.query(kept), json!([{"t": "a__hetl_previous"}]));
}

#[test]
fn a_node_or_a_project_can_keep_what_it_replaces() {
    let orders =
        "{{ config(materialized='table', meta={'hetl': {'keep_generations': 1}}) }} select {{ var('v', 1) }} as v";
    let project = Project::new(&[("models/orders.sql", orders), ("models/other.sql", "select {{ var('v', 1) }} as v")]);
    project.run("build").expect(0, &[]);
    project.run("run|--vars|v: 2").expect(0, &[]);
    let listed = project.run("rollback --list --output json");
    listed.expect(0, &["\"unique_id\":\"model.p.orders\""]).without("model.p.other");
    project.run("rollback").expect(0, &[]);
    assert_eq!(project.query("select v from main.orders"), json!([{"v": 1}]));
    project.write("hetl.yml", "keep_generations: 1\n");
    project.run("build|--vars|v: 3").expect(0, &[]);
    project.run("rollback --list").expect(0, &["orders__hetl_previous", "other__hetl_previous"]);
    project.write("hetl.yml", "keep_generations: 2\n");
    project.run("build").expect(2, &["`keep_generations` must be 0 or 1"]);
}

#[test]
fn a_full_refresh_that_loses_rows_keeps_them() {
    let project = Project::new(&[("models/orders.sql", INCREMENTAL)]);
    project.run("build|--vars|ids: [1, 2, 3]").expect(0, &[]);
    project.run("build|--full-refresh|--vars|ids: [1, 2, 3, 4]").expect(0, &[]).without("is kept as");
    let ran = project.run("build|--full-refresh|--vars|ids: [9]");
    ran.expect(0, &["loses 3 of 4 rows", "What it was before is kept as \"p\".\"main\".\"orders__hetl_previous\""]);
    project.run("build|--vars|ids: [10]").expect(0, &[]);
    project.run("rollback").expect(0, &[]);
    assert_eq!(project.query("select sum(id) as s from main.orders"), json!([{"s": 10}]));
}
