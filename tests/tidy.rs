//! House rules that a program can check: floors, file lengths and names, forbidden words, documented error codes.
//!
//! Sources are read as text, comments and test code left out where a rule is about neither.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and their floors; a room may use rooms of lower floors only.
const FLOORS: &[(&str, u32)] = &[
    ("macros", 0),
    ("diagnostics", 0),
    ("events", 0),
    ("faults", 0),
    ("yaml", 1),
    ("jinja", 1),
    ("sql", 1),
    ("adapters", 1),
    ("python", 2),
    ("config", 2),
    ("manifest", 3),
    ("packages", 3),
    ("graph", 4),
    ("context", 4),
    ("parser", 5),
    ("compiler", 5),
    ("lineage", 6),
    ("plan", 6),
    ("history", 6),
    ("lint", 7),
    ("artifacts", 7),
    ("runner", 8),
    ("site", 8),
    ("lsp", 8),
    ("ui", 9),
    ("commands", 9),
];

/// Uses within one floor: events carry diagnostics, adapters have a dialect, project files have Python's functions, commands print
/// through ui.
const SIDEWAYS: &[(&str, &str)] =
    &[("events", "diagnostics"), ("adapters", "sql"), ("config", "python"), ("commands", "ui")];

const MOST_LINES: usize = 800;

/// Names that say nothing, as words of a file name.
const FORBIDDEN_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "handler", "misc"];
const FORBIDDEN_WHOLE_NAMES: &[&str] = &["data", "info"];

struct Source {
    /// Below the package, `/` between parts: `src/yaml/parse.rs`.
    path: String,
    text: String,
    /// Compiled for tests only.
    is_test: bool,
}

impl Source {
    /// The top-level module that the file belongs to.
    fn room(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        let first = below.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// Files of modules that are declared here under `#[cfg(test)]`.
    fn test_modules(&self) -> Vec<String> {
        let folder = self
            .path
            .strip_suffix("mod.rs")
            .map_or_else(|| format!("{}/", self.path.trim_end_matches(".rs")), str::to_owned);
        let mut files = Vec::new();
        let mut after_cfg_test = false;
        for line in self.text.lines().map(str::trim) {
            if line == "#[cfg(test)]" {
                after_cfg_test = true;
            } else if after_cfg_test && !line.starts_with("#[") {
                after_cfg_test = false;
                let declared = line.split("mod ").nth(1).and_then(|rest| rest.strip_suffix(';'));
                files.extend(declared.map(|name| format!("{folder}{name}.rs")));
            }
        }
        files
    }

    /// Numbered lines of code: comments and tests are left out.
    fn code(&self) -> Vec<(usize, &str)> {
        if self.is_test {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let mut after_cfg_test = false;
        for (at, line) in self.text.lines().enumerate() {
            let trimmed = line.trim_start();
            if trimmed == "#[cfg(test)]" {
                after_cfg_test = true;
            } else if after_cfg_test && trimmed.starts_with("#[") {
                // Another attribute of the test item.
            } else if after_cfg_test {
                if !trimmed.ends_with(';') {
                    // A test module: by custom the last item of its file.
                    break;
                }
                after_cfg_test = false;
            } else if !trimmed.starts_with("//") {
                lines.push((at + 1, line));
            }
        }
        lines
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a folder of the package can be listed").path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn sources(folder: &str, extension: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&package().join(folder), extension, &mut paths);
    paths.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).expect("sources are UTF-8"),
        is_test: false,
        path: path
            .strip_prefix(package())
            .expect("it was found below the package")
            .to_string_lossy()
            .replace('\\', "/"),
    };
    let mut sources: Vec<Source> = paths.into_iter().map(read).collect();
    let test_modules: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let named = source.path.ends_with("_tests.rs") || source.path.ends_with("/tests.rs");
        source.is_test = named || source.path.starts_with("tests/") || test_modules.contains(&source.path);
    }
    sources
}

/// The rooms that a text names after `crate::`, also in a group: `crate::{a, b::{c, d}}`.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let is_whole_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if !is_whole_word {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => rooms.extend(first_word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut expects_name = true;
                for (at, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => expects_name = true,
                        c if expects_name && depth == 0 && !c.is_whitespace() => {
                            rooms.extend(first_word(&group[at..]));
                            expects_name = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    rooms
}

fn first_word(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

fn floor(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// Lines of code outside of `allowed` folders that contain one of `words`.
fn lines_with(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources("src", "rs") {
        if allowed.iter().any(|folder| source.path.starts_with(folder)) {
            continue;
        }
        for (number, line) in source.code() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                problems.push(format!("{}:{number}: `{word}`", source.path));
            }
        }
    }
    problems
}

#[test]
fn rooms_use_only_lower_floors() {
    let mut problems = Vec::new();
    for source in sources("src", "rs") {
        let Some(room) = source.room().filter(|room| !matches!(*room, "lib" | "main" | "cli")) else { continue };
        let Some(own) = floor(room) else {
            problems.push(format!("{}: the room `{room}` has no floor", source.path));
            continue;
        };
        let code: String = source.code().into_iter().flat_map(|(_, line)| [line, "\n"]).collect();
        for other in rooms_named(&code) {
            let Some(theirs) = floor(&other) else { continue };
            let is_fine = other == room || theirs < own || SIDEWAYS.contains(&(room, other.as_str()));
            if !is_fine {
                problems.push(format!("{}: `{room}` (floor {own}) uses `{other}` (floor {theirs})", source.path));
            }
        }
    }
    check(&problems);
}

#[test]
fn files_are_short_and_named_after_what_they_hold() {
    let mut problems = Vec::new();
    for source in ["src", "tests"].iter().flat_map(|folder| sources(folder, "rs")).chain(sources("src", "sql")) {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            problems.push(format!("{}: {lines} lines, {MOST_LINES} are allowed", source.path));
        }
        let stem = source.path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        if FORBIDDEN_WHOLE_NAMES.contains(&stem) || stem.split('_').any(|word| FORBIDDEN_NAMES.contains(&word)) {
            problems.push(format!("{}: a name that says nothing", source.path));
        }
    }
    check(&problems);
}

#[test]
fn modules_say_what_they_are_for() {
    let problems: Vec<String> = sources("src", "rs")
        .iter()
        .filter(|source| !source.is_test && !source.text.starts_with("//!"))
        .map(|source| format!("{}: begins without `//!`", source.path))
        .collect();
    check(&problems);
}

#[test]
fn only_ui_prints() {
    check(&lines_with(&["println!", "eprintln!", "print!(", "eprint!(", "dbg!("], &["src/ui"]));
}

#[test]
fn only_config_reads_the_environment() {
    check(&lines_with(&["env::var", "env::current_dir", "dirs::"], &["src/config/"]));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut problems = lines_with(&["minijinja::machinery"], &["src/jinja/"]);
    problems.extend(lines_with(&["sqlparser::"], &["src/sql/", "src/adapters/"]));
    problems.extend(lines_with(&["duckdb::", "postgres_protocol::", "rustls::", "socket2::"], &["src/adapters/"]));
    problems.extend(lines_with(&["serde_saphyr"], &["src/yaml/"]));
    problems.extend(lines_with(&["ureq::", "tar::", "sha1::"], &["src/packages/"]));
    problems.extend(lines_with(&["flate2::"], &["src/packages/", "src/site/"]));
    problems.extend(lines_with(&["lsp_server::", "lsp_types::"], &["src/lsp/", "src/commands/lsp.rs"]));
    problems.extend(lines_with(&["pulldown_cmark"], &["src/site/"]));
    check(&problems);
}

#[test]
fn nothing_is_left_to_do_and_nothing_is_unwrapped() {
    check(&lines_with(&["todo!", "unimplemented!", ".unwrap()", "TODO", "FIXME"], &[]));
}

#[test]
fn every_error_code_is_documented() {
    let codes = fs::read_to_string(package().join("src/diagnostics/code.rs")).expect("the codes are there");
    let is_code =
        |id: &str| id.len() == 5 && id.starts_with(['E', 'W']) && id[1..].bytes().all(|byte| byte.is_ascii_digit());
    let known: BTreeSet<String> = codes
        .lines()
        .map(|line| line.split('"').collect::<Vec<_>>())
        .filter(|parts| parts.len() == 5 && is_code(parts[1]))
        .map(|parts| format!("{}: {}", parts[1], parts[3]))
        .collect();
    assert!(known.len() > 40, "the codes are not found: {known:?}");
    let page = fs::read_to_string(package().join("docs/errors.md")).expect("docs/errors.md is there");
    let documented: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("## ").map(str::to_owned)).collect();
    let missing: Vec<_> = known.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&known).collect();
    assert!(missing.is_empty() && stale.is_empty(), "docs/errors.md: missing {missing:?}, stale {stale:?}");
}

/// Each code stands in a case of broken input, or in a test.
#[test]
fn every_error_code_has_a_case() {
    let codes = fs::read_to_string(package().join("src/diagnostics/code.rs")).expect("the codes are there");
    let mut paths = Vec::new();
    ["txt", "rs", "snap"].iter().for_each(|extension| collect(&package().join("tests"), extension, &mut paths));
    let mut tested: String = paths.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
    for source in sources("src", "rs").iter().filter(|source| !source.path.ends_with("/code.rs")) {
        let own_tests = source.text.find("#[cfg(test)]").map_or("", |at| &source.text[at..]);
        tested += if source.is_test { &source.text } else { own_tests };
    }
    let missing: Vec<&str> = codes
        .lines()
        .filter_map(|line| line.trim().split_once(" = \""))
        .filter(|(name, rest)| {
            rest.len() > 5 && !tested.contains(&rest[..5]) && !tested.contains(&format!("Code::{name}"))
        })
        .map(|(name, _)| name)
        .collect();
    assert!(missing.is_empty(), "without a case in tests/broken: {missing:?}");
}

#[test]
fn groups_of_uses_are_understood() {
    let rooms = rooms_named("use crate::{yaml::{self, Node}, sql}; crate::graph::x(); $crate::jinja::y(); super::z();");
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["graph", "sql", "yaml"]);
}
