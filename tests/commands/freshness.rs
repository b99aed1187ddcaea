//! `source freshness`.

use super::Project;

const YAML: &str = "
sources:
  - name: raw
    schema: main
    freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}
    tables:
      - {name: fresh, loaded_at_field: loaded_at}
      - {name: late, loaded_at_field: loaded_at}
      - name: stale
        loaded_at_query: select max(loaded_at) from {{ this }}
      - {name: missing, loaded_at_field: loaded_at}
      - name: unchecked
        freshness: null
";

fn project() -> Project {
    let project = Project::new(&[
        ("models/s.yml", YAML),
        (
            "macros/fill.sql",
            "{% macro fill() %}
              {% for name, age in [('fresh', '1 minute'), ('late', '2 hours'), ('stale', '3 days')] %}
                {% do run_query('create or replace table ' ~ name ~ ' as select now() - interval ' ~ age ~ ' as loaded_at') %}
              {% endfor %}
            {% endmacro %}",
        ),
    ]);
    project.run("run-operation fill").expect(0, &[]);
    project
}

#[test]
fn ages_are_judged_and_written() {
    let project = project();
    let words = [
        "PASS freshness of raw.fresh",
        "WARN freshness of raw.late",
        "ERROR STALE freshness of raw.stale",
        "ERROR freshness of raw.missing",
    ];
    project.run("source freshness").expect(1, &words).without("unchecked");
    let json = project.json("target/sources.json");
    let rows = json["results"].as_array().expect("a list");
    let mut found: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["unique_id"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    found.sort_unstable();
    let expected = [("source.p.raw.fresh", "pass"), ("source.p.raw.late", "warn"), ("source.p.raw.stale", "error")];
    assert_eq!(found, expected);
    assert!(rows[0]["max_loaded_at_time_ago_in_s"].is_number());
}

#[test]
fn sources_are_selected() {
    let project = project();
    project
        .run("source freshness -s source:raw.fresh -o target/x.json")
        .expect(0, &["1 of 1 PASS"])
        .without("raw.late");
    assert_eq!(project.json("target/x.json")["results"][0]["criteria"]["warn_after"]["count"], 1);
}

#[test]
fn an_empty_threshold_leaves_that_of_the_source_and_null_takes_it_away() {
    let yaml = "
sources:
  - name: s
    schema: main
    config:
      loaded_at_field: loaded_at
      freshness: {warn_after: {count: 12, period: hour}, error_after: {count: 24, period: hour}}
    tables:
      - {name: kept, identifier: t, config: {freshness: {warn_after: {count: 6, period: hour}, error_after: {}}}}
      - {name: gone, identifier: t, config: {freshness: {warn_after: {count: 6, period: hour}, error_after: null}}}
";
    let old = "select now() - interval 30 hour as loaded_at";
    let project = Project::new(&[("models/t.sql", old), ("models/s.yml", yaml)]);
    project.run("run").expect(0, &[]);
    project.run("source freshness").expect(1, &["ERROR STALE freshness of s.kept", "WARN freshness of s.gone"]);
}
