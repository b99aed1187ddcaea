//! What is compiled, and what needs no warehouse for it.

use super::Project;

const CONTRACT: &str = "
models:
  - name: c
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: integer}, {name: amount, data_type: double}]
unit_tests:
  - name: t
    model: c
    given: [{input: ref('a'), format: sql, rows: 'select 1 as id, 3.0 as amount'}]
    expect: {rows: [{id: 1, amount: 3}]}
  - name: of_dicts
    model: c
    given: [{input: ref('a'), rows: [{id: 1, amount: 3}]}]
    expect: {rows: [{id: 1, amount: 3}]}
";

fn with_contract() -> Project {
    Project::new(&[
        ("models/a.sql", "select 1 as id, 2.5::double as amount"),
        ("models/c.sql", "select id, amount from {{ ref('a') }}"),
        ("models/c.yml", CONTRACT),
    ])
}

#[test]
fn a_contract_is_not_about_the_rows_of_a_unit_test() {
    with_contract().run("build").expect(0, &["PASS c::t", "PASS c::of_dicts"]);
}

#[test]
fn unit_tests_are_not_made_before_their_inputs_exist() {
    let project = with_contract();
    project.run("compile").expect(0, &[]);
    project.run("docs generate").expect(0, &[]);
}

#[test]
fn no_database_is_opened_where_nothing_is_asked() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        (
            "models/asks.sql",
            "{{ config(tags='asks') }}{% set x = run_query('select 7 as x') %}select {{ x.columns[0][0] if execute }}",
        ),
        ("models/m.yml", "models: [{name: b, columns: [{name: id, data_tests: [unique]}]}]"),
    ]);
    for command in ["parse", "ls", "ls -s b", "compile -s b", "compile --exclude asks"] {
        project.run(command).expect(0, &[]);
        assert!(!project.path("p.duckdb").exists(), "{command} opened the database");
    }
    project.run("compile -s asks").expect(0, &["select 7"]);
    assert!(project.path("p.duckdb").exists());
}

#[test]
fn indexes_are_made() {
    let model = "{{ config(materialized='table', indexes=[{'columns': ['a'], 'unique': true}]) }} select 1 as a";
    let project = Project::new(&[("models/m.sql", model)]);
    project.run("build").expect(0, &[]);
    project.run("build").expect(0, &[]);
    let found = project.query("select table_name as t, is_unique as u from duckdb_indexes()");
    assert_eq!(found, serde_json::json!([{"t": "m", "u": true}]));
}

#[test]
fn what_templates_print_is_as_in_python() {
    let project = Project::new(&[
        ("models/m.sql", "select 1 as id"),
        (
            "macros/say.sql",
            "{% macro say() %}{% do log('found ' ~ database_schemas ~ adapter.get_columns_in_relation(ref('m')), info=true) %}{% endmacro %}",
        ),
        ("dbt_project.yml", "name: p\nprofile: p\non-run-end: ['{{ say() }}']\n"),
    ]);
    project.run("run").expect(0, &["found [('p', 'main')][<Column id (INTEGER)>]"]);
}

#[test]
fn the_place_of_a_database_error_is_drawn_once() {
    let project = Project::new(&[("models/m.sql", "select nope")]);
    project.run("run").expect(1, &["target/compiled/p/models/m.sql:1:8"]).without("LINE 1");
    project.run("show|--inline|select nope").expect(2, &["inline_query.sql:1:8"]).without("LINE 1");
}

#[test]
fn a_database_that_cannot_be_opened_is_no_error_of_the_sql() {
    let project = Project::new(&[
        ("models/asks.sql", "select {{ run_query('select 7').columns[0][0] if execute }} as x"),
        ("profiles.yml", "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: no/such/folder/x.duckdb}\n"),
    ]);
    project.run("compile").expect(2, &["E0701", "cannot open the database", "models/asks.sql:1"]);
}

#[test]
fn a_compiled_foreign_key_names_the_relation() {
    let properties = "
models:
  - name: child
    config: {contract: {enforced: true}}
    constraints: [{type: foreign_key, columns: [id], to: ref('parent'), to_columns: [id]}]
    columns: [{name: id, data_type: integer, constraints: [{type: foreign_key, to: ref('parent'), to_columns: [id]}]}]
";
    let project = Project::new(&[
        ("models/parent.sql", "{{ config(materialized='table') }} select 1 as id"),
        ("models/child.sql", "{{ config(materialized='table') }} select 1 as id"),
        ("models/child.yml", properties),
    ]);
    let keys = || {
        let child = project.json("target/manifest.json")["nodes"]["model.p.child"].clone();
        [child["constraints"][0]["to"].clone(), child["columns"]["id"]["constraints"][0]["to"].clone()]
    };
    project.run("parse").expect(0, &[]);
    assert_eq!(keys(), ["ref('parent')", "ref('parent')"]);
    project.run("compile").expect(0, &[]);
    assert_eq!(keys(), [r#""p"."main"."parent""#, r#""p"."main"."parent""#]);
}

#[test]
fn a_query_is_given_instead_of_a_selection() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    for command in ["compile", "show"] {
        for (flag, named) in [("-s|a", "--select"), ("--selector|s", "--selector")] {
            let words = format!("{command}|--inline|select 1|{flag}");
            project.run(&words).expect(2, &[&format!("--inline and {named} cannot both be given")]);
        }
        project.run(&format!("{command}|--inline|select 1|--exclude|a")).expect(0, &["inline node"]);
    }
}

/// As agate draws tables in dbt: six columns, twenty characters, three digits; what is left out is told by an ellipsis.
#[test]
fn shown_tables_are_cut() {
    let project = Project::new(&[]);
    let query = "select 1234567.12345 as number, true as truth, 'a text of many characters' as text, null as none, 1 as e, 2 as f, 3 as g";
    project.run(&format!("show|--quiet|--inline|{query}")).expect(
        0,
        &["\
|         number | truth | text                 | none | e | f | ... |
| -------------- | ----- | -------------------- | ---- | - | - | --- |
| 1,234,567.123… |  True | a text of many ch... |      | 1 | 2 | ... |
"],
    );
}

#[test]
fn a_log_level_of_none_is_silence() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    assert_eq!(project.run("ls --log-level none --log-level-file none").expect(0, &[]).printed, "");
    assert!(!project.path("logs").exists());
}

#[test]
fn ephemeral_models_can_be_left_out_of_compiled_sql() {
    let project = Project::new(&[
        ("models/e.sql", "{{ config(materialized='ephemeral') }} select 1 as id"),
        ("models/a.sql", "select * from {{ ref('e') }}"),
    ]);
    let compiled = || std::fs::read_to_string(project.path("target/compiled/p/models/a.sql")).unwrap();
    project.run("compile -s a").expect(0, &[]);
    assert!(compiled().starts_with("with "), "{}", compiled());
    project.run("compile -s a --no-inject-ephemeral-ctes").expect(0, &[]);
    assert_eq!(compiled(), "select * from __dbt__cte__e");
    project.run("build --no-inject-ephemeral-ctes").expect(0, &["PASS=1"]);
}

#[test]
fn a_contract_without_properties_fails_when_it_is_built() {
    let project = Project::new(&[("models/a.sql", "{{ config(contract={'enforced': true}) }} select 1 as id")]);
    project.run("parse").expect(0, &[]);
    project
        .run("run")
        .expect(1, &["error[E0706]", "has an enforced contract, and its 'columns' specification is missing"]);
}

#[test]
fn what_the_project_says_of_quoting_is_not_for_sources() {
    let project_yaml = "name: p\nprofile: p\nquoting: {database: false, schema: false, identifier: false}\n";
    let sources = "
sources:
  - {name: s, database: p, schema: main, tables: [{name: t}, {name: u, quoting: {schema: false}}]}
";
    let project = Project::new(&[
        ("dbt_project.yml", project_yaml),
        ("models/s.yml", sources),
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "{{ ref('a') }} {{ source('s', 't') }} {{ source('s', 'u') }}"),
    ]);
    project.run("compile").expect(0, &[]);
    let compiled = std::fs::read_to_string(project.path("target/compiled/p/models/b.sql")).unwrap();
    assert_eq!(compiled, r#"p.main.a "p"."main"."t" "p".main."u""#);
}
