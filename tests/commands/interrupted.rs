//! Ctrl-C while a table is built: the statement is cancelled, the rest is skipped, the old table stays.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::Project;

const MODEL: &str = "{{ config(materialized='table') }}
select {{ var('answer') }} as answer
{% if var('slow', false) %}, (select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b) as x{% endif %}";

#[test]
#[cfg(unix)]
fn an_interrupted_build_ends_soon_and_leaves_the_old_table() {
    let project = Project::new(&[("models/a.sql", MODEL), ("models/b.sql", "select * from {{ ref('a') }}")]);
    project.run("build|--vars|{answer: 1}").expect(0, &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(["build", "--vars", "{answer: 2, slow: true}"])
        .current_dir(project.path(""))
        .env_remove("DBT_PROFILES_DIR")
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("hetl can be started");
    let mut printed = BufReader::new(child.stdout.take().expect("it has an output"));
    let mut line = String::new();
    while !line.contains("START sql table model main.a") {
        line.clear();
        assert!(printed.read_line(&mut line).expect("it prints") > 0, "it ended");
    }
    std::thread::sleep(Duration::from_millis(300));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let mut rest = String::new();
    printed.read_to_string(&mut rest).expect("it prints");
    let exit = child.wait().expect("it ends").code();
    assert_eq!(exit, Some(1), "{rest}");
    for words in ["Exited because of keyboard interrupt", "E0704", "models/a.sql"] {
        assert!(rest.contains(words), "{words:?} is not in:\n{rest}");
    }
    assert_eq!(project.query("select answer from a"), json!([{"answer": 1}]));
}
