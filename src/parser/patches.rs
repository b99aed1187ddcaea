//! What property files say of models, seeds, snapshots, analyses and singular tests: found by name, versions unfolded.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::columns::{self, ColumnEntry, strings};
use super::deprecations::in_full;
use super::names::version_text;
use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::manifest::Constraint;
use crate::yaml::Node;

/// The properties of one node (of one version of a model).
#[derive(Debug, Clone)]
pub(super) struct Patch {
    /// Where they come from.
    pub(super) entry: Arc<Entry>,
    /// `config`, with what dbt also accepts beside it.
    pub(super) config: Map<String, Value>,
    /// Columns with their tests.
    pub(super) columns: Vec<ColumnEntry>,
    /// Tests of the node as a whole.
    pub(super) data_tests: Vec<Value>,
    /// Description, not rendered.
    pub(super) description: String,
    /// Constraints of the relation.
    pub(super) constraints: Vec<Constraint>,
    /// `deprecation_date`.
    pub(super) deprecation_date: Option<String>,
    /// Which version of a versioned model it is about.
    pub(super) version: Option<Version>,
}

/// A version of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    /// `v`.
    pub(super) v: Value,
    /// The model's latest version.
    pub(super) latest: Value,
}

impl Patch {
    /// Whether names of columns are quoted in tests where they do not say.
    pub(super) fn quote_columns(&self) -> bool {
        self.entry.values.get("quote_columns").and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Properties by section and file name, for one package.
#[derive(Debug, Default)]
pub(super) struct Patches {
    by_file: HashMap<(&'static str, String), Patch>,
    /// A versioned model's latest version may stand in a file without suffix.
    latest: HashMap<String, Patch>,
    /// Those that another package wrote for a node of this one.
    adopted: HashMap<(&'static str, String), Patch>,
}

impl Patches {
    /// Reads the entries of one package. The first of two entries for one node is kept, the second reported.
    pub(super) fn new<'a>(entries: impl IntoIterator<Item = &'a Arc<Entry>>, problems: &mut Diagnostics) -> Self {
        let mut patches = Self::default();
        for entry in entries {
            let found = if entry.section == "models" && entry.values.get("versions").is_some_and(|v| !v.is_null()) {
                versions(entry)
            } else {
                patch(entry).map(|patch| vec![(entry.name.clone(), patch)])
            };
            match found {
                Ok(found) => found.into_iter().for_each(|(file, patch)| patches.add(file, patch, problems)),
                Err(problem) => problems.push(problem),
            }
        }
        patches
    }

    fn add(&mut self, file: String, patch: Patch, problems: &mut Diagnostics) {
        let key = (patch.entry.section, file);
        if let Some(first) = self.by_file.get(&key) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RESOURCE,
                    format!(
                        "`{}` has properties in two places (dbt found two schema.yml entries for the same resource)",
                        key.1
                    ),
                )
                .at(patch.entry.span("name"), "described again here")
                .at(first.entry.span("name"), "first described here")
                .hint("keep one of the two entries"),
            );
            return;
        }
        if patch.version.as_ref().is_some_and(|version| same_version(&version.v, &version.latest)) {
            self.latest.insert(patch.entry.name.clone(), patch.clone());
        }
        self.by_file.insert(key, patch);
    }

    /// The properties of the node that a file of this name (without extension) defines.
    pub(super) fn get(&self, section: &'static str, file: &str) -> Option<&Patch> {
        let key = (section, file.to_owned());
        let direct = self.by_file.get(&key).or_else(|| self.adopted.get(&key));
        if direct.is_none() && section == "models" {
            return self.latest.get(file);
        }
        direct
    }

    /// The properties of this name that the package itself wrote.
    pub(super) fn own(&self, section: &'static str, file: &str) -> Option<&Patch> {
        self.by_file.get(&(section, file.to_owned()))
    }

    /// Takes properties that another package wrote.
    pub(super) fn adopt(&mut self, section: &'static str, file: String, patch: Patch) {
        self.adopted.insert((section, file), patch);
    }

    /// Whether these properties of another package were adopted.
    pub(super) fn has_adopted(&self, patch: &Patch) -> bool {
        self.adopted.values().any(|adopted| Arc::ptr_eq(&adopted.entry, &patch.entry))
    }

    /// All of its own with the file they are for, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Patch)> {
        self.by_file.iter().map(|((_, file), patch)| (file.as_str(), patch))
    }
}

/// Versions are equal as texts: `2` and `"2"` are one version.
pub(super) fn same_version(a: &Value, b: &Value) -> bool {
    version_text(a) == version_text(b)
}

fn patch(entry: &Arc<Entry>) -> Result<Patch, Diagnostic> {
    Ok(Patch {
        config: entry.config()?,
        columns: columns::columns(entry, &entry.values, &entry.yaml)?,
        data_tests: entry.list("data_tests")?.to_vec(),
        description: entry.text("description")?.unwrap_or_default(),
        constraints: columns::constraints(&format!("model {}", entry.name), &entry.values, &entry.yaml)?,
        deprecation_date: entry.text("deprecation_date")?.as_deref().map(in_full),
        version: None,
        entry: Arc::clone(entry),
    })
}

fn versions(entry: &Arc<Entry>) -> Result<Vec<(String, Patch)>, Diagnostic> {
    let base = patch(entry)?;
    let places = entry.yaml.get("versions").and_then(Node::as_seq).unwrap_or(&[]);
    let items = entry.list("versions")?;
    let mut listed = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = places.get(index).unwrap_or(&entry.yaml);
        let v = item.get("v").filter(|v| v.is_number() || v.is_string()).cloned().ok_or_else(|| {
            Diagnostic::error(Code::YAML_MISSING_KEY, format!("a version of `{}` has no `v`", entry.name))
                .at(place.span, "`v` is missing here")
        })?;
        if listed.iter().any(|(known, _, _)| same_version(known, &v)) {
            let message =
                format!("Found duplicate version: '{}' in versions list of model '{}'", version_text(&v), entry.name);
            return Err(Diagnostic::error(Code::YAML_VALUE, message).at(place.span, "given again here"));
        }
        listed.push((v, item, place));
    }
    let latest = match entry.values.get("latest_version").filter(|v| !v.is_null()) {
        Some(given) => {
            if !listed.iter().any(|(v, _, _)| same_version(v, given)) {
                return Err(Diagnostic::error(
                    Code::YAML_VALUE,
                    format!("latest_version: {} is not one of the versions of `{}`", version_text(given), entry.name),
                )
                .at(entry.span("latest_version"), "no version has this `v`"));
            }
            given.clone()
        }
        None => listed.iter().map(|(v, _, _)| v).max_by(|a, b| compare_versions(a, b)).cloned().unwrap_or(Value::Null),
    };
    listed
        .into_iter()
        .map(|(v, item, place)| {
            let Value::Object(item) = item else {
                return Err(Diagnostic::error(
                    Code::YAML_TYPE,
                    format!("each version of `{}` must be a mapping", entry.name),
                )
                .at(place.span, "expected `v: …`"));
            };
            let file = version_file(entry, item, &v);
            Ok((file, one_version(&base, item, place, Version { v, latest: latest.clone() })?))
        })
        .collect()
}

/// The file (without extension) that defines a version.
fn version_file(entry: &Entry, item: &Map<String, Value>, v: &Value) -> String {
    match item.get("defined_in").and_then(Value::as_str) {
        Some(file) => file.to_owned(),
        None => format!("{}_v{}", entry.name, version_text(v)),
    }
}

/// The files (without extension) whose nodes an entry may describe.
pub(super) fn file_names(entry: &Entry) -> Vec<String> {
    let versions = entry.values.get("versions").and_then(Value::as_array).into_iter().flatten();
    let files = versions.filter_map(|item| Some(version_file(entry, item.as_object()?, item.get("v")?)));
    std::iter::once(entry.name.clone()).chain(files).collect()
}

fn one_version(base: &Patch, item: &Map<String, Value>, place: &Node, version: Version) -> Result<Patch, Diagnostic> {
    let mut patch = base.clone();
    if let Some(Value::Object(config)) = item.get("config") {
        deep_merge(&mut patch.config, config);
    }
    for key in ["docs", "access", "meta"] {
        if let Some(value) = item.get(key).filter(|value| !value.is_null()) {
            patch.config.insert(key.to_owned(), value.clone());
        }
    }
    patch.columns.retain(|column| includes(item, &column.properties.name));
    patch.columns.extend(columns::columns(&base.entry, item, place)?);
    if let Some(Value::Array(tests)) = item.get("data_tests") {
        patch.data_tests.clone_from(tests);
    }
    if let Some(text) = item.get("description").and_then(Value::as_str) {
        text.clone_into(&mut patch.description);
    }
    if item.get("constraints").is_some_and(|given| !given.is_null()) {
        patch.constraints = columns::constraints(&format!("model {}", base.entry.name), item, place)?;
    }
    // The model's own date is not that of its versions.
    patch.deprecation_date = item.get("deprecation_date").and_then(Value::as_str).map(in_full);
    patch.version = Some(version);
    Ok(patch)
}

/// Whether a version has the model's column, by its `columns: [{include: …, exclude: …}]`; all of them if it says nothing.
fn includes(version: &Map<String, Value>, column: &str) -> bool {
    let Some(Value::Array(items)) = version.get("columns") else { return true };
    let Some(rule) = items.iter().find(|item| item.get("include").is_some() || item.get("exclude").is_some()) else {
        return true;
    };
    let all = match rule.get("include") {
        None => true,
        Some(Value::String(word)) => word == "all" || word == "*",
        _ => false,
    };
    let included = all || strings(rule.get("include")).iter().any(|name| name == column);
    included && !strings(rule.get("exclude")).iter().any(|name| name == column)
}

pub(super) fn deep_merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => deep_merge(into, from),
            // As in dbt, what a version lists comes before what the model lists.
            (Some(Value::Array(into)), Value::Array(from)) => {
                into.splice(0..0, from.iter().cloned());
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Numbers by value, before texts; texts by their characters (dbt compares versions so).
fn compare_versions(a: &Value, b: &Value) -> std::cmp::Ordering {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok());
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => version_text(a).cmp(&version_text(b)),
    }
}
