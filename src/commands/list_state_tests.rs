//! `state:` selects what dbt 1.11 selects after each of many changes of a project: `tests/differential/states.json` was recorded by
//! `scripts/record_states.py`, which says what its keys mean.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{answer, copy, difference, install_packages, keep_state, open_with, parse, values};
use crate::config::Invocation;

#[derive(Deserialize)]
struct Changes {
    lines: Vec<String>,
    cases: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    name: String,
    #[serde(default)]
    before: Vec<Edit>,
    edits: Vec<Edit>,
    #[serde(default)]
    env: [BTreeMap<String, String>; 2],
    #[serde(default)]
    arguments: [Vec<String>; 2],
    answers: BTreeMap<String, Option<String>>,
}

#[derive(PartialEq, Deserialize)]
struct Edit(String, Option<String>, Option<NewText>);

#[derive(PartialEq, Deserialize)]
#[serde(untagged)]
enum NewText {
    Whole(String),
    /// A header, and a line so many times.
    Repeated(String, String, usize),
}

impl Edit {
    fn make(&self, root: &Path) {
        let Self(path, old, new) = self;
        let file = root.join(path);
        let new = match new {
            None => return fs::remove_file(file).unwrap(),
            Some(NewText::Whole(text)) => text.clone(),
            Some(NewText::Repeated(header, line, times)) => format!("{header}{}", line.repeat(*times)),
        };
        let Some(old) = old else {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            return fs::write(file, new).unwrap();
        };
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old.as_str()), "{path} has no {old:?}");
        fs::write(file, text.replacen(old.as_str(), &new, 1)).unwrap();
    }
}

/// The project as it was before any change; the folder with the parse cache stays, which makes the next parse short.
fn restore(root: &Path) {
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != "target") {
        let path = entry.path();
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/rich"), root);
    install_packages(root);
}

impl Change {
    /// What the state is made of.
    fn origin(&self) -> (&[Edit], &BTreeMap<String, String>, &[String]) {
        (&self.before, &self.env[0], &self.arguments[0])
    }

    /// What differs from dbt's answers. The state is that of an earlier change, if one is given.
    fn replay(&self, root: &Path, lines: &[String], kept: &mut Option<Vec<u8>>) -> Vec<String> {
        restore(root);
        let edit = |edits: &[Edit]| {
            edits.iter().for_each(|edit| edit.make(root));
            install_packages(root);
        };
        let open = |at: usize, more: &[String]| {
            let words: Vec<String> = self.arguments[at].iter().chain(more).cloned().collect();
            let (list, overrides) = parse(&words).unwrap();
            let invocation = Invocation { environment: self.env[at].clone(), ..Invocation::fixed("list", root) };
            let opening = open_with(invocation, &overrides).unwrap_or_else(|problems| panic!("{problems:?}"));
            (list, opening)
        };
        edit(&self.before);
        match kept {
            Some(manifest) => {
                fs::create_dir(root.join("state")).unwrap();
                fs::write(root.join("state/manifest.json"), manifest).unwrap();
            }
            None => {
                keep_state(&open(0, &[]).1, root);
                *kept = Some(fs::read(root.join("state/manifest.json")).unwrap());
            }
        }
        edit(&self.edits);
        let state = ["--state".to_owned(), "state".to_owned()];
        let opening = open(1, &state).1;
        let project = opening.parse().unwrap_or_else(|problems| panic!("{}: {problems:?}", self.name));
        let mut different = Vec::new();
        for (word, numbers) in &self.answers {
            let (list, _) = parse(&["--select".to_owned(), format!("state:{word}")]).unwrap();
            let found = list.lines(&opening, &project).ok().map(|lines| {
                let mut lines = values(&lines);
                lines.sort_by_key(Value::to_string);
                lines
            });
            let expected = numbers.as_ref().map(|numbers| answer(lines, numbers));
            if found != expected {
                let words = [self.name.clone(), format!("state:{word}")];
                different.push(difference(&words, expected.as_deref(), found.as_deref()));
            }
        }
        different
    }
}

#[test]
fn states_select_what_dbt_selects() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/states.json");
    let changes: Changes = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut different = Vec::new();
    for group in changes.cases.chunk_by(|one, next| one.origin() == next.origin()) {
        let mut state = None;
        different.extend(group.iter().flat_map(|change| change.replay(folder.path(), &changes.lines, &mut state)));
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
