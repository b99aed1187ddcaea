//! What `lint` and `format` share: which files, by which settings, and how findings are handed on.

use std::collections::HashSet;
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
use crate::lint::sql::{
    ConfigFiles, Ignored, KeptFindings, Linters, Renderer, Settings, changed_files, is_sql, project_files,
};
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

/// The file in the target folder that keeps what was found in SQL.
const KEPT: &str = "lint_cache.txt";

/// What can be selected.
pub(super) const KINDS: &[ResourceType] = &[
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Analysis,
    ResourceType::Test,
    ResourceType::Source,
    ResourceType::Exposure,
];

/// What a command is about.
pub(super) struct Scope {
    /// Files with SQL, absolute.
    pub(super) files: Vec<PathBuf>,
    /// Resources that stand or are described in the files that were named, or were selected; none where that is the whole project.
    pub(super) resources: Option<HashSet<String>>,
}

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
    pub(super) opening: &'a Opening,
    base: Settings,
    pub(super) project: ParsedProject,
    pub(super) renderer: Renderer,
    pub(super) linters: Arc<Linters>,
    pub(super) configs: ConfigFiles,
    pub(super) ignored: Ignored,
}

impl<'a> Linting<'a> {
    /// Parses the project. `base` is what the command line says of all files; where neither it nor a file of settings names a dialect, it is
    /// that of the target.
    pub(super) fn begin(opening: &'a Opening, base: Settings) -> Result<Self, Diagnostics> {
        let mut linting = Self::of(opening, base, opening.parse()?);
        if opening.config.flags.partial_parse {
            let text = fs::read_to_string(opening.target().path().join(KEPT)).unwrap_or_default();
            linting.linters = Arc::new(Linters::after(KeptFindings::of(&text)));
        }
        Ok(linting)
    }

    /// The same after files of the project were changed.
    pub(super) fn again(self) -> Result<Self, Diagnostics> {
        let project = self.opening.parse_again()?;
        Ok(Self { linters: self.linters, ..Self::of(self.opening, self.base, project) })
    }

    /// Keeps what was found in SQL for the next command. It only spares work: that it cannot be written is no error.
    pub(super) fn keep_findings(&self) {
        if let Some(news) = self.linters.kept().and_then(|kept| kept.news(self.renderer.paths().count())) {
            let _ = self.opening.target().write_bytes(KEPT, news.as_bytes());
        }
    }

    /// A project that was parsed already.
    pub(super) fn of(opening: &'a Opening, base: Settings, project: ParsedProject) -> Self {
        let renderer = Renderer::new(Arc::clone(&project.session), Arc::clone(&project.manifest));
        let invocation = &opening.config.invocation;
        let dialect = project.session.adapter().type_name().to_owned();
        let configs = ConfigFiles::new(invocation, Settings { dialect, ..base.clone() });
        let root = &opening.config.project.root;
        let top = if root.starts_with(&invocation.working_dir) { &invocation.working_dir } else { root };
        Self { opening, base, project, renderer, linters: Arc::default(), configs, ignored: Ignored::new(top) }
    }

    /// What the arguments mean.
    pub(super) fn scope(&self, args: &FileArgs) -> Result<Scope, Diagnostics> {
        let root = &self.opening.config.project.root;
        let wrong = |problem: String| Diagnostics::from(Diagnostic::error(Code::USAGE, problem));
        let (names_files, selects) = (!args.paths.is_empty() || args.changed.is_some(), !args.selection.is_empty());
        let mut files: Vec<PathBuf> = if args.paths.is_empty() {
            let mut all: Vec<PathBuf> = self.renderer.paths().map(|path| root.join(path)).collect();
            all.sort();
            all
        } else {
            project_files(&self.opening.config.invocation.working_dir, &args.paths).map_err(wrong)?
        };
        if let Some(reference) = &args.changed {
            let changed = changed_files(root, reference).map_err(wrong)?;
            if args.paths.is_empty() {
                files = changed;
            } else {
                files.retain(|file| changed.contains(file));
            }
        }
        let mut resources: Option<HashSet<String>> = names_files.then(|| self.resources_in(&files));
        if selects {
            let ids = self.opening.select(&self.project, &args.selection, KINDS, false)?;
            let nodes = ids.iter().filter_map(|id| self.project.manifest.nodes.get(id));
            let selected: HashSet<PathBuf> = nodes.map(|node| root.join(&node.original_file_path)).collect();
            files.retain(|file| selected.contains(file));
            let is_in = |id: &String| resources.as_ref().is_none_or(|resources| resources.contains(id));
            resources = Some(ids.into_iter().filter(is_in).collect());
        }
        Ok(Scope { files: self.to_lint(&files), resources })
    }

    /// Those of these files (absolute) whose SQL is looked at.
    pub(super) fn to_lint(&self, files: &[PathBuf]) -> Vec<PathBuf> {
        files.iter().filter(|file| is_sql(file) && !self.ignored.contains(file)).cloned().collect()
    }

    /// The text that a file of the project, a path below its root, was parsed with.
    pub(super) fn text_of(&self, path: &str) -> Option<String> {
        let sources = &self.opening.sources;
        sources.find(path).map(|id| sources.get(id).text.to_string())
    }

    /// The settings of sqlfluff for a file (absolute) with this text.
    pub(super) fn settings_of(&self, file: &Path, text: &str) -> Settings {
        self.configs.of_folder(file.parent().unwrap_or(file)).with_directives(text)
    }

    /// What stands or is described in these files.
    pub(super) fn resources_in(&self, files: &[PathBuf]) -> HashSet<String> {
        let root = &self.opening.config.project.root;
        let below = |file: &PathBuf| Some(file.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/"));
        let paths: HashSet<String> = files.iter().filter_map(below).collect();
        let manifest = &self.project.manifest;
        let is_described = |patch: &Option<String>| {
            let path = patch.as_deref().and_then(|patch| patch.split_once("://"));
            path.is_some_and(|(package, path)| package == manifest.project_name && paths.contains(path))
        };
        let nodes = manifest.nodes.values().filter(|node| {
            node.package_name == manifest.project_name
                && (paths.contains(&node.original_file_path) || is_described(&node.patch_path))
        });
        let sources = manifest.sources.values().filter(|source| {
            source.package_name == manifest.project_name && paths.contains(&source.original_file_path)
        });
        let exposures = manifest.exposures.values().filter(|exposure| paths.contains(&exposure.original_file_path));
        nodes
            .map(|node| node.unique_id.clone())
            .chain(sources.map(|source| source.unique_id.clone()))
            .chain(exposures.map(|exposure| exposure.unique_id.clone()))
            .collect()
    }

    /// These files, read.
    pub(super) fn read(&self, files: Vec<PathBuf>) -> Result<Vec<LintedFile>, Diagnostics> {
        let root = &self.opening.config.project.root;
        let read: Vec<Result<Option<LintedFile>, Diagnostic>> = files
            .into_par_iter()
            .map(|file| {
                let Ok(below) = file.strip_prefix(root) else { return Ok(None) };
                let path = below.to_string_lossy().replace('\\', "/");
                let source = fs::read_to_string(&file).map_err(|error| {
                    Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read {}: {error}", file.display()))
                })?;
                let settings = self.settings_of(&file, &source);
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

    /// Does the same with each of many, side by side.
    pub(super) fn for_each<T: Send, R: Send>(
        &self,
        items: impl IndexedParallelIterator<Item = T>,
        work: impl Fn(&Renderer, T) -> R + Send + Sync,
    ) -> Vec<R> {
        on_deep_stacks(|| items.map_init(|| self.renderer.clone(), |renderer, item| work(renderer, item)).collect())
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

/// Gives all threads that work is shared out to stacks that are deep enough for SQL and templates: what `lint`, `format` and `check` begin
/// with. Threads that are there already stay what they are.
pub(super) fn deepen_stacks() {
    let _ = ThreadPoolBuilder::new().stack_size(STACK).build_global();
}

/// Does something on one of these threads, which shares work out to the others.
pub(super) fn on_deep_stacks<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}
