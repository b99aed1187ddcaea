//! Audit before publish on PostgreSQL: a candidate is tested before it takes the place of the old table.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use hetl::adapters::Connection;
use serde_json::json;

use super::{Project, ask, ask_number, wait_until};

const ORDERS: &str = "{{ config(materialized='table') }}\nselect unnest(array{{ var('ids', [1, 2]) }}) as id";
const TESTED: &str = "models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]\n";
const SLOW: &str = "select * from {{ ref('orders') }} where pg_sleep({{ var('seconds', 0) }}) is null";

fn shop(further: &[(&str, &str)]) -> Option<Project> {
    let files = [("models/orders.sql", ORDERS), ("models/models.yml", TESTED)];
    let project = Project::new(&[&files[..], further].concat(), &json!({}))?;
    project.succeed(&["build"]);
    Some(project)
}

#[test]
fn readers_do_not_wait_while_a_candidate_is_tested() {
    let Some(project) = shop(&[("tests/slow.sql", SLOW)]) else { return };
    let mut child = project.start(&["build", "--vars", "{ids: [3], seconds: 3}"]);
    let mut session = project.session();
    wait_until("the test runs", || project.running(&mut *session, "pg_sleep(3)") == 1);
    ask(&mut *session, "select set_config('lock_timeout', '500ms', false)");
    let sum = format!("select sum(id) from {}.orders", project.schema);
    assert_eq!(ask_number(&mut *session, &sum), 3);
    assert!(child.wait().expect("it ends").success());
    assert_eq!(ask_number(&mut *session, &sum), 3);
    assert_eq!(ask_number(&mut *session, &format!("select count(*) from {}.orders", project.schema)), 1);
}

#[test]
fn a_candidate_that_fails_is_kept_until_the_next_build() {
    let Some(project) = shop(&[]) else { return };
    let (exit, printed) = project.run(&["build", "--vars", "{ids: [3, 3]}"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("\"orders\" is not published"), "{printed}");
    let mut session = project.session();
    assert_eq!(project.relations(&mut *session), ["orders", "orders__hetl_candidate"]);
    let counted = |name: &str| format!("select count(distinct id) from {}.{name}", project.schema);
    assert_eq!(ask_number(&mut *session, &counted("orders")), 2);
    assert_eq!(ask_number(&mut *session, &counted("orders__hetl_candidate")), 1);
    project.succeed(&["build", "--vars", "{ids: [4, 5, 6]}"]);
    assert_eq!(project.relations(&mut *session), ["orders"]);
    assert_eq!(ask_number(&mut *session, &counted("orders")), 3);
}

#[test]
fn a_test_that_cannot_run_does_not_keep_the_others_from_running() {
    let Some(project) = shop(&[]) else { return };
    project.write("tests/a_wrong.sql", "select * from {{ ref('orders') }} where ('x' || id)::int = 1");
    project.write("tests/z_right.sql", "select * from {{ ref('orders') }} where id > 100");
    let (exit, printed) = project.run(&["build", "--vars", "{ids: [3]}"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("PASS=3 WARN=0 ERROR=1"), "{printed}");
    assert!(printed.contains("1 test failed: a_wrong"), "{printed}");
    let mut session = project.session();
    assert_eq!(project.relations(&mut *session), ["orders", "orders__hetl_candidate"]);
}

/// A star: a seed, a view, a table with a test, an incremental model, a snapshot, and a view on all of them.
fn star() -> Option<Project> {
    let project = Project::new(
        &[
            ("hetl.yml", "history: on\n"),
            ("seeds/codes.csv", "code\n1\n2\n"),
            ("models/stg.sql", "select code, {{ var('v', 1) }} as v from {{ ref('codes') }}"),
            ("models/dim.sql", "{{ config(materialized='table') }} select code, v from {{ ref('stg') }}"),
            (
                "models/facts.sql",
                "{{ config(materialized='incremental', unique_key='id') }} select code + v as id, v from {{ ref('dim') }}",
            ),
            (
                "models/all_of_it.sql",
                "select dim.v, facts.id from {{ ref('dim') }} dim cross join {{ ref('facts') }} facts",
            ),
            (
                "snapshots/history.yml",
                "snapshots: [{name: history, relation: ref('dim'), config: {unique_key: code, strategy: check, check_cols: all}}]\n",
            ),
            (
                "models/models.yml",
                "models:\n  - {name: dim, columns: [{name: code, data_tests: [unique]}]}\n  \
                 - {name: all_of_it, data_tests: [few]}\n",
            ),
            ("tests/generic/few.sql", "{% test few(model) %} select * from {{ model }} where v > 2 {% endtest %}"),
        ],
        &json!({}),
    )?;
    project.succeed(&["build", "--publish", "run"]);
    Some(project)
}

/// What is recorded of the project's last command that has results, as a whole.
fn statuses(project: &Project, session: &mut dyn Connection) -> String {
    let results = std::fs::read_to_string(project.path("target/run_results.json")).expect("it is written");
    let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
    let id = results["metadata"]["invocation_id"].as_str().expect("an id");
    recorded(session, id)
}

fn recorded(session: &mut dyn Connection, run_id: &str) -> String {
    let sql = format!(
        "select string_agg(status, ', ' order by position) from hetl_meta.runs where node is null and run_id = '{run_id}'"
    );
    ask(session, &sql).to_string()
}

#[test]
fn a_killed_run_is_closed_by_the_next_one_while_others_go_on() {
    let (Some(dead), Some(living), Some(next)) = (star(), star(), star()) else { return };
    let mut session = next.session();
    let mut begin = |project: &Project| {
        project.write("tests/slow.sql", "select * from {{ ref('dim') }} where pg_sleep(300) is null");
        let mut command = project.command(&["--log-format", "json", "build", "--select", "dim"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("hetl can be started");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("an output")).read_line(&mut first).expect("a line");
        let line: serde_json::Value = serde_json::from_str(&first).expect("it is JSON");
        wait_until("its test runs", || project.running(&mut *session, "pg_sleep(300)") == 1);
        (child, line["info"]["invocation_id"].as_str().expect("an id").to_owned())
    };
    let (mut dead_child, dead_id) = begin(&dead);
    let (mut living_child, living_id) = begin(&living);
    dead_child.kill().expect("it can be killed");
    dead_child.wait().expect("it ends");
    wait_until("the lock is free", || {
        let held = format!("select count(*) from pg_stat_activity where application_name like '%{dead_id}'");
        ask_number(&mut *session, &held) == 0
    });
    next.succeed(&["build"]);
    assert_eq!(recorded(&mut *session, &dead_id), "started, killed");
    assert_eq!(recorded(&mut *session, &living_id), "started");
    living_child.kill().expect("it can be killed");
    living_child.wait().expect("it ends");
    for project in [&dead, &living] {
        let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name";
        ask(&mut *session, &format!("{end} = '{}'", project.schema));
    }
}

#[test]
fn a_whole_run_is_seen_at_once_or_not_at_all() {
    let Some(project) = star() else { return };
    let mut session = project.session();
    let names = ["all_of_it", "codes", "dim", "facts", "history", "stg"];
    assert_eq!(project.relations(&mut *session), names);
    let rows = |session: &mut dyn Connection| {
        let sql = "select concat_ws('|', (select sum(v) from S.dim), (select count(*) from S.facts), \
                   (select count(*) from S.history), (select count(*) from S.all_of_it), (select sum(v) from S.stg))";
        ask(session, &sql.replace("S.", &format!("{}.", project.schema))).to_string()
    };
    assert_eq!(rows(&mut *session), "2|2|2|4|2");
    project.succeed(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    assert_eq!(rows(&mut *session), "4|3|4|6|4");
    let (exit, printed) = project.run(&["build", "--publish", "run", "--vars", "{v: 3}"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("Nothing of this run is published"), "{printed}");
    assert_eq!(rows(&mut *session), "4|3|4|6|4");
    project.succeed(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    assert_eq!(rows(&mut *session), "4|3|4|6|4");
    let kept = names.map(|name| format!("{name}__hetl_previous"));
    let mut all: Vec<String> = names.map(str::to_owned).into_iter().chain(kept).collect();
    all.sort();
    assert_eq!(project.relations(&mut *session), all);
    let manifest = std::fs::read_to_string(project.path("target/manifest.json")).expect("it is written");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("it is JSON");
    assert_eq!(manifest["nodes"]["model.p.dim"]["alias"], "dim");
    assert!(!manifest["nodes"].to_string().contains("__hetl_candidate"), "{}", manifest["nodes"]);
    for file in ["target/run_results.json", "target/compiled/p/models/facts.sql", "target/run/p/models/facts.sql"] {
        let text = std::fs::read_to_string(project.path(file)).expect("it is written");
        assert!(!text.contains("__hetl_candidate"), "{file}: {text}");
    }
}

#[test]
fn readers_are_never_ended_and_never_see_half_a_run() {
    let Some(project) = star() else { return };
    let mut child = project.start(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    let mut session = project.session();
    let sql = format!(
        "select (select max(v) from {0}.dim) || '|' || (select max(v) from {0}.stg) || '|' || (select max(v) from {0}.facts)",
        project.schema
    );
    let mut seen = std::collections::BTreeSet::new();
    while child.try_wait().expect("its state").is_none() {
        seen.insert(ask(&mut *session, &sql).to_string());
    }
    assert!(child.wait().expect("it ends").success());
    seen.insert(ask(&mut *session, &sql).to_string());
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1|1|1", "2|2|2"]);
}

#[test]
fn a_reader_that_does_not_end_is_waited_for_and_named() {
    let Some(project) = star() else { return };
    let mut session = project.session();
    session.execute("set application_name to 'a report'", false).expect("a setting");
    session.begin().expect("a transaction");
    ask(&mut *session, &format!("select count(*) from {}.dim", project.schema));
    let (exit, printed) = project.run(&["build", "--publish", "run", "--wait", "2s", "--vars", "{v: 2}"]);
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("E0710") && printed.contains("a report"), "{printed}");
    // What was refused is told as what it is, and a retry builds all of it again.
    let results = std::fs::read_to_string(project.path("target/run_results.json")).expect("it is written");
    let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
    let results = results["results"].as_array().expect("results");
    let dim = results.iter().find(|row| row["unique_id"] == "model.p.dim").expect("a result");
    assert_eq!((&dim["status"], &dim["adapter_response"]["hetl"]["published"]), (&json!("success"), &json!(false)));
    assert_eq!(statuses(&project, &mut *project.session()), "started, error");
    let mut child = project.start(&["build", "--publish", "run", "--wait", "60s", "--vars", "{v: 2}"]);
    let newer = format!("select count(*) from {}.dim__hetl_candidate where v = 2", project.schema);
    let mut other = project.session();
    wait_until("the new one is built", || {
        other.execute(&newer, true).is_ok_and(|(_, rows)| rows.cell(0, 0).as_int() == Some(2))
    });
    session.commit().expect("it ends");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(ask_number(&mut *session, &format!("select sum(v) from {}.dim", project.schema)), 4);
}

#[test]
fn views_of_others_follow_or_stop_it() {
    let Some(project) = star() else { return };
    let mut session = project.session();
    let schema = &project.schema;
    session.execute(&format!("create view {schema}.report as select v from {schema}.dim"), false).expect("a view");
    project.succeed(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    assert_eq!(ask_number(&mut *session, &format!("select sum(v) from {schema}.report")), 4);
    project
        .write("models/dim.sql", "{{ config(materialized='table') }} select code, v::text as v from {{ ref('stg') }}");
    project.write("models/facts.sql", "select 1 as id, 1 as v");
    project.write("models/models.yml", "");
    let (exit, printed) = project.run(&["build", "--publish", "run", "--exclude", "history", "--vars", "{v: 2}"]);
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("E0710") && printed.contains("\"report\""), "{printed}");
    session.execute(&format!("drop view {schema}.report"), false).expect("no view");
    let matview = format!("create materialized view {schema}.report as select v from {schema}.dim");
    session.execute(&matview, false).expect("a view");
    let (exit, printed) = project.run(&["build", "--publish", "run", "--exclude", "history"]);
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("materialized view") && printed.contains("\"report\""), "{printed}");
}

#[test]
fn what_a_copy_would_lose_is_told_before_anything_is_published() {
    let Some(project) = star() else { return };
    let mut session = project.session();
    let schema = &project.schema;
    session
        .execute(&format!("grant select on {schema}.facts to public; comment on table {schema}.facts is 'F'"), false)
        .expect("a grant");
    project.succeed(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    let kept = format!(
        "select count(*) from pg_class where oid = '{schema}.facts'::regclass and relacl::text like '%=r/%' \
         and obj_description(oid) = 'F'"
    );
    assert_eq!(ask_number(&mut *session, &kept), 1);
    session.execute(&format!("alter table {schema}.facts enable row level security"), false).expect("a policy");
    let (exit, printed) = project.run(&["build", "--publish", "run"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(
        printed.contains("row level security") && printed.contains("Nothing of this run is published"),
        "{printed}"
    );
}

#[test]
fn a_publication_is_taken_back_in_one_step() {
    let Some(project) = star() else { return };
    let mut session = project.session();
    let values = format!(
        "select (select max(v) from {0}.dim) || '|' || (select max(v) from {0}.all_of_it) || '|' || (select count(*) from {0}.history)",
        project.schema
    );
    project.succeed(&["build", "--publish", "run", "--vars", "{v: 2}"]);
    assert_eq!(ask(&mut *session, &values).to_string(), "2|2|4");
    project.succeed(&["rollback"]);
    assert_eq!(ask(&mut *session, &values).to_string(), "1|1|2");
    project.succeed(&["rollback"]);
    assert_eq!(ask(&mut *session, &values).to_string(), "2|2|4");
    project.succeed(&["verify"]);
    assert_eq!(statuses(&project, &mut *session), "started, success");
}

#[test]
fn a_loss_is_told_refused_where_it_is_protected_and_kept_where_it_is_not() {
    let model = |columns: &str, meta: &str| {
        format!(
            "{{{{ config(materialized='incremental', event_time='day', on_schema_change='sync_all_columns', meta={{'hetl': {meta}}}) }}}}
             select {columns} from unnest(array{{{{ var('ids', [1, 2, 3]) }}}}) id"
        )
    };
    let all = "id, 'x' as name, date '2024-01-01' + id as day";
    let Some(project) = Project::new(&[("models/kept.sql", &model(all, "{'protect': 'history'}"))], &json!({})) else {
        return;
    };
    project.succeed(&["run"]);
    let mut session = project.session();
    let sum = format!("select sum(id) from {}.kept", project.schema);
    let fewer = &["run", "--full-refresh", "--vars", "{ids: [2]}"];
    let (exit, printed) = project.run(fewer);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("loses 2 of 3 rows; the time before 2024-01-03 (it began at 2024-01-02)"), "{printed}");
    project.write("models/kept.sql", &model("id, date '2024-01-01' + id as day", "{'protect': 'history'}"));
    let (exit, printed) = project.run(&["run"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("loses the column name with 3 values"), "{printed}");
    assert_eq!(ask_number(&mut *session, &sum), 6);

    project.write("models/kept.sql", &model("id, date '2024-01-01' + id as day", "{}"));
    let (exit, printed) = project.run(&["run", "--vars", "{ids: [4]}"]);
    assert_eq!(exit, 0, "{printed}");
    assert!(printed.contains("What it was before is kept as"), "{printed}");
    project.succeed(&["rollback"]);
    let names = format!("select count(name) from {}.kept", project.schema);
    assert_eq!((ask_number(&mut *session, &sum), ask_number(&mut *session, &names)), (6, 3));
    project.write("models/kept.sql", &model(all, "{}"));
    let (exit, printed) = project.run(fewer);
    assert_eq!(exit, 0, "{printed}");
    assert!(printed.contains("What it was before is kept as"), "{printed}");
    assert_eq!(ask_number(&mut *session, &sum), 2);
    project.succeed(&["rollback"]);
    assert_eq!(ask_number(&mut *session, &sum), 6);
}
