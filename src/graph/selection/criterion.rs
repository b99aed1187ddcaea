//! [`Criterion`]: one term such as `2+tag:nightly+1`.

use serde_json::Value;

use crate::diagnostics::{Code, Diagnostic};

/// How nodes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Fqn,
    Tag,
    Group,
    Access,
    Source,
    Path,
    File,
    Package,
    Config,
    TestName,
    TestType,
    ResourceType,
    State,
    Exposure,
    Metric,
    Result,
    SourceStatus,
    Version,
    SemanticModel,
    SavedQuery,
    UnitTest,
    Column,
}

impl Method {
    /// Every method with dbt's name, and `column`, which is ours.
    pub const ALL: [(Method, &'static str); 22] = [
        (Method::Fqn, "fqn"),
        (Method::Tag, "tag"),
        (Method::Group, "group"),
        (Method::Access, "access"),
        (Method::Source, "source"),
        (Method::Path, "path"),
        (Method::File, "file"),
        (Method::Package, "package"),
        (Method::Config, "config"),
        (Method::TestName, "test_name"),
        (Method::TestType, "test_type"),
        (Method::ResourceType, "resource_type"),
        (Method::State, "state"),
        (Method::Exposure, "exposure"),
        (Method::Metric, "metric"),
        (Method::Result, "result"),
        (Method::SourceStatus, "source_status"),
        (Method::Version, "version"),
        (Method::SemanticModel, "semantic_model"),
        (Method::SavedQuery, "saved_query"),
        (Method::UnitTest, "unit_test"),
        (Method::Column, "column"),
    ];

    /// dbt's name: `resource_type`.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(method, _)| *method == self).map_or("", |(_, name)| name)
    }

    fn parse(name: &str) -> Result<Self, Diagnostic> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(method, _)| *method).ok_or_else(|| {
            Diagnostic::error(Code::SELECTOR, format!("'{name}' is not a valid method name"))
                .note(format!("methods: {}", Self::ALL.map(|(_, known)| known).join(", ")))
                .suggest(name, Self::ALL.iter().map(|(_, known)| *known))
        })
    }

    /// The method of a value that names none: a path, a file, else a name.
    fn of_value(value: &str) -> Self {
        let lower = value.to_lowercase();
        if value.contains(['/', std::path::MAIN_SEPARATOR]) {
            Self::Path
        } else if [".sql", ".py", ".csv"].iter().any(|ending| lower.ends_with(ending)) {
            Self::File
        } else {
            Self::Fqn
        }
    }
}

/// Which tests come along with the nodes that are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IndirectSelection {
    /// Those that read any selected node.
    #[default]
    Eager,
    /// Those that read selected nodes only.
    Cautious,
    /// Those that read selected nodes and what is upstream of them only.
    Buildable,
    /// None.
    Empty,
}

impl IndirectSelection {
    /// The mode of a word: `eager`, `cautious`, `buildable`, `empty`.
    pub fn parse(word: &str) -> Result<Self, Diagnostic> {
        Ok(match word {
            "eager" => Self::Eager,
            "cautious" => Self::Cautious,
            "buildable" => Self::Buildable,
            "empty" => Self::Empty,
            _ => {
                return Err(Diagnostic::error(
                    Code::SELECTOR,
                    format!("'{word}' is not a valid indirect selection: eager, cautious, buildable or empty"),
                ));
            }
        })
    }
}

/// One term of a selection.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// As it was written.
    pub raw: String,
    /// How nodes are found.
    pub method: Method,
    /// What follows the method's name: `["materialized"]` of `config.materialized`.
    pub arguments: Vec<String>,
    /// What is looked for; a string, or any scalar in `selectors.yml`.
    pub value: Value,
    /// `@`: also all descendants, and all their ancestors.
    pub childrens_parents: bool,
    /// `+` before: also ancestors.
    pub parents: bool,
    /// So many steps.
    pub parents_depth: Option<usize>,
    /// `+` after: also descendants.
    pub children: bool,
    /// So many steps.
    pub children_depth: Option<usize>,
    /// Which tests come along.
    pub indirect: IndirectSelection,
}

/// The pieces of a written term; the method is not looked up yet.
struct Pieces<'a> {
    childrens_parents: bool,
    parents: Option<&'a str>,
    method: Option<&'a str>,
    value: &'a str,
    children: Option<&'a str>,
}

impl<'a> Pieces<'a> {
    fn split(raw: &'a str) -> Self {
        let (childrens_parents, rest) = match raw.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let (parents, rest) = match rest.split_once('+') {
            Some((depth, rest)) if depth.bytes().all(|b| b.is_ascii_digit()) => (Some(depth), rest),
            _ => (None, rest),
        };
        let is_method = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c));
        let (method, rest) = match rest.split_once(':') {
            Some((name, value)) if is_method(name) => (Some(name), value),
            _ => (None, rest),
        };
        let (value, children) = match rest.rsplit_once('+') {
            Some((value, depth)) if depth.bytes().all(|b| b.is_ascii_digit()) => (value, Some(depth)),
            _ => (rest, None),
        };
        Self { childrens_parents, parents, method, value, children }
    }
}

impl Criterion {
    /// A term as written on the command line.
    pub fn parse(raw: &str, indirect: IndirectSelection) -> Result<Self, Diagnostic> {
        let pieces = Pieces::split(raw);
        let (method, arguments) = match pieces.method {
            Some(method) => split_method(method)?,
            None => (Method::of_value(pieces.value), Vec::new()),
        };
        Self {
            raw: raw.to_owned(),
            method,
            arguments,
            value: Value::from(pieces.value),
            childrens_parents: pieces.childrens_parents,
            parents: pieces.parents.is_some(),
            parents_depth: depth(raw, pieces.parents)?,
            children: pieces.children.is_some(),
            children_depth: depth(raw, pieces.children)?,
            indirect,
        }
        .checked()
    }

    /// A term as a mapping of `selectors.yml` with `method` and `value`.
    pub(super) fn of_mapping(
        mapping: &serde_json::Map<String, Value>,
        indirect: IndirectSelection,
    ) -> Result<Self, Diagnostic> {
        let raw = Value::Object(mapping.clone()).to_string();
        let method = mapping.get("method").and_then(Value::as_str).unwrap_or_default();
        let (method, arguments) = split_method(method)?;
        let truthy = |key: &str| match mapping.get(key) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        };
        let number = |key: &str| match mapping.get(key) {
            Some(Value::Number(depth)) => depth.as_u64().map(|depth| depth as usize).filter(|depth| *depth > 0),
            Some(Value::String(depth)) => depth.parse().ok(),
            _ => None,
        };
        let indirect = match mapping.get("indirect_selection").and_then(Value::as_str) {
            Some(word) => IndirectSelection::parse(word)?,
            None => indirect,
        };
        Self {
            method,
            arguments,
            value: mapping.get("value").cloned().unwrap_or_default(),
            childrens_parents: truthy("childrens_parents"),
            parents: truthy("parents"),
            parents_depth: number("parents_depth"),
            children: truthy("children"),
            children_depth: number("children_depth"),
            indirect,
            raw,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, Diagnostic> {
        if self.children && self.childrens_parents {
            return Err(Diagnostic::error(
                Code::SELECTOR,
                format!("invalid selection {}: a \"@\" before and a \"+\" after exclude each other", self.raw),
            )
            .hint("\"@\" already selects everything downstream: leave the \"+\" out"));
        }
        Ok(self)
    }

    /// What is looked for, as text.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// The mapping that the manifest shows for a term written as text.
    pub(super) fn mapping_of(raw: &str) -> Result<serde_json::Map<String, Value>, Diagnostic> {
        let pieces = Pieces::split(raw);
        let method = match pieces.method {
            Some(method) => split_method(method).map(|_| method.to_owned())?,
            None => Method::of_value(pieces.value).as_str().to_owned(),
        };
        let mut mapping = serde_json::Map::new();
        let mut put = |key: &str, value: Value| mapping.insert(key.to_owned(), value);
        if pieces.childrens_parents {
            put("childrens_parents", Value::Bool(true));
        }
        if let Some(depth) = pieces.parents {
            put("parents", Value::Bool(true));
            if !depth.is_empty() {
                put("parents_depth", Value::from(depth));
            }
        }
        put("method", Value::from(method));
        if !pieces.value.is_empty() {
            put("value", Value::from(pieces.value));
        }
        if let Some(depth) = pieces.children {
            put("children", Value::Bool(true));
            if !depth.is_empty() {
                put("children_depth", Value::from(depth));
            }
        }
        Ok(mapping)
    }
}

fn split_method(written: &str) -> Result<(Method, Vec<String>), Diagnostic> {
    let mut parts = written.split('.');
    let method = Method::parse(parts.next().unwrap_or_default())?;
    Ok((method, parts.map(str::to_owned).collect()))
}

fn depth(raw: &str, digits: Option<&str>) -> Result<Option<usize>, Diagnostic> {
    match digits {
        None | Some("") => Ok(None),
        Some(digits) => digits.parse().map(Some).map_err(|_| {
            Diagnostic::error(Code::SELECTOR, format!("invalid selection {raw}: {digits} steps are too many"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Criterion, IndirectSelection, Method};

    fn parse(raw: &str) -> Criterion {
        Criterion::parse(raw, IndirectSelection::Eager).unwrap()
    }

    #[test]
    fn a_term_has_method_arguments_value_and_neighbours() {
        let term = parse("2+config.meta.owner:team:a+3");
        assert_eq!(term.method, Method::Config);
        assert_eq!(term.arguments, ["meta", "owner"]);
        assert_eq!(term.value, "team:a");
        assert_eq!((term.parents, term.parents_depth), (true, Some(2)));
        assert_eq!((term.children, term.children_depth), (true, Some(3)));
    }

    #[test]
    fn a_value_without_method_is_a_path_a_file_or_a_name() {
        assert_eq!(parse("models/staging").method, Method::Path);
        assert_eq!(parse("orders.SQL").method, Method::File);
        assert_eq!(parse("staging.orders+").method, Method::Fqn);
        assert_eq!(parse("@orders").value, "orders");
        assert!(parse("@orders").childrens_parents);
    }

    #[test]
    fn only_a_plus_with_digits_at_the_end_means_children() {
        let term = parse("a+b");
        assert_eq!((term.children, term.value), (false, "a+b".into()));
        let term = parse("a++");
        assert_eq!((term.children, term.value), (true, "a+".into()));
    }

    #[test]
    fn wrong_terms_are_told() {
        let wrong = |raw| Criterion::parse(raw, IndirectSelection::Eager).unwrap_err();
        assert_eq!(wrong("tags:x").message, "'tags' is not a valid method name");
        assert_eq!(wrong("tags:x").hint.as_deref(), Some("a similar name exists: `tag`"));
        assert!(wrong("@a+").message.contains("exclude each other"));
    }
}
