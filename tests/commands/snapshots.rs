//! Histories: what `snapshot` refuses to write, how a table is mended, what is not lost by a full refresh.

use super::Project;

const SNAPSHOT: &str = "snapshots:\n  - name: history\n    relation: source('raw', 'people')\n    config:\n      strategy: check\n      \
                        check_cols: all\n      unique_key: id\n";
const SOURCES: &str = "sources:\n  - name: raw\n    schema: main\n    tables: [{name: people}]\n";

fn project(rows: &str) -> Project {
    let project = Project::new(&[("snapshots/history.yml", SNAPSHOT), ("models/sources.yml", SOURCES)]);
    set_rows(&project, rows);
    project
}

fn set_rows(project: &Project, rows: &str) {
    execute(project, &format!("create or replace table people as select * from (values {rows}) t (id, name)"));
}

fn execute(project: &Project, sql: &str) {
    let text = "{% macro execute(sql) %}{% do run_query(sql) %}{% do adapter.commit() %}{% endmacro %}";
    project.write("macros/execute.sql", text);
    project.run(&format!("run-operation|execute|--args|{}", serde_json::json!({"sql": sql}))).expect(0, &[]);
}

fn versions(project: &Project) -> serde_json::Value {
    project.query("select id, name, dbt_valid_to is null as open from history order by id, dbt_valid_from, name")
}

#[test]
fn a_key_that_is_repeated_or_missing_is_refused_and_counted() {
    let project = project("(1, 'Ann'), (1, 'Bob'), (null, 'Cay')");
    let problems = ["1 row has no unique key; 1 key is in the query more than once; 1 key has several open versions"];
    project.run("snapshot").expect(1, &problems).without("Ann");
    set_rows(&project, "(1, 'Ann'), (2, 'Bob')");
    project.run("snapshot").expect(0, &[]);
    let before = versions(&project);

    set_rows(&project, "(1, 'Ann'), (2, 'Eve'), (2, 'Flo'), (3, 'Gil')");
    project.run("snapshot").expect(1, &["1 key is in the query more than once", "Nothing was written"]).without("Eve");
    assert_eq!(versions(&project), before);

    set_rows(&project, "(1, 'Ann'), (2, 'Eve')");
    project.run("snapshot").expect(0, &[]);
    assert_eq!(
        versions(&project),
        serde_json::json!([
            {"id": 1, "name": "Ann", "open": true},
            {"id": 2, "name": "Bob", "open": false},
            {"id": 2, "name": "Eve", "open": true},
        ])
    );
}

#[test]
fn the_guard_can_be_told_to_warn() {
    let project = project("(1, 'Ann'), (1, 'Bob')");
    project.write("snapshots/history.yml", &format!("{SNAPSHOT}      meta: {{hetl: {{snapshot_guard: warn}}}}\n"));
    project.run("snapshot").expect(0, &["the history of", "1 key has several open versions"]);
    project.write("snapshots/history.yml", &format!("{SNAPSHOT}      meta: {{hetl: {{snapshot_guard: off}}}}\n"));
    project.run("snapshot").expect(0, &[]).without("several open versions");
}

#[test]
fn the_plan_of_a_repair_mends_what_other_tools_left() {
    let project = project("(1, 'Ann'), (2, 'Bob')");
    project.run("snapshot").expect(0, &[]);
    project.run("snapshot --repair plan").expect(0, &["-- snapshot.p.history", "the history is sound"]);
    // Two runs at once of a tool that does not lock: a version that nobody closed.
    execute(
        &project,
        "insert into history select id, 'Abe', 'x', dbt_updated_at - interval 1 hour, dbt_valid_from - interval 1 hour, null from history where id = 1",
    );
    set_rows(&project, "(1, 'Eve'), (2, 'Bob')");
    project.run("snapshot").expect(1, &["1 key has several open versions", "`hetl snapshot --repair plan`"]);
    let plan = project.run("snapshot --repair plan").expect(0, &["1 key with several open versions"]).printed.clone();
    let sql = &plan[plan.find("update ").unwrap()..=plan.find(';').unwrap()];
    execute(&project, sql);
    project.run("snapshot --repair plan").expect(0, &["the history is sound"]);
    project.run("snapshot").expect(0, &[]);
}

#[test]
fn a_protected_history_is_not_lost_by_a_full_refresh() {
    let model = |columns: &str, meta: &str| {
        format!(
            "{{{{ config(materialized='incremental', event_time='day', on_schema_change='sync_all_columns', meta={{'hetl': {meta}}}) }}}} \
             select {columns} from people"
        )
    };
    let protected = "{'protect': 'history'}";
    let project =
        Project::new(&[("models/kept.sql", &model("id, name, date '2024-01-01' + id::int as day", protected))]);
    set_rows(&project, "(1, 'Ann'), (2, 'Bob'), (3, 'Cay')");
    project.run("run").expect(0, &[]);
    set_rows(&project, "(2, 'Bob')");
    let loss = "loses 2 of 3 rows; the time before 2024-01-03 (it began at 2024-01-02)";
    project.run("run --full-refresh").expect(1, &[loss, "`--confirm-loss`"]);
    project.write("models/kept.sql", &model("id, date '2024-01-01' + id::int as day", protected));
    project.run("run").expect(1, &["loses the column name with 3 values"]);
    let count = "select count(*) as n, count(name) as names from kept";
    assert_eq!(project.query(count), serde_json::json!([{"n": 3, "names": 3}]));
    project.run("run --full-refresh --confirm-loss").expect(0, &["loses 2 of 3 rows; the columns name"]);

    // Without protection it is told, done, and kept.
    project.write("models/kept.sql", &model("id", "{}"));
    project.run("run").expect(0, &["loses the column day with 1 values", "What it was before is kept as"]);
    project.run("rollback").expect(0, &[]);
    assert_eq!(project.query("select count(day) as n from kept"), serde_json::json!([{"n": 1}]));
    project.run("run --full-refresh").expect(0, &["loses the columns day", "What it was before is kept as"]);
    assert_eq!(project.query("select count(*) as n from kept"), serde_json::json!([{"n": 1}]));
}
