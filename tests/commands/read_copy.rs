//! `read_copy`: a copy of the database file that readers can open while a run writes.

use std::fs;

use serde_json::json;

use super::Project;

const ORDERS: &str = "{{ config(materialized='table') }} select unnest({{ var('ids', [1, 2]) }}) as id";
const TESTED: &str = "models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]\n";

fn shop() -> Project {
    let project = Project::new(&[
        ("models/orders.sql", ORDERS),
        ("models/models.yml", TESTED),
        ("models/seen.sql", "select * from {{ ref('orders') }}"),
        ("hetl.yml", "read_copy: exports/p.duckdb\n"),
        (
            "profiles.yml",
            "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: p.duckdb}\n    copy: {type: duckdb, path: exports/p.duckdb}\n",
        ),
    ]);
    project.run("build").expect(0, &["exports/p.duckdb is a copy of what is live now"]);
    project
}

/// The ids that a reader of the copy finds.
fn copied(project: &Project) -> serde_json::Value {
    let ran = project.run(
        "show|--quiet|--target|copy|--output|json|--limit|-1|--inline|select list(id order by id)::varchar as ids from main.seen",
    );
    serde_json::from_str::<serde_json::Value>(&ran.printed).expect("it is JSON")["show"][0]["ids"].take()
}

#[test]
fn a_run_leaves_a_copy_of_what_is_live() {
    let project = shop();
    assert_eq!(copied(&project), json!("[1, 2]"));
    project.run("run|--vars|ids: [3]").expect(0, &["is a copy"]);
    assert_eq!(copied(&project), json!("[3]"));
    // What failed its tests is not live; what is live is copied all the same.
    fs::remove_file(project.path("exports/p.duckdb")).expect("the copy is there");
    project.run("build|--vars|ids: [4, 4]").expect(1, &["is not published", "is a copy"]);
    assert_eq!(copied(&project), json!("[3]"));
    project.run("test").expect(1, &["is not published"]).without("is a copy");
}

#[test]
fn a_reader_with_the_old_copy_open_keeps_it() {
    let project = shop();
    let mut old = fs::File::open(project.path("exports/p.duckdb")).expect("the copy is there");
    let before = fs::read(project.path("exports/p.duckdb")).expect("the copy is there");
    project.run("run|--vars|ids: [5]").expect(0, &["is a copy"]);
    let mut kept = Vec::new();
    std::io::Read::read_to_end(&mut old, &mut kept).expect("it can be read");
    assert!(kept == before, "the file that is open has changed");
}

#[cfg(unix)]
#[test]
fn who_may_read_the_database_may_read_the_copy_and_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let project = shop();
    for mode in [0o600, 0o640] {
        fs::set_permissions(project.path("p.duckdb"), fs::Permissions::from_mode(mode)).expect("it is ours");
        project.run("run").expect(0, &["is a copy"]);
        let copy = fs::metadata(project.path("exports/p.duckdb")).expect("the copy is there");
        assert_eq!(copy.permissions().mode() & 0o777, mode);
    }
}

#[test]
fn a_run_that_dies_while_it_copies_leaves_the_old_copy() {
    let project = shop();
    for action in ["kill", "error"] {
        project.run_with("run|--vars|ids: [6]", &[("HETL_FAULT", &format!("{action}:copy:1"))]);
        assert_eq!(copied(&project), json!("[1, 2]"), "{action}");
        assert_eq!(project.query("select id from main.orders"), json!([{"id": 6}]));
    }
    project.run("run|--vars|ids: [7]").expect(0, &[]);
    assert_eq!(copied(&project), json!("[7]"));
    let names = fs::read_dir(project.path("exports")).expect("the folder is there").count();
    assert_eq!(names, 1);
}

#[test]
fn each_target_has_a_copy_of_its_own_or_none() {
    let project = shop();
    project.write("hetl.yml", "read_copy: {prod: prod/p.duckdb}\n");
    project.run("run").expect(0, &[]).without("is a copy");
    project.write("hetl.yml", "read_copy: {dev: dev/p.duckdb}\n");
    project.run("run").expect(0, &["dev/p.duckdb is a copy"]);
    project.write("hetl.yml", "read_copy: 7\n");
    project.run("run").expect(2, &["`read_copy` must be a path"]);
    project.write("hetl.yml", "read_copy: copy.duckdb\n");
    project.run("run").expect(2, &["must be called `p.duckdb`"]);
    project.write("hetl.yml", "read_copy: p.duckdb\n");
    project.run("run").expect(2, &["`read_copy` must be another file than the database"]);
    assert_eq!(project.query("select count(*) as n from main.orders"), json!([{"n": 2}]));
}
