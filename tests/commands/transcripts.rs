//! Whole sessions: every file in `transcripts` has a project, the commands typed there, and all that they print.
//!
//! Files come after `-- path --` lines (`-- no project --`: not even those that others get). The session, the last part, has commands after `$ `: `hetl …` (perhaps with
//! variables before it), `cd folder`, and `write path text`. Times, durations, versions, random ids and the folder are
//! replaced; an exit code other than 0 is written below the output. `HETL_ACCEPT=1` writes what is printed into the files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::Project;

const SESSION: &str = "-- session --\n";

/// Splits at blanks outside of single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().expect("there is always one").push(other),
        }
    }
    words
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The line without what differs from run to run.
fn normal(line: &str) -> String {
    let is_time = |text: &str| text.len() == 8 && text.matches(':').count() == 2;
    let line = line.split_once("  ").filter(|(time, _)| is_time(time)).map_or(line, |(_, rest)| rest);
    let mut line = line.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    if let Some((before, rest)) = line.split_once(" in 0 hours ") {
        line = format!("{before} in TIME{}", rest.split_once(')').map_or("", |(_, after)| after));
    }
    if let Some((before, rest)) = line.rsplit_once(" in ")
        && rest.strip_suffix("s]").is_some_and(is_number)
    {
        line = format!("{before} in TIME]");
    }
    if let Some((before, after)) = line.split_once(" macros") {
        line = format!("{} macros{after}", before.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned() + "N");
    }
    if line.starts_with("os info: ") {
        "os info: SYSTEM".clone_into(&mut line);
    }
    line.trim_end().to_owned()
}

/// Types the commands of a session; returns it with what they printed.
fn replay(project: &Project, session: &str) -> String {
    let mut folder = project.path("");
    let mut out = String::new();
    for line in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let _ = writeln!(out, "$ {line}");
        let words = words(line);
        match words[0].as_str() {
            "cd" => folder.push(&words[1]),
            "write" => fs::write(folder.join(&words[1]), format!("{}\n", words[2..].join(" "))).expect("it is written"),
            _ => {
                let at = words.iter().position(|word| word == "hetl").expect("a command begins with hetl");
                let variables = words[..at].iter().map(|word| word.split_once('=').expect("NAME=value"));
                let output = Command::new(env!("CARGO_BIN_EXE_hetl"))
                    .args(&words[at + 1..])
                    .current_dir(&folder)
                    .env_remove("DBT_PROFILES_DIR")
                    .env("NO_COLOR", "1")
                    .envs(variables)
                    .output()
                    .expect("hetl can be started");
                let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                let root = project.path("").to_string_lossy().trim_end_matches('/').to_owned();
                for line in printed.replace(&root, "FOLDER").lines() {
                    let _ = writeln!(out, "{}", normal(line));
                }
                match output.status.code() {
                    Some(0) => {}
                    code => {
                        let _ = writeln!(out, "[exit {}]", code.unwrap_or(-1));
                    }
                }
            }
        }
        out.push('\n');
    }
    out
}

fn check(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).expect("a transcript can be read");
    let (head, session) = text.split_once(SESSION).expect("a transcript has a session");
    let project = Project::new(&[]);
    for part in head.split("\n-- ").skip(1) {
        let (name, content) = part.split_once(" --\n").expect("a file begins with `-- path --`");
        match name {
            "no project" => ["dbt_project.yml", "profiles.yml"]
                .iter()
                .for_each(|file| fs::remove_file(project.path(file)).expect("it was there")),
            name => project.write(name, &format!("{}\n", content.trim_end())),
        }
    }
    let given = replay(&project, session);
    let wanted = session.trim_end();
    let given = given.trim_end();
    if given == wanted {
        return None;
    }
    if std::env::var_os("HETL_ACCEPT").is_some() {
        fs::write(path, format!("{head}{SESSION}{given}\n")).expect("a transcript can be written");
        return None;
    }
    let differs = given.lines().zip(wanted.lines()).find(|(given, wanted)| given != wanted);
    let (is, was) = differs.unwrap_or(("(more or fewer lines)", ""));
    Some(format!("{}\n  wanted: {was}\n  given:  {is}\n{given}", path.display()))
}

#[test]
fn sessions_print_what_their_transcripts_have() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/transcripts");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("the transcripts").map(|entry| entry.expect("a transcript").path()).collect();
    paths.sort();
    let (queue, wrong) = (Mutex::new(paths.iter()), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no session panics").next();
    let work = || {
        while let Some(path) = next() {
            let found = check(path);
            wrong.lock().expect("no session panics").extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().expect("no session panics");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
