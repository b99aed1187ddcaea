//! `check`.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::Map;

use super::linting::{Linting, hand_on, has_errors, on_deep_stacks};
use super::opening::{Opening, Outcome, with_project};
use super::selection_args::SelectionArgs;
use crate::adapters::Offline;
use crate::compiler::Compiler;
use crate::config::Overrides;
use crate::context::{NodeRun, RunParts, Worker};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::lint::sql::{self, Renderer, Rendering};
use crate::lint::{self, Baseline, Finding, ModelSql, Needs, Settings, Severity, Subject, rules};
use crate::manifest::{CompiledNode, CompiledNodes, Node, ResourceType};

/// Check the project by rules about models, sources, columns and what is said of them; needs no warehouse
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Only these rules, also those that are off; with commas between them
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    rules: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    exclude_rules: Vec<String>,
    /// Show findings from this severity on
    #[arg(long, value_enum, default_value_t = Level::Warning)]
    level: Level,
    /// Leave out the findings that this file lists
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to this file, to be left out from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// List the rules with their severities, and check nothing
    #[arg(long)]
    list: bool,
    /// Print the documentation of a rule, and check nothing
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

/// What can be selected.
const KINDS: &[ResourceType] = &[
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Test,
    ResourceType::Source,
    ResourceType::Exposure,
];

impl Check {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("check", Map::new(), overrides, |opening| self.check(opening))
    }

    fn check(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
        let unknown = |name: &str| {
            let problem = Diagnostic::error(Code::USAGE, format!("`{name}` is no rule"));
            Diagnostics::from(problem.suggest(name, names.iter().copied()))
        };
        let (settings, problems) = Settings::read(&opening.config.settings, &names);
        opening.check(problems)?;
        if let Some(name) = &self.explain {
            let rule = lint::named(name).ok_or_else(|| unknown(name))?;
            opening.report(&Event::ListCmdOut { msg: rule.documentation() });
            return Ok(Outcome::Success);
        }
        if self.list {
            opening.report(&Event::ListCmdOut { msg: listed(&settings) });
            return Ok(Outcome::Success);
        }
        let chosen = lint::chosen(&self.rules, &self.exclude_rules, &settings).map_err(|name| unknown(&name))?;
        let mut findings = self.findings(opening, &settings, &chosen)?;
        let line = |path: &str, number: usize| {
            let text = fs::read_to_string(opening.config.project.root.join(path)).ok()?;
            text.lines().nth(number.checked_sub(1)?).map(str::to_owned)
        };
        let folder = &opening.config.invocation.working_dir;
        if let Some(file) = &self.write_baseline {
            let baseline = Baseline::of(&findings, line);
            let problem = |error| Diagnostic::error(Code::UNWRITABLE_FILE, format!("{}: {error}", file.display()));
            fs::write(folder.join(file), baseline.to_json()).map_err(problem)?;
            let msg = format!("{} findings are in {} and are left out by --baseline", baseline.len(), file.display());
            opening.report(&Event::Note { msg });
            return Ok(Outcome::Success);
        }
        if let Some(file) = &self.baseline {
            let problem = |error| Diagnostic::error(Code::UNREADABLE_FILE, format!("{}: {error}", file.display()));
            let text = fs::read_to_string(folder.join(file)).map_err(|error| problem(error.to_string()))?;
            findings = Baseline::from_json(&text).map_err(problem)?.filter(findings, line);
        }
        findings.retain(|finding| finding.severity >= self.level.severity());
        let outcome = Outcome::from(!has_errors(&findings));
        hand_on(opening, findings, &[]);
        Ok(outcome)
    }

    fn findings(
        &self,
        opening: &Opening,
        settings: &Settings,
        chosen: &[&'static lint::Rule],
    ) -> Result<Vec<Finding>, Diagnostics> {
        let linting = Linting::begin(opening, sql::Settings::default())?;
        let project = &linting.project;
        let adapter = project.session.adapter();
        let selected = if self.selection.is_empty() {
            None
        } else {
            Some(opening.select(project, &self.selection, KINDS, false)?.into_iter().collect::<HashSet<String>>())
        };
        let mut subject = Subject::new(
            (&project.manifest, &project.graph),
            &opening.config,
            adapter.as_ref(),
            &opening.sources,
            settings,
        );
        subject.warnings = &project.warnings;
        subject.selected = selected;
        if chosen.iter().any(|rule| rule.needs == Needs::Sql) {
            subject.sql = on_deep_stacks(|| models_sql(&linting.renderer, &subject))?;
        }
        if lint::needs(chosen) == Needs::Lineage {
            let compiled = compile(&linting)?;
            subject.lineage = Some(opening.lineage_of(project, &compiled)?);
        }
        Ok(lint::check(&subject, chosen, !self.rules.is_empty()))
    }
}

/// The SQL of the models to be checked, as far as it can be rendered without a warehouse and understood.
pub(super) fn models_sql(renderer: &Renderer, subject: &Subject<'_>) -> IndexMap<String, ModelSql> {
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

/// Models and snapshots as they can be compiled without a warehouse; those that cannot are left out.
fn compile(linting: &Linting<'_>) -> Result<CompiledNodes, Diagnostics> {
    let project = &linting.project;
    let compiler = Compiler::new();
    let is_query = |node: &&Arc<Node>| {
        matches!(node.resource_type, ResourceType::Model | ResourceType::Snapshot) && node.language == "sql"
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
        let is_complete = !asked.load(std::sync::atomic::Ordering::Relaxed);
        let extra_ctes = compiled.extra_ctes;
        is_complete.then(|| {
            let found = CompiledNode { code: Some(compiled.code), extra_ctes, ..CompiledNode::default() };
            (node.unique_id.clone(), found)
        })
    })?;
    let ephemeral = compiler.ephemeral_models();
    Ok(compiled.into_iter().flatten().chain(ephemeral).collect())
}

/// Each rule on a line: its severity, its name, what it finds.
fn listed(settings: &Settings) -> String {
    let widest = rules::ALL.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let line = |rule: &&'static lint::Rule| {
        let level = match settings.level(rule.name, "").unwrap_or(rule.level) {
            lint::RuleLevel::Off => "off",
            lint::RuleLevel::At(severity) => severity.as_str(),
        };
        let documentation = rule.documentation();
        let first = documentation.lines().next().unwrap_or_default().trim_end_matches('.');
        format!("{level:<7}  {:<widest$}  {first}", rule.name)
    };
    rules::ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}
