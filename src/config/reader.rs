//! Typed reading of a YAML mapping: every wrong type, missing key and unknown key becomes a diagnostic, and reading goes on.

use serde_json::{Map, Value as Json};

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::{Mapping, Node, Value};

/// Reads the keys of one mapping.
pub(super) struct Reader<'a> {
    /// How messages call the file or section: `dbt_project.yml`.
    name: &'a str,
    map: &'a Mapping,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Reader<'a> {
    pub(super) fn new(name: &'a str, map: &'a Mapping, diagnostics: &'a mut Diagnostics) -> Self {
        Self { name, map, diagnostics }
    }

    /// A value that is there and not null.
    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        self.map.get(key).filter(|node| !node.is_null())
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn wrong_type(&mut self, key: &str, node: &Node, wanted: &str) {
        self.diagnostics.push(wrong_type(self.name, key, node, wanted));
    }

    pub(super) fn string(&mut self, key: &str) -> Option<String> {
        let node = self.node(key)?;
        if let Value::Str(text) = &node.value {
            return Some(text.clone());
        }
        let mut problem = wrong_type(self.name, key, node, "a string");
        problem.hint = node.scalar_text().map(|text| format!("put it between quotes: \"{text}\""));
        self.report(problem);
        None
    }

    pub(super) fn bool(&mut self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        self.wrong_type(key, node, "a boolean");
        None
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, key: &str) -> Option<Vec<String>> {
        let node = self.node(key)?;
        let Some(items) = node.as_seq() else {
            let hint = node.as_str().map(|text| format!("write {key}: [\"{text}\"]"));
            let mut problem = wrong_type(self.name, key, node, "a list of strings");
            problem.hint = hint;
            self.report(problem);
            return None;
        };
        let mut strings = Vec::with_capacity(items.len());
        for item in items {
            match item.as_str() {
                Some(text) => strings.push(text.to_owned()),
                None => self.wrong_type(key, item, "a list of strings"),
            }
        }
        Some(strings)
    }

    pub(super) fn map(&mut self, key: &str) -> Option<&'a Mapping> {
        let node = self.node(key)?;
        let map = node.as_map();
        if map.is_none() {
            self.wrong_type(key, node, "a mapping");
        }
        map
    }

    pub(super) fn seq(&mut self, key: &str) -> Option<&'a [Node]> {
        let node = self.node(key)?;
        let items = node.as_seq();
        if items.is_none() {
            self.wrong_type(key, node, "a list");
        }
        items
    }

    /// A mapping as JSON; empty if it is not there.
    pub(super) fn json_map(&mut self, key: &str) -> Map<String, Json> {
        self.map(key).map(to_json).unwrap_or_default()
    }

    /// Warns of keys that nobody reads.
    pub(super) fn check_keys(&mut self, known: &[&str]) {
        for (key, _) in self.map.iter() {
            let name = key.as_str().map_or_else(|| key.scalar_text().unwrap_or_default(), str::to_owned);
            if !known.contains(&name.as_str()) {
                self.diagnostics.push(unknown_key(self.name, &name, key.span, known));
            }
        }
    }
}

/// A mapping as JSON, places forgotten.
pub(super) fn to_json(map: &Mapping) -> Map<String, Json> {
    map.iter().map(|(key, value)| (key.scalar_text().unwrap_or_else(|| "null".into()), value.to_json())).collect()
}

pub(super) fn wrong_type(file: &str, key: &str, node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::error(Code::YAML_TYPE, format!("`{key}` in {file} must be {wanted}, not {}", node.type_name()))
        .at(node.span, format!("this is {}", node.type_name()))
}

pub(super) fn unknown_key(file: &str, key: &str, span: Span, known: &[&str]) -> Diagnostic {
    Diagnostic::warning(Code::YAML_UNKNOWN_KEY, format!("unknown key `{key}` in {file}"))
        .named("CustomTopLevelKeyDeprecation")
        .at(span, "nobody reads this")
        .suggest(key, known.iter().copied())
}
