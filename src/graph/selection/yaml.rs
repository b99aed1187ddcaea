//! [`Selectors`]: the named selections of `selectors.yml`.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::command_line::Combination;
use super::{Criterion, IndirectSelection, Spec};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};

/// A named selection.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedSelector {
    /// What it selects.
    pub spec: Spec,
    /// Whether it applies where neither `--select` nor `--exclude` nor `--selector` is given.
    pub is_default: bool,
}

/// All named selections, in written order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selectors {
    by_name: IndexMap<String, NamedSelector>,
}

impl Selectors {
    /// Reads named selections: the list under `selectors:` of the file, or the manifest's mapping of names.
    pub fn parse(selectors: &Value, indirect: IndirectSelection) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut read = Self::default();
        for entry in entries(selectors) {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let spec = match entry.get("definition") {
                Some(definition) => read.root(definition, indirect),
                None => Err(wrong("a `definition` is missing")),
            };
            let is_default = match entry.get("default") {
                Some(Value::Bool(flag)) => *flag,
                Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
                _ => false,
            };
            match spec {
                Ok(spec) => {
                    read.by_name.insert(name, NamedSelector { spec, is_default });
                }
                Err(problem) => problems.push(problem.note(format!("in selector `{name}`"))),
            }
        }
        let defaults: Vec<&str> =
            read.by_name.iter().filter(|(_, selector)| selector.is_default).map(|(name, _)| name.as_str()).collect();
        if let [first, second, ..] = defaults.as_slice() {
            problems.push(wrong(&format!("more than one selector is the default: {first} and {second}")));
        }
        if problems.is_empty() { Ok(read) } else { Err(problems) }
    }

    /// The selection of this name.
    pub fn get(&self, name: &str) -> Result<&NamedSelector, Diagnostic> {
        self.by_name.get(name).ok_or_else(|| {
            Diagnostic::error(Code::SELECTOR, format!("could not find selector named {name}"))
                .note(format!("selectors: {}", self.by_name.keys().cloned().collect::<Vec<_>>().join(", ")))
                .suggest(name, self.by_name.keys().map(String::as_str))
        })
    }

    /// Name and selection that apply where nothing is said.
    pub fn default_selector(&self) -> Option<(&str, &NamedSelector)> {
        self.by_name.iter().find(|(_, selector)| selector.is_default).map(|(name, selector)| (name.as_str(), selector))
    }

    /// The mapping that `manifest.json` has: by name, with terms written as text taken apart.
    pub fn for_manifest(selectors: &Value) -> Result<Map<String, Value>, Diagnostic> {
        let mut by_name = Map::new();
        for entry in entries(selectors) {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let definition = normalized(entry.get("definition").unwrap_or(&Value::Null), &by_name)?;
            let mut shown = entry.clone();
            shown.insert("definition".to_owned(), definition);
            by_name.insert(name, Value::Object(shown));
        }
        Ok(by_name)
    }

    /// The first item of a file of selectors that cannot be read.
    pub fn broken_item(file: &crate::yaml::Node) -> Option<crate::diagnostics::Span> {
        let items = file.get("selectors").unwrap_or(file).as_seq()?;
        let json: Vec<Value> = items.iter().map(crate::yaml::Node::to_json).collect();
        let is_broken = |upto: &usize| {
            let first = Value::Array(json[..=*upto].to_vec());
            Self::for_manifest(&first).is_err() || Self::parse(&first, IndirectSelection::Eager).is_err()
        };
        (0..items.len()).find(is_broken).map(|at| items[at].span)
    }

    fn root(&self, definition: &Value, indirect: IndirectSelection) -> Result<Spec, Diagnostic> {
        if let Value::Object(mapping) = definition {
            let is_group = mapping.contains_key("union") || mapping.contains_key("intersection");
            if is_group && mapping.len() > 1 {
                let keys = mapping.keys().cloned().collect::<Vec<_>>().join(", ");
                return Err(wrong(&format!("only one `union` or `intersection` may stand at the root, found {keys}")));
            }
        }
        self.definition(definition, indirect)
    }

    fn definition(&self, definition: &Value, indirect: IndirectSelection) -> Result<Spec, Diagnostic> {
        match definition {
            Value::String(term) => Criterion::parse(term, indirect).map(Spec::Criterion),
            Value::Object(mapping) => {
                for (key, combination) in [("union", Combination::Union), ("intersection", Combination::Intersection)] {
                    if let Some(parts) = mapping.get(key) {
                        return self.group(key, parts, combination, indirect);
                    }
                }
                self.mapping(mapping, indirect)
            }
            other => Err(wrong(&format!("expected a text, `union`, `intersection` or a mapping, found {other}"))),
        }
    }

    fn group(
        &self,
        key: &str,
        parts: &Value,
        combination: Combination,
        indirect: IndirectSelection,
    ) -> Result<Spec, Diagnostic> {
        let mut included = Vec::new();
        let mut excluded = None;
        for part in list(key, parts)? {
            match part.get("exclude") {
                Some(_) if excluded.is_some() => {
                    return Err(wrong(&format!("several `exclude` in one `{key}`: put all terms into one")));
                }
                Some(exclude) => excluded = Some(self.exclusion(exclude, indirect)?),
                None => included.push(self.definition(part, indirect)?),
            }
        }
        // Groups of selectors.yml keep dbt's default mode; single terms have their own.
        let group = Spec::group(combination, included, IndirectSelection::Eager);
        Ok(with_exclusion(group, excluded.flatten()))
    }

    fn exclusion(&self, exclude: &Value, indirect: IndirectSelection) -> Result<Option<Spec>, Diagnostic> {
        let mut parts = list("exclude", exclude)?
            .iter()
            .map(|part| self.definition(part, indirect))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Spec::group(Combination::Union, parts, IndirectSelection::Eager)),
        })
    }

    fn mapping(&self, mapping: &Map<String, Value>, indirect: IndirectSelection) -> Result<Spec, Diagnostic> {
        if let (1, Some((method, value))) = (mapping.len(), mapping.iter().next()) {
            let term = Map::from_iter([
                ("method".to_owned(), Value::from(method.as_str())),
                ("value".to_owned(), value.clone()),
            ]);
            return Criterion::of_mapping(&term, indirect).map(Spec::Criterion);
        }
        let (Some(method), Some(value)) = (mapping.get("method"), mapping.get("value")) else {
            let keys = mapping.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(wrong(&format!("expected one key, or `method` and `value`, found {keys}")));
        };
        if method == "selector" {
            let name = value.as_str().unwrap_or_default();
            return self.get(name).map(|selector| selector.spec.clone()).map_err(|problem| {
                problem.hint("a selector must stand in the file before those that inherit from it")
            });
        }
        let term = Criterion::of_mapping(mapping, indirect).map(Spec::Criterion)?;
        let excluded = match mapping.get("exclude") {
            Some(exclude) => self.exclusion(exclude, indirect)?,
            None => None,
        };
        Ok(with_exclusion(term, excluded))
    }
}

fn with_exclusion(included: Spec, excluded: Option<Spec>) -> Spec {
    match excluded {
        Some(excluded) => Spec::group(Combination::Difference, vec![included, excluded], IndirectSelection::Eager),
        None => included,
    }
}

/// Selectors as a list: the file's list, or the values of the manifest's mapping.
fn entries(selectors: &Value) -> Vec<&Map<String, Value>> {
    match selectors {
        Value::Array(list) => list.iter().filter_map(Value::as_object).collect(),
        Value::Object(map) => match map.get("selectors") {
            Some(list @ Value::Array(_)) => entries(list),
            _ => map.values().filter_map(Value::as_object).collect(),
        },
        _ => Vec::new(),
    }
}

fn list<'v>(key: &str, value: &'v Value) -> Result<&'v [Value], Diagnostic> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(&format!("`{key}` must be a list")))
}

fn wrong(message: &str) -> Diagnostic {
    Diagnostic::error(Code::SELECTOR, format!("invalid selector definition: {message}"))
}

/// A definition in the manifest's form.
fn normalized(definition: &Value, known: &Map<String, Value>) -> Result<Value, Diagnostic> {
    let all = |parts: &Value| match parts {
        Value::Array(parts) => {
            parts.iter().map(|part| normalized(part, known)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        other => Ok(other.clone()),
    };
    let Value::Object(mapping) = definition else {
        return match definition {
            Value::String(term) => Criterion::mapping_of(term).map(Value::Object),
            other => Ok(other.clone()),
        };
    };
    for key in ["union", "intersection", "exclude"] {
        if let (Some(parts), true) = (mapping.get(key), key != "exclude" || mapping.len() == 1) {
            return Ok(Value::Object(Map::from_iter([(key.to_owned(), all(parts)?)])));
        }
    }
    if let (1, Some((method, value))) = (mapping.len(), mapping.iter().next()) {
        return Ok(serde_json::json!({"method": method, "value": value}));
    }
    if mapping.get("method").is_some_and(|method| method == "selector") {
        let inherited = mapping.get("value").and_then(Value::as_str).and_then(|name| known.get(name));
        return Ok(inherited.and_then(|selector| selector.get("definition")).cloned().unwrap_or_default());
    }
    Ok(definition.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{IndirectSelection, Selectors};

    #[test]
    fn the_manifest_shows_terms_taken_apart_and_inherited_ones_in_full() {
        let file = json!({"selectors": [
            {"name": "nightly", "description": "all nightly", "definition": "tag:nightly+"},
            {"name": "both", "default": false, "definition": {"union": [
                {"method": "selector", "value": "nightly"},
                {"method": "path", "value": "models/marts", "children": true},
                {"intersection": ["tag:stg", "config.materialized:view"]},
                {"exclude": ["fqn:fct", {"method": "tag", "value": "x"}]},
            ]}},
        ]});
        let dbt: Value = serde_json::from_str(include_str!("../../../tests/artifacts/shop_manifest.json")).unwrap();
        assert_eq!(Value::Object(Selectors::for_manifest(&file).unwrap()), dbt["selectors"]);
        // What the manifest shows can be read again.
        let read = Selectors::parse(&dbt["selectors"], IndirectSelection::Eager).unwrap();
        assert!(read.get("nightly").is_ok() && read.get("both").is_ok());
    }

    #[test]
    fn wrong_definitions_are_all_told() {
        let file = json!([
            {"name": "a", "definition": {"union": ["x"], "intersection": ["y"]}},
            {"name": "b", "definition": {"method": "selector", "value": "later"}},
            {"name": "c", "definition": {"method": "tag"}},
            {"name": "d", "definition": {"union": [{"exclude": ["x"]}, {"exclude": ["y"]}]}},
            {"name": "e", "definition": "tagg:x"},
            {"name": "f", "definition": 3},
            {"name": "g", "definition": {"union": "x"}},
            {"name": "later", "definition": "x", "default": true},
            {"name": "more", "definition": "x", "default": true},
        ]);
        let problems = Selectors::parse(&file, IndirectSelection::Eager).unwrap_err();
        assert_eq!(problems.iter().count(), 8, "{problems:#?}");
    }

    #[test]
    fn an_unknown_name_gets_a_hint() {
        let selectors =
            Selectors::parse(&json!([{"name": "nightly", "definition": "x"}]), IndirectSelection::Eager).unwrap();
        let problem = selectors.get("nigthly").unwrap_err();
        assert_eq!(problem.hint.as_deref(), Some("a similar name exists: `nightly`"));
        assert!(selectors.default_selector().is_none());
    }
}
