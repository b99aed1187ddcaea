//! The project as commands use it after parsing: manifest, graph, what is selected.

use std::collections::HashMap;
use std::sync::Arc;

use super::lineage::Columns;
use super::opening::Opening;
use super::selection_args::SelectionArgs;
use crate::adapters::{self, Adapter};
use crate::config;
use crate::context::Session;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::{Event, Reporter, Silent};
use crate::graph::Graph;
use crate::graph::selection::{
    ColumnReach, IndirectSelection, Method, PreviousState, Selection, Selector, Selectors, Spec,
};
use crate::manifest::{Manifest, ResourceType};
use crate::parser::{self, FirstLook, ParseId, ParseParts, Parsed};
use crate::runner::{Action, RunnerParts, Safeguards, Stop};
use crate::ui;

/// A project that was read without errors.
pub(crate) struct ParsedProject {
    /// What templates are rendered with.
    pub(crate) session: Arc<Session>,
    /// Everything that the project defines.
    pub(crate) manifest: Arc<Manifest>,
    /// What depends on what.
    pub(crate) graph: Graph,
    /// What `--state` names.
    pub(crate) previous: Option<PreviousState>,
    /// What parsing warned of.
    pub(crate) warnings: Vec<Diagnostic>,
    /// Which parse it is, where the next one of the same files would be no different.
    pub(crate) id: Option<ParseId>,
}

impl ParsedProject {
    /// What a runner needs that builds, with nothing deferred.
    pub(crate) fn runner_parts(&self, stop: Arc<Stop>, safeguards: Safeguards) -> RunnerParts {
        RunnerParts {
            session: Arc::clone(&self.session),
            manifest: Arc::clone(&self.manifest),
            stop,
            action: Action::Build,
            deferred: Arc::default(),
            batches: HashMap::new(),
            safeguards,
        }
    }
}

impl Opening {
    /// The warehouse of the target, not connected yet.
    pub(crate) fn adapter(&self) -> Result<Arc<dyn Adapter>, Diagnostics> {
        let profile = &self.config.profile;
        let mut credentials = profile.credentials.clone();
        credentials.insert("type".into(), profile.adapter_type.clone().into());
        let surroundings = adapters::Surroundings {
            project_root: self.config.project.root.clone(),
            extension_folders: extension_folders(&self.config.invocation),
            home: self.config.invocation.home_dir.clone(),
            variables: self.config.invocation.environment.clone(),
        };
        adapters::registry::open(&credentials, &surroundings).map_err(|problem| {
            // The key that the problem is about, or whose value it is about.
            let is_named = |(key, value): &(&String, &serde_json::Value)| {
                let value = value.as_str().map(|value| format!("`{value}`"));
                problem.message.contains(&format!("`{key}`"))
                    || value.is_some_and(|value| problem.message.contains(&value))
            };
            let key = if problem.message.contains("warehouse type") {
                Some("type".to_owned())
            } else {
                profile.credentials.iter().find(is_named).map(|(key, _)| key.clone())
            };
            let place = key.map_or(profile.span, |key| profile.credential_span(&key));
            Diagnostics::from(problem.at_some(place, "in this target"))
        })
    }

    /// Reads the whole project; every error there is ends the command.
    pub(crate) fn parse(&self) -> Result<ParsedProject, Diagnostics> {
        self.parse_after(None)
    }

    /// Reads the project once more, after the command changed files of it: what there is to warn of was said the first time.
    pub(crate) fn parse_again(&self) -> Result<ParsedProject, Diagnostics> {
        let reporter: Arc<dyn Reporter> = Arc::new(Silent);
        let parts = ParseParts {
            config: self.config.clone(),
            adapter: self.adapter()?,
            reporter,
            sources: Arc::clone(&self.sources),
            is_cached: self.config.flags.partial_parse,
        };
        let Parsed { session, manifest, diagnostics, id } = parser::parse(parts);
        let (errors, warnings): (Vec<Diagnostic>, _) = diagnostics.into_iter().partition(Diagnostic::is_error);
        if !errors.is_empty() {
            return Err(errors.into_iter().collect());
        }
        let graph = Graph::build(&manifest)?;
        Ok(ParsedProject {
            session,
            manifest: Arc::new(manifest),
            graph,
            previous: self.previous_state()?,
            warnings,
            id,
        })
    }

    /// Reads the whole project, whose files were found already.
    pub(crate) fn parse_after(&self, look: Option<FirstLook>) -> Result<ParsedProject, Diagnostics> {
        let adapter = self.adapter()?;
        self.check(adapter.warnings().iter().cloned().collect())?;
        self.report(&Event::AdapterRegistered {
            adapter_name: adapter.type_name().to_owned(),
            adapter_version: format!("={}", env!("CARGO_PKG_VERSION")),
        });
        let reporter: Arc<dyn Reporter> = self.console.clone();
        let parts = ParseParts {
            config: self.config.clone(),
            adapter: Arc::clone(&adapter),
            reporter,
            sources: Arc::clone(&self.sources),
            is_cached: self.config.flags.partial_parse,
        };
        let Parsed { session, manifest, diagnostics, id } = match look {
            Some(look) => parser::parse_after(look, parts),
            None => parser::parse(parts),
        };
        if self.config.flags.verify_parse_cache {
            self.verify_parse_cache(adapter, &manifest, &diagnostics)?;
        }
        let warnings = diagnostics.iter().filter(|problem| !problem.is_error()).cloned().collect();
        self.check(diagnostics)?;
        let graph = Graph::build(&manifest)?;
        let manifest = Arc::new(manifest);
        // The process ends with the command: nobody needs the time that freeing tens of thousands of nodes takes.
        std::mem::forget(Arc::clone(&manifest));
        Ok(ParsedProject { session, manifest, graph, previous: self.previous_state()?, warnings, id })
    }

    /// "Found 6 models, 5 data tests, …".
    pub(crate) fn report_found(&self, manifest: &Manifest) {
        self.report(&Event::FoundStats { stat_line: found(manifest) });
    }

    /// What is selected among resources of `kinds`; criteria that match nothing are reported.
    pub(crate) fn select(
        &self,
        project: &ParsedProject,
        args: &SelectionArgs,
        kinds: &[ResourceType],
        with_blank: bool,
    ) -> Result<Vec<String>, Diagnostics> {
        let flags = &self.config.flags;
        let indirect = match flags.indirect_selection {
            config::IndirectSelection::Eager => IndirectSelection::Eager,
            config::IndirectSelection::Cautious => IndirectSelection::Cautious,
            config::IndirectSelection::Buildable => IndirectSelection::Buildable,
            config::IndirectSelection::Empty => IndirectSelection::Empty,
        };
        let spec = self.spec(args, indirect)?;
        let kinds = self.resource_types(kinds)?;
        let lineage = spec.uses(Method::Column).then(|| self.lineage(project)).transpose()?;
        let columns = lineage.as_ref().map(|lineage| Columns { project, lineage });
        let columns = columns.as_ref().map(|columns| columns as &dyn ColumnReach);
        let selector =
            Selector::new(&project.graph, &project.manifest, project.previous.as_ref()).with_columns(columns);
        let Selection { ids, warnings } = selector.select(&spec, Some(&kinds), with_blank)?;
        self.check_with(warnings, |warning| {
            match warning.message.strip_prefix("The selection criterion '").and_then(|rest| rest.split('\'').next()) {
                Some(raw) => Event::NoNodesForSelectionCriteria { spec_raw: raw.to_owned() },
                None => Event::diagnosed(warning, &self.sources),
            }
        })?;
        Ok(ids)
    }

    fn spec(&self, args: &SelectionArgs, indirect: IndirectSelection) -> Result<Spec, Diagnostics> {
        let named = |selectors: &crate::yaml::Node| {
            Selectors::parse(&selectors_of(selectors), indirect).map_err(|problems| {
                let place = Selectors::broken_item(selectors);
                let at = |problem: Diagnostic| problem.at_some(place, "in this definition");
                problems.into_iter().map(at).collect::<Diagnostics>()
            })
        };
        let selectors = self.config.project.selectors.as_ref().map(named).transpose()?.unwrap_or_default();
        if let Some(name) = &args.selector {
            return Ok(selectors.get(name)?.spec.clone());
        }
        if args.select.is_empty()
            && args.exclude.is_empty()
            && let Some((name, selector)) = selectors.default_selector()
        {
            self.report(&Event::Note { msg: format!("Using default selector {name}") });
            return Ok(selector.spec.clone());
        }
        Ok(Spec::of_command_line(&args.select, &args.exclude, indirect)?)
    }

    /// The types of resources that a command is about: its own, or those of the flags.
    fn resource_types(&self, own: &[ResourceType]) -> Result<Vec<ResourceType>, Diagnostics> {
        let flags = &self.config.flags;
        let mut kinds = Vec::new();
        for word in &flags.resource_types {
            match word.as_str() {
                "all" | "default" => kinds.extend_from_slice(own),
                word => kinds.push(resource_type(word)?),
            }
        }
        if flags.resource_types.is_empty() {
            kinds.extend_from_slice(own);
        }
        for word in &flags.exclude_resource_types {
            let excluded = resource_type(word)?;
            kinds.retain(|kind| *kind != excluded);
        }
        Ok(kinds)
    }
}

fn selectors_of(file: &crate::yaml::Node) -> serde_json::Value {
    file.get("selectors").unwrap_or(file).to_json()
}

fn resource_type(word: &str) -> Result<ResourceType, Diagnostic> {
    let known = [
        "model",
        "seed",
        "snapshot",
        "test",
        "unit_test",
        "source",
        "exposure",
        "metric",
        "analysis",
        "saved_query",
        "semantic_model",
        "function",
    ];
    ResourceType::parse(word).filter(|kind| known.contains(&kind.as_str())).ok_or_else(|| {
        Diagnostic::error(Code::USAGE, format!("`{word}` is not a resource type"))
            .note(format!("resource types: {}", known.join(", ")))
            .suggest(word, known)
    })
}

/// Folders in which a Python environment keeps extensions that were installed as packages.
fn extension_folders(invocation: &config::Invocation) -> Vec<std::path::PathBuf> {
    let Some(environment) = invocation.env("VIRTUAL_ENV") else { return Vec::new() };
    let library = std::path::Path::new(environment).join("lib");
    let Ok(versions) = std::fs::read_dir(library) else { return Vec::new() };
    versions.flatten().map(|version| version.path().join("site-packages")).filter(|path| path.is_dir()).collect()
}

/// The line of what there is, in dbt's order: nodes as they come, then the rest.
fn found(manifest: &Manifest) -> String {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    let mut add = |word: &'static str, count: usize| match counts.iter_mut().find(|(known, _)| *known == word) {
        Some((_, total)) => *total += count,
        None => counts.push((word, count)),
    };
    for node in manifest.nodes.values().filter(|node| node.config.enabled()) {
        add(
            match node.resource_type {
                ResourceType::Test => "data test",
                other => other.as_str(),
            },
            1,
        );
    }
    add("source", manifest.sources.len());
    add("exposure", manifest.exposures.len());
    add("metric", manifest.semantic.metrics.len());
    add("macro", manifest.macros.len());
    add("group", manifest.groups.len());
    add("semantic model", manifest.semantic.semantic_models.len());
    add("saved query", manifest.semantic.saved_queries.len());
    add("unit test", manifest.unit_tests.len());
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    counts.map(|(word, count)| ui::pluralize(count, word).replace('_', " ")).collect::<Vec<_>>().join(", ")
}
