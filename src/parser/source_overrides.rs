//! Sources with `overrides: <package>`: they say something else of a package's source than the package itself.
//!
//! What an override gives replaces what the package says, key by key, of the source and of each table that it names; what
//! dbt always replaces (`config` and `freshness` of the source, `freshness` and `quoting` of a table) is gone where the
//! override does not give it.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};

/// The entries of sources as they are once overrides are applied.
pub(super) fn applied(entries: &[Arc<Entry>], problems: &mut Diagnostics) -> Vec<Arc<Entry>> {
    let (overriding, own): (Vec<_>, Vec<_>) = entries
        .iter()
        .filter(|entry| entry.section == "sources")
        .partition(|entry| entry.values.get("overrides").is_some_and(|package| !package.is_null()));
    if overriding.is_empty() {
        return own.into_iter().cloned().collect();
    }
    let overrides = by_source(&overriding, problems);
    let mut used: HashSet<(String, Option<String>)> = HashSet::new();
    let result = own
        .into_iter()
        .map(|entry| match overrides.get(&key(&entry.file.package, &entry.name)) {
            Some(change) => Arc::new(merged(entry, change, &mut used)),
            None => Arc::clone(entry),
        })
        .collect();
    warn_of_unused(&overrides, &used, problems);
    result
}

/// What a source is called with its package.
fn key(package: &str, source: &str) -> String {
    format!("{package}.{source}")
}

/// Overrides by what they override; two of one source are an error.
fn by_source<'a>(overriding: &[&'a Arc<Entry>], problems: &mut Diagnostics) -> IndexMap<String, &'a Entry> {
    let mut found: IndexMap<String, &Entry> = IndexMap::new();
    for entry in overriding {
        let package = match entry.text("overrides") {
            Ok(package) => package.unwrap_or_default(),
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        problems.push(
            Diagnostic::warning(
                Code::DEPRECATED,
                format!("the source `{}` overrides the one of the package `{package}`", entry.name),
            )
            .named("SourceOverrideDeprecation")
            .at(entry.span("overrides"), "")
            .hint("configure the package's source in dbt_project.yml instead: under `sources:`, by its path"),
        );
        if let Some(first) = found.insert(key(&package, &entry.name), entry) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RESOURCE,
                    format!(
                        "dbt found two schema.yml entries for the same source named {} in package {package}",
                        entry.name
                    ),
                )
                .at(entry.span("name"), "overridden again here")
                .at(first.span("name"), "first overridden here")
                .hint("put both into one entry"),
            );
        }
    }
    found
}

/// A source with the changes of an override. Which of its tables were there is noted in `used`.
fn merged(entry: &Entry, change: &Entry, used: &mut HashSet<(String, Option<String>)>) -> Entry {
    let source = key(&entry.file.package, &entry.name);
    used.insert((source.clone(), None));
    let mut values =
        replaced(&entry.values, &change.values, &["config", "freshness"], &["name", "overrides", "tables"]);
    let changes = tables(&change.values);
    let tables = tables(&entry.values)
        .map(|table| {
            let Some(change) = changes.clone().find(|change| change.get("name") == table.get("name")) else {
                return Value::Object(table.clone());
            };
            used.insert((source.clone(), table.get("name").map(super::names::python_str)));
            Value::Object(replaced(table, change, &["freshness", "quoting"], &["name"]))
        })
        .collect();
    if entry.values.contains_key("tables") {
        values.insert("tables".into(), Value::Array(tables));
    }
    Entry { values, ..entry.clone() }
}

fn tables(values: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> + Clone {
    values.get("tables").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// `old` without the keys that are `always` replaced, with those of `new` that are given and not `kept`.
fn replaced(old: &Map<String, Value>, new: &Map<String, Value>, always: &[&str], kept: &[&str]) -> Map<String, Value> {
    let mut values = old.clone();
    values.retain(|key, _| !always.contains(&key.as_str()));
    let given =
        new.iter().filter(|(key, value)| !kept.contains(&key.as_str()) && (!value.is_null() || *key == "freshness"));
    values.extend(given.map(|(key, value)| (key.clone(), value.clone())));
    values
}

/// Overrides of what does not exist.
fn warn_of_unused(
    overrides: &IndexMap<String, &Entry>,
    used: &HashSet<(String, Option<String>)>,
    problems: &mut Diagnostics,
) {
    for (source, change) in overrides {
        let missing: Vec<String> = if used.contains(&(source.clone(), None)) {
            let names = tables(&change.values).filter_map(|table| table.get("name")).map(super::names::python_str);
            names
                .filter(|name| !used.contains(&(source.clone(), Some(name.clone()))))
                .map(|name| format!("table `{source}.{name}`"))
                .collect()
        } else {
            vec![format!("source `{source}`")]
        };
        problems.extend(
            missing
                .into_iter()
                .map(|what| {
                    Diagnostic::warning(Code::ORPHAN_PATCH, format!("the {what}, which is overridden, does not exist"))
                        .named("UnusedTables")
                        .at(change.span("name"), "overridden here")
                })
                .collect::<Diagnostics>(),
        );
    }
}
