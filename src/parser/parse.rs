//! The steps of a parse, in order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::cache::{Findings, FirstLook, ParseCache, ParseId, Prepared, Reuse};
use super::files::{self, FileKind, Found, ProjectFile};
use super::nodes::{NodeSet, Parsed as ParsedNode, add_foreign_keys, check_config, file_draft, node};
use super::parsing::Parsing;
use super::patches::{Patch, Patches};
use super::properties::{Entry, PropertyFile, entries};
use super::sources::SourceEntry;
use super::unused_configs::ConfiguredPaths;
use super::{
    adopted_patches, contracts, deprecations, docs, exposures, functions, generic_tests, hooks, link, macro_arguments,
    macros, microbatch, orphans, semantic, snapshots, source_overrides, sources, templates, unit_tests, unsupported,
};
use crate::adapters::Adapter;
use crate::config::{Config, check_catalogs};
use crate::context::{MacroSet, Session, SessionParts};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::events::Reporter;
use crate::jinja::Engine;
use crate::manifest::{Exposure, Group, Macro, Manifest, Node, ResourceType, UnitTest};
use crate::yaml;

/// What a parse needs.
pub struct ParseParts {
    /// Project, profile, flags, vars, invocation.
    pub config: Config,
    /// The warehouse; no connection is made.
    pub adapter: Arc<dyn Adapter>,
    /// Told what templates log and print.
    pub reporter: Arc<dyn Reporter>,
    /// Where the texts go that diagnostics point into.
    pub sources: Arc<SourceMap>,
    /// Whether what an earlier parse left in the target folder is used, and this one is left there.
    pub is_cached: bool,
}

/// What a parse gives.
pub struct Parsed {
    /// What later steps render templates with.
    pub session: Arc<Session>,
    /// Everything that could be read.
    pub manifest: Manifest,
    /// Everything that is wrong.
    pub diagnostics: Diagnostics,
    /// Which parse the cache holds now, if it is this one and a later one of the same files would be no different.
    pub id: Option<ParseId>,
}

/// Everything found in files, before references are resolved.
pub(super) struct Resources {
    pub(super) nodes: NodeSet,
    pub(super) sources: Vec<SourceEntry>,
    pub(super) exposures: Vec<Exposure>,
    pub(super) groups: Vec<Group>,
    pub(super) unit_tests: Vec<UnitTest>,
    pub(super) macros: Vec<Arc<Macro>>,
}

/// Reads a project with all its packages.
pub fn parse(parts: ParseParts) -> Parsed {
    let mut look = FirstLook::new(&parts.config, parts.adapter.as_ref(), parts.is_cached);
    if parts.sources.has_unsaved() {
        look.cache.is_only_read();
    }
    parse_after(look, parts)
}

/// Reads a project of which the files were found already.
pub fn parse_after(look: FirstLook, parts: ParseParts) -> Parsed {
    let FirstLook { mut cache, found, unreachable: mut problems } = look;
    let mut all_files = read_files(&parts, found, &cache, &mut problems);
    unsupported::warn_of_files(&all_files, &mut problems);
    problems.extend(check_catalogs(&parts.config.project.root, &parts.sources));
    let created_at = parts.config.invocation.started_at.as_nanosecond() as f64 / 1e9;
    let macro_list = read_macros(&parts, &all_files, created_at, &mut problems);
    let packages = parts.adapter.macro_packages();
    let (set, found) = MacroSet::new(macro_list.iter().cloned(), &parts.config.project.name, packages);
    problems.extend(found);
    let session = Session::new(SessionParts {
        config: parts.config,
        adapter: parts.adapter,
        macros: Arc::new(set),
        reporter: parts.reporter,
        sources: parts.sources,
    });
    let parsing = Parsing::new(Arc::clone(&session), read_docs(&all_files, session.engine(), &mut problems), &cache);
    let (reuse, entries) = cache.reuse(&parsing, &mut all_files, &mut problems);
    let files = Files { all: &all_files, entries: &entries, cache: &cache };
    let is_everything = reuse.is_everything();
    let (resources, prepared, file_hashes) = read_resources(&parsing, &files, reuse, macro_list, &mut problems);
    warn_of_unused_configs(&parsing, &resources, &semantic::paths(&entries), &mut problems);
    let mut manifest = link::manifest(&parsing, resources, &mut problems);
    manifest.file_hashes = file_hashes;
    semantic::add(&parsing, &entries, &mut manifest, &mut problems);
    deprecations::warn_of_models(&parsing, &manifest, &mut problems);
    deprecations::check_names(&parsing, &manifest, &mut problems);
    microbatch::check(&parsing, &manifest, &mut problems);
    contracts::warn_of_ignored_constraints(&parsing, &manifest, &mut problems);
    problems.extend(session.take_warnings());
    // Whether a model is deprecated by now has to be asked each time.
    let is_timeless = manifest.nodes.values().all(|node| node.deprecation_date.is_none());
    let is_clean = problems.is_empty() && is_timeless && !session.was_volatile();
    let id = cache.finish(&session, prepared, is_everything, is_clean);
    Parsed { session, manifest, diagnostics: problems, id }
}

fn warn_of_unused_configs(
    parsing: &Parsing,
    resources: &Resources,
    semantic: &[(ResourceType, Vec<String>)],
    problems: &mut Diagnostics,
) {
    let mut paths = ConfiguredPaths::default();
    let nodes = &resources.nodes;
    let sources = resources.sources.iter().map(|entry| &entry.source);
    let sources = sources.map(|source| (ResourceType::Source, &source.fqn, source.config.enabled()));
    let exposures = resources.exposures.iter();
    let exposures = exposures.map(|exposure| (ResourceType::Exposure, &exposure.fqn, exposure.config.enabled()));
    let tests = resources.unit_tests.iter();
    let tests = tests.map(|test| (ResourceType::UnitTest, &test.fqn, test.config.enabled()));
    let disabled = nodes.disabled.values().flatten().map(|node| (node.resource_type, &node.fqn, false));
    let enabled = nodes.enabled.values().map(|node| (node.resource_type, &node.fqn, true));
    for (kind, fqn, is_enabled) in enabled.chain(disabled).chain(sources).chain(exposures).chain(tests) {
        if is_enabled {
            paths.add(kind, fqn);
        } else {
            paths.add_disabled(fqn);
        }
    }
    for (kind, fqn) in semantic {
        paths.add(*kind, fqn);
    }
    paths.warn_of_unused(parsing.project(), problems);
}

fn read_files(
    parts: &ParseParts,
    found: Vec<Found>,
    cache: &ParseCache,
    problems: &mut Diagnostics,
) -> Vec<ProjectFile> {
    let root = &parts.config.project;
    let (files, unreadable) = files::read(found, root, &parts.sources, &|found, number| {
        let is_unsaved = parts.sources.is_unsaved(&found.path);
        (!is_unsaved).then(|| cache.known(found, number)).flatten()
    });
    problems.extend(unreadable);
    files
}

/// What was found on disk.
struct Files<'a> {
    all: &'a [ProjectFile],
    /// Properties of those that were read.
    entries: &'a [Arc<Entry>],
    cache: &'a ParseCache,
}

fn of_kind(files: &[ProjectFile], kinds: &[FileKind]) -> Vec<ProjectFile> {
    files.iter().filter(|file| kinds.contains(&file.kind)).cloned().collect()
}

fn read_macros(
    parts: &ParseParts,
    files: &[ProjectFile],
    created_at: f64,
    problems: &mut Diagnostics,
) -> Vec<Arc<Macro>> {
    let packages = parts.adapter.macro_packages();
    let mut all = macros::built_in(packages, &parts.sources, created_at, problems);
    for file in files.iter().filter(|file| matches!(file.kind, FileKind::Macro | FileKind::GenericTest)) {
        all.extend(macros::of_file(file, created_at, problems));
    }
    all.into_iter().map(Arc::new).collect()
}

fn read_docs(
    files: &[ProjectFile],
    engine: &Engine,
    problems: &mut Diagnostics,
) -> IndexMap<String, Arc<crate::manifest::Doc>> {
    let mut all = IndexMap::from([docs::built_in()].map(|doc| (doc.unique_id.clone(), Arc::new(doc))));
    let mut places: HashMap<String, Span> = HashMap::new();
    for file in files.iter().filter(|file| file.kind == FileKind::Docs) {
        let found = docs::docs(file, engine, problems);
        docs::collect(found, &mut all, &mut places, problems);
    }
    all
}

/// The properties in these files, in order.
pub(super) fn read_properties(
    parsing: &Parsing,
    files: &[&ProjectFile],
    problems: &mut Diagnostics,
) -> Vec<Arc<Entry>> {
    let read: Vec<(Vec<Entry>, Diagnostics)> = files
        .par_iter()
        .map(|file| {
            let mut problems = Diagnostics::new();
            let whole = parsing.sources().get(file.source);
            let Some(tree) = yaml::parse_into(file.source, &whole.text, &mut problems) else {
                return (Vec::new(), problems);
            };
            let package = Arc::clone(&file.package);
            let property_file = Arc::new(PropertyFile {
                package: Arc::clone(&package),
                original_path: file.original_path.clone(),
                relative_path: file.relative_path.clone(),
                source: file.source,
                checksum: file.checksum.checksum.clone(),
            });
            let render = |text: &str, span| templates::render_yaml(parsing.session(), &package, text, span);
            (entries(&property_file, tree, &render, &mut problems), problems)
        })
        .collect();
    let mut all = Vec::new();
    for (entries, found) in read {
        problems.extend(found);
        all.extend(entries.into_iter().map(Arc::new));
    }
    all
}

fn read_resources(
    parsing: &Parsing,
    found: &Files<'_>,
    mut reuse: Reuse,
    macro_list: Vec<Arc<Macro>>,
    problems: &mut Diagnostics,
) -> (Resources, Option<Prepared>, HashMap<SourceId, u64>) {
    let Files { all: files, entries, cache } = *found;
    let mut patches: HashMap<&str, Patches> = parsing
        .project()
        .all()
        .map(|project| {
            let own = entries.iter().filter(|entry| {
                entry.file.package.as_ref() == project.name
                    && matches!(
                        entry.section,
                        "models" | "seeds" | "snapshots" | "analyses" | "data_tests" | "functions"
                    )
            });
            (project.name.as_str(), Patches::new(own, problems))
        })
        .collect();
    let left_out = of_kind(files, &[FileKind::Unsupported]);
    let left_out = left_out.iter().map(|file| super::names::stem(&file.relative_path).to_owned()).collect();
    let mut nodes = NodeSet { left_out, ..NodeSet::default() };
    let kept_before = reuse.kept_before();
    let mut kept_tests = reuse.take_tests(files);
    if problems.has_errors() {
        // Of two entries for one node only the first has tests; both files were read, as one of them is new.
        let read: HashSet<SourceId> = files.iter().filter(|file| file.is_read).map(|file| file.source).collect();
        kept_tests.retain(|(source, _)| !read.contains(source));
    }
    nodes.add_parsed(file_nodes(parsing, files, &patches, reuse.nodes), problems);
    nodes.add_parsed(patch_snapshots(parsing, &patches), problems);
    if problems.has_errors() {
        nodes.broken = broken_names(files, &patches, &nodes);
    }
    let is_adopted = adopted_patches::adopt(parsing, files, &mut patches, &mut nodes, problems);
    nodes.add_parsed(parsing.project().all().flat_map(|project| hooks::hooks(parsing, project)).collect(), problems);
    nodes.add_parsed(patch_tests(parsing, &patches, kept_tests), problems);
    let source_list = read_sources(parsing, entries, problems);
    let tested: Vec<&SourceEntry> = source_list.iter().filter(|source| source.source.config.enabled()).collect();
    nodes.add_parsed(
        tested.par_iter().flat_map_iter(|source| generic_tests::of_source(parsing, source)).collect(),
        problems,
    );
    orphans::check(&patches, &nodes, problems);
    let prepared = cache.keep(&Findings { parsing, files, entries, nodes: &nodes, problems, is_adopted }, &kept_before);
    let file_hashes = kept_before.file_hashes(files, prepared.as_ref());
    let rows = unit_tests::RowFiles::new(files, problems);
    let mut resources = Resources {
        nodes,
        sources: source_list,
        exposures: Vec::new(),
        groups: Vec::new(),
        unit_tests: Vec::new(),
        macros: patch_macros(parsing, entries, macro_list, problems),
    };
    for entry in entries {
        match entry.section {
            "exposures" => {
                let exposure = exposures::exposure(parsing, entry, problems);
                resources.exposures.extend(problems.collect(exposure));
            }
            "groups" => resources.groups.extend(problems.collect(exposures::group(parsing, entry))),
            "unit_tests" => {
                resources.unit_tests.extend(problems.collect(unit_tests::unit_test(parsing, entry, &rows)));
            }
            _ => {}
        }
    }
    (resources, prepared, file_hashes)
}

/// Names of the nodes whose files could not be read, and of snapshots that properties define in vain.
fn broken_names(
    files: &[ProjectFile],
    patches: &HashMap<&str, Patches>,
    nodes: &NodeSet,
) -> std::collections::HashSet<String> {
    let read: std::collections::HashSet<&str> = nodes
        .enabled
        .values()
        .chain(nodes.disabled.values().flatten())
        .flat_map(|node| [node.original_file_path.as_str(), node.name.as_str()])
        .collect();
    let kinds = [
        FileKind::Model,
        FileKind::Seed,
        FileKind::Analysis,
        FileKind::Snapshot,
        FileKind::SingularTest,
        FileKind::Function,
    ];
    let mut names = std::collections::HashSet::new();
    for file in files.iter().filter(|file| kinds.contains(&file.kind) && !read.contains(file.original_path.as_str())) {
        let stem = super::names::stem(&file.relative_path);
        let versioned = patches.get(file.package.as_ref()).and_then(|patches| patches.get("models", stem));
        names.insert(versioned.map_or(stem, |patch| patch.entry.name.as_str()).to_owned());
        names.insert(stem.to_owned());
        if file.kind == FileKind::Snapshot {
            names.extend(snapshots::names(file));
        }
    }
    let defined = sorted_patches(patches).into_iter().filter(|patch| patch.entry.values.contains_key("relation"));
    names.extend(defined.map(|patch| patch.entry.name.clone()).filter(|name| !read.contains(name.as_str())));
    names
}

/// Tests that properties define, in the order of their files; those of files in `kept` are made already.
fn patch_tests(
    parsing: &Parsing,
    patches: &HashMap<&str, Patches>,
    kept: Vec<(SourceId, Vec<Arc<Node>>)>,
) -> Vec<ParsedNode> {
    let is_kept: HashSet<SourceId> = kept.iter().map(|(source, _)| *source).collect();
    let patches: Vec<&Patch> =
        sorted_patches(patches).into_iter().filter(|patch| !is_kept.contains(&patch.entry.file.source)).collect();
    let made: Vec<(SourceId, Vec<ParsedNode>)> =
        patches.par_iter().map(|patch| (patch.entry.file.source, generic_tests::of_patch(parsing, patch))).collect();
    let kept = kept
        .into_iter()
        .map(|(source, nodes)| (source, nodes.into_iter().map(|node| Ok((node, Diagnostics::new()))).collect()));
    let mut all: Vec<(SourceId, Vec<ParsedNode>)> = kept.chain(made).collect();
    all.sort_by_key(|(source, _)| *source);
    all.into_iter().flat_map(|(_, tests)| tests).collect()
}

/// Nodes that files define: one a file, except for snapshot blocks. `kept` are the nodes of each file that are made already.
pub(super) fn file_nodes(
    parsing: &Parsing,
    files: &[ProjectFile],
    patches: &HashMap<&str, Patches>,
    kept: Vec<Option<Vec<Arc<Node>>>>,
) -> Vec<ParsedNode> {
    files
        .par_iter()
        .zip(kept)
        .flat_map_iter(|(file, kept)| {
            if let Some(nodes) = kept {
                return nodes.into_iter().map(|node| Ok((node, Diagnostics::new()))).collect();
            }
            let Some(patches) = patches.get(file.package.as_ref()) else { return Vec::new() };
            match file.kind {
                FileKind::Model => vec![model(parsing, file, patches)],
                FileKind::Seed => vec![seed(parsing, file, patches)],
                FileKind::Analysis => vec![one(parsing, ResourceType::Analysis, "analyses", file, patches)],
                FileKind::SingularTest => vec![one(parsing, ResourceType::Test, "data_tests", file, patches)],
                FileKind::Snapshot => snapshots::of_file(parsing, file, patches),
                FileKind::Function => vec![functions::of_file(parsing, file, patches)],
                _ => Vec::new(),
            }
        })
        .collect()
}

fn one(
    parsing: &Parsing,
    kind: ResourceType,
    section: &'static str,
    file: &ProjectFile,
    patches: &Patches,
) -> ParsedNode {
    let patch = patches.get(section, super::names::stem(&file.relative_path));
    let mut draft = file_draft(kind, file, patch);
    if kind == ResourceType::Analysis {
        draft.path = format!("analysis/{}", file.relative_path);
        draft.fqn.insert(1, "analysis".into());
    }
    let (node, warnings) = node(parsing, draft)?;
    check_config(parsing.sources(), &node)?;
    Ok((node, warnings))
}

fn model(parsing: &Parsing, file: &ProjectFile, patches: &Patches) -> ParsedNode {
    let patch = patches.get("models", super::names::stem(&file.relative_path));
    let mut draft = file_draft(ResourceType::Model, file, patch);
    if let Some((patch, version)) = patch.and_then(|patch| Some((patch, patch.version.as_ref()?))) {
        let suffix = format!("v{}", super::names::version_text(&version.v));
        draft.name.clone_from(&patch.entry.name);
        draft.unique_id = format!("model.{}.{}.{suffix}", file.package, draft.name);
        draft.fqn.pop();
        draft.fqn.extend([draft.name.clone(), suffix]);
    }
    let (mut node, warnings) = node(parsing, draft)?;
    check_config(parsing.sources(), &node)?;
    contracts::check(parsing.sources(), &node)?;
    add_foreign_keys(Arc::make_mut(&mut node), patch.map(|patch| patch.entry.yaml.span))?;
    Ok((node, warnings))
}

fn seed(parsing: &Parsing, file: &ProjectFile, patches: &Patches) -> ParsedNode {
    let patch = patches.get("seeds", super::names::stem(&file.relative_path));
    let (mut node, warnings) = node(parsing, file_draft(ResourceType::Seed, file, patch))?;
    check_config(parsing.sources(), &node)?;
    if !node.refs.is_empty() || !node.sources.is_empty() {
        return Err(Diagnostic::error(
            Code::INVALID_CONFIG,
            format!("Seeds cannot depend on other nodes, but a hook of {} calls `ref` or `source`", node.unique_id),
        )
        .at_some(patch.map(|patch| patch.entry.span("name")).or(node.span), "this seed has such a hook")
        .hint("move the hook to a model, or name the relation without `ref`")
        .into());
    }
    Arc::make_mut(&mut node).root_path = Some(file.root.to_string_lossy().into_owned());
    Ok((node, warnings))
}

fn patch_snapshots(parsing: &Parsing, patches: &HashMap<&str, Patches>) -> Vec<ParsedNode> {
    sorted_patches(patches)
        .into_iter()
        .filter(|patch| patch.entry.section == "snapshots")
        .filter_map(|patch| snapshots::of_patch(parsing, patch))
        .collect()
}

/// All properties in the order of their files.
fn sorted_patches<'a>(patches: &'a HashMap<&str, Patches>) -> Vec<&'a Patch> {
    let mut all: Vec<&Patch> = patches.values().flat_map(Patches::iter).map(|(_, patch)| patch).collect();
    all.sort_by_key(|patch| {
        let version = patch.version.as_ref().map(|version| super::names::version_text(&version.v));
        (patch.entry.file.source, patch.entry.yaml.span.start, version)
    });
    all
}

fn read_sources(parsing: &Parsing, entries: &[Arc<Entry>], problems: &mut Diagnostics) -> Vec<SourceEntry> {
    let mut all: IndexMap<String, SourceEntry> = IndexMap::new();
    for entry in source_overrides::applied(entries, problems) {
        for table in sources::tables(parsing, &entry) {
            let Some(table) = problems.collect(table) else { continue };
            if let Some(first) = all.get(&table.source.unique_id) {
                problems.push(
                    Diagnostic::error(
                        Code::DUPLICATE_RESOURCE,
                        format!(
                            "dbt found two sources with the name \"{}_{}\"",
                            table.source.source_name, table.source.name
                        ),
                    )
                    .at_some(table.source.span, "defined again here")
                    .at_some(first.source.span, "first defined here")
                    .hint("rename or remove one of them"),
                );
                continue;
            }
            all.insert(table.source.unique_id.clone(), table);
        }
    }
    all.into_values().collect()
}

fn patch_macros(
    parsing: &Parsing,
    entries: &[Arc<Entry>],
    macro_list: Vec<Arc<Macro>>,
    problems: &mut Diagnostics,
) -> Vec<Arc<Macro>> {
    let mut patches = macros::patches(entries, problems);
    let validates = parsing.session().config().flags.behaves("validate_macro_args");
    let patched = macro_list
        .into_iter()
        .map(|definition| {
            let definition = Arc::new(Macro {
                depends_on_macros: parsing.silent_macros().calls_of(&definition.unique_id),
                arguments: if validates { macro_arguments::of_definition(&definition) } else { Vec::new() },
                ..Macro::clone(&definition)
            });
            let Some(entry) = patches.remove(&definition.unique_id) else { return definition };
            let mut found = Diagnostics::new();
            let mut describe = |text: &str| {
                parsing.describe(&definition.package_name, text, &mut Vec::new(), &mut found, |problem| {
                    problem.at(entry.span("description"), "in this description")
                })
            };
            let result = macros::patched(&definition, &entry, &mut describe).map(|mut patched| {
                if validates {
                    problems.extend(macro_arguments::check(&definition, &patched.arguments, &entry));
                    if patched.arguments.is_empty() {
                        patched.arguments.clone_from(&definition.arguments);
                    }
                }
                patched
            });
            problems.extend(found);
            problems.collect(result).map_or(definition, Arc::new)
        })
        .collect();
    for entry in patches.values() {
        problems.push(
            Diagnostic::warning(
                Code::ORPHAN_PATCH,
                format!("Found patch for macro \"{}\" which was not found", entry.name),
            )
            .at(entry.span("name"), "no macro of this name exists in this package"),
        );
    }
    patched
}
