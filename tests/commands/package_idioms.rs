//! What installed packages do with dbt's language: each test is the smallest project that does the same.

use serde_json::{Value, json};

use super::Project;

const PACKAGE: &str = "name: pk\nversion: '1.2.3'\n";

/// A project with a package `pk` of its own making.
fn with_package(files: &[(&str, &str)]) -> Project {
    let mut all = vec![("dbt_packages/pk/dbt_project.yml", PACKAGE)];
    all.extend(files);
    Project::new(&all)
}

/// The rows of a model `m` after a build of it with these macros.
fn built(model: &str, macros: &str) -> Value {
    let project = Project::new(&[("models/m.sql", model), ("macros/all.sql", macros)]);
    project.run("build").expect(0, &[]);
    project.query("select * from m")
}

#[test]
fn a_macro_may_return_what_is_undefined() {
    let macros = "{% macro f() %}{% if false %}{% set v = [1] %}{% endif %}{{ return(v) }}{% endmacro %}";
    assert_eq!(built("select {{ f() | length }} as n", macros), json!([{"n": 0}]));
}

#[test]
fn a_default_may_end_where_kwargs_begin() {
    let macros = "{% macro f(a, o={}) %}{{ o | length }}{{ kwargs.get('x', 1) }}{% endmacro %}";
    assert_eq!(built("select {{ f(1, x=2) }} as n", macros), json!([{"n": 2}]));
}

#[test]
fn the_last_day_has_a_timestamp() {
    let model =
        "select {{ modules.pytz.utc.localize(modules.datetime.datetime(9999, 12, 31)).timestamp() | int }} as n";
    assert_eq!(built(model, ""), json!([{"n": 253_402_214_400_i64}]));
}

#[test]
fn a_32_bit_float_is_the_number_that_it_is() {
    let model = "{% set t = run_query('select 0.1::float as f') if execute %}
        select '{{ t.columns[0].values()[0] if execute }}' as n";
    assert_eq!(built(model, ""), json!([{"n": "0.10000000149011612"}]));
}

#[test]
fn what_is_written_into_context_is_seen_by_later_macros() {
    let macros = "{% macro f() %}{{ context.get('mine', 0) }}{% endmacro %}";
    assert_eq!(built("{% do context.update({'mine': 3}) %}select {{ f() }} as n", macros), json!([{"n": 3}]));
}

#[test]
fn the_graph_is_one_object_that_hooks_can_write_to() {
    let project = Project::new(&[
        (
            "dbt_project.yml",
            "name: p\nprofile: p\non-run-start: \"{% do graph.setdefault('mine', {}).update({'a': 7}) %}\"\n",
        ),
        ("models/m.sql", "select {{ graph.mine.a if execute else 0 }} as n"),
    ]);
    project.run("build").expect(0, &[]);
    assert_eq!(project.query("select * from m"), json!([{"n": 7}]));
}

#[test]
fn results_and_what_is_in_them_have_to_dict() {
    let hook = "{% for r in results %}{% do log(r.to_dict().status ~ ' ' ~ r.node.to_dict()['name'] ~ ' ' ~ \
                r.timing[0].to_dict()['name'], info=true) %}{% endfor %}";
    let project = Project::new(&[
        ("dbt_project.yml", &format!("name: p\nprofile: p\non-run-end: \"{hook}\"\n")),
        ("models/m.sql", "select 1 as n"),
    ]);
    project.run("build").expect(0, &["success m compile"]);
}

#[test]
fn the_configuration_is_an_attribute_of_ref_and_of_the_adapter() {
    let model = "{% set c = builtins.ref.config %}{% set d = adapter.config %}
        select '{{ c.project_name }} {{ c.dependencies['pk'].version }} {{ c.vars.to_dict() }}' as n,
            '{{ d.quoting.schema }} {{ d.model_paths[0] }} {{ d.models.p['+tags'] }} {{ d.credentials.type }} {{ d.target_name }}' as a,
            '{{ d.get_macro_search_order('dbt') | join(' ') }} {{ d.get_macro_search_order('x') }} {{ d.on_run_start[0] }}' as b";
    let yaml = "name: p\nprofile: p\nmodels: {p: {+tags: t}}\ndispatch: [{macro_namespace: dbt, search_order: [p, dbt]}]\non-run-start: select 1\n";
    let project = with_package(&[("models/m.sql", model), ("dbt_project.yml", yaml)]);
    project.run("build").expect(0, &[]);
    let row = json!({"n": "p 1.2.3 {}", "a": "True models t duckdb dev", "b": "p dbt None select 1"});
    assert_eq!(project.query("select * from m"), json!([row]));
}

#[test]
fn a_project_describes_and_configures_models_of_packages() {
    let properties = "models:\n  - name: m\n    description: ours\n    config: {materialized: table}\n    columns: [{name: n, data_tests: [unique]}]\n";
    let project =
        with_package(&[("dbt_packages/pk/models/m.sql", "select 1 as n"), ("models/properties.yml", properties)]);
    project.run("build").expect(0, &["table model", "PASS unique_m_n"]);
    let manifest = project.json("target/manifest.json");
    let node = &manifest["nodes"]["model.pk.m"];
    assert_eq!(node["description"], "ours");
    assert_eq!(node["patch_path"], "p://models/properties.yml");
    assert_eq!(node["config"]["materialized"], "table");
}

#[test]
fn a_test_without_its_model_stays_in_the_manifest_and_does_not_run() {
    let project = Project::new(&[
        ("models/m.sql", "select 1 as n"),
        ("models/m.yml", "models:\n  - name: gone\n    columns: [{name: n, data_tests: [unique]}]\n"),
    ]);
    let ran = project.run("build");
    ran.expect(0, &["gone"]);
    assert!(!ran.printed.contains("PASS unique_gone_n"), "{}", ran.printed);
    let manifest = project.json("target/manifest.json");
    let nodes = manifest["nodes"].as_object().expect("nodes");
    let test = nodes.values().find(|node| node["name"] == "unique_gone_n").expect("the test is in the manifest");
    assert_eq!(test["config"]["enabled"], false);
}

#[test]
fn a_unit_test_overrides_macros_of_packages() {
    let unit_test = "unit_tests:\n  - name: t\n    model: m\n    overrides: {macros: {pk.f: 5}}\n    given: []\n    \
                     expect: {rows: [{n: 5}]}\n";
    let project = with_package(&[
        ("dbt_packages/pk/macros/f.sql", "{% macro f() %}1{% endmacro %}"),
        ("models/m.sql", "select {{ pk.f() }} as n"),
        ("models/m.yml", unit_test),
    ]);
    project.run("build").expect(0, &["PASS m::t"]);
}

#[test]
fn a_node_depends_on_the_macros_that_run_while_it_is_parsed() {
    let macros =
        "{% macro outer(x) %}{{ x }}{% endmacro %}{% macro inner() %}1{% endmacro %}{% macro late() %}{% endmacro %}";
    let model = "{% if execute %}{{ late() }}{% endif %}select {{ outer(inner()) }} as n";
    let project = Project::new(&[("models/m.sql", model), ("macros/all.sql", macros)]);
    project.run("parse").expect(0, &[]);
    let manifest = project.json("target/manifest.json");
    assert_eq!(manifest["nodes"]["model.p.m"]["depends_on"]["macros"], json!(["macro.p.inner", "macro.p.outer"]));
}

#[test]
fn what_a_materialization_does_not_commit_is_undone() {
    let materialization = "{% materialization plain, default %}\n\
        {% call statement('main') %}create table {{ this }} as {{ sql }}{% endcall %}\n\
        {% if config.get('commits') %}{% do adapter.commit() %}{% endif %}\n\
        {{ return({'relations': [this]}) }}\n{% endmaterialization %}";
    let project = Project::new(&[
        ("macros/plain.sql", materialization),
        ("models/kept.sql", "{{ config(materialized='plain', commits=true) }} select 1 as id"),
        ("models/undone.sql", "{{ config(materialized='plain') }} select 1 as id"),
    ]);
    project.run("run").expect(0, &["PASS=2"]);
    let tables = project.query("select table_name as t from information_schema.tables where table_schema = 'main'");
    assert_eq!(tables, serde_json::json!([{"t": "kept"}]));
}

#[test]
fn a_generic_test_finds_macros_of_its_package_by_bare_names_while_it_is_parsed() {
    let tests = "{% test positive(model, column_name) %}
        {% if execute %}select 1 where false{% else %}{{ of_kind() }}{{ adapter.dispatch('other_kind')() }}{% endif %}
    {% endtest %}
    {% macro of_kind() %}kind{% endmacro %}
    {% macro default__other_kind() %}kind{% endmacro %}";
    let project = with_package(&[
        ("dbt_packages/pk/macros/tests.sql", tests),
        ("models/m.sql", "select 1 as n"),
        ("models/m.yml", "models:\n  - name: m\n    columns: [{name: n, data_tests: [pk.positive]}]\n"),
    ]);
    project.run("build").expect(0, &["PASS pk_positive_m_n"]);
}

#[test]
fn the_name_of_a_source_may_be_a_template() {
    let sources = "sources:\n  - name: \"{{ var('kind', 'raw') }}\"\n    schema: main\n    tables:\n      - name: \"{{ 't' ~ 1 }}\"\n        columns: [{name: id, data_tests: [not_null]}]\n";
    let project = Project::new(&[
        ("models/sources.yml", sources),
        ("models/m.sql", "select * from {{ source('raw', 't1') }}"),
        ("seeds/t1.csv", "id\n1\n"),
    ]);
    project.run("seed").expect(0, &[]);
    project.run("build").expect(0, &["PASS source_not_null_raw_t1_id"]);
}
