//! How things are called: unique ids, fqns, the names of generic tests, versions.

use std::path::Path;

use md5::{Digest, Md5};
use serde_json::{Map, Value};

/// Package, the folders of `path` (below the resource's folder), then `name`.
pub(super) fn fqn(package: &str, path: &str, name: &str) -> Vec<String> {
    let mut parts = fqn_prefix(package, path);
    parts.push(name.to_owned());
    parts
}

/// Package and the folders of `path`.
pub(super) fn fqn_prefix(package: &str, path: &str) -> Vec<String> {
    let folders = Path::new(path).parent().into_iter().flat_map(Path::components);
    std::iter::once(package.to_owned())
        .chain(folders.map(|part| part.as_os_str().to_string_lossy().into_owned()))
        .collect()
}

/// The file name without its last extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Lower-case hex MD5, which dbt uses for ids and aliases.
pub(super) fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// A version as it stands in names: `2`, `2.5`, `prerelease`.
pub(super) fn version_text(version: &Value) -> String {
    match version {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The short (at most 63 characters) and the full name of a generic test without a custom name
/// (dbt's `synthesize_generic_test_names`).
pub(super) fn generic_test_names(test: &str, target: &str, kwargs: &Map<String, Value>) -> (String, String) {
    let mut keys: Vec<&String> = kwargs.keys().filter(|key| *key != "model").collect();
    keys.sort_unstable();
    let parts: Vec<String> = keys
        .into_iter()
        .flat_map(|key| match &kwargs[key] {
            Value::Object(map) => map.values().map(python_str).collect::<Vec<_>>(),
            Value::Array(items) => items.iter().map(python_str).collect(),
            one => vec![python_str(one)],
        })
        .map(|text| only_word_characters(&text))
        .collect();
    let full = format!("{test}_{target}_{}", parts.join("__"));
    if full.chars().count() < 64 {
        return (full.clone(), full);
    }
    let start: String = format!("{test}_{target}").chars().take(30).collect();
    (format!("{start}_{}", md5_hex(&full)), full)
}

/// Runs of characters other than ASCII letters, digits and `_` become one `_`.
fn only_word_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut replaced = false;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
            replaced = false;
        } else if !replaced {
            out.push('_');
            replaced = true;
        }
    }
    out
}

/// The last ten digits of the hash that makes a generic test's id unique: over its name and definition.
pub(super) fn generic_test_hash(name: &str, metadata: &Value) -> String {
    let digest = md5_hex(&format!("{name}{}", python_repr(&hashable(metadata))));
    digest[digest.len() - 10..].to_owned()
}

/// The same value with sorted keys and every scalar as Python's `str` of it.
fn hashable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            Value::Object(keys.into_iter().map(|key| (key.clone(), hashable(&map[key]))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(hashable).collect()),
        scalar => Value::String(python_str(scalar)),
    }
}

/// Python's `str(value)`.
pub(super) fn python_str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python_repr(other),
    }
}

/// Python's `repr(value)`.
pub(super) fn python_repr(value: &Value) -> String {
    crate::jinja::repr(&crate::jinja::from_json(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The ids are those that dbt 1.11 gives to the same tests.
    #[test]
    fn names_and_hashes_are_those_of_dbt() {
        let kwargs =
            json!({"column_name": "a", "values": [1, "b"], "model": "{{ get_where_subquery(source('raw', 'tbl')) }}"});
        let Value::Object(map) = &kwargs else { unreachable!() };
        let (short, full) = generic_test_names("source_accepted_values", "raw_tbl", map);
        assert_eq!(
            (short.as_str(), full.as_str()),
            ("source_accepted_values_raw_tbl_a__1__b", "source_accepted_values_raw_tbl_a__1__b")
        );
        let metadata = json!({"namespace": null, "name": "accepted_values", "kwargs": kwargs});
        assert_eq!(generic_test_hash(&full, &metadata), "d28fbf5e5e");
    }

    #[test]
    fn long_names_are_cut_and_hashed() {
        let kwargs = json!({"column_name": "a_very_long_column_name_for_a_test_that_goes_on", "model": ""});
        let Value::Object(map) = &kwargs else { unreachable!() };
        let (short, full) = generic_test_names("not_null", "some_long_model_name", map);
        assert_eq!(full, "not_null_some_long_model_name_a_very_long_column_name_for_a_test_that_goes_on");
        assert_eq!(short.len(), "not_null_some_long_model_name_".len() + 32);
        assert!(short.starts_with("not_null_some_long_model_name_"));
    }

    #[test]
    fn fqns_are_package_folders_name() {
        assert_eq!(fqn("p", "a/b/c.sql", "c"), ["p", "a", "b", "c"]);
        assert_eq!(fqn("p", "c.sql", "c"), ["p", "c"]);
        assert_eq!(stem("a/b.v2.sql"), "b.v2");
    }
}
