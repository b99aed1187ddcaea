//! `ls` answers as dbt 1.11 did, on three projects and on edited forms of two of them: the cases of `tests/differential` were
//! recorded by `scripts/record_selection.py`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, FromArgMatches};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::global_flags;
use super::super::opening::{Opening, log_settings};
use super::List;
use crate::config::{self, Invocation, Overrides};
use crate::diagnostics::{Diagnostics, SourceMap};
use crate::manifest::CompiledNodes;
use crate::ui::{Console, LogSettings};
use generated_project::generate;

#[path = "generated_project_tests.rs"]
mod generated_project;
#[path = "list_state_tests.rs"]
mod states;

/// Copies a project, without what runs of it left.
fn copy(project: &Path, into: &Path) {
    for entry in fs::read_dir(project).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if ["target", "logs", "dbt_packages", "raw_data"].iter().any(|left| name == *left) {
            continue;
        }
        let to = into.join(name);
        if entry.path().is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// Local packages are copied where `deps` would place them.
fn install_packages(root: &Path) {
    let packages = root.join("packages");
    if packages.is_dir() {
        let target = root.join("dbt_packages");
        fs::create_dir_all(&target).unwrap();
        copy(&packages, &target);
    }
}

fn open(root: &Path, overrides: &Overrides) -> Result<Opening, Diagnostics> {
    open_with(Invocation::fixed("list", root), overrides)
}

fn open_with(invocation: Invocation, overrides: &Overrides) -> Result<Opening, Diagnostics> {
    let sources = Arc::new(SourceMap::new());
    let loaded = config::load(invocation.clone(), overrides, &sources);
    let settings = LogSettings { folder: None, ..log_settings(&invocation, overrides, None) };
    let Some(config) = loaded.config else { return Err(loaded.diagnostics) };
    let opening = Opening { config, console: Arc::new(Console::new(settings)), sources, deprecations: Arc::default() };
    opening.check(loaded.diagnostics).map(|()| opening)
}

fn parse(words: &[String]) -> Option<(List, Overrides)> {
    let tree = global_flags::add(clap::Command::new("hetl").subcommand(List::augment_args(clap::Command::new("ls"))));
    let matches =
        tree.try_get_matches_from(["hetl", "--quiet", "ls"].into_iter().chain(words.iter().map(String::as_str)));
    let matches = matches.ok()?;
    let (_, inner) = matches.subcommand()?;
    Some((List::from_arg_matches(inner).ok()?, global_flags::read(inner).ok()?))
}

/// Lines as values, so that the layout of JSON does not count.
fn values<'a>(lines: impl IntoIterator<Item = &'a String>) -> Vec<Value> {
    lines.into_iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line.as_str()))).collect()
}

/// The lines of `0-4 9`.
fn answer(lines: &[String], numbers: &str) -> Vec<Value> {
    let ranges = numbers.split_whitespace().map(|range| range.split_once('-').unwrap_or((range, range)));
    values(ranges.flat_map(|(first, last)| &lines[first.parse().unwrap()..=last.parse().unwrap()]))
}

/// What dbt listed, and the state that it compared with.
#[derive(Deserialize)]
struct Recording {
    /// Path, old text, new text.
    #[serde(default)]
    edits: Vec<(String, Option<String>, Option<String>)>,
    /// Status by unique id.
    #[serde(default)]
    results: BTreeMap<String, String>,
    /// When a source was loaded, before and now.
    #[serde(default)]
    sources: BTreeMap<String, [Option<String>; 2]>,
    lines: Vec<String>,
    /// Arguments, and the numbers of the lines; none where dbt refuses.
    cases: Vec<(Vec<String>, Option<String>)>,
}

impl Recording {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(name);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Keeps the project as it is in the folder `state`, then edits it.
    fn edit(&self, root: &Path) {
        keep_state(&open(root, &Overrides::default()).unwrap_or_else(|_| panic!("the project is right")), root);
        let write = |path: &str, rows: Vec<Value>| {
            fs::write(root.join(path), json!({"results": rows}).to_string()).unwrap();
        };
        let row = |(id, status): (&String, &String)| json!({"unique_id": id, "status": status});
        write("state/run_results.json", self.results.iter().map(row).collect());
        for (at, path) in ["state/sources.json", "target/sources.json"].into_iter().enumerate() {
            let loaded = self
                .sources
                .iter()
                .filter_map(|(id, times)| Some(json!({"unique_id": id, "max_loaded_at": times[at].as_ref()?})));
            write(path, loaded.collect());
        }
        for (path, old, new) in &self.edits {
            let file = root.join(path);
            match (old, new) {
                (_, None) => fs::remove_file(file).unwrap(),
                (None, Some(new)) => fs::write(file, new).unwrap(),
                (Some(old), Some(new)) => {
                    let text = fs::read_to_string(&file).unwrap();
                    assert!(text.contains(old), "{path} has no {old:?}");
                    fs::write(file, text.replacen(old, new, 1)).unwrap();
                }
            }
        }
        install_packages(root);
    }

    /// Lists the selections of a project in a folder, which is edited first, and compares with dbt's lists.
    fn replay(&self, root: &Path) {
        let mut overrides = Overrides::default();
        if !self.edits.is_empty() {
            self.edit(root);
            overrides.state = Some("state".into());
        }
        let plain = open(root, &overrides).unwrap_or_else(|_| panic!("the project is right"));
        let project = plain.parse().unwrap_or_else(|_| panic!("the project is right"));
        let mut different = Vec::new();
        for (words, numbers) in &self.cases {
            let lines = parse(words).and_then(|(list, overrides)| {
                let opening = open(root, &overrides).ok()?;
                list.lines(&opening, &project).ok()
            });
            let expected = numbers.as_ref().map(|numbers| answer(&self.lines, numbers));
            let found = lines.map(|lines| values(&lines));
            if found != expected {
                different.push(difference(words, expected.as_deref(), found.as_deref()));
            }
        }
        assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    }
}

fn difference(words: &[String], expected: Option<&[Value]>, found: Option<&[Value]>) -> String {
    let mut text = words.join(" ");
    for (sign, some, others) in [("dbt ", expected, found), ("hetl", found, expected)] {
        let lacks = |line: &&Value| !others.is_some_and(|others| others.contains(line));
        let only = some.map(|some| some.iter().filter(lacks).take(5).collect::<Vec<_>>());
        let _ = write!(text, "\n  {sign}: {:?} lines, of these alone: {only:?}", some.map(<[Value]>::len));
    }
    text
}

/// Parses a project and moves its manifest to the folder `state`.
fn keep_state(opening: &Opening, root: &Path) {
    let project = opening.parse().unwrap_or_else(|_| panic!("the project is right"));
    opening.write_manifest(&project, &CompiledNodes::default()).unwrap_or_else(|_| panic!("the folder is new"));
    fs::create_dir(root.join("state")).unwrap();
    fs::rename(root.join("target/manifest.json"), root.join("state/manifest.json")).unwrap();
}

/// A copy of a project below `tests` or at the top.
fn copy_of(project: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(project), folder.path());
    install_packages(folder.path());
    folder
}

/// The recordings of one project: as it is, and edited.
fn recordings(project: &str) -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut names: Vec<String> = files
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with(project))
        .collect();
    names.sort_unstable();
    assert!(!names.is_empty(), "{project} has no recording");
    names.iter().map(|name| Recording::read(name)).collect()
}

#[test]
fn selections_list_what_dbt_lists() {
    for recording in recordings("rich") {
        recording.replay(copy_of("tests/differential/rich").path());
    }
}

#[test]
fn selections_of_the_health_platform_list_what_dbt_lists() {
    for recording in recordings("project") {
        recording.replay(copy_of("project").path());
    }
}

#[test]
fn selections_of_a_thousand_models_list_what_dbt_lists() {
    for recording in recordings("thousand") {
        let folder = tempfile::tempdir().unwrap();
        generate(folder.path());
        recording.replay(folder.path());
    }
}

#[test]
fn models_means_models_only() {
    let (list, _) = parse(&["--models".to_owned(), "+orders".to_owned()]).unwrap();
    assert_eq!(list.selection().to_map(), {
        let mut map = Map::new();
        map.insert("select".into(), vec!["+orders"].into());
        map.insert("exclude".into(), Vec::<String>::new().into());
        map
    });
}

#[test]
fn what_is_given_twice_counts_as_given_last_and_selections_add_up() {
    let words = ["--output", "name", "--output", "path", "--fail-fast", "-x", "--select", "a", "--select", "b"];
    let (list, _) = parse(&words.map(str::to_owned)).unwrap();
    assert_eq!((list.output.as_str(), list.select.join(" ").as_str()), ("path", "a b"));
}
