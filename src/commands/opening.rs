//! The beginning and the end of every command: configuration, console, exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use super::deprecations::Deprecations;
use crate::config::{self, Config, Invocation, Loaded, Overrides, Secrets, WarningFate};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::{Event, Level, Reporter};
use crate::ui::{Console, LogFormat, LogSettings};

/// How a command ended that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Success,
    /// A node failed: exit code 1.
    Failure,
}

impl From<bool> for Outcome {
    fn from(is_success: bool) -> Self {
        if is_success { Self::Success } else { Self::Failure }
    }
}

/// What a command has when it starts.
#[derive(Clone)]
pub(crate) struct Opening {
    /// Project, profile, flags, vars.
    pub(crate) config: Config,
    /// Where events go.
    pub(crate) console: Arc<Console>,
    /// Texts that diagnostics point into.
    pub(crate) sources: Arc<SourceMap>,
    /// Which deprecations were met.
    pub(crate) deprecations: Arc<Deprecations>,
}

impl Opening {
    /// Reports one event.
    pub(crate) fn report(&self, event: &Event) {
        self.console.report(event);
    }

    /// Shows warnings now and keeps errors, which end the command; `--warn-error` makes errors of warnings.
    pub(crate) fn check(&self, diagnostics: Diagnostics) -> Result<(), Diagnostics> {
        self.check_with(diagnostics.sorted(&self.sources), |warning| Event::diagnosed(warning, &self.sources))
    }

    /// The same, where warnings have an event of their own.
    pub(crate) fn check_with(
        &self,
        diagnostics: Diagnostics,
        event: impl Fn(&Diagnostic) -> Event,
    ) -> Result<(), Diagnostics> {
        let mut errors = Diagnostics::new();
        for problem in diagnostics {
            if problem.is_error() {
                errors.push(problem);
                continue;
            }
            match self.config.flags.fate_of_warning(problem.events()) {
                WarningFate::Error => errors.push(problem.into_error()),
                WarningFate::Warn => {
                    let is_news = self.deprecations.is_news(problem.events().first().copied());
                    if is_news || self.config.flags.show_all_deprecations {
                        self.report(&event(&problem));
                    }
                    self.console.annotate(&problem, &self.sources);
                }
                WarningFate::Silence => {}
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Opening {
    /// Says which deprecations were met. The summary is a warning too, which can be made an error of the command.
    pub(crate) fn end(&self, result: Result<Outcome, Diagnostics>) -> Result<Outcome, Diagnostics> {
        let flags = &self.config.flags;
        let Some(summary) = self.deprecations.summary(!flags.show_all_deprecations) else { return result };
        match flags.fate_of_warning(&["DeprecationsSummary"]) {
            WarningFate::Error if result.is_ok() => {
                Err(Diagnostic::error(Code::DEPRECATED, "there are deprecations in this project")
                    .hint("`--show-all-deprecations` shows each")
                    .into())
            }
            WarningFate::Silence => result,
            WarningFate::Warn | WarningFate::Error => {
                self.report(&summary);
                result
            }
        }
    }
}

/// Runs a command that needs a project and a profile.
pub(crate) fn with_project(
    which: &str,
    args: Map<String, Value>,
    overrides: &Overrides,
    body: impl FnOnce(&Opening) -> Result<Outcome, Diagnostics>,
) -> ExitCode {
    let begin = Instant::now();
    let mut args = args;
    for (key, given) in [("target", &overrides.target), ("profile", &overrides.profile)] {
        if let Some(given) = given {
            args.insert(key.into(), given.clone().into());
        }
    }
    if let Some(threads) = overrides.threads {
        args.insert("threads".into(), threads.into());
    }
    let invocation = Invocation::from_process(which, args);
    crate::faults::arm(invocation.env("HETL_FAULT"), invocation.env("HETL_FAULT_FILE"));
    let sources = Arc::new(SourceMap::new());
    let Loaded { config, diagnostics, notes } = config::load(invocation.clone(), overrides, &sources);
    let console = Arc::new(Console::new(log_settings(&invocation, overrides, config.as_ref())));
    console.report(&Event::MainReportVersion { log_version: 3, version: format!("={}", env!("CARGO_PKG_VERSION")) });
    console.report(&Event::MainReportArgs { args: reported_args(&invocation, config.as_ref()) });
    for note in notes {
        console.report(&Event::Note { msg: note });
    }
    let result = match config {
        Some(config) => {
            let opening = Opening {
                config,
                console: Arc::clone(&console),
                sources: Arc::clone(&sources),
                deprecations: Arc::default(),
            };
            let result = opening.check(diagnostics).and_then(|()| body(&opening));
            opening.end(result)
        }
        None => Err(diagnostics),
    };
    close(&console, &sources, &invocation, begin, result)
}

/// The flags and arguments of a run as dbt reports them: Python's texts of the values.
fn reported_args(invocation: &Invocation, config: Option<&Config>) -> Map<String, Value> {
    let mut given = config.map(|config| config.flags.to_json()).unwrap_or_default();
    given.extend(invocation.args.clone());
    given.insert("invocation_command".into(), invocation.argv.join(" ").into());
    given.into_iter().map(|(name, value)| (name, python(&value).into())).collect()
}

/// A value as Python would print it.
pub(super) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reports how a command ended.
pub(crate) fn close(
    console: &Console,
    sources: &SourceMap,
    invocation: &Invocation,
    begin: Instant,
    result: Result<Outcome, Diagnostics>,
) -> ExitCode {
    let code = match &result {
        Ok(Outcome::Success) => 0,
        Ok(Outcome::Failure) => 1,
        Err(problems) if problems.iter().any(|problem| problem.code == Code::TARGET_IN_USE) => 3,
        Err(_) => 2,
    };
    if let Err(problems) = result {
        let problems = problems.sorted(sources);
        for warning in problems.iter().filter(|problem| !problem.is_error()) {
            console.report(&Event::diagnosed(warning, sources));
        }
        let errors: Vec<&Diagnostic> = problems.iter().filter(|problem| problem.is_error()).collect();
        for error in &errors {
            console.annotate(error, sources);
        }
        if !errors.is_empty() {
            console.report(&Event::fatal(errors, sources));
        }
    }
    console.report(&Event::CommandCompleted {
        command: format!("hetl {}", typed_name(&invocation.which)),
        completed_at: jiff::Zoned::now().strftime("%H:%M:%S.%6f").to_string(),
        elapsed: begin.elapsed().as_secs_f64(),
        success: code == 0,
    });
    // Threads that still run may hold the console when the process ends.
    console.flush();
    ExitCode::from(code)
}

/// The command as it is typed, where dbt's name of it is another.
fn typed_name(which: &str) -> &str {
    match which {
        "freshness" => "source freshness",
        "generate" => "docs generate",
        other => other,
    }
}

/// Commands whose output is what they find: the log of how they went about it is left out.
const FINDERS: &[&str] = &["lint", "format", "check"];

/// What the flags say of the log; before there is a configuration, what command line and environment say.
pub(crate) fn log_settings(invocation: &Invocation, overrides: &Overrides, config: Option<&Config>) -> LogSettings {
    let flags = config.map(|config| config.flags.as_ref().clone()).unwrap_or_default();
    let word = |given: &Option<String>, flag: &str| {
        given.clone().or_else(|| invocation.env_flag(flag).map(|(_, value)| value.to_owned()))
    };
    let truth = |given: Option<bool>, flag: &str, configured: bool| {
        if config.is_some() {
            return configured;
        }
        given.unwrap_or_else(|| invocation.env_flag(flag).is_some_and(|(_, value)| is_true(value)))
    };
    let format =
        config.map(|_| format_of(flags.log_format)).or_else(|| word(&overrides.log_format, "LOG_FORMAT")?.parse().ok());
    let named = |word: String| config::LogLevel::NAMES.iter().find(|(name, _)| *name == word).map(|(_, level)| *level);
    let asked = config.map(|_| flags.log_level).or_else(|| named(word(&overrides.log_level, "LOG_LEVEL")?));
    let least = asked.map_or(Some(Level::Info), level_of);
    let mut level = least.unwrap_or(Level::Error);
    if truth(overrides.debug, "DEBUG", flags.debug) {
        level = Level::Debug;
    }
    if truth(overrides.quiet, "QUIET", flags.quiet) {
        level = Level::Error;
    }
    if level == Level::Info && FINDERS.contains(&invocation.which.as_str()) {
        level = if flags.format.is_for_programs() { Level::Error } else { Level::Warn };
    }
    let format_given = config.map(|_| flags.format == config::OutputFormat::Github);
    let is_for_github = format_given.unwrap_or_else(|| word(&overrides.format, "FORMAT").as_deref() == Some("github"));
    let colors = flags.use_colors.or(overrides.use_colors).or_else(|| invocation.env("NO_COLOR").map(|_| false));
    let environment = &invocation.environment;
    let file_level = level_of(flags.log_level_file);
    LogSettings {
        format: format.unwrap_or_default(),
        level: least.map(|_| level),
        colors,
        width: flags.printer_width,
        file_format: match flags.log_format_file {
            config::LogFormat::Json => LogFormat::Json,
            config::LogFormat::Text => LogFormat::Text,
            config::LogFormat::Debug | config::LogFormat::Default => LogFormat::Debug,
        },
        file_level: file_level.unwrap_or(Level::Error),
        folder: config.filter(|_| file_level.is_some()).map(|config| config.project.log_dir()),
        file_max_bytes: flags.log_file_max_bytes,
        live: invocation.env("CI").is_none(),
        invocation_id: invocation.invocation_id.clone(),
        extra: environment
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("DBT_ENV_CUSTOM_ENV_")?.to_owned(), Value::from(value.as_str())))
            })
            .collect(),
        annotations: is_for_github.then(|| folder_in_repository(invocation, overrides, config)),
        secrets: config
            .iter()
            .fold(invocation.secrets().with(&Secrets::among(secret_vars(config))), |secrets, config| {
                secrets.with(&config.profile.secrets)
            }),
    }
}

/// `--vars`, whose names can be those of secrets as in dbt.
fn secret_vars(config: Option<&Config>) -> impl Iterator<Item = (&str, &str)> {
    let vars = config.into_iter().flat_map(|config| config.vars.command_line());
    vars.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// Where the project is below the folder that GitHub checked out, with a slash at its end; empty where it is that folder.
fn folder_in_repository(invocation: &Invocation, overrides: &Overrides, config: Option<&Config>) -> String {
    let given = || invocation.working_dir.join(overrides.project_dir.clone().unwrap_or_default());
    let root = config.map_or_else(given, |config| config.project.root.clone());
    let top = invocation.env("GITHUB_WORKSPACE").map_or_else(|| invocation.working_dir.clone(), PathBuf::from);
    let below = root.strip_prefix(&top).map(|below| below.to_string_lossy().replace('\\', "/")).unwrap_or_default();
    if below.is_empty() { below } else { below + "/" }
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes" | "y" | "on")
}

fn format_of(format: config::LogFormat) -> LogFormat {
    match format {
        config::LogFormat::Text | config::LogFormat::Default => LogFormat::Text,
        config::LogFormat::Debug => LogFormat::Debug,
        config::LogFormat::Json => LogFormat::Json,
    }
}

/// The least level that is written; none where nothing is.
fn level_of(level: config::LogLevel) -> Option<Level> {
    match level {
        config::LogLevel::Debug => Some(Level::Debug),
        config::LogLevel::Info => Some(Level::Info),
        config::LogLevel::Warn => Some(Level::Warn),
        config::LogLevel::Error => Some(Level::Error),
        config::LogLevel::None => None,
    }
}
