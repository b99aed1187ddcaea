//! The last step: descriptions rendered, references resolved, what must be unique checked, and the manifest frozen.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::access::{Guarded, Referrer};
use super::names::version_text;
use super::nodes::NodeSet;
use super::parse::Resources;
use super::parsing::Parsing;
use super::references::{self, Reference};
use super::resolve::{Caller, Found, Lookup, check_groups, check_uniqueness, dependencies, functions_called};
use super::unit_tests::applies_to;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::graph::selection::Selectors;
use crate::manifest::{Group, Manifest, Node, ResourceType, Source, UnitTest};

/// Makes the manifest.
pub(super) fn manifest(parsing: &Parsing, resources: Resources, problems: &mut Diagnostics) -> Manifest {
    let Resources { mut nodes, sources, exposures, groups, unit_tests, macros } = resources;
    let (mut sources, mut disabled): (Vec<Source>, Vec<Source>) =
        sources.into_iter().map(|entry| entry.source).partition(|source| source.config.enabled());
    sources.iter_mut().chain(&mut disabled).for_each(|source| finish_source(parsing, source, problems));
    let sources: IndexMap<String, Source> =
        sources.into_iter().map(|source| (source.unique_id.clone(), source)).collect();
    describe_nodes(parsing, &mut nodes, problems);
    let lookup = Lookup::new(parsing.session().search_order().clone(), &nodes, &sources, &disabled);
    resolve_nodes(parsing, &lookup, &mut nodes, problems);
    attach_tests(&lookup, &mut nodes);
    infer_keys(&mut nodes);
    let groups = unique_groups(groups, problems);
    check_groups(parsing.sources(), &nodes.enabled, &groups, problems);
    check_uniqueness(parsing, &nodes.enabled, problems);
    let restricted = |package: &str| parsing.project().package(package).is_some_and(|project| project.restrict_access);
    let guarded = Guarded::new(&nodes.enabled, &restricted);
    nodes.enabled.values().for_each(|node| guarded.check(&Referrer::from(node.as_ref()), problems));
    let mut manifest = Manifest {
        project_name: parsing.project().name.clone(),
        adapter_type: parsing.adapter().type_name().to_owned(),
        macros: macros.into_iter().map(|definition| (definition.unique_id.clone(), definition)).collect(),
        docs: parsing.docs().as_ref().clone(),
        groups: groups.into_iter().map(|(id, group)| (id, Arc::new(group))).collect(),
        ..Manifest::default()
    };
    for mut exposure in exposures {
        let caller = Caller {
            unique_id: &exposure.unique_id,
            kind: ResourceType::Exposure,
            package: &exposure.package_name,
            path: &exposure.original_file_path,
            span: exposure.span,
            source_place: &|_| None,
        };
        let (ids, found) = dependencies(&lookup, &caller, &exposure.refs, &exposure.sources);
        if !exposure.config.enabled() {
            manifest.disabled_exposures.entry(exposure.unique_id.clone()).or_default().push(Arc::new(exposure));
            continue;
        }
        problems.extend(found);
        exposure.depends_on.nodes = ids;
        let referrer = Referrer {
            unique_id: &exposure.unique_id,
            package: &exposure.package_name,
            group: None,
            refs: &exposure.refs,
            parents: &exposure.depends_on.nodes,
            span: exposure.span,
        };
        guarded.check(&referrer, problems);
        if manifest.exposures.contains_key(&exposure.unique_id) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RESOURCE,
                    format!("dbt found two exposures with the name \"{}\"", exposure.name),
                )
                .at_some(exposure.span, "defined again here"),
            );
            continue;
        }
        manifest.exposures.insert(exposure.unique_id.clone(), Arc::new(exposure));
    }
    for test in unit_tests {
        for test in resolve_unit_test(&lookup, &nodes, test, problems) {
            if !test.config.enabled() {
                manifest.disabled_unit_tests.entry(test.unique_id.clone()).or_default().push(Arc::new(test));
            } else if let Some(first) = manifest.unit_tests.get(&test.unique_id) {
                let message = format!("dbt found two unit tests with the name \"{}\"", test.name);
                problems.push(
                    Diagnostic::error(Code::DUPLICATE_RESOURCE, message)
                        .at_some(test.span, "defined again here")
                        .at_some(first.span, "first defined here")
                        .hint("names of unit tests are unique for a model: rename one of them"),
                );
            } else {
                manifest.unit_tests.insert(test.unique_id.clone(), Arc::new(test));
            }
        }
    }
    manifest.nodes = nodes.enabled;
    manifest.disabled = nodes.disabled;
    manifest.sources = sources.into_iter().map(|(id, source)| (id, Arc::new(source))).collect();
    for source in disabled {
        manifest.disabled_sources.entry(source.unique_id.clone()).or_default().push(Arc::new(source));
    }
    if let Some(selectors) = &parsing.project().selectors {
        match Selectors::for_manifest(&selectors.to_json()) {
            Ok(selectors) => manifest.selectors = selectors,
            Err(problem) => problems.push(problem.at_some(Selectors::broken_item(selectors), "in this definition")),
        }
    }
    manifest
}

fn unique_groups(groups: Vec<Group>, problems: &mut Diagnostics) -> IndexMap<String, Group> {
    let mut by_id: IndexMap<String, Group> = IndexMap::new();
    for group in groups {
        if let Some(first) = by_id.get(&group.unique_id) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RESOURCE,
                    format!("dbt found two groups with the name \"{}\"", group.name),
                )
                .at_some(group.span, "defined again here")
                .at_some(first.span, "first defined here")
                .hint("rename or remove one of them"),
            );
            continue;
        }
        by_id.insert(group.unique_id.clone(), group);
    }
    by_id
}

fn finish_source(parsing: &Parsing, source: &mut Source, problems: &mut Diagnostics) {
    let package = source.package_name.clone();
    let span = source.span;
    let place = |problem: Diagnostic| problem.at_some(span, "in a description of this source");
    let mut used = Vec::new();
    source.description = parsing.describe(&package, &source.description, &mut used, problems, place);
    source.source_description =
        parsing.describe(&package, &source.source_description, &mut Vec::new(), problems, place);
    source.doc_blocks = used;
    parsing.describe_columns(&package, &mut source.columns, problems);
    let quoting = serde_json::json!({
        "database": source.resolved_quoting.database,
        "schema": source.resolved_quoting.schema,
        "identifier": source.resolved_quoting.identifier,
    });
    let as_json = serde_json::json!({
        "name": source.name, "identifier": source.identifier, "source_name": source.source_name, "schema": source.schema,
        "database": source.database, "tags": source.tags, "meta": source.meta, "source_meta": source.source_meta,
        "config": source.config.values(),
    });
    let location = problems.collect(parsing.adapter().source_location(&as_json).map_err(place)).flatten();
    source.relation_name = location.unwrap_or_else(|| {
        parsing.relation_name(source.database.as_deref(), &source.schema, &source.identifier, Some(&quoting))
    });
}

fn describe_nodes(parsing: &Parsing, nodes: &mut NodeSet, problems: &mut Diagnostics) {
    for node in nodes.enabled.values_mut().chain(nodes.disabled.values_mut().flatten()).map(Arc::make_mut) {
        let mut used = Vec::new();
        let place = |problem: Diagnostic| {
            let written = super::places::of_property(parsing.sources(), node, &["description"]);
            problem.at_some(written.or(node.span), "in this description")
        };
        let described = parsing.describe(&node.package_name, &node.description, &mut used, problems, place);
        node.description = described;
        node.doc_blocks = used;
        parsing.describe_columns(&node.package_name, &mut node.columns, problems);
    }
}

/// Turns `ref`, `source` and `function` calls into dependencies. A test whose parent is missing is disabled but stays in the manifest,
/// as in dbt.
fn resolve_nodes(parsing: &Parsing, lookup: &Lookup, nodes: &mut NodeSet, problems: &mut Diagnostics) {
    for node in nodes.enabled.values_mut().map(Arc::make_mut) {
        let caller = Caller {
            unique_id: &node.unique_id,
            kind: node.resource_type,
            package: &node.package_name,
            path: &node.original_file_path,
            span: node.span,
            source_place: &|call| super::places::of_source(parsing.sources(), node, call),
        };
        let (mut ids, mut found) = dependencies(lookup, &caller, &node.refs, &node.sources);
        functions_called(lookup, &caller, &node.functions, &mut ids, &mut found);
        if !found.is_empty() && node.resource_type == ResourceType::Test {
            node.config.disable();
        }
        // A reference to something disabled silences a test without a word, as in dbt.
        problems.extend(
            found.into_iter().filter(|problem| problem.is_error() || !problem.message.ends_with("is disabled")),
        );
        node.depends_on.nodes = ids;
        super::deprecations::warn_of_root_references(parsing, lookup, node, problems);
    }
}

/// A generic test belongs to the node that it is written under, even if that is disabled, and to its group.
fn attach_tests(lookup: &Lookup, nodes: &mut NodeSet) {
    let groups: HashMap<String, String> =
        nodes.enabled.iter().filter_map(|(id, node)| Some((id.clone(), node.group.clone()?))).collect();
    let disabled: HashMap<String, (String, Option<String>)> = (nodes.disabled.values())
        .filter_map(|nodes| nodes.first())
        .map(|node| (node.search_name(), (node.unique_id.clone(), node.group.clone())))
        .collect();
    let all = nodes.enabled.values_mut().chain(nodes.disabled.values_mut().flatten());
    for node in all.filter(|node| node.resource_type == ResourceType::Test) {
        let Some((section, name)) = node.test.file_key_name.as_deref().and_then(|key| key.split_once('.')) else {
            continue;
        };
        if section == "sources" {
            continue;
        }
        let written = node.refs.iter().find(|call| call.name == name);
        let version = written.and_then(|call| call.version.as_ref()).map(ToString::to_string);
        let found = lookup.node_named(name, version.as_deref(), Some(&node.package_name), &node.package_name);
        if let Found::Enabled(id) = found {
            let node = Arc::make_mut(node);
            node.test.attached_node = Some(id.to_owned());
            node.group = groups.get(id).cloned();
        } else if let Some((id, group)) = disabled.get(name) {
            let node = Arc::make_mut(node);
            node.test.attached_node = Some(id.clone());
            node.group.clone_from(group);
        }
    }
}

/// A model's key: its constraints', else the columns that tests say are unique and not null, else the unique ones.
fn infer_keys(nodes: &mut NodeSet) {
    let mut unique: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut not_null: HashMap<&str, Vec<&str>> = HashMap::new();
    for test in nodes.enabled.values().chain(nodes.disabled.values().flatten()) {
        let (Some(model), Some(metadata)) = (&test.test.attached_node, &test.test.metadata) else { continue };
        let into = match metadata.name.as_str() {
            "unique" | "unique_combination_of_columns" => &mut unique,
            "not_null" => &mut not_null,
            _ => continue,
        };
        let columns = into.entry(model).or_default();
        match metadata.kwargs.get("column_name").or(metadata.kwargs.get("combination_of_columns")) {
            Some(Value::String(one)) => columns.push(one),
            Some(Value::Array(many)) => columns.extend(many.iter().filter_map(Value::as_str)),
            _ => {}
        }
    }
    let key = |node: &Node| -> Vec<String> {
        if let Some(key) = key_of_constraints(node) {
            return key;
        }
        let unique = unique.get(node.unique_id.as_str()).map_or(&[][..], Vec::as_slice);
        let not_null = not_null.get(node.unique_id.as_str()).map_or(&[][..], Vec::as_slice);
        let both: Vec<&str> = unique.iter().copied().filter(|column| not_null.contains(column)).collect();
        let mut key = if both.is_empty() { unique.to_vec() } else { both };
        key.sort_unstable();
        key.dedup();
        key.into_iter().map(str::to_owned).collect()
    };
    let is_model = |node: &Node| node.resource_type == ResourceType::Model;
    let keys: Vec<Vec<String>> = nodes.enabled.values().filter(|node| is_model(node)).map(|node| key(node)).collect();
    for (node, key) in nodes.enabled.values_mut().filter(|node| is_model(node)).zip(keys) {
        Arc::make_mut(node).primary_key = key;
    }
}

fn key_of_constraints(node: &Node) -> Option<Vec<String>> {
    let is_key = |constraint: &&crate::manifest::Constraint| {
        constraint.values.get("type").and_then(Value::as_str) == Some("primary_key")
    };
    if let Some(constraint) = node.constraints.iter().find(is_key) {
        return Some(super::columns::strings(constraint.values.get("columns")));
    }
    node.columns
        .values()
        .find(|column| column.constraints.iter().any(|constraint| is_key(&constraint)))
        .map(|column| vec![column.name.clone()])
}

/// A unit test for each version of its model that it applies to; none if the model does not exist. It is disabled with its
/// model.
fn resolve_unit_test(
    lookup: &Lookup,
    nodes: &NodeSet,
    mut test: UnitTest,
    problems: &mut Diagnostics,
) -> Vec<UnitTest> {
    if !test.config.enabled() {
        return vec![test];
    }
    let of_model = |node: &&Node| {
        node.resource_type == ResourceType::Model && node.name == test.model && node.package_name == test.package_name
    };
    let models: Vec<&Node> = nodes.enabled.values().map(Arc::as_ref).filter(of_model).collect();
    if models.is_empty() {
        if nodes.disabled.values().flatten().any(|node| of_model(&node.as_ref())) {
            test.config.disable();
            return vec![test];
        }
        if !lookup.is_broken(&test.model) {
            problems.push(
                Diagnostic::error(
                    Code::REF_NOT_FOUND,
                    format!(
                        "Unable to find model '{}.{}' for unit test '{}' in {}",
                        test.package_name, test.model, test.name, test.original_file_path
                    ),
                )
                .at_some(test.span, "in this unit test")
                .suggest(&test.model, lookup.node_names()),
            );
        }
        return Vec::new();
    }
    let span = test.span;
    if let Err(problem) = check_unit_test(&test, &models) {
        problems.push(problem.at_some(span, "in this unit test"));
        return Vec::new();
    }
    models.into_iter().filter_map(|model| problems.collect(of_version(lookup, &test, model))).flatten().collect()
}

/// What a unit test must say of its model, whose versions are `models`. The problem has no place yet.
fn check_unit_test(test: &UnitTest, models: &[&Node]) -> Result<(), Diagnostic> {
    let wrong = |message: String| Err(Diagnostic::error(Code::INVALID_RESOURCE, message));
    let names_versions = test.versions.as_ref().is_some_and(|versions| {
        ["include", "exclude"].iter().any(|key| versions[*key].as_array().is_some_and(|list| !list.is_empty()))
    });
    let is_versioned = models.iter().any(|model| model.version.is_some());
    if names_versions && !is_versioned {
        return wrong(format!("unit test '{}' names versions, but its model '{}' has none", test.name, test.model));
    }
    let mut tested =
        models.iter().filter(|model| model.version.as_ref().is_none_or(|version| applies_to(test, version)));
    let Some(model) = tested.next() else {
        return wrong(format!("unit test '{}' names a version of '{}' that does not exist", test.name, test.model));
    };
    if !model.depends_on.macros.iter().any(|id| id == "macro.dbt.is_incremental") {
        return Ok(());
    }
    let given = test.overrides.as_ref().and_then(|overrides| overrides["macros"].get("is_incremental"));
    match given.and_then(Value::as_bool) {
        None => wrong(format!(
            "Boolean override for 'is_incremental' must be provided for unit test '{}' in model '{}'",
            test.name, test.model
        ))
        .map_err(|problem| problem.hint("write `overrides: {macros: {is_incremental: false}}`")),
        Some(true) if !test.given.iter().any(|input| input["input"] == "this") => {
            wrong(format!("Unit test '{}' for incremental model '{}' must have a 'this' input", test.name, test.model))
        }
        Some(_) => Ok(()),
    }
}

fn of_version(lookup: &Lookup, test: &UnitTest, model: &Node) -> Result<Option<UnitTest>, Diagnostic> {
    let mut test = test.clone();
    if let Some(version) = &model.version {
        if !applies_to(&test, version) {
            return Ok(None);
        }
        test.unique_id = format!("{}_v{}", test.unique_id, version_text(version));
        test.version = Some(version.clone());
    }
    test.schema = Some(model.schema.clone());
    test.depends_on.nodes = vec![model.unique_id.clone()];
    test.inputs = inputs(lookup, &test, model);
    Ok(Some(test))
}

/// The unique ids of a unit test's inputs, or what is wrong with one of them.
fn inputs(lookup: &Lookup, test: &UnitTest, model: &Node) -> Result<Vec<String>, String> {
    let one_of = |given: &Value| {
        let input = given.get("input").and_then(Value::as_str).unwrap_or_default().trim();
        if input == "this" {
            return Ok(model.unique_id.clone());
        }
        let found = match references::read(input, test.span) {
            Some(Reference::Ref(call)) => lookup.node(&call, &test.package_name),
            Some(Reference::Source(source, table)) => lookup.source(&(source, table), &test.package_name),
            Some(Reference::Metric(_)) | None => {
                return Err(format!(
                    "Unit test given inputs must be either a 'ref', 'source' or 'this' call. Got: '{input}'."
                ));
            }
        };
        match found {
            Found::Enabled(id) => Ok(id.to_owned()),
            _ => Err(format!("Unit test '{}' had an input ({input}) which was not found in the manifest.", test.name)),
        }
    };
    test.given.iter().map(one_of).collect()
}
