//! What each selection method matches.

use std::collections::HashSet;

use serde_json::Value;

use super::members::Member;
use super::pattern::{PathPattern, Pattern, has_wildcard};
use super::{Criterion, Method};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Manifest, Node, NodeConfig, ResourceType};

/// A criterion ready to be asked of every member.
pub(super) enum Matcher {
    Fqn(FqnPattern),
    Tag(Pattern),
    Group(Pattern),
    Access(String),
    /// Package, source, table.
    Source([Pattern; 3]),
    /// A kind, package, name.
    Named(ResourceType, [Pattern; 2]),
    /// Files and folders of the root project that the pattern names.
    Path(HashSet<String>),
    File(Pattern),
    Package(Pattern),
    Config {
        keys: Vec<String>,
        value: Value,
    },
    TestName(Pattern),
    TestType {
        generic: bool,
        singular: bool,
        unit: bool,
    },
    ResourceType(ResourceType),
    Version(VersionKind),
}

/// What `version:` asks for.
pub(super) enum VersionKind {
    Latest,
    Prerelease,
    Old,
    None,
}

impl Matcher {
    /// The matcher of a criterion whose method needs nothing but the manifest.
    pub(super) fn of(criterion: &Criterion, manifest: &Manifest) -> Result<Self, Diagnostic> {
        let text = criterion.text();
        Ok(match criterion.method {
            Method::Fqn => Self::Fqn(FqnPattern::new(&text)),
            Method::Tag => Self::Tag(Pattern::new(&text)),
            Method::Group => Self::Group(Pattern::new(&text)),
            Method::Access => Self::Access(text),
            Method::Source => Self::Source(qualified(criterion, &text)?),
            Method::Exposure => Self::Named(ResourceType::Exposure, qualified(criterion, &text)?),
            Method::Metric => Self::Named(ResourceType::Metric, qualified(criterion, &text)?),
            Method::SemanticModel => Self::Named(ResourceType::SemanticModel, qualified(criterion, &text)?),
            Method::SavedQuery => Self::Named(ResourceType::SavedQuery, qualified(criterion, &text)?),
            Method::UnitTest => Self::Named(ResourceType::UnitTest, qualified(criterion, &text)?),
            Method::Path => Self::Path(matching_paths(&PathPattern::new(&text), manifest)),
            Method::File => Self::File(Pattern::new(&text)),
            Method::Package if text == "this" => Self::Package(Pattern::new(&manifest.project_name)),
            Method::Package => Self::Package(Pattern::new(&text)),
            Method::Config => Self::Config { keys: criterion.arguments.clone(), value: criterion.value.clone() },
            Method::TestName => Self::TestName(Pattern::new(&text)),
            Method::TestType => test_type(&text)?,
            Method::ResourceType => Self::ResourceType(resource_type(&text)?),
            Method::Version => Self::Version(version_kind(&text)?),
            Method::Column => {
                return Err(Diagnostic::error(
                    Code::SELECTOR,
                    format!("`{}` follows a column, which this command does not", criterion.raw),
                ));
            }
            Method::State | Method::Result | Method::SourceStatus => {
                let missing = match criterion.method {
                    Method::Result => "No comparison run_results",
                    Method::SourceStatus => "No previous state comparison freshness results in sources.json",
                    _ => "Got a state selector method, but no comparison manifest",
                };
                return Err(Diagnostic::error(Code::SELECTOR, format!("{missing}: `{}`", criterion.raw))
                    .hint("say where its artifacts are: --state <folder>"));
            }
        })
    }

    pub(super) fn matches(&self, member: Member<'_>) -> bool {
        match (self, member) {
            (_, Member::Unknown) | (Self::Fqn(_), Member::Source(_)) => false,
            (Self::Fqn(pattern), Member::Node(node)) => pattern.matches(&member.fqn(), node.version.is_some()),
            (Self::Fqn(pattern), _) => pattern.matches(&member.fqn(), false),
            (Self::Tag(pattern), _) => member.tags().into_iter().any(|tag| pattern.matches(tag)),
            (Self::Group(pattern), Member::Node(node)) => {
                node.config.str("group").is_some_and(|group| pattern.matches(group))
            }
            (Self::Group(pattern), Member::Semantic(ResourceType::Metric, value)) => {
                value.pointer("/config/group").and_then(Value::as_str).is_some_and(|group| pattern.matches(group))
            }
            (Self::Access(access), Member::Node(node)) => {
                node.resource_type == ResourceType::Model && node.access == *access
            }
            (Self::Source([package, source, table]), Member::Source(member)) => {
                package.matches(&member.package_name)
                    && source.matches(&member.source_name)
                    && table.matches(&member.name)
            }
            (Self::Named(kind, [package, name]), _) => {
                member.resource_type() == Some(*kind)
                    && package.matches(member.package())
                    && name.matches(member.name())
            }
            (Self::Path(paths), _) => {
                with_folders(member.file()).any(|path| paths.contains(path))
                    || member.patch_file().is_some_and(|file| paths.contains(file))
            }
            (Self::File(pattern), _) => matches_file(pattern, member.file()),
            (Self::Package(pattern), _) => pattern.matches(member.package()),
            (Self::Config { keys, value }, Member::Node(node)) => matches_config(&node.config, keys, value),
            (Self::Config { keys, value }, Member::Source(source)) => matches_config(&source.config, keys, value),
            (Self::TestName(pattern), Member::Node(node)) => {
                node.test.metadata.as_ref().is_some_and(|test| pattern.matches(&test.name))
            }
            (Self::TestName(pattern), Member::UnitTest(test)) => pattern.matches(&test.name),
            (Self::TestType { unit, .. }, Member::UnitTest(_)) => *unit,
            (Self::TestType { generic, singular, .. }, Member::Node(node)) => {
                node.resource_type == ResourceType::Test
                    && if node.test.metadata.is_some() { *generic } else { *singular }
            }
            (Self::ResourceType(kind), _) => member.resource_type() == Some(*kind),
            (Self::Version(kind), Member::Node(node)) => {
                node.resource_type == ResourceType::Model && kind.matches(node)
            }
            _ => false,
        }
    }
}

/// The path itself, then the folders that it lies in; the last is the root.
fn with_folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind(['/', std::path::MAIN_SEPARATOR]) {
        Some(at) => Some(&path[..at]),
        None => (!path.is_empty()).then_some(""),
    })
}

/// Paths are those below the root project. A resource of an installed package, whose path is relative to the package, is
/// meant too where the root project has the same file or folder: so it is in dbt.
fn matching_paths(pattern: &PathPattern, manifest: &Manifest) -> HashSet<String> {
    let semantic = &manifest.semantic;
    let ids = manifest.nodes.keys().chain(manifest.sources.keys()).chain(manifest.exposures.keys());
    let ids = ids.chain(manifest.unit_tests.keys()).chain(semantic.metrics.keys());
    let ids = ids.chain(semantic.semantic_models.keys()).chain(semantic.saved_queries.keys());
    let own = ids.map(|id| Member::of(id, manifest)).filter(|member| member.package() == manifest.project_name);
    let mut seen = HashSet::new();
    let mut found = HashSet::new();
    for member in own {
        for path in [Some(member.file()), member.patch_file()].into_iter().flatten() {
            for path in with_folders(path).take_while(|path| seen.insert(*path)) {
                if pattern.matches_path(path) {
                    found.insert(path.to_owned());
                }
            }
        }
    }
    found
}

/// A name or a dotted path of names, as `fqn:` matches it: with or without the package.
pub(super) struct FqnPattern {
    whole: String,
    /// The parts before the first one with a wildcard.
    literal: Vec<String>,
    /// The rest, if there is a wildcard.
    rest: Option<Pattern>,
    /// The whole as a pattern for the last name, if it is one part with a wildcard.
    leaf: Option<Pattern>,
    parts: usize,
}

impl FqnPattern {
    fn new(text: &str) -> Self {
        let parts: Vec<&str> = text.split('.').collect();
        let wildcard = parts.iter().position(|part| has_wildcard(part));
        Self {
            whole: text.to_owned(),
            literal: parts[..wildcard.unwrap_or(parts.len())].iter().map(|&part| part.to_owned()).collect(),
            rest: wildcard.map(|at| Pattern::new(&parts[at..].join("."))),
            leaf: (wildcard.is_some() && parts.len() == 1).then(|| Pattern::new(text)),
            parts: parts.len(),
        }
    }

    fn matches(&self, fqn: &[&str], is_versioned: bool) -> bool {
        self.matches_scoped(fqn, is_versioned) || (fqn.len() > 1 && self.matches_scoped(&fqn[1..], is_versioned))
    }

    fn matches_scoped(&self, fqn: &[&str], is_versioned: bool) -> bool {
        let Some((last, before)) = fqn.split_last() else { return false };
        let name = if is_versioned { before.last().unwrap_or(last) } else { last };
        if *name == self.whole || (is_versioned && self.is_name_and_version(name, last)) {
            return true;
        }
        let flat: Vec<&str> = fqn.iter().flat_map(|segment| segment.split('.')).collect();
        if flat.len() < self.parts || !self.literal.iter().zip(&flat).all(|(mine, theirs)| mine == theirs) {
            return false;
        }
        match &self.rest {
            None => true,
            Some(rest) => {
                rest.matches(&flat[self.literal.len()..].join("."))
                    || self.leaf.as_ref().is_some_and(|leaf| leaf.matches(name))
            }
        }
    }

    /// `orders.v2` and `orders_v2` both name version 2 of `orders`; folders may stand before.
    fn is_name_and_version(&self, name: &str, version: &str) -> bool {
        let parts: Vec<&str> = self.whole.split('.').collect();
        parts[parts.len().saturating_sub(2)..].join("_") == format!("{name}_{version}")
    }
}

/// `name`, `package.name` or, for three patterns, `source`, `source.table`, `package.source.table`; what is not said is `*`.
fn qualified<const N: usize>(criterion: &Criterion, text: &str) -> Result<[Pattern; N], Diagnostic> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > N {
        let form = if N == 3 { "source, source.table or package.source.table" } else { "name or package.name" };
        return Err(Diagnostic::error(
            Code::SELECTOR,
            format!("invalid {} selector value \"{text}\": it must be {form}", criterion.method.as_str()),
        ));
    }
    // One part of three names the source, not the table.
    let first = if N == 3 && parts.len() == 1 { 1 } else { N - parts.len() };
    Ok(std::array::from_fn(|at| Pattern::new(at.checked_sub(first).and_then(|at| parts.get(at)).unwrap_or(&"*"))))
}

fn test_type(text: &str) -> Result<Matcher, Diagnostic> {
    let (generic, singular, unit) = match text {
        "generic" | "schema" => (true, false, false),
        "data" => (true, true, false),
        "singular" => (false, true, false),
        "unit" => (false, false, true),
        _ => {
            return Err(Diagnostic::error(
                Code::SELECTOR,
                format!("invalid test type selector {text}: expected generic, singular, unit or data"),
            ));
        }
    };
    Ok(Matcher::TestType { generic, singular, unit })
}

fn resource_type(text: &str) -> Result<ResourceType, Diagnostic> {
    ResourceType::parse(text)
        .ok_or_else(|| Diagnostic::error(Code::SELECTOR, format!("invalid resource_type selector \"{text}\"")))
}

fn version_kind(text: &str) -> Result<VersionKind, Diagnostic> {
    Ok(match text {
        "latest" => VersionKind::Latest,
        "prerelease" => VersionKind::Prerelease,
        "old" => VersionKind::Old,
        "none" => VersionKind::None,
        _ => {
            return Err(Diagnostic::error(
                Code::SELECTOR,
                format!("invalid version selector {text}: expected latest, prerelease, old or none"),
            ));
        }
    })
}

impl VersionKind {
    fn matches(&self, node: &Node) -> bool {
        use std::cmp::Ordering::{Greater, Less};
        let order = || compare_versions(node.version.as_ref()?, node.latest_version.as_ref()?);
        match self {
            Self::Latest => node.version.is_some() && node.version == node.latest_version,
            Self::Prerelease => order() == Some(Greater),
            Self::Old => order() == Some(Less),
            Self::None => node.version.is_none(),
        }
    }
}

/// Versions as numbers if both are, else as text.
fn compare_versions(one: &Value, other: &Value) -> Option<std::cmp::Ordering> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (one, other) = (text(one), text(other));
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b),
        _ => Some(one.cmp(&other)),
    }
}

fn matches_file(pattern: &Pattern, path: &str) -> bool {
    let name = path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(path);
    let stem = match name.rfind('.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    };
    pattern.matches(name) || pattern.matches(stem)
}

fn matches_config(config: &NodeConfig, keys: &[String], wanted: &Value) -> bool {
    let Some((first, rest)) = keys.split_first() else { return false };
    let values = config.values();
    // In Python the hooks are attributes, so both spellings are in use.
    let Some(mut found) = values.get(first).or_else(|| values.get(&first.replace('_', "-"))) else { return false };
    for key in rest {
        let Some(inner) = found.get(key) else { return false };
        found = inner;
    }
    let ignore_case = keys == ["severity"];
    match found {
        Value::Array(items) => items.iter().any(|item| equals(item, wanted, ignore_case)),
        one => equals(one, wanted, ignore_case),
    }
}

/// A text on the command line also means the boolean that it names.
fn equals(value: &Value, wanted: &Value, ignore_case: bool) -> bool {
    match (value, wanted) {
        (Value::Bool(flag), Value::String(text)) => text.eq_ignore_ascii_case(if *flag { "true" } else { "false" }),
        (Value::String(one), Value::String(other)) if ignore_case => one.eq_ignore_ascii_case(other),
        _ => value == wanted,
    }
}
