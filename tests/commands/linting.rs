//! `lint` and `format`: findings in templates, settings, fixes, forms.

use std::fs;
use std::process::Command;

use super::Project;

/// A model whose SQL is cut by tags everywhere.
const TEMPLATE: &str = "{{ config(materialized='table') }}\n\nselect\n    ID,\n    {%- for name in ['a', 'b'] %}\n    {{ name }} as {{ name }}_x,\n    {%- endfor %}\n    c\nfrom {{ ref('upstream') }} \nwhere c = {{ var('limit', 3) }}\n";

fn project(files: &[(&str, &str)]) -> Project {
    let mut all = vec![
        ("models/upstream.sql", "select\n    1 as id,\n    2 as a,\n    3 as b,\n    4 as c\n"),
        ("hetl.yml", "rules: {missing-description: off}\n"),
    ];
    all.extend_from_slice(files);
    Project::new(&all)
}

#[test]
fn findings_are_placed_in_the_template() {
    let project = project(&[("models/cut.sql", TEMPLATE)]);
    let ran = project.run("lint --rules CP02,LT01 models/cut.sql");
    ran.expect(1, &["models/cut.sql\n", "     8:5   CP02", "     9:27  LT01", "errors in 1 file"]);
    assert!(!project.path("p.duckdb").exists(), "no database is opened");
}

#[test]
fn a_clean_project_prints_nothing() {
    let project = project(&[]);
    let ran = project.run("lint");
    assert_eq!((ran.exit, ran.printed.as_str()), (0, ""));
}

#[test]
fn settings_are_nested_and_the_command_line_wins() {
    let project = project(&[
        (
            ".sqlfluff",
            "[sqlfluff]\nrules = CP01\n[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = lower\n",
        ),
        ("models/loud/.sqlfluff", "[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = upper\n"),
        ("models/quiet/q.sql", "SELECT 1 as a\n"),
        ("models/loud/l.sql", "SELECT 1 AS a\n"),
        ("models/loud/m.sql", "-- sqlfluff:rules:capitalisation.keywords:capitalisation_policy:lower\nselect 1 as a\n"),
        ("models/excused.sql", "SELECT 1 as a  -- noqa: CP01\n"),
    ]);
    let ran = project.run("lint");
    ran.expect(1, &["models/quiet/q.sql\n     1:1   CP01"]);
    ran.without("loud").without("excused");
    project.run("lint --rules LT01").expect(0, &[]);
    project.run("lint --exclude-rules CP01").expect(0, &[]);
    project.run("lint --rules NOPE").expect(2, &["E0801", "NOPE"]);
}

#[test]
fn other_files_hold_settings_too() {
    let project = project(&[
        ("pyproject.toml", "[tool.sqlfluff.core]\nrules = \"CP01\"\n"),
        ("models/a/setup.cfg", "[sqlfluff]\nrules = LT12\n"),
        ("models/a/one.sql", "SELECT 1 as a"),
        ("models/two.sql", "SELECT 1 as a"),
    ]);
    let ran = project.run("lint");
    ran.expect(1, &["models/a/one.sql\n     1:", "LT12", "models/two.sql\n     1:10  CP01"]);
    assert_eq!(ran.printed.matches("LT12").count(), 1, "{}", ran.printed);
}

#[test]
fn files_are_left_out() {
    let project = project(&[
        (".sqlfluffignore", "models/old/\n"),
        ("models/old/a.sql", "SELECT 1 as a\n"),
        ("macros/m.sql", "{% macro m() %}SELECT 1{% endmacro %}"),
    ]);
    project.run("lint models macros --rules CP01").expect(0, &[]);
    project.run("lint models/nowhere").expect(2, &["there is no file or folder"]);
}

#[test]
fn fixes_leave_the_query_and_the_tags() {
    let project = project(&[("models/cut.sql", TEMPLATE)]);
    project.run("lint --fix --rules CP02,LT01,LT12 models/cut.sql").expect(0, &[]);
    let fixed = fs::read_to_string(project.path("models/cut.sql")).expect("it is there");
    assert_eq!(fixed, TEMPLATE.replace("    c\n", "    C\n").replace("where c", "where C").replace("}} \n", "}}\n"));
}

#[test]
fn a_fix_that_changes_columns_is_left_out() {
    let sql = "select\n    upper('a') as b,\n    'x' as c\nfrom {{ ref('upstream') }}\n";
    let project = project(&[("models/order.sql", sql)]);
    let ran = project.run("lint --fix --rules ST06,CP01 models/order.sql");
    ran.expect(1, &["ST06"]);
    assert_eq!(fs::read_to_string(project.path("models/order.sql")).expect("it is there"), sql);
}

#[test]
fn snapshots_tests_and_analyses_are_linted() {
    let project = project(&[
        (
            "snapshots/s.sql",
            "{% snapshot s %}\n{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='s') }}\nSELECT id from {{ ref('upstream') }}\n{% endsnapshot %}\n",
        ),
        ("tests/t.sql", "SELECT 1 as a from {{ ref('upstream') }}\n"),
        ("analyses/n.sql", "SELECT 1 as a from {{ ref('upstream') }}\n"),
    ]);
    let ran = project.run("lint --rules CP01");
    ran.expect(1, &["snapshots/s.sql\n     3:11  CP01", "tests/t.sql", "analyses/n.sql"]);
}

#[test]
fn templates_that_ask_the_warehouse_get_no_rows() {
    let asks = "{% set rows = run_query('select 1') %}\nselect\n    {% for row in rows %}{{ row[0] }} as a,{% endfor %}\n    1 AS b\n";
    let needs =
        "{% set row = run_query('select 1 as a').columns[0].values()[0] if execute else 1 %}\nselect {{ row }} AS b\n";
    let project = project(&[("models/asks.sql", asks), ("models/needs.sql", needs)]);
    let ran = project.run("lint --rules CP01");
    ran.expect(1, &["models/asks.sql\n     4:7   CP01", "models/needs.sql\n     2:18  CP01"]);
}

#[test]
fn a_template_that_fails_is_a_finding() {
    let project = project(&[(
        "models/fails.sql",
        "select 1\n{% if execute %}{{ exceptions.raise_compiler_error('no') }}{% endif %}\n",
    )]);
    project.run("lint").expect(1, &["models/fails.sql\n     2:", "TMP", "no"]);
}

#[test]
fn sql_that_cannot_be_read_is_a_finding() {
    let project = project(&[("models/odd.sql", "select from where\n")]);
    project.run("lint").expect(1, &["models/odd.sql", "PRS"]);
}

#[test]
fn sql_that_cannot_be_read_is_passed_over_if_the_settings_say_so() {
    let project = project(&[
        ("models/odd.sql", "select 1 as a frm from where\n"),
        (".sqlfluff", "[sqlfluff]\nrules = CP01\nignore = parsing\n"),
    ]);
    project.run("lint").expect(0, &[]).without("PRS");
    project.run("lint --fix").expect(0, &[]);
    let kept = fs::read_to_string(project.path("models/odd.sql")).expect("it is there");
    assert_eq!(kept, "select 1 as a frm from where\n");
}

#[test]
fn findings_have_several_forms() {
    let project = project(&[("models/loud.sql", "SELECT 1 as a\n")]);
    let json: serde_json::Value =
        serde_json::from_str(&project.run("lint --rules CP01 --format json").expect(1, &[]).printed)
            .expect("it is JSON");
    assert_eq!(json[0]["violations"][0]["code"], "CP01");
    let sarif: serde_json::Value =
        serde_json::from_str(&project.run("lint --rules CP01 --format sarif").expect(1, &[]).printed)
            .expect("it is JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "CP01");
    let workspace = project.path(".");
    let env = [("GITHUB_WORKSPACE", workspace.to_str().expect("it is text"))];
    let github = project.run_with("lint --rules CP01 --format github", &env);
    github.expect(1, &["::error title=CP01,file=models/loud.sql,line=1,col=10,"]);
    project
        .run("lint --rules CP01 --format junit")
        .expect(1, &["<testcase classname=\"models/loud.sql\" name=\"CP01 1:10\">"]);
}

#[test]
fn only_changed_files_are_looked_at() {
    let project = project(&[("models/old.sql", "SELECT 1 as a\n")]);
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let status = Command::new("git").args(identity).args(args).current_dir(project.path(".")).output();
        assert!(status.expect("git can be run").status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "all"]);
    project.write("models/new.sql", "SELECT 1 as a\n");
    let ran = project.run("lint --changed --rules CP01");
    ran.expect(1, &["models/new.sql"]).without("old.sql");
}

#[test]
fn selection_chooses_files() {
    let project = project(&[("models/a.sql", "SELECT 1 as a\n"), ("models/b.sql", "SELECT 1 as b\n")]);
    project.run("lint --rules CP01 -s b").expect(1, &["models/b.sql"]).without("models/a.sql");
}

#[test]
fn format_writes_layout_and_case_only() {
    let ugly = "SELECT id,a   from {{ ref('upstream') }}\nwhere a!=1";
    let project = project(&[("models/ugly.sql", ugly)]);
    project.run("format --check").expect(1, &["models/ugly.sql"]);
    project.run("format --diff").expect(1, &["-SELECT id,a   from", "+++ b/models/ugly.sql"]);
    assert_eq!(fs::read_to_string(project.path("models/ugly.sql")).expect("it is there"), ugly);
    project.run("format").expect(0, &["models/ugly.sql"]);
    project.run("format --check").expect(0, &[]);
    let fixed = fs::read_to_string(project.path("models/ugly.sql")).expect("it is there");
    assert!(fixed.contains("{{ ref('upstream') }}") && fixed.ends_with("a != 1\n"), "{fixed}");
}

/// A model with a finding about its SQL and one about the project, and another one that nobody describes.
fn with_both(files: &[(&str, &str)]) -> Project {
    let mut all = vec![
        ("models/orders.sql", "SELECT id from main.upstream\n"),
        ("models/upstream.sql", "select 1 as id\n"),
        ("models/orders.yml", "models: [{name: orders, description: One row an order.}]\n"),
    ];
    all.extend_from_slice(files);
    Project::new(&all)
}

#[test]
fn rules_about_the_project_apply_too() {
    let project = with_both(&[]);
    let ran = project.run("lint");
    ran.expect(
        1,
        &["models/orders.sql\n     1:11  CP01", "hard-coded-relation", "models/upstream.sql\n", "missing-description"],
    );
    project.run("lint --rules CP01").expect(1, &["CP01"]).without("hard-coded");
    project.run("lint --rules hard-coded-relation").expect(0, &["hard-coded"]).without("CP01");
    let ran = project.run("lint --exclude-rules CP01,hard-coded-relation");
    ran.expect(0, &["missing-description"]).without("CP01").without("hard-coded");
    project.run("lint --level error").expect(1, &["CP01"]).without("hard-coded");
}

#[test]
fn rules_about_the_project_are_limited_to_the_files_that_are_named() {
    let project = with_both(&[]);
    project.run("lint models/orders.sql").expect(1, &["hard-coded-relation"]).without("missing-description");
    project.run("lint models/orders.yml").expect(0, &["models/orders.sql", "hard-coded"]).without("CP01");
    project.run("lint --select upstream").expect(0, &["missing-description"]).without("hard-coded");
    project.run("lint models").expect(1, &["hard-coded-relation", "missing-description"]);
}

#[test]
fn hetl_yml_and_comments_hold_for_rules_about_sql() {
    let project = with_both(&[
        ("hetl.yml", "rules: {missing-description: off, hard-coded-relation: off, CP01: warning, LT01: off}\n"),
        ("models/spaced.sql", "select  1 as a, SUM(2) as b -- hetl: allow CP03 (as in the standard)\n"),
        ("models/more.sql", "select 1 as a, SUM(2) as b, max(1) as c\n"),
    ]);
    let ran = project.run("lint --rules CP01,LT01,CP03");
    ran.expect(1, &["models/orders.sql\n     1:11  CP01  warning: ", "models/more.sql\n     1:29  CP03"])
        .without("spaced");
}

#[test]
fn what_is_in_a_baseline_is_left_out() {
    let project = with_both(&[]);
    for command in ["lint", "check"] {
        project.run(&format!("{command} --write-baseline known.json")).expect(0, &[]);
        let ran = project.run(&format!("{command} --baseline known.json"));
        assert_eq!((ran.exit, ran.printed.as_str()), (0, ""), "{command}");
    }
    project.run("lint --write-baseline known.json").expect(0, &[]);
    fs::write(project.path("models/orders.sql"), "\n\nSELECT id from main.upstream\nwhere true\n")
        .expect("it is written");
    let ran = project.run("lint --rules CP01 --baseline known.json");
    ran.expect(1, &["     4:1   CP01"]).without("3:");
    project.run("lint --baseline nowhere.json").expect(2, &["nowhere.json"]);
}

#[test]
fn rules_about_the_project_have_several_forms_too() {
    let project = with_both(&[]);
    let read = |form: &str| -> serde_json::Value {
        serde_json::from_str(&project.run(&format!("check --format {form}")).expect(0, &[]).printed)
            .expect("it is JSON")
    };
    let sarif = read("sarif");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "hard-coded-relation");
    assert!(run["tool"]["driver"]["rules"][0]["shortDescription"]["text"].is_string(), "{sarif}");
    assert_eq!(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "models/upstream.sql");
    assert_eq!(read("json")[0]["violations"][0]["code"], "hard-coded-relation");
    let ran = project.run("check --format junit");
    ran.expect(0, &["<testcase classname=\"models/orders.sql\" name=\"hard-coded-relation 1:16\"><system-out>"]);
    let workspace = project.path(".");
    let env = [("GITHUB_WORKSPACE", workspace.to_str().expect("it is text"))];
    let ran = project.run_with("check --format github", &env);
    ran.expect(0, &["::warning title=hard-coded-relation,file=models/orders.sql,line=1,col=16,"]);
}

#[test]
fn places_are_those_of_the_mended_file() {
    let project = with_both(&[("models/orders.sql", "\n\nSELECT id from main.upstream\n")]);
    project.run("lint --fix").expect(0, &["models/orders.sql\n     1:16  hard-coded-relation"]);
    let fixed = fs::read_to_string(project.path("models/orders.sql")).expect("it is there");
    assert_eq!(fixed, "SELECT id FROM main.upstream\n");
}

#[test]
fn what_was_found_is_kept_until_file_or_settings_change() {
    let project = project(&[("models/loud.sql", "SELECT 1 AS a\n"), (".sqlfluff", "[sqlfluff]\nrules = CP01, LT12\n")]);
    let lower = "[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = lower\n";
    project.run("lint").expect(0, &[]);
    let kept = fs::read_to_string(project.path("target/lint_cache.txt")).expect("it is kept");
    fs::write(project.path("models/.sqlfluff"), lower).expect("it is written");
    let found = project.run("lint");
    found.expect(1, &["models/loud.sql\n     1:1   CP01"]);
    assert_eq!(project.run("lint").printed, found.printed);
    fs::write(project.path("models/loud.sql"), "select 1 AS a\n").expect("it is written");
    project.run("lint").expect(1, &["     1:10  CP01"]).without("1:1 ");
    fs::remove_file(project.path("models/.sqlfluff")).expect("it is there");
    fs::write(project.path("target/lint_cache.txt"), kept.replace(' ', "")).expect("it is written");
    project.run("lint").expect(1, &["     1:10  CP01"]);
    project.run("lint --rules NOPE").expect(2, &["E0801"]);
}

#[test]
fn only_aliases_are_warned_of_as_keywords_and_white_space_at_the_end_is_found() {
    let sql = "with data as (\n    select\n        1 as name,\n        2 as source\n)\n\nselect\n    data.name,\n    data.source\nfrom data\n    ";
    let project = project(&[("models/named.sql", sql)]);
    let ran = project.run("lint --rules RF04,LT01 models/named.sql");
    ran.expect(1, &["     3:14  RF04", "     4:14  RF04", "    11:1   LT01", "3 errors in 1 file"]);
    project.run("lint --rules LT01 --fix models/named.sql").expect(0, &[]);
    let fixed = fs::read_to_string(project.path("models/named.sql")).expect("it is there");
    assert!(fixed.ends_with("from data\n"), "{fixed:?}");
}
