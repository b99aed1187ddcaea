//! `lsp`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Map;

use super::linting::{Linting, STACK};
use super::mending::FileMending;
use super::open_files;
use super::opening::{Opening, log_settings};
use super::parsed::ParsedProject;
use super::project_rules::{self, ProjectRules};
use crate::config::{self, Invocation, Overrides};
use crate::diagnostics::{Diagnostic, Diagnostics, SourceMap};
use crate::events::Silent;
use crate::graph::Graph;
use crate::lint::sql::{self, Linters};
use crate::lint::{Range, Settings, Severity};
use crate::lsp::{InferredColumns, Loaded, Loader, Mend, Problem, Unreadable, serve};
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
        // Grammars are made once; what depends on settings is looked up by them.
        let linters = Arc::new(Linters::default());
        let pool = Arc::new(pool);
        let loader = |folders: &[PathBuf]| -> Loader {
            let invocation = in_project(invocation, &overrides, folders);
            Arc::new(move |open| pool.install(|| loaded(&invocation, &overrides, (&linters, &pool), open)))
        };
        let (connection, threads) = lsp_server::Connection::stdio();
        let result = serve(&connection, loader);
        drop(connection);
        match result.and_then(|ended| threads.join().map(|()| ended).map_err(|error| error.to_string())) {
            Ok(true) => ExitCode::SUCCESS,
            // As the protocol asks for, where the editor did not say good-bye.
            Ok(false) => ExitCode::FAILURE,
            Err(message) => failed(&message),
        }
    }
}

/// The invocation in the project that an editor has open: at, above or below one of these folders. Where there is none, or the command
/// line or the environment names one, it is as it was.
fn in_project(mut invocation: Invocation, overrides: &Overrides, folders: &[PathBuf]) -> Invocation {
    let is_named = overrides.project_dir.is_some() || invocation.env_flag("PROJECT_DIR").is_some();
    if !is_named && let Some(root) = folders.iter().find_map(|folder| config::project_around(folder)) {
        invocation.working_dir = root;
    }
    invocation
}

/// Standard output belongs to the editor.
fn failed(message: &str) -> ExitCode {
    ui::print_to_stderr(&format!("{message}\n"));
    ExitCode::from(2)
}

fn loaded(
    invocation: &Invocation,
    overrides: &Overrides,
    (linters, pool): (&Arc<Linters>, &Arc<ThreadPool>),
    open: HashMap<PathBuf, Arc<str>>,
) -> Result<Loaded, Unreadable> {
    let paths: Vec<PathBuf> = open.keys().cloned().collect();
    let is_saved = |path: &PathBuf, text: &str| std::fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
    let unsaved = open.into_iter().filter(|(path, text)| !is_saved(path, text)).collect();
    let sources = Arc::new(SourceMap::with_unsaved(unsaved));
    let root = config::project_dir(invocation, overrides).unwrap_or_else(|_| invocation.working_dir.clone());
    let unreadable = |problems: Diagnostics| Unreadable {
        message: first(&problems),
        root: root.clone(),
        sources: Arc::clone(&sources),
        problems: problems_of(problems, &sources),
    };
    let config::Loaded { config, mut diagnostics, .. } = config::load(invocation.clone(), overrides, &sources);
    let Some(config) = config else { return Err(unreadable(diagnostics)) };
    let console = Arc::new(Console::new(log_settings(invocation, overrides, Some(&config))));
    let opening =
        Opening { config: config.clone(), console, sources: Arc::clone(&sources), deprecations: Arc::default() };
    let adapter = opening.adapter().map_err(unreadable)?;
    let parsed = parser::parse(ParseParts {
        config: config.clone(),
        adapter,
        reporter: Arc::new(Silent),
        sources: Arc::clone(&sources),
        is_cached: config.flags.partial_parse,
    });
    diagnostics.extend(parsed.diagnostics);
    let (session, manifest) = (parsed.session, Arc::new(parsed.manifest));
    let mut problems = Vec::new();
    let mut columns = InferredColumns::default();
    let mut mend: Option<Mend> = None;
    match Graph::build(&manifest) {
        Ok(graph) => {
            let warnings = diagnostics.iter().filter(|problem| !problem.is_error()).cloned().collect();
            let (settings, wrong) = Settings::read(&config.settings, &project_rules::names());
            diagnostics.extend(wrong);
            let manifest = Arc::clone(&manifest);
            let project = ParsedProject { session, manifest, graph, previous: None, warnings, id: None };
            let mut linting = Linting::of(&opening, sql::Settings::default(), project);
            linting.linters = Arc::clone(linters);
            // What the parser says of keys is among the diagnostics.
            let rules = ProjectRules::about(settings.clone(), false, &["unknown-key".to_owned()]);
            problems.extend(rules.findings(&linting, None).map_err(unreadable)?.into_iter().map(Problem::from));
            let found = open_files::look(&linting, settings, &paths).map_err(unreadable)?;
            problems.extend(found.problems);
            columns = found.columns;
            let (mending, pool) = (FileMending::new(linting), Arc::clone(pool));
            mend = Some(Arc::new(move |path, text, what| pool.install(|| mending.mended(path, text, what))));
        }
        Err(cycle) => diagnostics.extend(cycle),
    }
    problems.extend(problems_of(diagnostics, &sources));
    let vars = config.project.vars.clone();
    Ok(Loaded { root: config.project.root.clone(), manifest, sources, vars, problems, columns, mend })
}

fn first(problems: &Diagnostics) -> String {
    problems.iter().find(|problem| problem.is_error()).map_or_else(String::new, |problem| problem.message.clone())
}

fn problems_of(diagnostics: Diagnostics, sources: &SourceMap) -> Vec<Problem> {
    diagnostics.sorted(sources).iter().filter_map(|problem| problem_of(problem, sources)).collect()
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
        edits: Vec::new(),
    })
}
