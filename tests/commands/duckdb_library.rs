//! DuckDB's library is there for commands that open a database, and for no other.
#![cfg(all(feature = "shared", target_os = "linux", target_env = "gnu"))]

use super::Project;

#[test]
fn only_who_opens_a_database_loads_the_library() {
    let project = Project::new(&[("models/a.sql", "select 1 as id")]);
    // The system's loader tells which files it opens.
    let loader = [("LD_DEBUG", "files")];
    for command in ["--version", "parse", "ls", "compile"] {
        project.run_with(command, &loader).expect(0, &["libc.so"]).without("libduckdb.so");
    }
    project.run_with("build", &loader).expect(0, &["libduckdb.so"]);
}
