//! Runs that end before their end: Ctrl-C once and twice, SIGTERM, `timeout`. The old tables stay, the results are written.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Project;
use super::on_postgres::{drop_schema, project as project_on_postgres};

const MODEL: &str = "{{ config(materialized='table') }}
select {{ var('answer') }} as answer
{% if var('slow', false) %}, (select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b) as x{% endif %}";

/// Keeps a worker busy where no database can be asked to stop.
const BUSY: &str = "{% if execute and var('busy', false) %}
  {% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}
{% endif %}
select 1 as id";

/// A command that runs, and what it has not printed yet.
struct Started {
    child: Child,
    printed: BufReader<ChildStdout>,
}

impl Started {
    fn new(project: &Project, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hetl"))
            .args(args)
            .current_dir(project.path(""))
            .env_remove("DBT_PROFILES_DIR")
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("hetl can be started");
        let printed = BufReader::new(child.stdout.take().expect("it has an output"));
        Self { child, printed }
    }

    /// Waits until these words are printed, and a little more: the statement is to run.
    fn until(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.printed.read_line(&mut line).expect("it prints") > 0, "it ended without {words:?}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Exit code, and what was printed after the last `until`.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).expect("it prints");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

/// Name and status of each result, by name.
fn results(project: &Project) -> Value {
    let file = project.json("target/run_results.json");
    let pair = |row: &Value| (row["unique_id"].as_str().unwrap_or_default().to_owned(), row["status"].clone());
    file["results"].as_array().expect("it has results").iter().map(pair).collect::<serde_json::Map<_, _>>().into()
}

fn interrupted_by(signal: &str) {
    let project = Project::new(&[
        ("models/a.sql", MODEL),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/first.sql", "select 1 as id"),
        ("macros/end.sql", "{% macro end() %}{{ log('the end of the run', info=true) }}{% endmacro %}"),
        ("dbt_project.yml", "name: p\nprofile: p\non-run-end: ['{{ end() }}']\n"),
    ]);
    project.run("build|--vars|{answer: 1}").expect(0, &["the end of the run"]);
    let mut run = Started::new(&project, &["build", "--threads", "1", "--vars", "{answer: 2, slow: true}"]);
    run.until("START sql table model main.a");
    run.send(signal);
    let (exit, rest) = run.end();
    assert_eq!(exit, Some(1), "{rest}");
    for words in ["CANCEL query model.p.a", "Exited because of keyboard interrupt", "E0704", "models/a.sql"] {
        assert!(rest.contains(words), "{words:?} is not in:\n{rest}");
    }
    assert!(!rest.contains("the end of the run"), "{rest}");
    let statuses = results(&project);
    assert_eq!((&statuses["model.p.a"], &statuses["model.p.b"]), (&json!("error"), &json!("skipped")));
    assert_eq!(project.query("select answer from a"), json!([{"answer": 1}]));
}

#[test]
fn ctrl_c_cancels_what_runs_and_leaves_the_old_table() {
    interrupted_by("-INT");
}

#[test]
fn sigterm_is_like_ctrl_c() {
    interrupted_by("-TERM");
}

#[test]
fn results_are_known_after_one_ctrl_c_and_a_second_one_ends_at_once() {
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/busy.sql", &format!("-- depends_on: {{{{ ref('a') }}}}\n{BUSY}")),
        ("models/c.sql", "select * from {{ ref('busy') }}"),
    ]);
    let mut run = Started::new(&project, &["build", "--vars", "{busy: true}"]);
    run.until("START sql view model main.busy");
    run.send("-INT");
    std::thread::sleep(Duration::from_millis(300));
    let known = json!({"model.p.a": "success", "model.p.busy": "skipped", "model.p.c": "skipped"});
    assert_eq!(results(&project), known);
    let second = Instant::now();
    run.send("-INT");
    let (exit, _) = run.end();
    assert_eq!(exit, Some(1));
    assert!(second.elapsed() < Duration::from_secs(5), "{:?}", second.elapsed());
    assert_eq!(results(&project), known);
    project.run("retry|--vars|{busy: false}").expect(0, &["PASS=2"]);
}

#[test]
fn a_node_that_takes_too_long_is_cancelled() {
    let limited = MODEL.replace("materialized='table'", "materialized='table', meta={'hetl': {'timeout': '300ms'}}");
    let project = Project::new(&[
        ("models/a.sql", &limited),
        ("models/b.sql", "select * from {{ ref('a') }}"),
        ("models/other.sql", "select 1 as id"),
        (
            "tests/slow.sql",
            "{{ config(meta={'hetl': {'timeout': 0.2}}) }}
            select 1 from range(1000000) a, range(1000000) b where hash(a.range + b.range) = 1 having count(*) > 1",
        ),
    ]);
    project.run("build|--vars|{answer: 1}|--exclude|slow").expect(0, &["PASS=3"]);
    let ran = project.run("build|--vars|{answer: 2, slow: true}");
    let words = "error[E0708]: timed out after 300ms: the statement was cancelled";
    ran.expect(1, &["ERROR creating sql table model main.a", words, "SKIP=1", "ERROR=2", "timed out after 200ms"]);
    let statuses = json!({
        "model.p.a": "error", "model.p.b": "skipped", "model.p.other": "success", "test.p.slow": "error"
    });
    assert_eq!(results(&project), statuses);
    let message = &project.json("target/run_results.json")["results"];
    let message = message.as_array().and_then(|rows| rows.iter().find(|row| row["unique_id"] == "model.p.a"));
    assert_eq!(
        message.expect("it has a result")["message"],
        "Runtime Error in model a (models/a.sql)\n  timed out after 300ms: the statement was cancelled"
    );
    assert_eq!(project.query("select answer from b"), json!([{"answer": 1}]));
}

#[test]
fn a_hook_of_the_project_can_be_interrupted() {
    let slow = "select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b";
    let project = Project::new(&[
        ("models/a.sql", "select 1 as id"),
        ("dbt_project.yml", &format!("name: p\nprofile: p\non-run-start: ['{slow}']\n")),
    ]);
    let mut run = Started::new(&project, &["build"]);
    run.until("START hook: p.on-run-start.0");
    run.send("-INT");
    let (exit, rest) = run.end();
    assert_eq!(exit, Some(1), "{rest}");
    assert_eq!(results(&project), json!({"operation.p.p-on-run-start-0": "error", "model.p.a": "skipped"}));
}

#[test]
fn the_server_is_asked_to_stop_at_once_and_results_are_known_after_either_ctrl_c() {
    let slow = "{{ config(materialized='table') }} select {{ var('answer') }} as answer
        {% if var('slow', false) %}, pg_sleep(60)::text as hetl_interrupted{% endif %}";
    let files = [
        ("models/slow.sql", slow),
        ("models/after.sql", "select answer from {{ ref('slow') }}"),
        ("models/busy.sql", BUSY),
        ("models/last.sql", "select * from {{ ref('busy') }}"),
    ];
    let Some(project) = project_on_postgres("hetl_interrupted", &files) else { return };
    project.run("build|--vars|{answer: 1}").expect(0, &["PASS=4"]);
    let vars = "{answer: 2, slow: true, busy: true}";
    let mut run = Started::new(&project, &["build", "--threads", "2", "--vars", vars]);
    run.until("2 of 4 START");
    run.send("-INT");
    std::thread::sleep(Duration::from_millis(500));
    let names = ["slow", "after", "busy", "last"].map(|name| format!("model.p.{name}"));
    let known = results(&project);
    assert!(names.iter().all(|name| known[name] == "skipped" || known[name] == "error"), "{known}");
    let second = Instant::now();
    run.send("-INT");
    let (exit, rest) = run.end();
    assert_eq!(exit, Some(1), "{rest}");
    assert!(rest.contains("ERROR creating sql table model"), "{rest}");
    assert!(second.elapsed() < Duration::from_secs(5), "{:?}", second.elapsed());
    assert_eq!(results(&project).as_object().map(serde_json::Map::len), Some(4));
    let running = "select count(*) as n from pg_stat_activity \
                   where query like '%hetl_interrupted%' and state = 'active' and pid <> pg_backend_pid()";
    assert_eq!(project.query(running), json!([{"n": 0}]));
    assert_eq!(project.query("select answer from {{ target.schema }}.after"), json!([{"answer": 1}]));
    drop_schema(&project);
}
