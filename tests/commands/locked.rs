//! A database that another process has open.

use super::Project;

#[test]
fn a_database_in_use_is_said_to_be_and_left_alone() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    let connection = duckdb::Connection::open(project.path("p.duckdb")).expect("a new database");
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
