//! `package-lock.yml`, in dbt's format and with dbt's rule for when it is out of date, so that both tools agree on it.
//!
//! Main type: [`LockFile`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sha1::{Digest, Sha1};

use super::yaml_text::scalar;
use crate::config::PackageSpec;

const NAME: &str = "package-lock.yml";
const HASH_KEY: &str = "sha1_hash";

/// A lock file as it is on disk.
pub(super) struct LockFile {
    pub(super) path: PathBuf,
    /// Its text, where there is one.
    pub(super) text: Option<String>,
}

impl LockFile {
    /// The lock file of a project.
    pub(super) fn of(root: &Path) -> Self {
        let path = root.join(NAME);
        let text = std::fs::read_to_string(&path).ok();
        Self { path, text }
    }

    /// How messages call it.
    pub(super) fn shown() -> &'static str {
        NAME
    }

    /// Whether it was made for these packages.
    pub(super) fn fits(&self, specs: &[PackageSpec]) -> bool {
        let sources = crate::diagnostics::SourceMap::new();
        let Some(text) = &self.text else { return false };
        let source = sources.add(NAME, text.as_str());
        let tree = crate::yaml::parse_into(source, text, &mut crate::diagnostics::Diagnostics::new());
        let hash = tree.as_ref().and_then(|tree| tree.get(HASH_KEY)).and_then(crate::yaml::Node::scalar_text);
        hash.is_some_and(|hash| hash == sha1_hash(specs))
    }
}

/// The text of a lock file, as PyYAML would write it.
pub(super) fn write(entries: &[BTreeMap<&'static str, String>], specs: &[PackageSpec]) -> String {
    let mut lines = vec![if entries.is_empty() { "packages: []".to_owned() } else { "packages:".to_owned() }];
    for entry in entries {
        for (at, (key, value)) in entry.iter().enumerate() {
            let start = if at == 0 { "  - " } else { "    " };
            lines.push(format!("{start}{key}: {}", scalar(value, start.len() + key.len() + 2, 6)));
        }
    }
    lines.push(format!("{HASH_KEY}: {}\n", scalar(&sha1_hash(specs), HASH_KEY.len() + 2, 2)));
    lines.join("\n")
}

/// dbt's hash of what a project asks for: of each entry with its defaults, rendered and as written, in the order of the texts.
pub(super) fn sha1_hash(specs: &[PackageSpec]) -> String {
    let mut texts: Vec<String> = specs.iter().map(|spec| python_json(&Value::Object(with_defaults(spec)))).collect();
    texts.sort();
    hex::encode(Sha1::digest(texts.join("\n").as_bytes()))
}

/// The fields of dbt's class for the kind of package.
fn with_defaults(spec: &PackageSpec) -> Map<String, Value> {
    let given = |keys: &[&str]| keys.iter().find_map(|key| spec.values.get(*key)).cloned();
    let mut fields = Map::new();
    let mut field = |name: &str, value: Option<Value>| fields.insert(name.to_owned(), value.unwrap_or_default());
    field(spec.kind, Some(Value::from(spec.location.as_str())));
    match spec.kind {
        "package" => {
            field("version", given(&["version"]));
            let prerelease = given(&["install_prerelease", "install-prerelease"]);
            field("install_prerelease", prerelease.or(Some(Value::Bool(false))));
        }
        "git" | "private" => {
            field("revision", given(&["revision"]));
            field("warn-unpinned", given(&["warn-unpinned", "warn_unpinned"]));
            field("subdirectory", given(&["subdirectory"]));
            if spec.kind == "private" {
                field("provider", given(&["provider"]));
            }
        }
        _ => {}
    }
    if let Some(name) = given(&["name"]).filter(|name| !name.is_null()) {
        field("name", Some(name));
    }
    field("unrendered", Some(Value::Object(spec.unrendered.clone())));
    fields
}

/// JSON as Python writes it with sorted keys: a space after each comma and colon, ASCII only.
fn python_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            let members = keys.into_iter().map(|key| format!("{}: {}", text(key), python_json(&map[key])));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(python_json).collect::<Vec<_>>().join(", ")),
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

fn text(string: &str) -> String {
    let json = Value::from(string).to_string();
    let units = json.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    units.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::SourceMap;

    fn specs(items: &[Value]) -> Vec<PackageSpec> {
        let span = crate::diagnostics::Span::new(SourceMap::new().add("x", ""), 0, 0);
        let spec = |item: &Value| {
            let values = item.as_object().unwrap().clone();
            let kind =
                ["local", "package", "git", "private", "tarball"].into_iter().find(|kind| values.contains_key(*kind));
            let kind = kind.unwrap();
            let location = values[kind].as_str().unwrap().to_owned();
            PackageSpec { kind, location, unrendered: values.clone(), values, span }
        };
        items.iter().map(spec).collect()
    }

    /// Answers of dbt-core 1.11.16's `_create_sha1_hash`.
    #[test]
    fn the_hash_is_that_of_dbt() {
        use serde_json::json;
        for (item, expected) in [
            (json!({"package": "a/b", "version": "1.0.0"}), "fbe59819b389dd3c16eebc554e4ec5b3ce2924bc"),
            (
                json!({"package": "a/b", "version": [">=1.0.0", "<2.0.0"], "install_prerelease": true}),
                "2f1e65f127f70e78eee5cc777c72e694c037f479",
            ),
            (json!({"package": "a/b", "version": 1.0}), "bbcacd8a45bfe08b1b0e318c1c09cccb5c12fe57"),
            (
                json!({"git": "https://x/y.git", "revision": "v1", "warn-unpinned": false}),
                "9fd475bc3ae6c8f3d376bfdf6f95bd24da9d7f64",
            ),
            (
                json!({"git": "https://x/y.git", "revision": 1.0, "subdirectory": "s/é"}),
                "10a9d4b6c0f7e71a57914afb3fc2b5efa5b95f38",
            ),
            (json!({"git": "https://x/y.git", "revision": 1}), "9899e8fcd21f9b28e0c441da7332c9f360a9e53f"),
            (json!({"git": "https://x/y.git", "revision": null}), "bf144dc7f7a1a3d3421419aff5398cf5e69b546e"),
            (json!({"local": "../a"}), "95d915a2157c25384b59e63cd428e17675959efb"),
            (json!({"local": "../a", "name": "zz"}), "b531d93b7b720d9ecf871cde63d7a0ecb9675acc"),
            (json!({"tarball": "http://x", "name": "zz"}), "493038d28fecb60afb30cc8681f154a7a6113552"),
            (
                json!({"private": "o/r", "provider": "github", "revision": "x"}),
                "506917f7550208bc2f79836f7747c3a903dc4fd9",
            ),
        ] {
            assert_eq!(sha1_hash(&specs(std::slice::from_ref(&item))), expected, "{item}");
        }
        assert_eq!(sha1_hash(&[]), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }

    #[test]
    fn the_file_is_written_as_dbt_writes_it() {
        let entry =
            |pairs: &[(&'static str, &str)]| pairs.iter().map(|&(key, value)| (key, value.to_owned())).collect();
        let entries = [
            entry(&[("package", "org/a"), ("name", "a"), ("version", "1.0.0")]),
            entry(&[("git", "https://{{env_var('X')}}@h/y.git"), ("revision", "1.0"), ("name", "y")]),
        ];
        assert_eq!(
            write(&entries, &[]),
            "packages:\n  - name: a\n    package: org/a\n    version: 1.0.0\n  - git: https://{{env_var('X')}}@h/y.git\n    \
             name: y\n    revision: '1.0'\nsha1_hash: da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
        );
    }
}
