//! Values of `DBT_ENV_SECRET_…` variables are in nothing that a command prints or writes.

use std::fs;
use std::path::Path;

use super::Project;

const SECRET: &str = "hush-4711-hush";
const PROFILES: &str = "
p:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: p.duckdb
      settings: {home_directory: \"{{ env_var('DBT_ENV_SECRET_HOME') }}\"}
";

/// Files below a folder, the database aside, that hold the secret.
fn files_with_secret(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_with_secret(&path, found);
        } else if fs::read(&path).expect("a file").windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn secrets_are_nowhere() {
    let project = Project::new(&[
        ("profiles.yml", PROFILES),
        ("models/a.sql", "{{ log(target, info=true) }} select 1 as id"),
        // The database is asked to say it.
        ("models/b.sql", "select cast(current_setting('home_directory') as integer) as x"),
        ("macros/m.sql", "{% macro m() %}{{ exceptions.raise_compiler_error(target ~ '') }}{% endmacro %}"),
    ]);
    let environment = [("DBT_ENV_SECRET_HOME", SECRET)];
    for command in
        ["--debug build", "debug", "docs generate", "run-operation m", "show -s a", "--log-format json build"]
    {
        project.run_with(command, &environment).without(SECRET);
    }
    let mut found = Vec::new();
    files_with_secret(&project.path(""), &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_secret_may_not_be_in_a_model() {
    let project = Project::new(&[("models/a.sql", "select '{{ env_var('DBT_ENV_SECRET_HOME') }}' as x")]);
    let ran = project.run_with("build", &[("DBT_ENV_SECRET_HOME", SECRET)]);
    ran.expect(2, &["error[E0309]", "models/a.sql:1:12"]).without(SECRET);
}
