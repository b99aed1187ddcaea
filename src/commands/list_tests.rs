//! `ls` answers as dbt 1.11 did: the cases of `tests/differential/rich.json` were recorded by `scripts/record_selection.py`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, FromArgMatches};
use serde_json::{Map, Value};

use super::super::global_flags;
use super::super::opening::{Opening, log_settings};
use super::List;
use crate::config::{self, Invocation, Overrides};
use crate::diagnostics::{Diagnostics, SourceMap};
use crate::ui::{Console, LogSettings};

/// A copy of a project whose local packages are installed.
fn installed(project: &Path, into: &Path) {
    for entry in fs::read_dir(project).unwrap() {
        let entry = entry.unwrap();
        let to = into.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&to).unwrap();
            installed(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
    let packages = into.join("packages");
    if packages.is_dir() {
        let target = into.join("dbt_packages");
        fs::create_dir_all(&target).unwrap();
        installed(&packages, &target);
    }
}

fn open(root: &Path, overrides: &Overrides) -> Result<Opening, Diagnostics> {
    let invocation = Invocation::fixed("list", root);
    let sources = Arc::new(SourceMap::new());
    let loaded = config::load(invocation.clone(), overrides, &sources);
    let settings = LogSettings { folder: None, ..log_settings(&invocation, overrides, None) };
    let Some(config) = loaded.config else { return Err(loaded.diagnostics) };
    let opening = Opening { config, console: Arc::new(Console::new(settings)), sources };
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
fn values(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line.as_str()))).collect()
}

#[test]
fn selections_list_what_dbt_lists() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential");
    let folder = tempfile::tempdir().unwrap();
    installed(&tests.join("rich"), folder.path());
    let plain = open(folder.path(), &Overrides::default()).unwrap_or_else(|_| panic!("the project is right"));
    let project = plain.parse().unwrap_or_else(|_| panic!("the project is right"));
    let recorded: Vec<(Vec<String>, Option<Vec<String>>)> =
        serde_json::from_str(&fs::read_to_string(tests.join("rich.json")).unwrap()).unwrap();
    assert!(recorded.len() >= 300);
    let mut different = Vec::new();
    for (words, expected) in recorded {
        let lines = parse(&words).and_then(|(list, overrides)| {
            let opening = open(folder.path(), &overrides).ok()?;
            list.lines(&opening, &project).ok()
        });
        let expected = expected.map(|lines| values(&lines));
        let found = lines.map(|lines| values(&lines));
        if found != expected {
            different.push(format!("{}\n  dbt:  {expected:?}\n  hetl: {found:?}", words.join(" ")));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
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
