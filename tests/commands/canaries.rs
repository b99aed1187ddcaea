//! A secret of its own in every place where one can be written; none of them is in anything that a command prints or leaves.
//!
//! Each canary has characters that JSON, SQL and URLs write differently. What is searched for is its core, so that every way of writing is found.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Project;

/// The secret of a slot.
fn canary(slot: &str) -> String {
    format!("{}\"x'\\%", core(slot))
}

/// What of it is found however it is written.
fn core(slot: &str) -> String {
    format!("canary{slot}{}", std::process::id())
}

/// Files below a folder that hold a text, but not those that the test itself wrote it to.
fn files_with(folder: &Path, text: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_with(&path, text, found);
        } else if path.file_name().is_some_and(|name| name != "profiles.yml" && name != "packages.yml")
            && fs::read(&path).expect("a file").windows(text.len()).any(|bytes| bytes == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
}

/// A project whose profile has one target for each slot.
fn project(targets: &Value) -> Project {
    let project = Project::new(&[
        ("models/a.sql", "{{ log(target, info=true) }} select 1 as id, '{{ var('word', 'none') }}' as word"),
        ("models/models.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n"),
        ("models/b.sql", "select cast('{{ target }}' as integer) as x from {{ ref('a') }}"),
        ("macros/m.sql", "{% macro m() %}{{ exceptions.raise_compiler_error(target ~ '') }}{% endmacro %}"),
        ("hetl.yml", "history: on\n"),
    ]);
    project.write("profiles.yml", &json!({"p": {"target": "dev", "outputs": targets}}).to_string());
    project
}

/// Commands that say and write most.
const TELLING: &[&str] = &["--debug --log-format json build", "debug"];

const COMMANDS: &[&str] = &[
    "ls",
    "--debug --log-format json build",
    "--log-format json --log-level-file debug --log-format-file json run",
    "debug",
    "docs generate --static",
    "run-operation m",
    "show -s a",
    "history",
    "check --format github",
];

/// Runs commands; nothing that they print and no file below the project but the profile holds the secret.
fn assert_hidden(project: &Project, slot: &str, commands: &[&str], further: &[&str], environment: &[(&str, &str)]) {
    let core = core(slot);
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(further.iter().copied()).collect();
        let ran = project.run_with(&words.join("|"), environment);
        assert!(!ran.printed.contains(&core), "{slot}: `{command}` prints it:\n{}", ran.printed);
    }
    let mut found = Vec::new();
    files_with(&project.path(""), &core, &mut found);
    assert!(found.is_empty(), "{slot} is in {found:?}");
}

#[test]
fn a_secret_of_a_duckdb_profile_is_nowhere() {
    let plain = |key: &str, value: Value| {
        let mut target = json!({"type": "duckdb", "path": "p.duckdb"});
        target[key] = value;
        target
    };
    let slots = [
        ("setting", plain("settings", json!({"home_directory": "{{ env_var('DBT_ENV_SECRET_CANARY') }}"}))),
        ("wrongsetting", plain("settings", json!({"motherduck_token": canary("wrongsetting")}))),
        ("option", plain("config_options", json!({"motherduck_token": canary("option")}))),
        ("secret", plain("secrets", json!([{"type": "s3", "key_id": "k", "secret": canary("secret")}]))),
        ("secretname", plain("secrets", json!([{"type": "postgres", "password": canary("secretname")}]))),
        ("bearer", plain("secrets", json!([{"type": "http", "bearer_token": canary("bearer")}]))),
        ("duckpath", plain("path", json!(format!("md:shop?motherduck_token={}", canary("duckpath"))))),
        (
            "url",
            plain("attach", json!([{"path": format!("https://me:{}@localhost/x.duckdb", core("url")), "alias": "x"}])),
        ),
        (
            "pgattach",
            plain(
                "attach",
                json!([{"path": format!("dbname=x password={}", core("pgattach")), "type": "postgres", "alias": "x"}]),
            ),
        ),
    ];
    for (slot, target) in slots {
        let project = project(&json!({"dev": target}));
        let secret = canary(slot);
        let environment = [("DBT_ENV_SECRET_CANARY", secret.as_str())];
        assert_hidden(&project, slot, if slot == "setting" { COMMANDS } else { TELLING }, &[], &environment);
    }
}

#[test]
fn a_secret_of_a_postgres_profile_is_nowhere() {
    let refused = |key: &str, value: String| {
        let mut target =
            json!({"type": "postgres", "host": "127.0.0.1", "port": 1, "user": "u", "dbname": "d", "schema": "s"});
        target[key] = value.into();
        target
    };
    let mut slots = vec![
        ("password", refused("password", canary("password"))),
        ("pass", refused("pass", canary("pass"))),
        ("sslpassword", refused("sslpassword", canary("sslpassword"))),
        ("host", refused("host", format!("postgresql://u:{}@127.0.0.1:1/d", core("host")))),
    ];
    if let Some(mut target) = crate::postgres_server::postgres_target("hetl_canaries") {
        target["password"] = canary("live").into();
        slots.push(("live", target.clone()));
        target["password"] = "{{ env_var('DBT_ENV_SECRET_CANARY') }}".into();
        slots.push(("variable", target));
    }
    for (slot, target) in slots {
        let project = project(&json!({"dev": target}));
        let secret = canary(slot);
        let environment = [("DBT_ENV_SECRET_CANARY", secret.as_str()), ("PGPASSWORD", secret.as_str())];
        assert_hidden(&project, slot, if slot == "live" { COMMANDS } else { TELLING }, &[], &environment);
    }
}

#[test]
fn a_secret_variable_is_nowhere_even_where_it_is_given_as_a_var() {
    let secret = canary("var");
    let project = project(&json!({"dev": {"type": "duckdb", "path": "p.duckdb"}}));
    let vars = json!({"DBT_ENV_SECRET_WORD": secret, "unused": secret}).to_string();
    assert_hidden(&project, "var", COMMANDS, &["--vars", &vars], &[("DBT_ENV_SECRET_CANARY", secret.as_str())]);
}

#[test]
fn a_secret_variable_is_refused_outside_of_profiles_and_packages() {
    let secret = canary("hook");
    let used = "{{ env_var('DBT_ENV_SECRET_CANARY') }}";
    for project_file in [
        format!("on-run-start: [\"select '{used}'\"]"),
        format!("query-comment: \"{used}\""),
        format!("models: {{+post-hook: \"select '{used}'\"}}"),
        format!("vars: {{word: \"{used}\"}}"),
    ] {
        let project = project(&json!({"dev": {"type": "duckdb", "path": "p.duckdb"}}));
        project.write("dbt_project.yml", &format!("name: p\nprofile: p\n{project_file}\n"));
        assert_hidden(&project, "hook", TELLING, &[], &[("DBT_ENV_SECRET_CANARY", secret.as_str())]);
    }
}

#[test]
fn a_token_in_the_address_of_a_package_is_nowhere() {
    let token = core("token");
    let local = tempfile::tempdir().expect("a temporary folder");
    let repository = local.path().join(&token);
    fs::create_dir_all(&repository).expect("a folder can be made");
    fs::write(repository.join("dbt_project.yml"), "name: other\n").expect("a file can be written");
    for words in [
        &["init", "-q", "-b", "main"][..],
        &["add", "."],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"],
    ] {
        let done = std::process::Command::new("git").args(words).current_dir(&repository).status();
        assert!(done.expect("git can be started").success());
    }
    let by_variable = "{{ env_var('DBT_ENV_SECRET_TOKEN') }}";
    let packages = [
        json!({"git": format!("file://{}/{by_variable}", local.path().display()), "revision": "main"}),
        json!({"git": format!("https://me:{token}@127.0.0.1:1/x.git"), "revision": "main"}),
        json!({"git": format!("https://{by_variable}@127.0.0.1:1/x.git"), "revision": "main"}),
        json!({"tarball": format!("https://me:{token}@127.0.0.1:1/x.tgz"), "name": "x"}),
        json!({"tarball": format!("https://{by_variable}@127.0.0.1:1/x.tgz"), "name": "x"}),
        json!({"tarball": format!("https://127.0.0.1:1/x.tgz?token={by_variable}"), "name": "x"}),
    ];
    for package in packages {
        let project = project(&json!({"dev": {"type": "duckdb", "path": "p.duckdb"}}));
        project.write("packages.yml", &json!({"packages": [package]}).to_string());
        let environment = [("DBT_ENV_SECRET_TOKEN", token.as_str()), ("GIT_TERMINAL_PROMPT", "0")];
        for command in ["--debug deps", "--log-format json deps --upgrade"] {
            let ran = project.run_with(command, &environment);
            assert!(!ran.printed.contains(&token), "{package}: `{command}` prints it:\n{}", ran.printed);
        }
        assert_hidden(&project, "token", &["--debug build", "parse"], &[], &environment);
    }
}
