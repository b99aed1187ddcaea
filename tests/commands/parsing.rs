//! What is known once a project is parsed: dependencies that only rendering shows, configs, documentation, keys.

use serde_json::json;

use super::Project;

#[test]
fn a_variable_may_hold_a_call_of_ref() {
    let project = Project::new(&[
        ("dbt_project.yml", "name: p\nprofile: p\nvars: {input: \"{{ ref('a') }}\"}\n"),
        ("models/a.sql", "select 7 as n"),
        ("models/b.sql", "select * from {{ var('input', none) }}"),
    ]);
    project.run("build").expect(0, &[]);
    assert_eq!(project.query("select * from b"), json!([{"n": 7}]));
}

#[test]
fn marks_of_native_rendering_are_text_within_an_expression() {
    let enabled = "name: p\nprofile: p\nmodels: {p: {+enabled: \"{{ target.name == 'dev' | as_bool }}\"}}\n";
    Project::new(&[("dbt_project.yml", enabled), ("models/a.sql", "select 1 as n")])
        .run("ls --resource-type model")
        .expect(0, &["p.a"]);
}

#[test]
fn what_a_macro_of_the_project_says_of_columns_is_handed_on_as_it_is() {
    let model = "{% set found = adapter.get_columns_in_relation(this) %}select '{{ found if execute }}' as n";
    let own = "{% macro get_columns_in_relation(relation) %}{{ return('a text') }}{% endmacro %}";
    let project = Project::new(&[("models/m.sql", model), ("macros/own.sql", own)]);
    project.run("build").expect(0, &[]);
    assert_eq!(project.query("select * from m"), json!([{"n": "a text"}]));
}

#[test]
fn a_microbatch_strategy_of_ones_own_runs_in_batches_if_a_flag_says_so() {
    let model = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', \
                 begin='2024-01-01', batch_size='day') }}select now() as at";
    let own =
        "{% macro get_incremental_microbatch_sql(arg_dict) %}{{ log('my strategy', info=true) }}select 1{% endmacro %}";
    let project = Project::new(&[("models/m.sql", model), ("macros/own.sql", own)]);
    project.run("run").expect(0, &["MicrobatchMacroOutsideOfBatchesDeprecation"]);
    project.run("run").expect(0, &["my strategy"]).without("START batch");
    let flags = "name: p\nprofile: p\nflags: {require_batched_execution_for_custom_microbatch_strategy: true}\n";
    project.write("dbt_project.yml", flags);
    project.run("run").expect(0, &["my strategy", "START batch"]);
}

#[test]
fn the_manifest_has_docs_blocks_tags_and_keys_as_dbt_finds_them() {
    let properties = "
models:
  - name: m
    description: \"{{ doc('text') }} and {{ doc('text') | trim }}\"
    columns:
      - name: id
        description: \"{{ doc('text').replace('a', 'o') }}\"
        data_tests: [{unique: {config: {enabled: false}}}]
exposures:
  - name: board
    type: dashboard
    owner: {name: me}
    depends_on: [ref('m')]
    config: {tags: [local, common]}
";
    let project = Project::new(&[
        ("dbt_project.yml", "name: p\nprofile: p\nexposures: {tags: [global, common]}\n"),
        ("models/m.sql", "select 1 as id"),
        ("models/docs.md", "{% docs text %}a text{% enddocs %}"),
        ("models/properties.yml", properties),
    ]);
    project.run("parse").expect(0, &[]);
    let manifest = project.json("target/manifest.json");
    let model = &manifest["nodes"]["model.p.m"];
    assert_eq!(model["description"], "a text and a text");
    assert_eq!(model["doc_blocks"], json!(["doc.p.text"]));
    assert_eq!(model["columns"]["id"]["description"], "o text");
    assert_eq!(model["columns"]["id"]["doc_blocks"], json!([]));
    assert_eq!(model["primary_key"], json!(["id"]));
    assert_eq!(manifest["exposures"]["exposure.p.board"]["tags"], json!(["common", "global", "local"]));
}

#[test]
fn a_package_refers_to_itself_first_if_a_flag_says_so() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as n"),
        ("dbt_packages/pk/dbt_project.yml", "name: pk\n"),
        ("dbt_packages/pk/models/a.sql", "{{ config(schema='pk') }}select 2 as n"),
        ("dbt_packages/pk/models/b.sql", "select * from {{ ref('a') }}"),
        ("dbt_packages/pk/models/docs.md", "{% docs words %}the package's{% enddocs %}"),
        ("models/docs.md", "{% docs words %}the project's{% enddocs %}"),
        ("dbt_packages/pk/models/b.yml", "models: [{name: b, description: \"{{ doc('words') }}\"}]"),
    ]);
    let described = || project.json("target/manifest.json")["nodes"]["model.pk.b"]["description"].clone();
    project.run("build").expect(0, &["warning[W0519]"]);
    assert_eq!((project.query("select * from b"), described()), (json!([{"n": 1}]), json!("the project's")));
    let flags = "name: p\nprofile: p\nflags: {require_ref_searches_node_package_before_root: true}\n";
    project.write("dbt_project.yml", flags);
    project.run("build").expect(0, &[]).without("W0519");
    assert_eq!((project.query("select * from b"), described()), (json!([{"n": 2}]), json!("the package's")));
}

#[test]
fn a_project_overrides_sources_of_packages() {
    let theirs = "
sources:
  - name: raw
    schema: nowhere
    description: theirs
    tables:
      - {name: orders, identifier: nothing, columns: [{name: id, data_tests: [not_null, unique]}]}
      - {name: others}
";
    let ours = "
sources:
  - name: raw
    overrides: pk
    schema: main
    tables:
      - {name: orders, identifier: real, columns: [{name: id, data_tests: [unique]}]}
      - {name: gone}
";
    let project = Project::new(&[
        ("seeds/real.csv", "id\n1\n"),
        ("models/ours.yml", ours),
        ("dbt_packages/pk/dbt_project.yml", "name: pk\n"),
        ("dbt_packages/pk/models/theirs.yml", theirs),
        ("dbt_packages/pk/models/m.sql", "select * from {{ source('raw', 'orders') }}"),
    ]);
    let told = ["SourceOverrideDeprecation", "W0505", "table `pk.raw.gone`"];
    project.run("seed").expect(0, &told);
    project.run("build --exclude resource_type:seed").expect(0, &["PASS=2"]);
    let sources = &project.json("target/manifest.json")["sources"];
    let of = |table: &str, key: &str| sources[&format!("source.pk.raw.{table}")][key].clone();
    assert_eq!((of("orders", "schema"), of("orders", "identifier")), (json!("main"), json!("real")));
    assert_eq!((of("others", "schema"), of("others", "source_description")), (json!("main"), json!("theirs")));
}

#[test]
fn unit_tests_take_rows_of_seeds_and_override_what_is_no_macro() {
    let properties = "
models:
  - {name: unused, config: {enabled: false}}
unit_tests:
  - name: sum
    model: m
    overrides: {macros: {invocation_id: mine}}
    given: [{input: ref('numbers')}]
    expect: {rows: [{total: 3, id: mine}]}
  - name: of_disabled
    model: unused
    given: []
    expect: {rows: []}
";
    let project = Project::new(&[
        ("seeds/numbers.csv", "n\n1\n2\n"),
        ("models/m.sql", "select sum(n) as total, '{{ invocation_id }}' as id from {{ ref('numbers') }}"),
        ("models/unused.sql", "select 1 as n"),
        ("models/tests.yml", properties),
    ]);
    project.run("build").expect(0, &["PASS m::sum", "PASS=3"]);
    let manifest = project.json("target/manifest.json");
    assert_eq!(manifest["unit_tests"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(manifest["disabled"]["unit_test.p.unused.of_disabled"][0]["config"]["enabled"], json!(false));
}

#[test]
fn a_list_leaves_a_manifest_and_compares_with_the_one_before() {
    let project = Project::new(&[("models/a.sql", "select 1 as id"), ("models/b.sql", "select 2 as id")]);
    project.run("ls").expect(0, &["p.a"]);
    assert_eq!(project.json("target/manifest.json")["nodes"].as_object().map(serde_json::Map::len), Some(2));
    project.write("models/b.sql", "select 3 as id");
    let modified = "ls --state target -s state:modified";
    project.run(modified).expect(0, &["p.b"]).without("p.a");
    project.run(modified).expect(0, &["No nodes selected"]);
    project.run("--no-write-json ls --target-path elsewhere").expect(0, &["p.a"]);
    assert!(!project.path("elsewhere/manifest.json").exists());
}

#[test]
fn templates_in_property_files_are_rendered_where_dbt_renders_them() {
    let properties = r#"
models:
  - name: m
    config:
      meta: {description: "{{ 1 + 1 }}", tests: "{{ 2 }}", deep: {description: "{{ 3 }}", filter: "{{ 4 }}"}, list: [{description: "{{ 5 }}"}]}
    columns:
      - {name: a, description: "{{ 6 }}", meta: {description: "{{ 7 }}", owner: "{{ 8 }}"}}
seeds:
  - name: s
    config: {column_types: {description: "{{ 'varchar' if target.type == 'duckdb' else 'string' }}(9)"}}
unit_tests:
  - name: u
    model: m
    given: [{input: ref('s'), rows: [{a: "{{ 1 + 1 }}", description: "x"}]}]
    expect: {rows: [{a: "{{ 2 }}", z: "{{ var('z', 7) }}"}]}
    overrides: {vars: {z: "{{ 3 + 4 }}"}}
"#;
    let project = Project::new(&[
        ("models/m.sql", "select a, {{ var('z', 0) }} as z from {{ ref('s') }}"),
        ("models/m.yml", properties),
        ("seeds/s.csv", "a,description\n1,one\n"),
    ]);
    project.run("build").expect(0, &["PASS m::u"]);
    let manifest = project.json("target/manifest.json");
    let model = &manifest["nodes"]["model.p.m"];
    let meta = json!({"description": "2", "tests": "2", "deep": {"description": "3", "filter": "4"}, "list": [{"description": "{{ 5 }}"}]});
    assert_eq!(model["config"]["meta"], meta);
    assert_eq!(model["columns"]["a"]["description"], "6");
    assert_eq!(model["columns"]["a"]["meta"], json!({"description": "7", "owner": "8"}));
    assert_eq!(manifest["nodes"]["seed.p.s"]["config"]["column_types"]["description"], "varchar(9)");
}

#[test]
fn times_of_a_batch_are_datetimes() {
    let model = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', \
                 begin='2024-01-01', batch_size='day') }}
        {% if execute and model.batch %}
        {% set start = config.get('__dbt_internal_microbatch_event_time_start') %}
        {{ log('from ' ~ start.strftime('%d.%m.%Y') ~ ' ' ~ model.batch.event_time_end.tzinfo, info=true) }}
        {{ log('until ' ~ model.config.__dbt_internal_microbatch_event_time_end, info=true) }}
        {% endif %}
        select now() as at";
    let project = Project::new(&[("models/m.sql", model)]);
    let ran = project.run("run --event-time-start 2024-03-01 --event-time-end 2024-03-02");
    ran.expect(0, &["from 01.03.2024 UTC", "until 2024-03-02 00:00:00+00:00"]);
}

#[test]
fn exposures_have_the_labels_of_the_projects_section_too() {
    let project_yaml = "name: p\nprofile: p\nexposures: {tags: [all], meta: {a: 1, b: 1}, p: {+meta: {c: 1}}}\n";
    let exposure = "
exposures:
  - {name: e, type: dashboard, owner: {name: me}, tags: [own], meta: {b: 2, c: 2}, config: {tags: [more]}}
";
    let project = Project::new(&[("dbt_project.yml", project_yaml), ("models/e.yml", exposure)]);
    project.run("parse").expect(0, &[]);
    let written = project.json("target/manifest.json")["exposures"]["exposure.p.e"].take();
    assert_eq!(written["tags"], json!(["all", "more", "own"]));
    assert_eq!(written["meta"], json!({"a": 1, "b": 2, "c": 1}));
    assert_eq!(written["config"]["meta"], written["meta"]);
    assert_eq!(written["unrendered_config"], json!({"meta": {"c": 1}, "tags": ["more"]}));
}

#[test]
fn a_config_of_docs_or_contract_that_nobody_knows_is_not_kept() {
    let properties = "models: [{name: a, config: {contract: {enforce: true}, docs: {show: false, colour: red}}}]";
    let project = Project::new(&[("models/a.sql", "select 1 as id"), ("models/a.yml", properties)]);
    project.run("parse").expect(0, &[]);
    let config = project.json("target/manifest.json")["nodes"]["model.p.a"]["config"].take();
    assert_eq!(config["contract"], json!({"enforced": false, "alias_types": true}));
    assert_eq!(config["docs"], json!({"show": false, "node_color": null}));
}

#[test]
fn messages_of_a_template_are_shown_when_it_is_parsed() {
    let model =
        "{{ log('any time', info=true) }}{% if execute %}{{ log('only then', info=true) }}{% endif %}select 1 as id";
    let project = Project::new(&[("models/a.sql", model)]);
    project.run("parse").expect(0, &["any time"]).without("only then");
    let ran = project.run("run --no-partial-parse");
    assert_eq!(ran.printed.matches("any time").count(), 2, "{}", ran.printed);
}

#[test]
fn a_package_may_dispatch_its_test_without_a_namespace_until_it_runs() {
    let package_test = "{% test t(model) %}{{ return(adapter.dispatch('test_t')(model)) }}{% endtest %}
        {% macro default__test_t(model) %}select 1 where false{% endmacro %}";
    let project = Project::new(&[
        ("packages.yml", "packages: [{local: inner}]"),
        ("inner/dbt_project.yml", "name: inner\n"),
        ("inner/macros/t.sql", package_test),
        ("models/a.sql", "select 1 as id"),
        ("models/a.yml", "models: [{name: a, data_tests: [inner.t]}]"),
    ]);
    project.run("deps").expect(0, &[]);
    project.run("run").expect(0, &["PASS=1"]);
    project.run("test").expect(1, &["No macro named 'test_t' found"]);
}

#[test]
fn sources_have_the_tags_of_property_files_only() {
    let project = Project::new(&[
        ("dbt_project.yml", "name: p\nprofile: p\nsources: {+tags: [all], +meta: {owner: me}}\n"),
        ("models/s.yml", "sources: [{name: s, tags: [b], tables: [{name: t, config: {tags: [a]}}]}]\n"),
    ]);
    project.run("parse").expect(0, &[]);
    let source = project.json("target/manifest.json")["sources"]["source.p.s.t"].take();
    assert_eq!(source["tags"], json!(["a", "b"]));
    assert_eq!(source["config"]["tags"], source["tags"]);
    assert_eq!(source["meta"], json!({"owner": "me"}));
}

#[test]
fn what_a_version_lists_comes_before_what_its_model_lists() {
    let properties = "
models:
  - name: v
    config: {tags: [all], meta: {a: [1], b: {c: [2]}}}
    versions: [{v: 1, config: {tags: [one, all], meta: {b: {c: [3]}}}}, {v: 2}]
";
    let project = Project::new(&[
        ("models/v.yml", properties),
        ("models/v_v1.sql", "select 1 as id"),
        ("models/v_v2.sql", "select 1 as id"),
    ]);
    project.run("ls --select tag:all --resource-type model").expect(0, &["p.v.v1", "p.v.v2"]);
    let manifest = project.json("target/manifest.json");
    let one = &manifest["nodes"]["model.p.v.v1"];
    assert_eq!(one["tags"], json!(["one", "all"]));
    assert_eq!(one["config"]["tags"], json!(["one", "all", "all"]));
    assert_eq!(one["config"]["meta"], json!({"a": [1], "b": {"c": [3, 2]}}));
    assert_eq!(manifest["nodes"]["model.p.v.v2"]["tags"], json!(["all"]));
}

#[test]
fn what_is_said_nearer_replaces_docs_and_names_of_columns_as_a_whole() {
    let project_yaml = "name: p\nprofile: p\nmodels: {+persist_docs: {relation: true}}\nsnapshots:\n  \
        +snapshot_meta_column_names: {dbt_valid_to: until}\n  +strategy: check\n  +check_cols: all\n  +unique_key: id\n";
    let snapshot = "{% snapshot s %}{{ config(snapshot_meta_column_names={'dbt_scd_id': 'key'}) }}
        {{ config(snapshot_meta_column_names={'dbt_updated_at': 'changed'}) }}
        select * from {{ ref('m') }}{% endsnapshot %}";
    let properties = "models: [{name: m, config: {persist_docs: {columns: true}, freshness: {build_after: {count: 1, period: day}}}}]";
    let project = Project::new(&[
        ("dbt_project.yml", project_yaml),
        ("models/m.sql", "select 1 as id"),
        ("models/m.yml", properties),
        ("snapshots/s.sql", snapshot),
    ]);
    project.run("build").expect(0, &[]);
    let columns = project.query("select column_name as name from (describe s)");
    let names: Vec<&str> = columns.as_array().expect("rows").iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["id", "key", "changed", "dbt_valid_from", "dbt_valid_to"]);
    let nodes = project.json("target/manifest.json")["nodes"].take();
    let model = &nodes["model.p.m"]["config"];
    assert_eq!(model["persist_docs"], json!({"columns": true}));
    assert_eq!(model["freshness"], json!({"build_after": {"count": 1, "period": "day", "updates_on": "any"}}));
}
