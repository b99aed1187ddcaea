//! `init`: what it asks, and what it writes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `hetl init` in a folder, types the answers, and returns the exit code and what was printed.
fn init(folder: &Path, words: &[&str], answers: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .arg("init")
        .args(words)
        .current_dir(folder)
        .env_remove("DBT_PROFILES_DIR")
        .env("HOME", folder.join("home"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hetl can be started");
    let mut input = child.stdin.take().expect("it is piped");
    // It may end without reading all of it.
    let _ = input.write_all(answers.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap_or(-1), printed)
}

#[test]
fn without_answers_the_project_is_on_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, printed) = init(folder.path(), &["shop"], "");
    assert_eq!(exit, 0, "{printed}");
    let profiles = fs::read_to_string(folder.path().join("shop/profiles.yml")).unwrap();
    assert_eq!(
        profiles,
        "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: shop.duckdb\n      threads: 4\n"
    );
    let (exit, printed) = init(folder.path(), &["shop"], "");
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("A project called shop already exists here."), "{printed}");
}

#[test]
fn a_server_is_asked_for_and_written_beside_other_profiles() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.yml"), "# mine\nother: {target: dev, outputs: {dev: {type: duckdb}}}\n")
        .unwrap();
    let answers = "no name!\nshop\n2\ndb.example.org\nmany\n5433\nme\n se:cret\n\nshop\ndev\n\n";
    let (exit, printed) = init(folder.path(), &["--profiles-dir", "."], answers);
    assert_eq!(exit, 0, "{printed}");
    for words in
        ["no name! is not a valid project name.", "[2] postgres", "port [5432]: Error: 'many' is not a valid int."]
    {
        assert!(printed.contains(words), "{words} is not in:\n{printed}");
    }
    let profiles = fs::read_to_string(folder.path().join("profiles.yml")).unwrap();
    assert!(profiles.starts_with("# mine\nother: {target: dev"), "{profiles}");
    let target = "    dev:\n      type: postgres\n      host: db.example.org\n      port: 5433\n      user: me\n      \
                  pass: \"se:cret\"\n      dbname: shop\n      schema: dev\n      threads: 1\n";
    assert!(profiles.ends_with(target), "{profiles}");
    assert!(!folder.path().join("shop/profiles.yml").exists());
}

#[test]
fn in_a_project_its_profile_is_set_up_from_its_own_template() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dbt_project.yml"), "name: p\nprofile: clinic\n").unwrap();
    let template = "fixed: {type: duckdb, threads: 4}\nprompts:\n  target: {type: string, hint: your name}\n  \
                    _choose_place:\n    file:\n      path: {default: clinic.duckdb}\n    memory:\n      _fixed_path: ':memory:'\n";
    fs::write(folder.path().join("profile_template.yml"), template).unwrap();
    let (exit, printed) = init(folder.path(), &[], "ann\n2\n");
    assert_eq!(exit, 0, "{printed}");
    assert!(printed.contains("target (your name): "), "{printed}");
    assert!(printed.contains("Desired place option (enter a number): "), "{printed}");
    let path = folder.path().join("home/.dbt/profiles.yml");
    let written = "clinic:\n  target: ann\n  outputs:\n    ann:\n      type: duckdb\n      threads: 4\n      path: \":memory:\"\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), written);

    let (exit, printed) = init(folder.path(), &[], "n\n");
    assert_eq!(exit, 0, "{printed}");
    assert!(printed.contains("The profile clinic already exists"), "{printed}");
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
    let (exit, printed) = init(folder.path(), &[], "y\nbea\n1\n\n");
    assert_eq!(exit, 0, "{printed}");
    let profiles = fs::read_to_string(&path).unwrap();
    assert!(profiles.contains("target: bea") && profiles.contains("path: clinic.duckdb"), "{profiles}");
    assert_eq!(profiles.matches("clinic:").count(), 1, "{profiles}");

    let (exit, printed) = init(folder.path(), &[], "y\nbea\n");
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("the input has ended"), "{printed}");
    let (exit, _) = init(folder.path(), &["--skip-profile-setup"], "");
    assert_eq!(exit, 0);
    let (exit, printed) = init(folder.path(), &["--profile", "clinic"], "");
    assert_eq!(exit, 2, "{printed}");
}

#[test]
fn a_new_project_can_take_a_profile_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.yml"), "clinic: {target: dev, outputs: {dev: {type: duckdb}}}\n").unwrap();
    let (exit, printed) = init(folder.path(), &["shop", "--profile", "clinics", "--profiles-dir", "."], "");
    assert_eq!(exit, 2, "{printed}");
    assert!(printed.contains("Could not find profile named 'clinics'"), "{printed}");
    let (exit, printed) = init(folder.path(), &["shop", "--profile", "clinic", "--profiles-dir", "."], "");
    assert_eq!(exit, 0, "{printed}");
    assert!(fs::read_to_string(folder.path().join("shop/dbt_project.yml")).unwrap().contains("profile: clinic\n"));
}
