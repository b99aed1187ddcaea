//! `lsp`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use rayon::ThreadPoolBuilder;
use serde_json::Map;

use super::linting::STACK;
use super::opening::{Opening, log_settings};
use super::project_rules::models_sql;
use crate::config::{self, Config, Invocation, Overrides};
use crate::diagnostics::{Diagnostic, Diagnostics, SourceMap};
use crate::events::Silent;
use crate::graph::Graph;
use crate::lint::{self, Needs, Range, Settings, Severity, Subject, rules};
use crate::lsp::{Loaded, Loader, Problem, serve};
use crate::parser::{self, ParseParts};
use crate::ui::{self, Console};

/// Answer an editor over standard input and output, by the Language Server Protocol
#[derive(Debug, Args)]
pub(crate) struct Lsp {}

impl Lsp {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let invocation = Invocation::from_process("lsp", Map::new());
        let overrides = overrides.clone();
        // Rules about SQL read it by functions that call each other deeply.
        let pool = match ThreadPoolBuilder::new().stack_size(STACK).build() {
            Ok(pool) => pool,
            Err(error) => return failed(&error.to_string()),
        };
        let load: Loader = Arc::new(move |open| pool.install(|| loaded(&invocation, &overrides, open)));
        let (connection, threads) = lsp_server::Connection::stdio();
        let result = serve(&connection, load);
        drop(connection);
        match result.and_then(|()| threads.join().map_err(|error| error.to_string())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => failed(&message),
        }
    }
}

/// Standard output belongs to the editor.
fn failed(message: &str) -> ExitCode {
    ui::print_to_stderr(&format!("{message}\n"));
    ExitCode::from(2)
}

fn loaded(invocation: &Invocation, overrides: &Overrides, open: HashMap<PathBuf, Arc<str>>) -> Result<Loaded, String> {
    let is_as_on_disk = open.iter().all(|(path, text)| std::fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes()));
    let sources = Arc::new(SourceMap::with_unsaved(open));
    let config::Loaded { config, mut diagnostics, .. } = config::load(invocation.clone(), overrides, &sources);
    let first = |problems: &Diagnostics| {
        problems.iter().find(|problem| problem.is_error()).map_or_else(String::new, |problem| problem.message.clone())
    };
    let Some(config) = config else { return Err(first(&diagnostics)) };
    let console = Arc::new(Console::new(log_settings(invocation, overrides, Some(&config))));
    let opening =
        Opening { config: config.clone(), console, sources: Arc::clone(&sources), deprecations: Arc::default() };
    let adapter = opening.adapter().map_err(|problems| first(&problems))?;
    let parsed = parser::parse(ParseParts {
        config: config.clone(),
        adapter,
        reporter: Arc::new(Silent),
        sources: Arc::clone(&sources),
        is_cached: is_as_on_disk && config.flags.partial_parse,
    });
    diagnostics.extend(parsed.diagnostics);
    let manifest = Arc::new(parsed.manifest);
    let mut problems = Vec::new();
    match Graph::build(&manifest) {
        Ok(graph) => {
            let warnings: Vec<Diagnostic> = diagnostics.iter().filter(|problem| !problem.is_error()).cloned().collect();
            let project = (&parsed.session, &manifest, &graph);
            problems.extend(found(&config, project, &sources, warnings, &mut diagnostics));
        }
        Err(cycle) => diagnostics.extend(cycle),
    }
    problems.extend(diagnostics.sorted(&sources).iter().filter_map(|problem| problem_of(problem, &sources)));
    let vars = config.project.vars.clone();
    Ok(Loaded { root: config.project.root.clone(), manifest, sources, vars, problems })
}

/// What rules find that need no lineage.
fn found(
    config: &Config,
    (session, manifest, graph): (&Arc<crate::context::Session>, &Arc<crate::manifest::Manifest>, &Graph),
    sources: &SourceMap,
    warnings: Vec<Diagnostic>,
    diagnostics: &mut Diagnostics,
) -> Vec<Problem> {
    let names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let (settings, problems) = Settings::read(&config.settings, &names);
    diagnostics.extend(problems);
    let Ok(mut chosen) = lint::chosen(&[], &["unknown-key".to_owned()], &settings) else { return Vec::new() };
    chosen.retain(|rule| rule.needs != Needs::Lineage);
    let adapter = session.adapter();
    let mut subject = Subject::new((manifest, graph), config, adapter.as_ref(), sources, &settings);
    subject.warnings = &warnings;
    let renderer = lint::sql::Renderer::new(Arc::clone(session), Arc::clone(manifest));
    subject.sql = models_sql(&renderer, &subject);
    let findings = lint::check(&subject, &chosen, false);
    findings
        .into_iter()
        .map(|finding| {
            let hint = finding.hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
            Problem {
                path: finding.path,
                range: finding.range,
                severity: finding.severity,
                code: finding.rule.into_owned(),
                message: finding.message + &hint,
            }
        })
        .collect()
}

fn problem_of(problem: &Diagnostic, sources: &SourceMap) -> Option<Problem> {
    let span = problem.labels.first()?.span;
    let hint = problem.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    Some(Problem {
        path: sources.get(span.source).path.clone(),
        range: Some(Range::of(span, sources)),
        severity: if problem.is_error() { Severity::Error } else { Severity::Warning },
        code: problem.code.id.to_owned(),
        message: problem.message.clone() + &hint,
    })
}
