//! Audit before publish with all kinds of nodes and settings, on both warehouses: statuses are dbt's, and readers have the old version.

use hetl::adapters::{Surroundings, registry};
use serde_json::{Value, json};

use super::Project;
use crate::postgres_server::postgres_target;

/// What a model is, and what is expected of a build whose test of `id` fails.
struct Case {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Arguments of the second build beside its variables.
    arguments: &'static [&'static str],
    statuses: &'static [&'static str],
    /// The sum of ids that readers see after it: 3 of the first build, 9 of the second.
    live: i64,
}

const IDS: &str = "select 1 + {{ var('plus', 0) }} as id union all select 2 + {{ var('plus', 0) }}";
const BELOW: &str = "select * from {{ ref('orders') }}";
const TESTED: &str = "models: [{name: orders, columns: [{name: id, data_tests: [{small: {name: small}}]}]}]\n";
const SMALL: &str = "{% test small(model, column_name) %} select {{ column_name }} from {{ model }} where {{ column_name }} > 3 {% endtest %}";
/// The model, what lies below it and its test, in the order of their names.
const REFUSED: &[&str] = &["skipped", "success", "fail"];

const CASES: &[Case] = &[
    Case {
        name: "incremental, full refresh",
        files: &[("config", "materialized='incremental'")],
        arguments: &["--full-refresh"],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "contract and persisted descriptions",
        files: &[
            ("config", "materialized='table', persist_docs={'relation': true, 'columns': true}"),
            (
                "models/models.yml",
                "models: [{name: orders, description: d, config: {contract: {enforced: true}}, columns: [{name: id, data_type: integer, \
                 constraints: [{type: not_null}], description: c, data_tests: [{small: {name: small}}]}]}]\n",
            ),
        ],
        arguments: &[],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "hooks within the transaction",
        files: &[("config", "materialized='table', pre_hook='select 1', post_hook=\"update {{ this }} set id = id\"")],
        arguments: &[],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "hooks outside of the transaction",
        files: &[(
            "config",
            "materialized='table', pre_hook=before_begin('select 1'), post_hook=after_commit('delete from ' ~ this ~ ' where id > 100')",
        )],
        arguments: &[],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "failures stored as a view",
        files: &[("config", "materialized='table'"), ("project", "data_tests: {+store_failures_as: view}\n")],
        arguments: &[],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "a materialization that commits",
        files: &[
            ("config", "materialized='mine'"),
            (
                "macros/mine.sql",
                "{% materialization mine, default %}{% set target = this.incorporate(type='table') %}
                 {% do adapter.ensure_transaction() %}{% do run_query('drop table if exists ' ~ target ~ ' cascade') %}
                 {% call statement('main') %}{{ create_table_as(false, target, sql) }}{% endcall %}{% do adapter.commit() %}
                 {% do return({'relations': [target]}) %}{% endmaterialization %}",
            ),
        ],
        arguments: &[],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "a unit test beside",
        files: &[
            ("config", "materialized='table'"),
            (
                "models/units.yml",
                "unit_tests: [{name: unit, model: orders, given: [], expect: {rows: [{id: 1}, {id: 2}]}, overrides: {vars: {plus: 0}}}]\n",
            ),
        ],
        arguments: &[],
        statuses: &["skipped", "success", "fail", "pass"],
        live: 3,
    },
    Case {
        name: "warnings are errors",
        files: &[
            ("config", "materialized='table'"),
            (
                "models/models.yml",
                "models: [{name: orders, columns: [{name: id, data_tests: [{small: {name: small, config: {severity: warn}}}]}]}]\n",
            ),
        ],
        arguments: &["--warn-error"],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "the first failure ends the run",
        files: &[("config", "materialized='table'")],
        arguments: &["--fail-fast"],
        statuses: REFUSED,
        live: 3,
    },
    Case {
        name: "no rows at all",
        files: &[
            ("config", "materialized='table'"),
            ("models/source.sql", IDS),
            ("models/orders.sql", "{{ config(materialized='table') }} select * from {{ ref('source') }}"),
        ],
        arguments: &["--empty"],
        statuses: &["success", "success", "success", "pass"],
        live: 0,
    },
    Case {
        name: "batches, which commit one by one as in dbt",
        files: &[
            (
                "config",
                "materialized='incremental', incremental_strategy='microbatch', event_time='happened', batch_size='day', begin='2024-01-01', \
                 lookback=0, **({'unique_key': 'k'} if target.type == 'postgres' else {})",
            ),
            ("select", "select k, k + {{ var('plus', 0) }} as id, cast('2024-01-01 10:00:00' as timestamp) as happened from (select 1 as k union all select 2) x"),
        ],
        arguments: &["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-02"],
        statuses: REFUSED,
        live: 9,
    },
];

fn project(case: &Case, target: &Value) -> Project {
    let file = |name: &str| case.files.iter().find(|(path, _)| *path == name).map(|(_, text)| *text);
    let profiles = json!({"p": {"target": "dev", "outputs": {"dev": target}}}).to_string();
    let own = format!("name: p\nprofile: p\n{}", file("project").unwrap_or_default());
    let orders = format!("{{{{ config({}) }}}} {}", file("config").unwrap_or_default(), file("select").unwrap_or(IDS));
    let project = Project::new(&[
        ("dbt_project.yml", &own),
        ("profiles.yml", &profiles),
        ("models/orders.sql", &orders),
        ("models/below.sql", BELOW),
        ("models/models.yml", TESTED),
        ("tests/generic/small.sql", SMALL),
    ]);
    for (path, text) in case.files.iter().filter(|(path, _)| path.contains('/')) {
        project.write(path, text);
    }
    project
}

fn check(case: &Case, target: &Value) {
    let project = project(case, target);
    let window: &[&str] = if case.arguments.contains(&"--event-time-start") { case.arguments } else { &[] };
    let first = project.run(&[&["build"], window].concat().join("|"));
    first.expect(0, &[]);
    let second = project.run(&[&["build", "--vars", "{plus: 3}"], case.arguments].concat().join("|"));
    let results = project.json("target/run_results.json");
    let mut found: Vec<(&str, &str)> = results["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|row| (row["unique_id"].as_str().unwrap_or_default(), row["status"].as_str().unwrap_or_default()))
        .collect();
    found.sort_unstable();
    let statuses: Vec<&str> = found.iter().map(|(_, status)| *status).collect();
    assert_eq!(statuses, case.statuses, "{}: {found:?}\n{}", case.name, second.printed);
    let schema = target["schema"].as_str().unwrap_or("main");
    let live = project.query(&format!("select coalesce(sum(id), 0) as s from {schema}.orders"));
    let live = live[0]["s"].as_f64().or_else(|| live[0]["s"].as_str()?.parse().ok());
    assert_eq!(live.map(|sum| sum as i64), Some(case.live), "{}:\n{}", case.name, second.printed);
}

#[test]
fn statuses_are_dbt_s_and_the_old_version_stays_on_duckdb() {
    for case in CASES {
        check(case, &json!({"type": "duckdb", "path": "p.duckdb"}));
    }
}

#[test]
fn statuses_are_dbt_s_and_the_old_version_stays_on_postgres() {
    for (number, case) in CASES.iter().enumerate() {
        let Some(target) = postgres_target(&format!("hetl_audited_{}_{number}", std::process::id())) else { return };
        check(case, &target);
        let adapter = registry::open(target.as_object().expect("an object"), &Surroundings::default());
        let mut session = adapter.expect("it is valid").connect().expect("it connects");
        let schema = target["schema"].as_str().unwrap_or_default();
        let sql =
            format!("drop schema if exists {schema} cascade; drop schema if exists {schema}_dbt_test__audit cascade");
        session.execute(&sql, false).expect("they can be dropped");
    }
}
