//! Rules about the project for `check`, `lint` and the language server: what they need is rendered, compiled and followed without a
//! warehouse, and only for the resources that are asked about.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::linting::{Linting, on_deep_stacks};
use super::opening::Opening;
use crate::adapters::Offline;
use crate::compiler::Compiler;
use crate::context::{NodeRun, RunParts, Worker};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::lineage::Lineage;
use crate::lint::sql::{Renderer, Rendering};
use crate::lint::{self, Finding, ModelSql, Needs, Rule, Settings, Subject, rules};
use crate::manifest::{CompiledNode, CompiledNodes, Node, ResourceType};

/// Which rules apply, and what `hetl.yml` says of them.
pub(super) struct ProjectRules {
    pub(super) settings: Settings,
    chosen: Vec<&'static Rule>,
    is_named: bool,
}

impl ProjectRules {
    /// The rules of `only`, or those that the settings switch on if it is empty, without those of `except`.
    pub(super) fn choose(opening: &Opening, only: &[String], except: &[String]) -> Result<Self, Diagnostics> {
        let (settings, problems) = Settings::read(&opening.config.settings, &names());
        opening.check(problems)?;
        let chosen = lint::chosen(only, except, &settings).map_err(|name| unknown(&name))?;
        Ok(Self { settings, chosen, is_named: !only.is_empty() })
    }

    /// None of the rules; the settings still hold for the rules about SQL.
    pub(super) fn without_any(mut self) -> Self {
        self.chosen.clear();
        self
    }

    /// All rules that these settings switch on, without those of `except`: those that need lineage, or the others.
    pub(super) fn about(settings: Settings, needs_lineage: bool, except: &[String]) -> Self {
        let mut chosen = lint::chosen(&[], except, &settings).unwrap_or_default();
        chosen.retain(|rule| (rule.needs == Needs::Lineage) == needs_lineage);
        Self { settings, chosen, is_named: false }
    }

    /// What they find of these resources, or of all.
    pub(super) fn findings(
        &self,
        linting: &Linting<'_>,
        selected: Option<HashSet<String>>,
    ) -> Result<Vec<Finding>, Diagnostics> {
        if self.chosen.is_empty() || selected.as_ref().is_some_and(HashSet::is_empty) {
            return Ok(Vec::new());
        }
        let lineage = match lint::needs(&self.chosen) {
            Needs::Lineage => Some(lineage(linting, selected.as_ref())?.1),
            _ => None,
        };
        self.findings_in(linting, selected, lineage)
    }

    /// The same with lineage that is known already.
    pub(super) fn findings_in(
        &self,
        linting: &Linting<'_>,
        selected: Option<HashSet<String>>,
        lineage: Option<Lineage>,
    ) -> Result<Vec<Finding>, Diagnostics> {
        let opening = linting.opening;
        let project = &linting.project;
        let adapter = project.session.adapter();
        let all = (&*project.manifest, &project.graph);
        let mut subject = Subject::new(all, &opening.config, adapter.as_ref(), &opening.sources, &self.settings);
        subject.warnings = &project.warnings;
        subject.selected = selected;
        if self.chosen.iter().any(|rule| rule.needs == Needs::Sql) {
            subject.sql = on_deep_stacks(|| models_sql(&linting.renderer, &subject));
        }
        subject.lineage = lineage;
        Ok(lint::check(&subject, &self.chosen, self.is_named))
    }
}

/// The names of all rules about the project.
pub(super) fn names() -> Vec<&'static str> {
    rules::ALL.iter().map(|rule| rule.name).collect()
}

/// That no rule has this name.
pub(super) fn unknown(name: &str) -> Diagnostics {
    let problem = Diagnostic::error(Code::USAGE, format!("`{name}` is no rule"));
    problem.suggest(name, names()).into()
}

/// The SQL of the models to be checked, as far as it can be rendered without a warehouse and understood.
fn models_sql(renderer: &Renderer, subject: &Subject<'_>) -> IndexMap<String, ModelSql> {
    let models: Vec<&Node> = subject.models().filter(|node| node.language == "sql").collect();
    let read = models.par_iter().map_init(
        || renderer.clone(),
        |renderer, node| {
            let file = subject.sources.get(node.span?.source);
            let Rendering::Sql(found) = renderer.render(&node.original_file_path, &file.path, &file.text) else {
                return None;
            };
            let [only] = <[_; 1]>::try_from(found).ok()?;
            Some((node.unique_id.clone(), ModelSql::of(only, subject.adapter.dialect())?))
        },
    );
    read.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// The SQL of these resources, or of all, and of what they are made of, and the lineage of its columns.
pub(super) fn lineage(
    linting: &Linting<'_>,
    selected: Option<&HashSet<String>>,
) -> Result<(CompiledNodes, Lineage), Diagnostics> {
    let compiled = compile(linting, selected);
    let lineage = linting.opening.lineage_of(&linting.project, &compiled)?;
    Ok((compiled, lineage))
}

/// Models and snapshots as they can be compiled without a warehouse; those that cannot are left out. Of `selected` resources only what
/// they are made of is compiled: their columns come from nowhere else.
fn compile(linting: &Linting<'_>, selected: Option<&HashSet<String>>) -> CompiledNodes {
    let project = &linting.project;
    let compiler = Compiler::new();
    let needed = selected.map(|selected| {
        let mut needed: HashSet<&str> = HashSet::new();
        let mut waiting: Vec<&str> = selected.iter().map(String::as_str).collect();
        while let Some(id) = waiting.pop() {
            if needed.insert(id) {
                waiting.extend(project.graph.upstream(id));
            }
        }
        needed
    });
    let is_query = |node: &&Arc<Node>| {
        matches!(node.resource_type, ResourceType::Model | ResourceType::Snapshot)
            && node.language == "sql"
            && needed.as_ref().is_none_or(|needed| needed.contains(node.unique_id.as_str()))
    };
    let nodes: Vec<&Arc<Node>> = project.manifest.nodes.values().filter(is_query).collect();
    let compiled = linting.for_each(nodes.par_iter(), |_, node| {
        let (offline, asked) = Offline::new();
        let run = NodeRun::new(RunParts {
            session: Arc::clone(&project.session),
            manifest: Arc::clone(&project.manifest),
            node: Arc::clone(node),
            worker: Arc::new(Worker::new("check", Box::new(offline))),
        });
        let compiled = compiler.compile(&run).ok()?;
        // What a template asked the warehouse for is not in its SQL.
        let is_complete = !asked.load(Ordering::Relaxed);
        let extra_ctes = compiled.extra_ctes;
        is_complete.then(|| {
            let found = CompiledNode { code: Some(compiled.code), extra_ctes, ..CompiledNode::default() };
            (node.unique_id.clone(), found)
        })
    });
    let ephemeral = compiler.ephemeral_models();
    compiled.into_iter().flatten().chain(ephemeral).collect()
}
