//! Runs that die, fail or hang at a fault point (`hetl::faults`), and what is left of them.
//!
//! A [`Scenario`] is built once, then built again with other variables: that run is replayed once for each point and action. After each,
//! every name must be wholly old or wholly new, and the next run must end where a run that never failed ends. How many runs are
//! replayed is said by `HETL_FAULT_RUNS`: so many of each scenario, spread over all points; `all` is every point.

mod generated;
mod pairs;
mod place;
mod replay;

use place::Place;
use replay::{Scenario, replay};

/// Everything that changes what is stored: a seed, views, tables, an incremental model, a snapshot; tests, some of them failing.
fn shop() -> Scenario {
    Scenario::new(
        "shop",
        "{v: 2}",
        &[
            ("seeds/codes.csv", "code,label\n1,one\n2,two\n3,three\n"),
            ("models/stg.sql", "select code, label, {{ var('v', 1) }} as v from {{ ref('codes') }}"),
            ("models/wide.sql", "{{ config(materialized='table') }} select *, v * 10 as ten from {{ ref('stg') }}"),
            ("models/bad.sql", "{{ config(materialized='table') }} select 1 as id, v from {{ ref('stg') }}"),
            ("models/below_bad.sql", "select * from {{ ref('bad') }}"),
            (
                "models/facts.sql",
                "{{ config(materialized='incremental', unique_key='id') }} select code + v as id, v from {{ ref('wide') }}",
            ),
            (
                "models/models.yml",
                "models:\n  - {name: wide, columns: [{name: code, data_tests: [unique, not_null]}]}\n  \
                 - {name: facts, columns: [{name: id, data_tests: [unique]}]}\n",
            ),
            ("tests/bad_is_first.sql", "select * from {{ ref('bad') }} where v > 1"),
            (
                "snapshots/history.yml",
                "snapshots: [{name: history, relation: ref('changing'), config: {unique_key: code, strategy: timestamp, \
                 updated_at: changed}}]\n",
            ),
            (
                "models/changing.sql",
                "select code, v, cast('2024-01-0' || v as timestamp) as changed from {{ ref('stg') }}",
            ),
        ],
    )
}

#[test]
fn a_run_that_dies_fails_or_hangs_leaves_whole_tables_on_duckdb() {
    replay(&shop().with_settings("history: on\nread_copy: copies/p.duckdb\n"), &Place::duckdb());
}

#[test]
fn a_run_that_dies_fails_or_hangs_leaves_whole_tables_on_postgres() {
    let Some(place) = Place::postgres("faults") else { return };
    replay(&shop().with_settings("history: on\n"), &place);
}

#[test]
fn so_does_a_first_build_on_duckdb() {
    replay(&shop().built_for_the_first_time_after("codes"), &Place::duckdb());
}

#[test]
fn so_does_a_first_build_on_postgres() {
    let Some(place) = Place::postgres("faults_first") else { return };
    replay(&shop().built_for_the_first_time_after("codes"), &place);
}

#[test]
fn tables_that_are_changed_in_place_are_whole_on_postgres() {
    let Some(place) = Place::postgres("faults_in_place") else { return };
    replay(&shop().with_settings("publish_in_place: true\nkeep_generations: 1\n"), &place);
}

#[test]
fn a_run_that_is_published_as_a_whole_and_in_place_leaves_all_or_nothing_on_postgres() {
    let Some(place) = Place::postgres("faults_whole_in_place") else { return };
    replay(&marts().with_settings("publish_in_place: true\n").published_as_a_whole(), &place);
}

/// Three marts over one another with their histories, all of whose tests pass.
fn marts() -> Scenario {
    Scenario::new(
        "marts",
        "{v: 2}",
        &[
            ("seeds/codes.csv", "code,label\n1,one\n2,two\n"),
            ("models/stg.sql", "select code, label, {{ var('v', 1) }} as v from {{ ref('codes') }}"),
            ("models/dim.sql", "{{ config(materialized='table') }} select code, label, v from {{ ref('stg') }}"),
            (
                "models/facts.sql",
                "{{ config(materialized='incremental', unique_key='id') }} select code as id, v from {{ ref('dim') }}",
            ),
            ("models/star.sql", "select d.label, f.v from {{ ref('facts') }} f join {{ ref('dim') }} d on d.v = f.v"),
            ("models/models.yml", "models: [{name: dim, columns: [{name: code, data_tests: [unique, not_null]}]}]\n"),
            (
                "snapshots/history.yml",
                "snapshots: [{name: history, relation: ref('changing'), config: {unique_key: code, strategy: timestamp, \
                 updated_at: changed}}]\n",
            ),
            (
                "models/changing.sql",
                "select code, v, cast('2024-01-0' || v as timestamp) as changed from {{ ref('dim') }}",
            ),
        ],
    )
}

#[test]
fn a_run_that_is_published_as_a_whole_leaves_all_or_nothing_on_duckdb() {
    replay(&marts().published_as_a_whole().that_equals_a_rebuild(), &Place::duckdb());
}

#[test]
fn a_run_that_is_published_as_a_whole_leaves_all_or_nothing_on_postgres() {
    let Some(place) = Place::postgres("faults_whole") else { return };
    replay(&marts().published_as_a_whole().that_equals_a_rebuild(), &place);
}

#[test]
fn two_runs_at_once_end_as_one_after_the_other_on_duckdb() {
    pairs::run(&marts(), &Place::duckdb());
}

#[test]
fn two_runs_at_once_end_as_one_after_the_other_on_postgres() {
    let Some(place) = Place::postgres("faults_pairs") else { return };
    pairs::run(&marts(), &place);
}

#[test]
fn so_does_a_run_of_a_random_project_on_duckdb() {
    for seed in generated::seeds() {
        replay(&generated::scenario(seed), &Place::duckdb());
    }
}

#[test]
fn so_does_a_run_of_a_random_project_on_postgres() {
    for seed in generated::seeds() {
        let Some(place) = Place::postgres(&format!("faults_{seed}")) else { return };
        replay(&generated::scenario(seed), &place);
    }
}
