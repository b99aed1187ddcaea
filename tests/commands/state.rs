//! What an earlier run left: `retry`, `--state`, `--defer`.

use super::Project;

fn half_broken() -> Project {
    Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select {{ var('what', 'missing') }} as id from {{ ref('a') }}"),
        ("models/c.sql", "select * from {{ ref('b') }}"),
        ("models/d.sql", "select * from {{ ref('a') }}"),
    ])
}

#[test]
fn only_what_failed_or_was_skipped_is_retried() {
    let project = half_broken();
    project.run("retry").expect(2, &["Could not find previous run in 'target' target directory"]);
    project.run("run -s nothing").expect(0, &["Nothing to do"]);
    project.run("retry").expect(2, &["Could not find previous run in 'target' target directory"]);
    project.run("run --target other").expect(1, &["PASS=2", "ERROR=1 SKIP=1"]);
    project.run("retry").expect(1, &["1 of 2 ERROR", "other.b", "SKIP relation other.c", "TOTAL=2"]);
    let vars = project.run("retry|--vars|{what: id}");
    vars.expect(0, &["OK created sql view model other.b", "PASS=2"]).without("other.d");
    assert_eq!(project.json("target/run_results.json")["args"]["which"], "run");
    project.run("retry").expect(0, &["Nothing to do"]);
}

#[test]
fn results_of_an_earlier_run_are_selected() {
    let project = half_broken();
    project.run("run --target-path earlier").expect(1, &[]);
    project.run("ls --state earlier -s result:error+ --output name").expect(0, &["b", "c"]).without("a\n");
    project.run("ls -s result:error").expect(2, &["E0601"]);
}

#[test]
fn what_changed_is_selected_and_the_rest_deferred() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select id from {{ ref('a') }}"),
        ("models/c.sql", "select id from {{ ref('b') }}"),
    ]);
    project.run("run --target-path prod").expect(0, &[]);
    project.write("models/b.sql", "select id + 1 as id from {{ ref('a') }}");
    project.run("ls --state prod -s state:modified --output name").expect(0, &["b"]).without("c\n");
    project.run("run --target other -s state:modified --state prod").expect(1, &["a does not exist"]);
    let run = project.run("run --target other -s state:modified+ --defer --state prod");
    run.expect(0, &["other.b", "other.c", "PASS=2"]);
    assert_eq!(project.query("select id from other.c"), serde_json::json!([{"id": 2}]));
    project.run("run --target other --defer").expect(2, &["--state or --defer-state are required for deferral"]);
    // A relation of one's own comes first, unless the state's is favoured.
    project.run("run --target other -s a").expect(0, &[]);
    let compiled = |flags: &str| {
        let compiled = project.run(&format!("compile --quiet --target other -s b --defer --state prod{flags}"));
        compiled.expect(0, &[]);
        compiled.printed
    };
    assert!(compiled("").contains(r#""p"."other"."a""#));
    assert!(compiled(" --favor-state").contains(r#""p"."main"."a""#));
}

#[test]
fn ephemeral_models_are_among_the_selected_resources() {
    let project = Project::new(&[
        ("models/e.sql", "{{ config(materialized='ephemeral') }} select 1 as id"),
        ("models/m.sql", "select * from {{ ref('e') }}"),
        ("macros/say.sql", "{% macro say() %}{% do log('selected ' ~ selected_resources, info=true) %}{% endmacro %}"),
        ("dbt_project.yml", "name: p\nprofile: p\non-run-end: ['{{ say() }}']\n"),
    ]);
    project.run("run").expect(0, &["selected ['model.p.e', 'model.p.m']"]);
}

#[test]
fn only_the_failed_batches_of_a_model_are_retried() {
    let model = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='t', batch_size='day', \
                 begin='2024-01-01') }}\nselect t, 1 / (case when t = '2024-01-02' and not {{ var('mended', false) }} then \
                 error('broken') else 1 end) as x from {{ ref('events') }}";
    let events = "{{ config(materialized='table', event_time='t') }}\nselect unnest([timestamp '2024-01-01', \
                  timestamp '2024-01-02', timestamp '2024-01-03']) as t";
    let project = Project::new(&[("models/events.sql", events), ("models/m.sql", model)]);
    let range = "--event-time-start 2024-01-01 --event-time-end 2024-01-04";
    project.run(&format!("run {range}")).expect(1, &["PARTIAL SUCCESS (2/3)"]);
    let retried = project.run("retry|--vars|{mended: true}");
    retried.expect(0, &["Batch 1 of 1 OK created batch 2024-01-02"]).without("2024-01-03");
    assert_eq!(project.query("select count(*) as n from m"), serde_json::json!([{"n": 3}]));
}

/// A microbatch model of five days, of which some lines fail.
fn five_days(threads: usize, config: &str, failing: &str) -> Project {
    let profile =
        format!("p:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: p.duckdb, threads: {threads}}}\n");
    let model = format!(
        "{{{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='t', batch_size='day', \
         begin='2024-01-01'{config}) }}}}\nselect t, case when {failing} then error('broken') else '1' end as x \
         from {{{{ ref('events') }}}}"
    );
    let events = "{{ config(materialized='table', event_time='t') }}\n\
                  select unnest(range(timestamp '2024-01-01', timestamp '2024-01-06', interval 6 hour)) as t";
    Project::new(&[("profiles.yml", &profile), ("models/events.sql", events), ("models/m.sql", &model)])
}

const FIVE_DAYS: &str = "--event-time-start 2024-01-01 --event-time-end 2024-01-06";

#[test]
fn the_batches_between_the_first_and_the_last_run_side_by_side() {
    for (threads, config) in [(4, ""), (1, ""), (4, ", concurrent_batches=false")] {
        let project = five_days(threads, config, "false");
        let run = project.run(&format!("run {FIVE_DAYS}"));
        run.expect(0, &["Batch 1 of 5 OK", "Batch 5 of 5 OK", "SUCCESS", "PASS=2"]);
        let at = |words: &str| run.printed.find(words).unwrap_or_else(|| panic!("{words}: {}", run.printed));
        assert!(at("Batch 1 of 5 OK") < at("Batch 2 of 5 START"), "{}", run.printed);
        assert!(at("Batch 4 of 5 OK") < at("Batch 5 of 5 START"), "{}", run.printed);
        if threads == 1 || !config.is_empty() {
            assert!(at("Batch 2 of 5 OK") < at("Batch 3 of 5 START"), "{}", run.printed);
        }
        let results = project.json("target/run_results.json");
        let result = &results["results"][1];
        assert_eq!(result["timing"].as_array().map(Vec::len), Some(2));
        assert_eq!(result["batch_results"]["successful"][0][0], "2024-01-01T00:00:00+00:00");
        assert_eq!(result["batch_results"]["successful"].as_array().map(Vec::len), Some(5));
        assert_eq!(
            project.query("select count(*) as n, count(distinct t) as d from m"),
            serde_json::json!([{"n": 20, "d": 20}])
        );
    }
}

#[test]
fn after_a_failed_first_batch_the_others_are_skipped() {
    let project = five_days(4, "", "t = '2024-01-01'");
    let run = project.run(&format!("run {FIVE_DAYS}"));
    run.expect(1, &["Batch 1 of 5 ERROR creating", "Batch 3 of 5 SKIP batch 2024-01-03", "Batch 5 of 5 SKIP"])
        .without("Batch 2 of 5 START");
    // A batch that fails between others does not keep them from running.
    let project = five_days(4, "", "t = '2024-01-03'");
    let run = project.run(&format!("run {FIVE_DAYS}"));
    run.expect(1, &["Batch 3 of 5 ERROR creating", "Batch 5 of 5 OK", "PARTIAL SUCCESS (4/5)"]);
}

#[test]
fn of_a_large_seed_only_the_place_is_compared() {
    let project = Project::new(&[("seeds/small.csv", "id\n1\n"), ("seeds/large.csv", "id\n1\n")]);
    project.run("parse --target-path before").expect(0, &[]);
    let large = format!("id,name\n{}", "1,a name that makes lines long\n".repeat(40_000));
    project.write("seeds/large.csv", &large);
    let select = "ls --resource-type seed --state before -s state:modified";
    project
        .run(select)
        .expect(0, &["warning[W0603]", "`p.large` is >1MB and was smaller before", "p.large"])
        .without("p.small");
    project.run(&format!("--warn-error {select}")).expect(2, &["error[W0603]"]);
    project
        .run(&format!("--warn-error-options|{{silence: [SeedIncreased]}}|{}", select.replace(' ', "|")))
        .without("W0603");
    project.run("parse --target-path before").expect(0, &[]);
    project.write("seeds/large.csv", &format!("{large}2,b\n"));
    project.run(select).expect(0, &["whether its rows changed is not known"]).without("\np.large");
}

/// The flag compares configs as they are written, in all places: what the environment makes of them is no change.
#[test]
fn configs_are_compared_as_they_are_written_where_a_flag_says_so() {
    let flags = "name: p\nprofile: p\nflags: {state_modified_compare_more_unrendered_values: true}\n";
    let properties = "
models:
  - {name: described, config: {materialized: \"{{ env_var('KIND') }}\", meta: {plain: 1}}}
  - {name: versioned, versions: [{v: 1, config: {materialized: \"{{ env_var('KIND') }}\"}}]}
  - {name: configured, columns: [{name: id, data_tests: [{unique: {config: {limit: 3}}}, {accepted_values: {arguments: {values: [1]}, config: {limit: 3}}}]}]}
";
    let project = Project::new(&[
        ("dbt_project.yml", flags),
        ("models/configured.sql", "{{ config(materialized=env_var('KIND')) }} select 1 as id"),
        ("models/described.sql", "select 1 as id"),
        ("models/versioned_v1.sql", "select 1 as id"),
        ("models/properties.yml", properties),
        ("tests/single.sql", "{{ config(severity='warn') }} select 1 from {{ ref('configured') }}"),
    ]);
    let with = |kind: &str, command: &str| project.run_with(command, &[("KIND", kind)]);
    with("table", "parse --target-path before").expect(0, &[]);
    let modified = "ls --state before -s state:modified";
    with("table", modified).expect(0, &["No nodes selected!"]);
    with("view", modified).expect(0, &["No nodes selected!"]);
    with("view", "parse").expect(0, &[]);
    let written = |id: &str| project.json("target/manifest.json")["nodes"][id]["unrendered_config"].clone();
    assert_eq!(
        written("model.p.configured")["materialized"],
        "Keyword(key='materialized', value=Call(node=Name(name='env_var', ctx='load'), args=[Const(value='KIND')], \
         kwargs=[], dyn_args=None, dyn_kwargs=None))"
    );
    assert_eq!(
        written("model.p.described"),
        serde_json::json!({"materialized": "{{ env_var('KIND') }}", "meta": {"plain": 1}})
    );
    // Of tests dbt keeps also plain values as they are written.
    assert_eq!(written("test.p.single")["severity"], "Keyword(key='severity', value=Const(value='warn'))");
    let manifest = project.json("target/manifest.json");
    let id = |name: &str| {
        let mut ids = manifest["nodes"].as_object().expect("nodes").keys();
        ids.find(|id| id.starts_with(&format!("test.p.{name}_configured_id"))).expect("the generic test").clone()
    };
    assert_eq!(written(&id("accepted_values"))["limit"], "Keyword(key='limit', value=Const(value=3))");
    assert_eq!(written(&id("unique"))["limit"], 3);
    project.write("models/configured.sql", "{{ config(materialized=env_var('OTHER', 'view')) }} select 1 as id");
    with("view", modified).expect(0, &["p.configured"]);
}

#[test]
fn what_is_retried_must_be_there_still_and_tells_its_threads() {
    let project = half_broken();
    project.run("run --threads 1").expect(1, &[]);
    project.run("retry --threads 2").expect(1, &[]);
    assert_eq!(project.json("target/run_results.json")["args"]["threads"], 2);
    project.write("models/c.sql", "{{ config(enabled=false) }} select 1");
    project.run("retry").expect(2, &["Couldn't find model 'model.p.c' -- does it exist or is it disabled?"]);
}

#[test]
fn a_contract_that_is_gone_is_told_unless_its_time_is_past() {
    let yaml = |date: &str| {
        format!(
            "models: [{{name: a, config: {{contract: {{enforced: true}}}}, {date} columns: [{{name: id, data_type: integer}}]}}]"
        )
    };
    for (date, is_told) in
        [("", true), ("deprecation_date: 2999-01-01,", true), ("deprecation_date: 2024-01-01,", false)]
    {
        let project = Project::new(&[("models/a.sql", "select 1 as id"), ("models/a.yml", &yaml(date))]);
        project.run("parse --target-path state").expect(0, &[]);
        project.write("models/a.sql", "{{ config(enabled=false) }} select 1 as id");
        let listed = project.run("ls -s state:modified --state state");
        let words = "Contracted model 'model.p.a' was disabled.";
        assert_eq!(listed.printed.contains(words), is_told, "{date}: {}", listed.printed);
    }
}
