//! Reads what an earlier run left in a folder, for `--state`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::Value;

use crate::diagnostics::{Code, Diagnostic};
use crate::graph::selection::PreviousState;
use crate::manifest::{Manifest, schema_version};

/// The state that a folder of artifacts describes; files that are missing are none. `current_sources` is the `sources.json`
/// of the present target folder, which `source_status:fresher` compares with.
pub fn read_previous_state(folder: &Path, current_sources: Option<&Path>) -> Result<PreviousState, Diagnostic> {
    let manifest = MANIFEST.read(folder)?.map(|json| Manifest::from_json(&json).0);
    let results = RUN_RESULTS.read(folder)?.map(|json| statuses(&json));
    let before = SOURCES.read(folder)?;
    let now = current_sources.map(read).transpose()?.flatten();
    let fresher_sources = before.zip(now).map(|(before, now)| fresher(&loaded(&before), &loaded(&now)));
    Ok(PreviousState { manifest, results, fresher_sources, ..PreviousState::default() })
}

/// A kind of artifact, with the versions of its form that can be read: those that dbt 1.11 reads.
pub(super) struct ArtifactKind {
    file: &'static str,
    name: &'static str,
    oldest: u32,
    newest: u32,
}

const MANIFEST: ArtifactKind = ArtifactKind { file: "manifest.json", name: "manifest", oldest: 4, newest: 12 };
pub(super) const RUN_RESULTS: ArtifactKind =
    ArtifactKind { file: "run_results.json", name: "run-results", oldest: 4, newest: 6 };
const SOURCES: ArtifactKind = ArtifactKind { file: "sources.json", name: "sources", oldest: 3, newest: 3 };

impl ArtifactKind {
    /// The artifact of a folder, if there is one; an error where its form is another. A file that does not say its form is taken as it is.
    pub(super) fn read(&self, folder: &Path) -> Result<Option<Value>, Diagnostic> {
        let path = folder.join(self.file);
        let Some(json) = read(&path)? else { return Ok(None) };
        let found = json.pointer("/metadata/dbt_schema_version").and_then(Value::as_str);
        let is_of_kind = |address: &str| address.contains(&format!("/{}/v", self.name));
        let is_readable = |version| (self.oldest..=self.newest).contains(&version);
        match found {
            Some(found) if !is_of_kind(found) || !schema_version(&json).is_some_and(is_readable) => {
                Err(Diagnostic::error(
                    Code::UNREADABLE_FILE,
                    format!(
                        "Expected a schema version of \"https://schemas.getdbt.com/dbt/{}/v{}.json\" in {}, but found \"{found}\"",
                        self.name,
                        self.newest,
                        path.display()
                    ),
                )
                .hint(format!("versions {} to {} can be read", self.oldest, self.newest)))
            }
            _ => Ok(Some(json)),
        }
    }
}

pub(super) fn read(path: &Path) -> Result<Option<Value>, Diagnostic> {
    let wrong = |error: &dyn std::fmt::Display| {
        Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read {}: {error}", path.display()))
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| wrong(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(&error)),
    }
}

pub(super) fn rows(json: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let rows = json.get("results").and_then(Value::as_array);
    rows.into_iter().flatten().filter_map(|row| Some((row.get("unique_id")?.as_str()?, row)))
}

fn statuses(json: &Value) -> HashMap<String, String> {
    rows(json).filter_map(|(id, row)| Some((id.to_owned(), row.get("status")?.as_str()?.to_owned()))).collect()
}

/// When the newest row of each source was loaded; sources that could not be asked are left out.
fn loaded(json: &Value) -> HashMap<&str, jiff::Timestamp> {
    rows(json).filter_map(|(id, row)| Some((id, row.get("max_loaded_at")?.as_str()?.parse().ok()?))).collect()
}

fn fresher(before: &HashMap<&str, jiff::Timestamp>, now: &HashMap<&str, jiff::Timestamp>) -> HashSet<String> {
    now.iter()
        .filter(|(id, time)| before.get(*id).is_none_or(|earlier| *time > earlier))
        .map(|(id, _)| (*id).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read_previous_state;

    #[test]
    fn a_folder_of_artifacts_is_read_and_missing_ones_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("run_results.json", r#"{"results": [{"unique_id": "model.p.a", "status": "error"}]}"#);
        let sources = |time| format!(r#"{{"results": [{{"unique_id": "source.p.s.t", "max_loaded_at": "{time}"}}]}}"#);
        write("sources.json", &sources("2026-01-01T00:00:00.000000Z"));
        write("now.json", &sources("2026-01-02T00:00:00.000000Z"));
        let state = read_previous_state(folder.path(), Some(&folder.path().join("now.json"))).unwrap();
        assert!(state.manifest.is_none());
        assert_eq!(state.results.unwrap()["model.p.a"], "error");
        assert!(state.fresher_sources.unwrap().contains("source.p.s.t"));

        let version = |kind: &str, version: u32| {
            format!(
                r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/{kind}/v{version}.json"}}}}"#
            )
        };
        write("manifest.json", &version("manifest", 4));
        assert!(read_previous_state(folder.path(), None).unwrap().manifest.is_some());
        for unreadable in [version("manifest", 3), version("manifest", 13), version("catalog", 12)] {
            write("manifest.json", &unreadable);
            let problem = read_previous_state(folder.path(), None).unwrap_err();
            assert!(problem.message.starts_with("Expected a schema version of"), "{}", problem.message);
        }
        write("manifest.json", "{");
        let problem = read_previous_state(folder.path(), None).unwrap_err();
        assert!(problem.message.contains("manifest.json"), "{}", problem.message);
    }
}
