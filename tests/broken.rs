//! Broken input: every file in `tests/broken` is a small project with something wrong, the exit code that it must give and
//! the words that must be printed. No case may panic or change the database.
//!
//! A case begins with `command:`, `exit:` and `expect:` lines, then has its files after `-- path --` lines. `[latin1]` after a
//! path writes the file in that encoding, `[absent]` leaves out a file that every case has.

use std::fs;
use std::path::Path;
use std::process::Command;

struct Case {
    command: String,
    exit: i32,
    expected: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
}

const PROJECT: &str = "name: broken\nprofile: broken\n";
const PROFILES: &str = "broken:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: broken.duckdb, threads: 2}\n";

fn read(text: &str) -> Case {
    let mut case = Case { command: String::new(), exit: -1, expected: Vec::new(), files: Vec::new() };
    let mut absent = Vec::new();
    let mut latin1 = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        if let Some(header) = bare.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            latin1 = header.ends_with(" [latin1]");
            let path = header.split(" [").next().expect("a split has a first part").to_owned();
            if header.ends_with(" [absent]") {
                absent.push(path);
            } else {
                case.files.push((path, Vec::new()));
            }
        } else if let Some((_, content)) = case.files.last_mut() {
            if latin1 {
                content.extend(line.chars().map(|c| u8::try_from(u32::from(c)).expect("a character of Latin-1")));
            } else {
                content.extend(line.as_bytes());
            }
        } else if let Some(command) = bare.strip_prefix("command: ") {
            command.clone_into(&mut case.command);
        } else if let Some(exit) = bare.strip_prefix("exit: ") {
            case.exit = exit.parse().expect("an exit code");
        } else if let Some(words) = bare.strip_prefix("expect: ") {
            case.expected.push(words.to_owned());
        }
    }
    for (path, content) in [("dbt_project.yml", PROJECT), ("profiles.yml", PROFILES)] {
        if !absent.iter().any(|name| name == path) && !case.files.iter().any(|(name, _)| name == path) {
            case.files.push((path.to_owned(), content.into()));
        }
    }
    case
}

fn run(case: &Case, folder: &Path) -> (i32, String) {
    for (path, content) in &case.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(case.command.split(' '))
        .current_dir(folder)
        .env_remove("DBT_PROFILES_DIR")
        .env("NO_COLOR", "1")
        .output()
        .expect("hetl can be started");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn broken_input_is_told_with_its_place_and_harms_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    assert!(paths.len() >= 40, "only {} cases were found", paths.len());
    let mut wrong = Vec::new();
    for path in &paths {
        let case = read(&fs::read_to_string(path).expect("a case can be read"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (exit, printed) = run(&case, folder.path());
        let mut complaints = Vec::new();
        if exit != case.exit {
            complaints.push(format!("exit code {exit}, expected {}", case.exit));
        }
        if printed.contains("panicked") {
            complaints.push("it panicked".to_owned());
        }
        complaints.extend(
            case.expected
                .iter()
                .filter(|words| !printed.contains(*words))
                .map(|words| format!("{words:?} is not printed")),
        );
        if case.exit == 2 && folder.path().join("broken.duckdb").exists() {
            complaints.push("the database was touched".to_owned());
        }
        if !complaints.is_empty() {
            let name = path.file_stem().expect("a name").to_string_lossy();
            wrong.push(format!("== {name}: {}\n{printed}", complaints.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}
