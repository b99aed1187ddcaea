//! What `lint` and `format` share: which files, by which settings, and how findings are handed on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use super::opening::Opening;
use super::parsed::ParsedProject;
use super::selection_args::SelectionArgs;
use crate::config::OutputFormat;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::lint::sql::{ConfigFiles, Ignored, Linters, Renderer, Settings, changed_files, sql_files};
use crate::lint::{self, Finding, Severity, report};
use crate::manifest::ResourceType;
use crate::ui;

/// Which files a command is about.
#[derive(Debug, Args)]
pub(super) struct FileArgs {
    /// Files and folders; all models, snapshots, analyses and tests of the project if none are given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Only files that differ from a commit of git, or are new; from HEAD if none is named
    #[arg(long, value_name = "REF", num_args = 0..=1, default_missing_value = "HEAD", require_equals = true)]
    changed: Option<String>,
}

/// Bytes of stack of each thread: the grammar of SQL is read by functions that call each other deeply.
pub(super) const STACK: usize = 64 * 1024 * 1024;

/// What can be selected.
const KINDS: &[ResourceType] =
    &[ResourceType::Model, ResourceType::Test, ResourceType::Snapshot, ResourceType::Analysis];

/// A file of the project with what decides how it is looked at.
pub(super) struct LintedFile {
    /// Absolute.
    pub(super) file: PathBuf,
    /// Below the project's root, with `/`.
    pub(super) path: String,
    /// Its text.
    pub(super) source: String,
    /// Its settings.
    pub(super) settings: Settings,
}

/// The project while its files are looked at.
pub(super) struct Linting<'a> {
    opening: &'a Opening,
    pub(super) project: ParsedProject,
    pub(super) renderer: Renderer,
    pub(super) linters: Linters,
    configs: ConfigFiles,
    ignored: Ignored,
}

impl<'a> Linting<'a> {
    /// Parses the project. `base` is what the command line says of all files; where neither it nor a file of settings names a dialect, it is
    /// that of the target.
    pub(super) fn begin(opening: &'a Opening, base: Settings) -> Result<Self, Diagnostics> {
        let project = opening.parse()?;
        let renderer = Renderer::new(Arc::clone(&project.session), Arc::clone(&project.manifest));
        let invocation = &opening.config.invocation;
        let dialect = project.session.adapter().type_name().to_owned();
        let configs = ConfigFiles::new(invocation, Settings { dialect, ..base });
        let root = &opening.config.project.root;
        let top = if root.starts_with(&invocation.working_dir) { &invocation.working_dir } else { root };
        Ok(Self { opening, project, renderer, linters: Linters::default(), configs, ignored: Ignored::new(top) })
    }

    /// The files that the arguments mean, read.
    pub(super) fn files(&self, args: &FileArgs) -> Result<Vec<LintedFile>, Diagnostics> {
        let root = &self.opening.config.project.root;
        let mut files = self.named(args)?;
        files.retain(|file| !self.ignored.contains(file));
        let read: Vec<Result<Option<LintedFile>, Diagnostic>> = files
            .into_par_iter()
            .map(|file| {
                let Ok(below) = file.strip_prefix(root) else { return Ok(None) };
                let path = below.to_string_lossy().replace('\\', "/");
                let source = fs::read_to_string(&file).map_err(|error| {
                    Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read {}: {error}", file.display()))
                })?;
                let folder = file.parent().unwrap_or(&file);
                let settings = self.configs.of_folder(folder).with_directives(&source);
                Ok(Some(LintedFile { file, path, source, settings }))
            })
            .collect();
        let mut files = Vec::with_capacity(read.len());
        let mut problems = Diagnostics::new();
        for result in read {
            match result {
                Ok(file) => files.extend(file),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }

    fn named(&self, args: &FileArgs) -> Result<Vec<PathBuf>, Diagnostics> {
        let root = &self.opening.config.project.root;
        let wrong = |problem: String| Diagnostics::from(Diagnostic::error(Code::USAGE, problem));
        let mut files: Vec<PathBuf> = if args.paths.is_empty() {
            let mut all: Vec<PathBuf> = self.renderer.paths().map(|path| root.join(path)).collect();
            all.sort();
            all
        } else {
            sql_files(&self.opening.config.invocation.working_dir, &args.paths).map_err(wrong)?
        };
        if let Some(reference) = &args.changed {
            let changed = changed_files(root, reference).map_err(wrong)?;
            files.retain(|file| changed.contains(file));
        }
        if !args.selection.is_empty() {
            let ids = self.opening.select(&self.project, &args.selection, KINDS, false)?;
            let nodes = ids.iter().filter_map(|id| self.project.manifest.nodes.get(id));
            let selected: Vec<PathBuf> = nodes.map(|node| root.join(&node.original_file_path)).collect();
            files.retain(|file| selected.contains(file));
        }
        Ok(files)
    }

    /// Does the same with each of many, side by side, on threads whose stacks are deep enough for SQL and templates.
    pub(super) fn for_each<T: Send, R: Send>(
        &self,
        items: impl IndexedParallelIterator<Item = T>,
        work: impl Fn(&Renderer, T) -> R + Send + Sync,
    ) -> Result<Vec<R>, Diagnostics> {
        on_deep_stacks(|| items.map_init(|| self.renderer.clone(), |renderer, item| work(renderer, item)).collect())
    }

    /// Prints findings in the form that was asked for; `files` are those that were looked at.
    pub(super) fn hand_on(&self, findings: Vec<Finding>, files: &[String]) {
        hand_on(self.opening, findings, files);
    }

    /// Says which files were not looked at, where somebody wants to know.
    pub(super) fn report_skipped(&self, path: &str, reason: &str) {
        self.opening.report(&Event::Note { msg: format!("{path} was not looked at: {reason}") });
    }
}

/// Whether any finding fails the command.
pub(super) fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Prints findings in the form that was asked for; `files` are those that were looked at.
pub(super) fn hand_on(opening: &Opening, mut findings: Vec<Finding>, files: &[String]) {
    let format = opening.config.flags.format;
    let root = &opening.config.project.root;
    let invocation = &opening.config.invocation;
    let from_repository = matches!(format, OutputFormat::Github | OutputFormat::Sarif);
    let top = match invocation.env("GITHUB_WORKSPACE").filter(|_| from_repository) {
        Some(workspace) => Path::new(workspace),
        None => invocation.working_dir.as_path(),
    };
    let folder = root.strip_prefix(top).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
    let prefix = if folder.is_empty() { folder } else { folder + "/" };
    for finding in &mut findings {
        finding.path.insert_str(0, &prefix);
    }
    let files: Vec<String> = files.iter().map(|file| format!("{prefix}{file}")).collect();
    let text = match format {
        OutputFormat::Default => report::human(&findings),
        OutputFormat::Github => report::github(&findings),
        OutputFormat::Json => report::json(&findings),
        OutputFormat::Sarif => {
            report::sarif(&findings, &|rule| lint::named(rule)?.documentation().lines().next().map(str::to_owned))
        }
        OutputFormat::Junit => report::junit(&findings, &files),
    };
    let text = opening.console.without_secrets(text);
    if !text.is_empty() {
        ui::print_line(text.trim_end_matches('\n'));
    }
}

/// Does something on threads whose stacks are deep enough for SQL and templates.
pub(super) fn on_deep_stacks<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R, Diagnostics> {
    let pool = ThreadPoolBuilder::new().stack_size(STACK).build();
    let pool = pool.map_err(|error| Diagnostic::error(Code::USAGE, format!("threads cannot be started: {error}")))?;
    Ok(pool.install(work))
}
