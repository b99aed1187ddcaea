//! What only PostgreSQL can show: drops that take others along, indexes, functions, materialized views.

use super::Project;
use crate::postgres_server::postgres_target;

/// A project on the test server, in a schema of its own; nothing where there is no server.
pub(super) fn project(schema: &str, files: &[(&str, &str)]) -> Option<Project> {
    let schema = format!("{schema}_{}", std::process::id());
    let target = postgres_target(&schema)?;
    let project = Project::new(files);
    let profiles = serde_json::json!({"p": {"target": "dev", "outputs": {"dev": target}}});
    project.write("profiles.yml", &profiles.to_string());
    project.write(
        "macros/execute_sql.sql",
        "{% macro execute_sql(code) %}{% do run_query(code) %}{% do adapter.commit() %}{% endmacro %}",
    );
    Some(project)
}

fn sql(project: &Project, code: &str) {
    let args = serde_json::json!({"code": code}).to_string();
    project.run(&format!("run-operation|execute_sql|--args|{args}")).expect(0, &[]);
}

/// The project's schema, gone; ends each test.
pub(super) fn drop_schema(project: &Project) {
    sql(
        project,
        "drop schema if exists {{ target.schema }} cascade"
            .replace("{{ target.schema }}", &schema_of(project))
            .as_str(),
    );
}

fn schema_of(project: &Project) -> String {
    let manifest = project.json("target/manifest.json");
    let nodes = manifest["nodes"].as_object().expect("nodes");
    nodes.values().next().expect("a node")["schema"].as_str().expect("a schema").to_owned()
}

#[test]
fn views_that_go_with_a_table_are_built_again() {
    let files = [
        (
            "models/a.sql",
            "{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}]) }} select 1 as id",
        ),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/c.sql", "select * from {{ ref('b') }} join {{ ref('a') }} using (id)"),
    ];
    let Some(project) = project("hetl_views", &files) else { return };
    for _ in 0..3 {
        project.run("build").expect(0, &["PASS=3 WARN=0 ERROR=0"]);
    }
    assert_eq!(
        project.query("select count(*) as n from pg_indexes where schemaname = '{{ target.schema }}'"),
        serde_json::json!([{"n": 1}])
    );
    drop_schema(&project);
}

#[test]
fn views_of_others_are_not_dropped_where_a_model_says_so() {
    let model = |columns: &str| {
        format!(
            "{{{{ config(materialized='table', meta={{'hetl': {{'drop_foreign_views': false}}}}) }}}} select {columns}"
        )
    };
    let Some(project) = project("hetl_foreign", &[("models/a.sql", &model("1 as id, 'x' as name"))]) else { return };
    project.run("run").expect(0, &[]);
    let schema = schema_of(&project);
    sql(&project, &format!("create view {schema}.theirs as select id from {schema}.a"));
    project.write("models/a.sql", &model("2 as id"));
    project.run("run").expect(0, &[]);
    assert_eq!(project.query("select id from {{ target.schema }}.theirs"), serde_json::json!([{"id": 2}]));
    project.write("models/a.sql", &model("'three' as id"));
    project.run("run").expect(1, &["would drop views that are not of this project", &format!("{schema}.theirs")]);
    assert_eq!(project.query("select id from {{ target.schema }}.theirs"), serde_json::json!([{"id": 2}]));
    drop_schema(&project);
}

#[test]
fn views_of_the_project_outlive_the_table_that_they_read() {
    let files = [
        ("seeds/s.csv", "id\n1\n"),
        ("models/a.sql", "{{ config(materialized='table') }} select id from {{ ref('s') }}"),
        ("models/b.sql", "{{ config(materialized='view') }} select id, 'it''s' as \"Na me\" from {{ ref('a') }}"),
        ("models/c.sql", "select id from {{ ref('b') }} union all select id from {{ ref('s') }}"),
    ];
    let Some(project) = project("hetl_lasting", &files) else { return };
    project.run("build").expect(0, &["PASS=4"]);
    let schema = schema_of(&project);
    sql(&project, &format!("comment on view {schema}.b is 'kept'"));
    sql(&project, &format!("create view {schema}.theirs as select id from {schema}.a"));
    project.write("seeds/s.csv", "id\n2\n");
    project.run("seed").expect(0, &[]);
    project.run("run --select a").expect(0, &[]);
    assert_eq!(project.query("select id from {{ target.schema }}.c"), serde_json::json!([{"id": 2}, {"id": 2}]));
    let views = "select c.relname as name, obj_description(c.oid) as comment from pg_class c \
                 where c.relnamespace = '{{ target.schema }}'::regnamespace and c.relkind = 'v' order by 1";
    let [kept, other] =
        [("b", Some("kept")), ("c", None)].map(|(name, comment)| serde_json::json!({"name": name, "comment": comment}));
    assert_eq!(project.query(views), serde_json::json!([kept, other]));
    // What the new columns do not fit goes with the old table, and comes again with its own model.
    project.write("models/a.sql", "{{ config(materialized='table') }} select id::text as id from {{ ref('s') }}");
    project.run("run --select a").expect(0, &[]);
    assert_eq!(project.query(views), serde_json::json!([]));
    project.write("models/c.sql", "select id from {{ ref('b') }} union all select id::text from {{ ref('s') }}");
    project.run("run").expect(0, &["PASS=3"]);
    drop_schema(&project);
}

#[test]
fn a_statement_that_takes_too_long_is_cancelled_on_the_server() {
    let slow =
        "{{ config(materialized='table', meta={'hetl': {'timeout': '300ms'}}) }} select pg_sleep(30) as hetl_slow";
    let Some(project) =
        project("hetl_timeout", &[("models/slow.sql", slow), ("models/after.sql", "select * from {{ ref('slow') }}")])
    else {
        return;
    };
    project.run("run").expect(1, &["300ms", "ERROR=1 SKIP=1"]);
    let results = &project.json("target/run_results.json")["results"];
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&"error".into(), &"skipped".into()));
    let running =
        "select count(*) as n from pg_stat_activity where query like '%hetl_slow%' and pid <> pg_backend_pid()";
    assert_eq!(project.query(running), serde_json::json!([{"n": 0}]));
    drop_schema(&project);
}

#[test]
fn a_history_with_a_repeated_key_is_refused() {
    let files = [
        (
            "models/people.sql",
            "{{ config(materialized='view') }} select * from (values (1, 'Ann'), (1, 'Bob')) t (id, name)",
        ),
        (
            "snapshots/h.yml",
            "snapshots:\n  - name: h\n    relation: ref('people')\n    config: {strategy: check, check_cols: all, unique_key: [id]}\n",
        ),
    ];
    let Some(project) = project("hetl_guard", &files) else { return };
    project.run("build").expect(1, &["1 key is in the query more than once"]).without("Ann");
    project.write(
        "models/people.sql",
        "{{ config(materialized='view') }} select * from (values (1, 'Ann'), (2, 'Bob')) t (id, name)",
    );
    project.run("build").expect(0, &["PASS=2"]);
    project.run("build").expect(0, &["PASS=2"]);
    project.run("snapshot --repair plan").expect(0, &["the history is sound"]);
    drop_schema(&project);
}

#[test]
fn a_function_has_types_defaults_and_volatility() {
    let properties = "functions:\n  - name: doubled\n    config: {volatility: deterministic}\n    arguments:\n      \
                      - {name: price, data_type: integer, default_value: 50}\n    returns: {data_type: integer}\n";
    let files = [
        ("functions/doubled.sql", "select price * 2"),
        ("functions/doubled.yml", properties),
        ("models/m.sql", "select {{ function('doubled') }}(4) as given, {{ function('doubled') }}() as usual"),
    ];
    let Some(project) = project("hetl_functions", &files) else { return };
    project.run("build").expect(0, &["OK created function", "PASS=2"]);
    project.run("build").expect(0, &["PASS=2"]);
    assert_eq!(project.query("select * from {{ ref('m') }}"), serde_json::json!([{"given": 8, "usual": 100}]));
    assert_eq!(
        project.query("select provolatile::text as v from pg_proc where proname = 'doubled' and pronamespace = '{{ target.schema }}'::regnamespace"),
        serde_json::json!([{"v": "i"}])
    );
    drop_schema(&project);
}

#[test]
fn changed_indexes_of_a_materialized_view_are_applied_or_refused() {
    let view = |columns: &str, reaction: &str| {
        format!(
            "{{{{ config(materialized='materialized_view', on_configuration_change='{reaction}', indexes=[{{'columns': [{columns}]}}]) }}}} select 1 as a, 2 as b"
        )
    };
    let Some(project) = project("hetl_stored", &[("models/v.sql", &view("'a'", "apply"))]) else { return };
    project.run("run").expect(0, &["CREATE"]);
    project.run("run").expect(0, &["REFRESH MATERIALIZED VIEW"]);
    project.write("models/v.sql", &view("'a', 'b'", "fail"));
    project
        .run("run")
        .expect(1, &["Configuration changes were identified and `on_configuration_change` was set to `fail`"]);
    project.write("models/v.sql", &view("'a', 'b'", "apply"));
    project.run("run").expect(0, &[]);
    assert_eq!(
        project.query("select count(*) as n, bool_and(indexdef like '%(a, b)') as both from pg_indexes where schemaname = '{{ target.schema }}'"),
        serde_json::json!([{"n": 1, "both": true}])
    );
    drop_schema(&project);
}
