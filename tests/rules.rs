//! Rules about projects: each has a folder in `tests/rules` with three small projects: `pass.txt`, of which it says nothing, `fail.txt`, whose
//! `expect:` lines are all that it says, and `fixed.txt`, the failing one mended.
//!
//! `expect:` has the place and the message: `models/a.sql:3:15 …`; a finding about a file as a whole has no line. Files come after
//! `-- path --` lines. `HETL_ACCEPT=1` writes what is found into the `expect:` lines and `docs/rules.md`, to be looked at with `git diff`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::commands::Project;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all rules, in the order of the list in `src/lint/rules/mod.rs`.
fn rules() -> Vec<String> {
    let text = fs::read_to_string(package().join("src/lint/rules/mod.rs")).expect("the list of rules");
    let list = text.split("rules! {\n").nth(1).expect("there is a list");
    let names = list.lines().map(str::trim).take_while(|line| *line != "}").filter(|line| !line.starts_with("//"));
    names.map(|name| name.replace('_', "-")).collect()
}

/// `expect:` lines and files of a case.
fn read(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut expected, mut files) = (Vec::new(), Vec::<(String, String)>::new());
    for line in text.split_inclusive('\n') {
        if let Some(path) = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            files.push((path.to_owned(), String::new()));
        } else if let Some((_, content)) = files.last_mut() {
            content.push_str(line);
        } else if let Some(words) = line.trim_end().strip_prefix("expect: ") {
            expected.push(words.to_owned());
        }
    }
    (expected, files)
}

fn found(rule: &str, files: &[(String, String)]) -> Vec<String> {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = Project::new(&files);
    let ran = project.run(&format!("check --quiet --level info --format json --rules {rule}"));
    let printed: Value = serde_json::from_str(&ran.printed).unwrap_or_else(|_| panic!("{rule}: {}", ran.printed));
    findings_of(&printed)
}

/// Place and message of each finding in the JSON form.
fn findings_of(printed: &Value) -> Vec<String> {
    let files = printed.as_array().expect("a list of files");
    let mut all = Vec::new();
    for file in files {
        let path = file["filepath"].as_str().expect("a path");
        for finding in file["violations"].as_array().expect("a list of findings") {
            let place = format!("{}:{}", finding["start_line_no"], finding["start_line_pos"]);
            all.push(format!("{path}:{place} {}", finding["description"].as_str().expect("a message")));
        }
    }
    all
}

#[test]
fn every_rule_passes_fails_and_can_be_mended() {
    let accepts = std::env::var("HETL_ACCEPT").is_ok_and(|value| value == "1");
    let mut problems = Vec::new();
    let rules = rules();
    let folders: BTreeSet<String> = fs::read_dir(package().join("tests/rules"))
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let expected: BTreeSet<String> = rules.iter().cloned().collect();
    assert_eq!(folders, expected, "each rule has a folder of cases, and each folder a rule");
    for rule in &rules {
        let folder: PathBuf = package().join("tests/rules").join(rule);
        for case in ["pass", "fail", "fixed"] {
            let path = folder.join(case).with_extension("txt");
            let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
            let (expected, files) = read(&text);
            let found = found(rule, &files);
            if case == "fail" && accepts {
                let files = text.split_once("-- ").map_or("", |(_, files)| files);
                let lines: Vec<String> = found.iter().map(|line| format!("expect: {line}")).collect();
                fs::write(&path, format!("{}\n\n-- {files}", lines.join("\n"))).expect("a case can be written");
            } else if found != expected || (case == "fail") == found.is_empty() {
                problems.push(format!("{rule}/{case}: expected {expected:#?}, found {found:#?}"));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_page_of_rules_is_what_their_files_say() {
    let project = Project::new(&[]);
    let listed = project.run("check --quiet --list").printed;
    let mut page = String::from(
        "# Rules\n\nWhat `hetl check` looks for, and `hetl lint` beside its rules about SQL. Severities and options are set in [`hetl.yml`](reference/hetl-yml.md); a comment \
         `hetl: allow rule-name (reason)` allows one finding. This page is made from the first comments of the files in \
         `src/lint/rules`.\n",
    );
    for line in listed.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let (level, name) = (words.next().expect("a severity"), words.next().expect("a name"));
        let file = package().join("src/lint/rules").join(name.replace('-', "_")).with_extension("rs");
        let text = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{} is missing", file.display()));
        let comment = text.lines().map_while(|line| line.strip_prefix("//!"));
        let comment: Vec<&str> = comment.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        page.push_str(&format!("\n## {name}\n\nDefault: {level}.\n\n{}\n", comment.join("\n").trim()));
    }
    let path = package().join("docs/rules.md");
    if std::env::var("HETL_ACCEPT").is_ok_and(|value| value == "1") {
        fs::write(&path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).expect("docs/rules.md is there");
    assert!(written == page, "docs/rules.md is not what the rules say: run this test with HETL_ACCEPT=1");
}

#[test]
fn the_example_has_no_findings() {
    let example = package().join("project").display().to_string();
    let elsewhere = Project::new(&[]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(["check", "--quiet", "--format", "json", "--target-path"])
        .arg(elsewhere.path("target"))
        .arg("--log-path")
        .arg(elsewhere.path("logs"))
        .args(["--project-dir", &example, "--profiles-dir", &example])
        .output()
        .expect("hetl can be started");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && !printed.contains(" files"),
        "the rules have something to say of it:\n{printed}"
    );
}
