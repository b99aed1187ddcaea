//! Audit before publish on PostgreSQL: a candidate is tested before it takes the place of the old table.

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

#[test]
fn a_run_is_not_published_as_a_whole() {
    let Some(project) = shop(&[]) else { return };
    let (exit, printed) = project.run(&["build", "--publish", "run"]);
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("`--publish run` is not supported by this postgres target"), "{printed}");
}
