//! Broken input: every file in `tests/broken` is a small project with something wrong (or only odd), the exit code that it
//! must give and the words that must be printed. No case may panic, report a problem twice, or change what the database has.
//!
//! A case begins with `command:`, `exit:`, `errors:` (how many are reported; 1 if not given) and `expect:` lines, then has
//! its files after `-- path --` lines. A word in brackets after a path says how the content is meant: `[latin1]`, `[hex]`,
//! `[repeat 1000]` (without its last line break), `[link target]`; `[absent]` leaves out a file that every case has.
//! `HETL_ACCEPT=1` writes what is printed into the cases' `expect:` lines, to be looked at with `git diff`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

struct Case {
    command: String,
    exit: i32,
    errors: usize,
    expected: Vec<String>,
    files: Vec<CaseFile>,
}

struct CaseFile {
    path: String,
    form: String,
    content: String,
}

const PROJECT: &str = "name: broken\nprofile: broken\n";
const PROFILES: &str = "broken:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: broken.duckdb, threads: 2}\n";
const DATABASE: &str = "broken.duckdb";

fn read(text: &str) -> Case {
    let mut case = Case { command: String::new(), exit: -1, errors: 1, expected: Vec::new(), files: Vec::new() };
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        if let Some(header) = bare.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
            let (path, form) = header.split_once(" [").unwrap_or((header, "]"));
            let form = form.trim_end_matches(']').to_owned();
            case.files.push(CaseFile { path: path.to_owned(), form, content: String::new() });
        } else if let Some(file) = case.files.last_mut() {
            file.content.push_str(line);
        } else if let Some(command) = bare.strip_prefix("command: ") {
            command.clone_into(&mut case.command);
        } else if let Some(exit) = bare.strip_prefix("exit: ") {
            case.exit = exit.parse().expect("an exit code");
        } else if let Some(errors) = bare.strip_prefix("errors: ") {
            case.errors = errors.parse().expect("a number of errors");
        } else if let Some(words) = bare.strip_prefix("expect: ") {
            case.expected.push(words.to_owned());
        }
    }
    for (path, content) in [("dbt_project.yml", PROJECT), ("profiles.yml", PROFILES)] {
        if !case.files.iter().any(|file| file.path == path) {
            case.files.push(CaseFile { path: path.to_owned(), form: String::new(), content: content.to_owned() });
        }
    }
    case
}

impl CaseFile {
    fn bytes(&self) -> Vec<u8> {
        let line = self.content.trim_end_matches('\n');
        match self.form.split_once(' ').unwrap_or((&self.form, "")) {
            ("latin1", _) => {
                self.content.chars().map(|c| u8::try_from(u32::from(c)).expect("a character of Latin-1")).collect()
            }
            ("hex", _) => hex::decode(line).expect("hexadecimal digits"),
            ("repeat", times) => line.repeat(times.parse().expect("a number of times")).into_bytes(),
            _ => self.content.clone().into_bytes(),
        }
    }

    fn write(&self, folder: &Path) {
        let path = folder.join(&self.path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        match self.form.strip_prefix("link ") {
            _ if self.form == "absent" => {}
            #[cfg(unix)]
            Some(target) => std::os::unix::fs::symlink(target, path).expect("a link can be made"),
            _ => fs::write(path, self.bytes()).expect("a file can be written"),
        }
    }
}

/// A database with one table, which every case finds and must leave alone.
fn database() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(DATABASE);
    let connection = crate::database::open(&path).expect("a new database");
    connection.execute_batch("create table kept as select 42 as answer").expect("a table");
    connection.close().expect("the database closes");
    fs::read(path).expect("the database file")
}

fn answer(path: &Path) -> Option<i32> {
    let connection = crate::database::open(path).ok()?;
    connection.query_row("select answer from kept", [], |row| row.get(0)).ok()
}

/// What is wrong with a case's outcome, and what was printed.
fn complaints(case: &Case, database: &[u8], folder: &Path) -> (Vec<String>, String) {
    fs::write(folder.join(DATABASE), database).expect("the database can be written");
    for file in &case.files {
        file.write(folder);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
        .args(case.command.split(' '))
        .current_dir(folder)
        .env_remove("DBT_PROFILES_DIR")
        .env("NO_COLOR", "1")
        .output()
        .expect("hetl can be started");
    let printed = [output.stdout, output.stderr].concat();
    // Paths in messages differ from run to run.
    let printed = String::from_utf8_lossy(&printed).replace(&folder.to_string_lossy().into_owned(), "…");
    let exit = output.status.code().unwrap_or(-1);
    let mut complaints = Vec::new();
    if exit != case.exit {
        complaints.push(format!("exit code {exit}, expected {}", case.exit));
    }
    if printed.contains("panicked") {
        complaints.push("it panicked".to_owned());
    }
    let errors = printed.matches("error[").count();
    if errors != case.errors {
        complaints.push(format!("{errors} errors, expected {}", case.errors));
    }
    if errors > 1 && !printed.contains(&format!("found {errors} errors")) {
        complaints.push("errors are not counted".to_owned());
    }
    let missing = case.expected.iter().filter(|words| !printed.lines().any(|line| line.contains(words.as_str())));
    complaints.extend(missing.map(|words| format!("{words:?} is not printed")));
    let path = folder.join(DATABASE);
    if !case.files.iter().any(|file| file.path == DATABASE) {
        if case.exit == 2 && fs::read(&path).ok().as_deref() != Some(database) {
            complaints.push("the database was touched".to_owned());
        } else if answer(&path) != Some(42) {
            complaints.push("the database lost a table".to_owned());
        }
    }
    (complaints, printed)
}

/// The lines of a message that a case stands for: what, where, the marked words, and what to do.
fn told(printed: &str) -> Vec<String> {
    let is_told = |line: &&str| {
        let words = line.trim_start();
        let is_mark = words.strip_prefix("| ").is_some_and(|mark| mark.trim_start().starts_with(['^', '-']));
        is_mark
            || ["error[", "error: ", "warning[", "--> ", "::: ", "hint: ", "found "]
                .iter()
                .any(|begin| words.starts_with(begin))
    };
    let without_time = |line: &str| match line.split_once("  ") {
        Some((time, words)) if time.len() == 8 && time.matches(':').count() == 2 => words.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = printed.lines().map(without_time).collect();
    lines.iter().map(String::as_str).filter(is_told).map(|line| line.trim().to_owned()).collect()
}

fn accept(path: &Path, printed: &str) {
    let text = fs::read_to_string(path).expect("a case can be read");
    let (head, files) = text.split_at(text.find("\n-- ").map_or(text.len(), |at| at + 1));
    let mut lines: Vec<String> = head.lines().filter(|line| !line.starts_with("expect: ")).map(str::to_owned).collect();
    lines.extend(told(printed).into_iter().map(|line| format!("expect: {line}")));
    fs::write(path, format!("{}\n{files}", lines.join("\n"))).expect("a case can be written");
}

#[test]
fn broken_input_is_told_with_its_place_and_harms_nothing() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(cases).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
    paths.sort();
    assert!(paths.len() >= 200, "only {} cases were found", paths.len());
    let accepts = std::env::var_os("HETL_ACCEPT").is_some();
    let database = database();
    let (queue, wrong) = (Mutex::new(paths.iter()), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no case panics").next();
    let work = || {
        while let Some(path) = next() {
            let case = read(&fs::read_to_string(path).expect("a case can be read"));
            let folder = tempfile::tempdir().expect("a temporary folder");
            let (complaints, printed) = complaints(&case, &database, folder.path());
            if accepts {
                accept(path, &printed);
            } else if !complaints.is_empty() {
                let name = path.file_stem().expect("a name").to_string_lossy();
                let text = format!("== {name}: {}\n{printed}", complaints.join("; "));
                wrong.lock().expect("no case panics").push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut wrong = wrong.into_inner().expect("no case panics");
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}
