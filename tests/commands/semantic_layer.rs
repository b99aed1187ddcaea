//! The semantic layer in artifacts: what the real dbt 1.11 wrote for one project with every feature is recorded in
//! `tests/artifacts/semantic_layer/dbt.json`, without times.

use serde_json::Value;

use super::Project;

const DEFINITIONS: &str = include_str!("../artifacts/semantic_layer/semantic.yml");
const RECORDED: &str = include_str!("../artifacts/semantic_layer/dbt.json");

const PROJECT: &str = "name: p\nversion: '1.0'\nprofile: p\n\
    semantic-models: {p: {+meta: {layer: proj}}}\nmetrics: {p: {+meta: {m: proj}}}\nsaved-queries: {p: {+cache: {enabled: true}}}\n";

fn project() -> Project {
    Project::new(&[
        ("dbt_project.yml", PROJECT),
        ("models/semantic.yml", DEFINITIONS),
        ("models/orders.sql", "select 1 as order_id"),
        ("models/customers.sql", "select 2 as customer_id"),
        ("models/spine.sql", "select date '2024-01-01' as date_day, 2024 as fy"),
    ])
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("created_at");
            map.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

#[test]
fn resources_of_the_semantic_layer_are_written_as_dbt_writes_them() {
    let project = project();
    project
        .run("parse")
        .expect(0, &["does not occur in its `expr`", "W0408", "they belong in `cumulative_type_params`"]);
    let recorded: Value = serde_json::from_str(RECORDED).expect("JSON");
    let mut manifest = project.json("target/manifest.json");
    without_times(&mut manifest);
    for part in ["metrics", "semantic_models", "saved_queries", "disabled", "group_map"] {
        let (ours, theirs) = (manifest[part].as_object().expect("a map"), recorded[part].as_object().expect("a map"));
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{part}");
        for (id, resource) in ours {
            assert_eq!(*resource, theirs[id], "{id}");
        }
    }
    assert_eq!(project.json("target/semantic_manifest.json"), recorded["semantic_manifest"]);
}

#[test]
fn metrics_are_selected_and_listed() {
    let project = project();
    project.run("ls -s metric:revenue --output name").expect(0, &["revenue"]);
    project.run("ls -s +metric:growth --resource-type metric --output name").expect(0, &["cum", "growth", "revenue"]);
    project.run("build").expect(0, &["NO-OP"]);
}
