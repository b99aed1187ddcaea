//! Builds while something happens to the server, the connection or the tables.

use std::time::Duration;

use serde_json::json;

use super::proxy::Proxy;
use super::{Project, ask_number, wait_until};

const SLOW: &str = "{{ config(materialized='table') }}\nselect {{ var('answer') }} as answer\
                    {% if var('slow', false) %}, pg_sleep(20)::text as slept{% endif %}";
const QUICK: &str = "{{ config(materialized='table') }}\nselect 1 as one";

fn answer(project: &Project) -> i128 {
    ask_number(&mut *project.session(), &format!("select answer from {}.a", project.schema))
}

#[test]
fn as_many_models_run_at_once_as_there_are_threads() {
    let model = "{{ config(materialized='table') }}\nselect pg_sleep(1.5)::text as slept";
    let names: Vec<String> = (0..6).map(|number| format!("models/m{number}.sql")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), model)).collect();
    let Some(project) = Project::new(&files, &json!({})) else { return };
    let mut child = project.start(&["build"]);
    let mut session = project.session();
    let (mut most, mut sessions) = (0, 0);
    while child.try_wait().expect("its state").is_none() {
        most = most.max(project.running(&mut *session, "pg_sleep"));
        let sql = format!("select count(*) from pg_stat_activity where application_name = '{}'", project.schema);
        sessions = sessions.max(ask_number(&mut *session, &sql));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(child.wait().expect("it ends").success());
    assert_eq!(most, 4);
    // One for each thread, and that of the run itself, which looks at schemas and runs hooks.
    assert!(sessions <= 5, "{sessions} sessions");
}

#[test]
fn a_model_whose_backend_is_killed_fails_alone() {
    let Some(project) = Project::new(&[("models/a.sql", SLOW), ("models/b.sql", QUICK)], &json!({})) else { return };
    project.succeed(&["build", "--vars", "{answer: 1}"]);
    let child =
        project.command(&["build", "--vars", "{answer: 2, slow: true}"]).stdout(std::process::Stdio::piped()).spawn();
    let child = child.expect("hetl can be started");
    let mut session = project.session();
    wait_until("the model runs", || project.running(&mut *session, "pg_sleep(20)") == 1);
    let kill = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{}' and query like '%pg_sleep(20)%'",
        project.schema
    );
    ask_number(&mut *session, &kill);
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("terminating connection due to administrator command"), "{printed}");
    assert!(printed.contains("PASS=1") && printed.contains("ERROR=1"), "{printed}");
    assert_eq!(answer(&project), 1);
    project.succeed(&["build", "--vars", "{answer: 3}"]);
    assert_eq!((answer(&project), project.relations(&mut *session)), (3, vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_model_whose_connection_is_cut_leaves_the_old_table() {
    let Some(direct) = Project::new(&[], &json!({})) else { return };
    let port = direct.target["port"].as_str().and_then(|port| port.parse().ok()).expect("the address has a port");
    let proxy = Proxy::to(direct.target["host"].as_str().expect("the address has a host"), port);
    let further = json!({"host": "127.0.0.1", "port": proxy.port});
    let project =
        Project::new(&[("models/a.sql", SLOW), ("models/b.sql", QUICK)], &further).expect("there is a server");
    project.succeed(&["build", "--vars", "{answer: 1}"]);
    let mut child = project.start(&["build", "--vars", "{answer: 2, slow: true}"]);
    let mut session = project.session();
    wait_until("the model runs", || project.running(&mut *session, "pg_sleep(20)") == 1);
    proxy.cut();
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert_eq!(answer(&project), 1);
    // The server has not noticed yet; the next run waits for it as long as it must.
    project.succeed(&["build", "--vars", "{answer: 3}"]);
    assert_eq!((answer(&project), project.relations(&mut *session)), (3, vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_reader_holds_a_table_up_and_nothing_breaks() {
    let Some(project) = Project::new(&[("models/a.sql", SLOW)], &json!({"lock_timeout": "300ms"})) else { return };
    project.succeed(&["build", "--vars", "{answer: 1}"]);
    let mut reader = project.session();
    reader.begin().unwrap();
    ask_number(&mut *reader, &format!("select answer from {}.a", project.schema));
    let (exit, printed) = project.run(&["build", "--vars", "{answer: 2}"]);
    assert_eq!(exit, 1, "{printed}");
    assert!(printed.contains("canceling statement due to lock timeout"), "{printed}");
    assert_eq!(answer(&project), 1);

    let waiting =
        Project::new(&[("models/a.sql", SLOW)], &json!({"schema": project.schema})).expect("there is a server");
    let mut child = waiting.start(&["build", "--vars", "{answer: 3}"]);
    let mut session = project.session();
    let blocked = format!(
        "select count(*) from pg_stat_activity where application_name = '{}' and wait_event_type = 'Lock'",
        waiting.schema
    );
    wait_until("the build waits for the reader", || ask_number(&mut *session, &blocked) > 0);
    assert!(child.try_wait().expect("its state").is_none());
    reader.commit().unwrap();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!((answer(&project), project.relations(&mut *session)), (3, vec!["a".to_owned()]));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_what_the_server_runs() {
    let Some(project) = Project::new(&[("models/a.sql", SLOW), ("models/c.sql", SLOW)], &json!({})) else { return };
    project.succeed(&["build", "--vars", "{answer: 1}"]);
    let mut child = project.start(&["build", "--vars", "{answer: 2, slow: true}"]);
    let mut session = project.session();
    wait_until("the models run", || project.running(&mut *session, "pg_sleep(20)") == 2);
    let begin = std::time::Instant::now();
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill can be started").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(begin.elapsed() < Duration::from_secs(10));
    wait_until("the server has stopped", || project.running(&mut *session, "pg_sleep(20)") == 0);
    assert_eq!(answer(&project), 1);
}
