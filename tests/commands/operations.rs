//! `run-operation` and `clean`, and small rules of dbt that only a whole command shows.

use serde_json::json;

use super::Project;

#[test]
fn an_operation_leaves_results() {
    let project = Project::new(&[(
        "macros/m.sql",
        "{% macro good(x) %}{% do log(x, info=true) %}{% endmacro %}{% macro bad() %}{{ exceptions.raise_compiler_error('no') }}{% endmacro %}",
    )]);
    project.run("run-operation|good|--args|{x: hello}").expect(0, &["hello"]);
    let written = project.json("target/run_results.json");
    assert_eq!(written["args"]["args"], json!({"x": "hello"}));
    let result = &written["results"][0];
    assert_eq!(
        [&result["unique_id"], &result["status"], &result["failures"], &result["thread_id"]],
        [&json!("macro.p.good"), &json!("success"), &json!(0), &json!("MainThread")]
    );
    project.run("run-operation bad").expect(1, &["no"]);
    let result = project.json("target/run_results.json")["results"][0].take();
    assert_eq!([&result["status"], &result["failures"]], [&json!("error"), &json!(1)]);
    project.run("run-operation ugly").expect(2, &["dbt could not find a macro with the name"]);
}

#[test]
fn a_failed_operation_is_retried_with_its_arguments() {
    let project = Project::new(&[(
        "macros/m.sql",
        "{% macro told(x) %}{% do log(x, info=true) %}{{ exceptions.raise_compiler_error('no') if var('bad', true) }}{% endmacro %}",
    )]);
    project.run("run-operation|told|--args|{x: hello}").expect(1, &["hello"]);
    project.run("retry").expect(1, &["hello"]);
    project.run("retry|--vars|{bad: false}").expect(0, &["hello"]);
    project.run("retry").expect(0, &[]).without("hello");
}

#[test]
fn clean_leaves_sources_and_other_folders() {
    let project = Project::new(&[("models/a.sql", "select 1 as id"), ("target/x", ""), ("other/x", "")]);
    let config = |targets: &str| format!("name: p\nprofile: p\nclean-targets: [{targets}]\n");
    project.write("dbt_project.yml", &config("target, models"));
    project.run("clean").expect(2, &["dbt will not clean the following source paths", "models"]);
    let outside = tempfile::tempdir().expect("a temporary folder");
    project.write("dbt_project.yml", &config(&format!("target, '{}'", outside.path().display())));
    project.run("clean").expect(2, &["dbt will not clean the following directories outside the project"]);
    assert!(project.path("target/x").exists() && outside.path().exists());
    project.run("clean --no-clean-project-files-only").expect(0, &["Finished cleaning all paths."]);
    assert!(!project.path("target/x").exists() && !outside.path().exists() && project.path("other/x").exists());
}

#[test]
fn event_time_has_a_begin_before_its_end() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    project
        .run("run --event-time-start 2024-01-02")
        .expect(2, &["The flag `--event-time-start` was specified, but `--event-time-end` was not"]);
    project
        .run("run --event-time-start 2024-01-02 --event-time-end 2024-01-01")
        .expect(2, &["Value for `--event-time-start` must be less than `--event-time-end`"]);
    project.run("run --event-time-start 2024-01-01 --event-time-end 2024-01-02").expect(0, &["PASS=1"]);
}

#[test]
fn rules_of_resources() {
    let contract = "models: [{name: a, config: {contract: {enforced: true}}, columns: [{name: x, data_type: STRING}]}]";
    let project = Project::new(&[
        ("models/a.sql", "{{ config(materialized='table') }} select cast('y' as text) as x"),
        ("models/upper.SQL", "select * from {{ ref('a') }}"),
        ("models/a.yml", contract),
    ]);
    project.run("build").expect(0, &["PASS=2"]);
    project.write("models/b.yml", "models: [{name: upper, config: {materialized: ephemeral}, access: public}]");
    project.run("parse").expect(2, &["with 'ephemeral' materialization has an invalid value (public)"]);
    project.write("models/b.yml", "seeds: [{name: s, config: {materialized: table}}]");
    project.write("seeds/s.csv", "a\n1\n");
    project.run("parse").expect(2, &["A seed must have a materialized value of 'seed'"]);
}

#[test]
fn a_hook_at_the_end_that_cannot_be_rendered_leaves_the_results() {
    let project = Project::new(&[
        (
            "dbt_project.yml",
            "name: p\nprofile: p\non-run-end: ['select 1', \"{{ exceptions.raise_compiler_error('no') if execute }}\", 'select 2']\n",
        ),
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select * from nowhere"),
    ]);
    project
        .run("build --threads 1")
        .expect(2, &["Finished running 1 project hook, 2 view models", "Completed with 1 error", "error[E0305]: no"]);
    let results = project.json("target/run_results.json");
    let statuses: Vec<_> = results["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| format!("{} {}", result["unique_id"], result["status"]).replace('"', ""))
        .collect();
    assert_eq!(statuses, ["model.p.a success", "model.p.b error", "operation.p.p-on-run-end-0 success"]);
    assert!(project.json("target/manifest.json")["nodes"]["model.p.a"].is_object());
}

#[test]
fn what_was_parsed_is_known_though_a_hook_at_the_start_cannot_be_rendered() {
    let yaml = "name: p\nprofile: p\non-run-start: \"{{ exceptions.raise_compiler_error('no') if execute }}\"\n";
    let project = Project::new(&[("dbt_project.yml", yaml), ("models/a.sql", "select 1 as id")]);
    project.run("build").expect(2, &["error[E0305]: no"]);
    assert!(project.json("target/manifest.json")["nodes"]["model.p.a"].is_object());
}

#[test]
fn grants_of_several_calls_add_up() {
    let project = Project::new(&[(
        "models/a.sql",
        "{{ config(grants={'+select': ['ann']}) }}{{ config(grants={'+select': ['bob']}) }}select 1 as id",
    )]);
    project.write("dbt_project.yml", "name: p\nprofile: p\nmodels: {p: {+grants: {select: [eve]}}}\n");
    project.run("parse").expect(0, &[]);
    let config = project.json("target/manifest.json")["nodes"]["model.p.a"]["config"].take();
    assert_eq!(config["grants"], json!({"select": ["eve", "ann", "bob"]}));
}

#[test]
fn variables_with_the_name_of_a_secret_are_masked() {
    let project = Project::new(&[("models/a.sql", "select '{{ var('DBT_ENV_SECRET_x') }}' as x")]);
    let ran = project.run("run|--debug|--vars|{DBT_ENV_SECRET_x: c4n4ry, other: shown}");
    ran.expect(0, &["*****"]).without("c4n4ry");
    let written = project.json("target/run_results.json");
    assert_eq!(written["args"]["vars"], json!({"DBT_ENV_SECRET_x": "*****", "other": "shown"}));
    assert!(!written["args"].to_string().contains("c4n4ry"));
    assert_eq!(project.query("select x from a").to_string().matches("c4n4ry").count(), 1);
}

#[test]
fn hooks_of_the_root_project_run_before_those_of_packages() {
    let project = |name: &str| {
        let say = |when: &str| format!("\"{{{{ log('{name} {when}', info=true) }}}}\"");
        format!("name: {name}\nprofile: p\non-run-start: [{}]\non-run-end: [{}]\n", say("start"), say("end"))
    };
    let project = Project::new(&[
        ("dbt_project.yml", &project("p")),
        ("packages.yml", "packages: [{local: z}, {local: a}]"),
        ("a/dbt_project.yml", &project("a")),
        ("z/dbt_project.yml", &project("z")),
        ("models/m.sql", "select 1 as id"),
    ]);
    project.run("deps").expect(0, &[]);
    let run = project.run("run");
    run.expect(0, &[]);
    let said = |words: &str| run.printed.find(words).unwrap_or_else(|| panic!("{words} is missing"));
    for when in ["start", "end"] {
        let [root, a, z] = ["p", "a", "z"].map(|name| said(&format!("  {name} {when}")));
        assert!(root < a && a < z, "{}", run.printed);
    }
}

#[test]
fn an_operation_that_cannot_connect_has_failed() {
    let profiles = "p: {target: dev, outputs: {dev: {type: postgres, host: 127.0.0.1, port: 1, user: u, password: w, dbname: d, schema: s}}}";
    let macros = "{% macro m() %}{% do log('called', info=true) %}{% endmacro %}";
    let project = Project::new(&[("profiles.yml", profiles), ("macros/m.sql", macros)]);
    project.run("run-operation m").expect(1, &["error while running operation: Database Error"]).without("called");
    assert_eq!(project.json("target/run_results.json")["results"][0]["status"], json!("error"));
}

#[test]
fn the_log_file_has_the_format_and_level_of_the_console_unless_it_has_its_own() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    let log = || {
        let text = std::fs::read_to_string(project.path("logs/dbt.log")).unwrap();
        std::fs::remove_file(project.path("logs/dbt.log")).unwrap();
        text
    };
    project.run("--log-format json run").expect(0, &[]);
    let events: Vec<serde_json::Value> =
        log().lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert!(events.iter().any(|event| event["info"]["level"] == "debug"));
    project.run("--log-level warn run").expect(0, &[]);
    assert!(!log().contains("START sql view model"));
    project.run("--log-format json --log-format-file text --log-level warn --log-level-file info run").expect(0, &[]);
    assert!(log().contains("START sql view model"));
}
