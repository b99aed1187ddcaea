//! References by name → unique ids: `ref`, `source`, groups, access; and what must be unique over the whole project.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::names::version_text;
use super::nodes::NodeSet;
use super::parsing::Parsing;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::manifest::{Group, Node, RefCall, ResourceType, SearchOrder, Source};

/// What a name leads to.
pub(super) enum Found<'a> {
    /// An enabled node or source.
    Enabled(&'a str),
    /// Only disabled ones.
    Disabled,
    /// Nothing of this name.
    Nothing,
}

/// Finds nodes by the arguments of `ref`, sources by those of `source`.
pub(super) struct Lookup {
    /// Search name (`orders`, `orders.v2`) → (package, unique id) of enabled nodes.
    nodes: HashMap<String, Vec<(String, String)>>,
    disabled: HashMap<String, Vec<String>>,
    functions: HashMap<String, Vec<(String, String)>>,
    disabled_functions: HashMap<String, Vec<String>>,
    sources: HashMap<(String, String), Vec<(String, String)>>,
    disabled_sources: HashMap<(String, String), Vec<String>>,
    /// Nodes that could not be read, which is reported already.
    broken: std::collections::HashSet<String>,
    left_out: std::collections::HashSet<String>,
    order: SearchOrder,
}

impl Lookup {
    pub(super) fn new(
        order: SearchOrder,
        nodes: &NodeSet,
        sources: &IndexMap<String, Source>,
        disabled: &[Source],
    ) -> Self {
        let mut lookup = Self {
            nodes: HashMap::new(),
            disabled: HashMap::new(),
            functions: HashMap::new(),
            disabled_functions: HashMap::new(),
            sources: HashMap::new(),
            disabled_sources: HashMap::new(),
            broken: nodes.broken.clone(),
            left_out: nodes.left_out.clone(),
            order,
        };
        for node in nodes.enabled.values().filter(|node| node.is_refable()) {
            let place = (node.package_name.clone(), node.unique_id.clone());
            for name in search_names(node) {
                lookup.nodes.entry(name).or_default().push(place.clone());
            }
        }
        for node in nodes.disabled.values().flatten().filter(|node| node.is_refable()) {
            for name in search_names(node) {
                lookup.disabled.entry(name).or_default().push(node.package_name.clone());
            }
        }
        for node in nodes.enabled.values().filter(|node| node.resource_type == ResourceType::Function) {
            let place = (node.package_name.clone(), node.unique_id.clone());
            lookup.functions.entry(node.name.clone()).or_default().push(place);
        }
        let disabled_nodes = nodes.disabled.values().flatten();
        for node in disabled_nodes.filter(|node| node.resource_type == ResourceType::Function) {
            lookup.disabled_functions.entry(node.name.clone()).or_default().push(node.package_name.clone());
        }
        for source in sources.values() {
            let key = (source.source_name.clone(), source.name.clone());
            lookup.sources.entry(key).or_default().push((source.package_name.clone(), source.unique_id.clone()));
        }
        for source in disabled {
            let key = (source.source_name.clone(), source.name.clone());
            lookup.disabled_sources.entry(key).or_default().push(source.package_name.clone());
        }
        lookup
    }

    /// The node that a call of `ref` in a resource of `package` means.
    pub(super) fn node(&self, call: &RefCall, package: &str) -> Found<'_> {
        let version = call.version.as_ref().map(ToString::to_string);
        self.node_named(&call.name, version.as_deref(), call.package.as_deref(), package)
    }

    /// The same by the parts of the call; `wanted` is the package that it names.
    pub(super) fn node_named(
        &self,
        name: &str,
        version: Option<&str>,
        wanted: Option<&str>,
        package: &str,
    ) -> Found<'_> {
        let name = version.map_or(Cow::Borrowed(name), |version| format!("{name}.v{version}").into());
        let candidates = self.nodes.get(&*name);
        if let Some(id) = candidates.and_then(|found| self.pick(found, wanted, package)) {
            return Found::Enabled(id);
        }
        let disabled = self
            .disabled
            .get(&*name)
            .is_some_and(|packages| wanted.is_none_or(|wanted| packages.iter().any(|package| package == wanted)));
        if disabled { Found::Disabled } else { Found::Nothing }
    }

    /// The source that a call of `source` in a resource of `package` means.
    pub(super) fn source(&self, call: &(String, String), package: &str) -> Found<'_> {
        if let Some(id) = self.sources.get(call).and_then(|candidates| self.pick(candidates, None, package)) {
            return Found::Enabled(id);
        }
        if self.disabled_sources.contains_key(call) { Found::Disabled } else { Found::Nothing }
    }

    /// The function that a call of `function` in a resource of `package` means.
    pub(super) fn function(&self, call: &[String], package: &str) -> Found<'_> {
        let (Some(name), wanted) = (call.last(), (call.len() > 1).then(|| call[0].as_str())) else {
            return Found::Nothing;
        };
        if let Some(id) = self.functions.get(name).and_then(|found| self.pick(found, wanted, package)) {
            return Found::Enabled(id);
        }
        let disabled = self.disabled_functions.get(name);
        let is_disabled =
            disabled.is_some_and(|packages| wanted.is_none_or(|wanted| packages.iter().any(|p| p == wanted)));
        if is_disabled { Found::Disabled } else { Found::Nothing }
    }

    /// Names that `function` knows, for hints.
    pub(super) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    fn pick<'a>(&self, candidates: &'a [(String, String)], wanted: Option<&str>, package: &str) -> Option<&'a str> {
        // Where a package has two of one name, the later one.
        let of = |name: &str| candidates.iter().rfind(|(package, _)| package == name);
        let found = match wanted {
            Some(wanted) => of(wanted),
            None => of(candidates.iter().map(|(name, _)| name).min_by_key(|name| self.order.rank(name, package))?),
        };
        found.map(|(_, id)| id.as_str())
    }

    /// Whether a node of this name could not be read.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// Names that `ref` knows, for hints.
    pub(super) fn node_names(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// Names that `source` knows, for hints.
    pub(super) fn source_names(&self) -> impl Iterator<Item = &(String, String)> {
        self.sources.keys()
    }
}

fn search_names(node: &Node) -> Vec<String> {
    match (&node.version, &node.latest_version) {
        (None, _) => vec![node.name.clone()],
        (Some(version), Some(latest)) if version_text(version) == version_text(latest) => {
            vec![node.search_name(), node.name.clone()]
        }
        _ => vec![node.search_name()],
    }
}

/// A resource whose calls are resolved.
pub(super) struct Caller<'a> {
    pub(super) unique_id: &'a str,
    pub(super) kind: ResourceType,
    pub(super) package: &'a str,
    pub(super) path: &'a str,
    pub(super) span: Option<Span>,
    /// Finds the place of a call of `source` with these names.
    pub(super) source_place: &'a dyn Fn((&str, &str)) -> Option<Span>,
}

/// The unique ids behind the calls of one resource, each once and in order, and the problems of those that lead nowhere.
pub(super) fn dependencies(
    lookup: &Lookup,
    caller: &Caller<'_>,
    refs: &[RefCall],
    sources: &[(String, String)],
) -> (Vec<String>, Diagnostics) {
    let mut ids: Vec<String> = Vec::new();
    let mut problems = Diagnostics::new();
    let mut keep = |id: &str| {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    };
    for call in sources {
        match lookup.source(call, caller.package) {
            Found::Enabled(id) => keep(id),
            missing => problems.push(missing_source(lookup, caller, call, matches!(missing, Found::Disabled))),
        }
    }
    for call in refs {
        match lookup.node(call, caller.package) {
            Found::Enabled(id) => keep(id),
            // Its own problem is told already.
            Found::Nothing if lookup.is_broken(&call.name) => {}
            missing => problems.push(missing_node(lookup, caller, call, matches!(missing, Found::Disabled))),
        }
    }
    (ids, problems)
}

/// Adds the functions that a resource calls to what it depends on.
pub(super) fn functions_called(
    lookup: &Lookup,
    caller: &Caller<'_>,
    calls: &[Vec<String>],
    ids: &mut Vec<String>,
    problems: &mut Diagnostics,
) {
    for call in calls {
        let name = call.last().map(String::as_str).unwrap_or_default();
        match lookup.function(call, caller.package) {
            Found::Enabled(id) if ids.iter().any(|known| known == id) => {}
            Found::Enabled(id) => ids.push(id.to_owned()),
            Found::Nothing if lookup.is_broken(name) => {}
            missing => {
                let is_disabled = matches!(missing, Found::Disabled);
                let code = if is_disabled { Code::REF_DISABLED } else { Code::REF_NOT_FOUND };
                let reason = if is_disabled { "is disabled" } else { "was not found" };
                let message = format!(
                    "{} '{}' ({}) depends on a function named '{name}' which {reason}",
                    title(caller.kind),
                    caller.unique_id,
                    caller.path
                );
                let problem = with_severity(caller, code, message).at_some(caller.span, "called in here");
                problems.push(problem.suggest(name, lookup.function_names()));
            }
        }
    }
}

fn missing_node(lookup: &Lookup, caller: &Caller<'_>, call: &RefCall, disabled: bool) -> Diagnostic {
    let version = call.version.as_ref().map(|version| format!(" with version '{version}'")).unwrap_or_default();
    let package =
        call.package.as_ref().map(|package| format!(" in package or project '{package}'")).unwrap_or_default();
    let reason = if disabled { "is disabled" } else { "was not found" };
    let code = if disabled { Code::REF_DISABLED } else { Code::REF_NOT_FOUND };
    let message = format!(
        "{} '{}' ({}) depends on a node named '{}'{version}{package} which {reason}",
        title(caller.kind),
        caller.unique_id,
        caller.path,
        call.name
    );
    let problem = with_severity(caller, code, message).at_some(call.span.or(caller.span), "referenced here");
    if disabled {
        problem.hint(format!("enable `{}`, or remove the reference", call.name))
    } else if lookup.left_out.contains(&call.name) {
        problem.hint(format!(
            "`{}` is a Python model, which is left out: build it with dbt, declare its table as a source, and read that",
            call.name
        ))
    } else {
        problem.suggest(&call.name, lookup.node_names())
    }
}

fn missing_source(lookup: &Lookup, caller: &Caller<'_>, call: &(String, String), disabled: bool) -> Diagnostic {
    let reason = if disabled { "is disabled" } else { "was not found" };
    let message = format!(
        "{} '{}' ({}) depends on a source named '{}.{}' which {reason}",
        title(caller.kind),
        caller.unique_id,
        caller.path,
        call.0,
        call.1
    );
    let problem = with_severity(caller, Code::SOURCE_NOT_FOUND, message)
        .at_some((caller.source_place)((&call.0, &call.1)).or(caller.span), "referenced here");
    let names: Vec<String> = lookup.source_names().map(|(source, table)| format!("{source}.{table}")).collect();
    problem.suggest(&format!("{}.{}", call.0, call.1), names.iter().map(String::as_str))
}

/// A test of something that does not exist is left out with a warning; for all others it is an error.
fn with_severity(caller: &Caller<'_>, code: Code, message: String) -> Diagnostic {
    if caller.kind == ResourceType::Test {
        Diagnostic::warning(Code::TEST_PARENT_NOT_FOUND, message)
    } else {
        Diagnostic::error(code, message)
    }
}

fn title(kind: ResourceType) -> String {
    let name = kind.as_str().replace('_', " ");
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Every group that is named must exist.
pub(super) fn check_groups(
    sources: &SourceMap,
    nodes: &IndexMap<String, Arc<Node>>,
    groups: &IndexMap<String, Group>,
    problems: &mut Diagnostics,
) {
    for node in nodes.values() {
        let Some(group) = node.group.as_deref() else { continue };
        if groups.values().any(|known| known.name == group) {
            continue;
        }
        problems.push(
            Diagnostic::error(
                Code::INVALID_CONFIG,
                format!(
                    "Invalid group '{group}', expected one of {:?}",
                    groups.values().map(|group| group.name.as_str()).collect::<Vec<_>>()
                ),
            )
            .at_some(super::places::of_config(sources, node, "group"), format!("{} is put into it", node.unique_id))
            .suggest(group, groups.values().map(|group| group.name.as_str())),
        );
    }
}

/// No two nodes may become one relation. Two of one package that have one name are deprecated, or an error if
/// `require_unique_project_resource_names` is set; of models, a name has versions or has none.
pub(super) fn check_uniqueness(parsing: &Parsing, nodes: &IndexMap<String, Arc<Node>>, problems: &mut Diagnostics) {
    let sources = parsing.sources();
    let must_be_unique = parsing.session().config().flags.behaves("require_unique_project_resource_names");
    let mut relations: HashMap<String, &Node> = HashMap::with_capacity(nodes.len());
    let mut names: HashMap<(&str, &str), &Node> = HashMap::with_capacity(nodes.len());
    for node in nodes.values().filter(|node| node.is_refable()) {
        let same_name = names.insert((&node.package_name, &node.name), node);
        let is_versioned = |node: &Node| node.version.is_some();
        if let Some(first) = same_name.filter(|first| !is_versioned(first) || !is_versioned(node)) {
            let message = format!("dbt found two resources with the name \"{}\"", node.name);
            let is_error = must_be_unique || is_versioned(first) || is_versioned(node);
            let problem = if is_error {
                Diagnostic::error(Code::DUPLICATE_RESOURCE, message)
            } else {
                Diagnostic::warning(Code::DEPRECATED, message).named("DuplicateNameDistinctNodeTypesDeprecation")
            };
            problems.push(
                problem
                    .at_some(node.span, format!("{} is defined here", node.unique_id))
                    .at_some(first.span, format!("{} is defined here", first.unique_id))
                    .hint("`ref` takes the later one: rename one of them"),
            );
            if is_error {
                continue;
            }
        }
        let Some(relation) = &node.relation_name else { continue };
        if let Some(first) = relations.insert(relation.to_lowercase(), node) {
            problems.push(
                Diagnostic::error(
                    Code::AMBIGUOUS_RELATION,
                    format!(
                        "dbt found two resources with the database representation \"{relation}\".\ndbt cannot create two \
                         resources with identical database representations. To fix this, change the configuration of one of \
                         these resources:\n- {} ({})\n- {} ({})",
                        first.unique_id, first.original_file_path, node.unique_id, node.original_file_path
                    ),
                )
                .at_some(super::places::of_config(sources, node, "alias"), "this resource")
                .at_some(super::places::of_config(sources, first, "alias"), "and this one")
                .hint("give one of them another `alias` or `schema`"),
            );
        }
    }
}
