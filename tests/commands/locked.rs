//! A database that another process has open.

use super::Project;

#[test]
fn a_database_in_use_is_said_to_be_and_left_alone() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    let connection = crate::database::open(project.path("p.duckdb")).expect("a new database");
    connection.execute_batch("create table kept as select 42 as answer").expect("a table");
    project.run("parse").expect(0, &[]);
    project
        .run("build")
        .expect(2, &["Encountered an error:\nDatabase Error\nerror[E0701]", "`p.duckdb` is in use by another process"]);
    let answer: i32 = connection.query_row("select answer from kept", [], |row| row.get(0)).expect("it is there");
    assert_eq!(answer, 42);
    drop(connection);
    project.run("build").expect(0, &["PASS=1"]);
}

const HOLDER: &str =
    r#"{"command":"seed","invocation_id":"i-1","place":"process 7 on ward-3","since":"2024-02-29T12:00:00Z"}"#;

/// The lock file as another run has it; it is given back when the file is closed.
fn held(project: &Project) -> std::fs::File {
    project.write("p.duckdb.hetl-lock", HOLDER);
    let file = std::fs::File::open(project.path("p.duckdb.hetl-lock")).expect("it was written");
    file.try_lock().expect("nobody else has it");
    file
}

#[test]
fn a_second_run_is_refused_and_told_who_runs() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    let lock = held(&project);
    let holder = "it is `hetl seed` (process 7 on ward-3, invocation i-1) since 2024-02-29T12:00:00Z";
    project.run("build").expect(3, &["error[E0709]: another run writes to the target", holder, "--wait 10m"]);
    project.run_with("run", &[("HETL_WAIT", "0.3")]).expect(3, &["Waiting for `hetl seed`", "wait longer"]);
    project.run("build --wait soon").expect(2, &["--wait is `soon`"]);
    for reading in ["parse", "ls", "compile"] {
        project.run(reading).expect(0, &[]);
    }
    assert!(project.path("p.duckdb.hetl-lock").exists());
    drop(lock);
    // What is left of it now is that of a dead run.
    project
        .run("build")
        .expect(0, &["`hetl seed` (process 7 on ward-3, invocation i-1)", "did not end by itself", "PASS=1"]);
    assert!(!project.path("p.duckdb.hetl-lock").exists());
    project.run("build").expect(0, &["PASS=1"]).without("did not end by itself");
}

#[test]
fn a_run_waits_for_the_one_before() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    let lock = held(&project);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| project.run("build --wait 1m"));
        let waits =
            || std::fs::read_to_string(project.path("logs/dbt.log")).is_ok_and(|log| log.contains("Waiting for"));
        while !waits() {
            assert!(!second.is_finished());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        drop(lock);
        second.join().expect("it ran").expect(0, &["Waiting for `hetl seed`", "PASS=1"]);
    });
}

#[test]
fn many_runs_at_once_end_one_after_the_other() {
    let project = Project::new(&[(
        "models/a.sql",
        "{{ config(materialized='incremental') }}\nselect '{{ invocation_id }}' as run",
    )]);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..5)
            .map(|number| {
                let project = &project;
                scope.spawn(move || {
                    project.run(&format!("run --wait 5m --target-path target{number} --log-path logs{number}"))
                })
            })
            .collect();
        for run in runs {
            run.join().expect("it ran").expect(0, &["PASS=1"]);
        }
    });
    assert_eq!(
        project.query("select count(distinct run) as runs, count(*) as n from a"),
        serde_json::json!([{"runs": 5, "n": 5}])
    );
}
