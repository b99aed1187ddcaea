//! dbt's global flags, resolved.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::events::is_deprecation;

/// Which tests a selection of nodes brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IndirectSelection {
    Eager,
    Cautious,
    Buildable,
    Empty,
}

impl IndirectSelection {
    /// dbt's names.
    pub const NAMES: &'static [(&'static str, Self)] =
        &[("eager", Self::Eager), ("cautious", Self::Cautious), ("buildable", Self::Buildable), ("empty", Self::Empty)];

    /// The mode of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }

    /// dbt's name.
    pub fn as_str(self) -> &'static str {
        name_of(Self::NAMES, self)
    }
}

fn name_of<T: Copy + PartialEq>(names: &'static [(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LogFormat {
    Text,
    Debug,
    Json,
    Default,
}

impl LogFormat {
    /// dbt's names.
    pub const NAMES: &'static [(&'static str, Self)] =
        &[("text", Self::Text), ("debug", Self::Debug), ("json", Self::Json), ("default", Self::Default)];

    /// dbt's name.
    pub fn as_str(self) -> &'static str {
        name_of(Self::NAMES, self)
    }
}

/// For whom a run is reported beside the log, and how findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Default,
    /// Annotations and a step summary of GitHub Actions.
    Github,
    /// Findings as sqlfluff's JSON.
    Json,
    /// Findings as SARIF 2.1.0.
    Sarif,
    /// Findings as JUnit XML.
    Junit,
}

impl OutputFormat {
    /// Names of the flag's values.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("default", Self::Default),
        ("human", Self::Default),
        ("github", Self::Github),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("junit", Self::Junit),
    ];

    /// Whether standard output is for a program, which wants nothing else there.
    pub fn is_for_programs(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Junit)
    }
}

/// The least severe lines that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
    None,
}

impl LogLevel {
    /// dbt's names.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("warn", Self::Warn),
        ("error", Self::Error),
        ("none", Self::None),
    ];

    /// dbt's name.
    pub fn as_str(self) -> &'static str {
        name_of(Self::NAMES, self)
    }
}

/// `--warn-error-options`: which warnings are errors. Entries are dbt's event names, or `all`/`*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarnErrorOptions {
    /// Treated as errors.
    pub error: Vec<String>,
    /// Left as warnings although `error` has them.
    pub warn: Vec<String>,
    /// Not shown at all.
    pub silence: Vec<String>,
}

/// What becomes of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningFate {
    /// It ends the command.
    Error,
    /// It is shown.
    Warn,
    /// It is not shown.
    Silence,
}

/// Every flag with its value: command line over environment over `flags:` in `dbt_project.yml` over default.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // each field is the flag of the same name
pub struct Flags {
    pub full_refresh: bool,
    pub fail_fast: bool,
    pub store_failures: bool,
    pub empty: bool,
    pub sample: Option<String>,
    pub event_time_start: Option<String>,
    pub event_time_end: Option<String>,
    pub defer: bool,
    pub favor_state: bool,
    pub state: Option<PathBuf>,
    pub defer_state: Option<PathBuf>,
    pub indirect_selection: IndirectSelection,
    pub resource_types: Vec<String>,
    pub exclude_resource_types: Vec<String>,
    pub warn_error: bool,
    pub warn_error_options: WarnErrorOptions,
    pub write_json: bool,
    pub partial_parse: bool,
    pub verify_parse_cache: bool,
    pub static_parser: bool,
    pub use_experimental_parser: bool,
    pub version_check: bool,
    pub populate_cache: bool,
    pub cache_selected_only: bool,
    pub introspect: bool,
    /// Whether `compile` puts ephemeral models into the SQL that reads them.
    pub inject_ephemeral_ctes: bool,
    pub print: bool,
    pub quiet: bool,
    pub debug: bool,
    pub log_format: LogFormat,
    pub log_format_file: LogFormat,
    pub log_level: LogLevel,
    pub log_level_file: LogLevel,
    pub log_file_max_bytes: u64,
    pub log_cache_events: bool,
    /// `None`: colour where the output is a terminal.
    pub use_colors: Option<bool>,
    pub use_colors_file: bool,
    pub printer_width: usize,
    pub send_anonymous_usage_stats: bool,
    pub single_threaded: bool,
    pub macro_debugging: bool,
    pub show_all_deprecations: bool,
    pub show_resource_report: bool,
    pub export_saved_queries: bool,
    pub clean_project_files_only: bool,
    pub host: String,
    /// hetl's own: for whom a run is reported.
    pub format: OutputFormat,
    /// hetl's own: where results are written as JUnit XML, relative to the working folder.
    pub junit: Option<PathBuf>,
    /// hetl's own: whether the slowest nodes are listed at the end.
    pub timings: bool,
    /// hetl's own: whether protected histories may lose what a build replaces.
    pub confirm_loss: bool,
    /// hetl's own: how long another run that holds the target is waited for; none where the flag is not given.
    pub wait: Option<Duration>,
    /// Behaviour flags that only `flags:` of the project sets (`require_…`), all of them with their value.
    pub behavior: Map<String, Value>,
}

impl Flags {
    /// What `--warn-error` and `--warn-error-options` make of a warning that dbt calls by one of these names. `all` and `*`
    /// stand for every name, `Deprecations` for those of deprecations; what is named itself comes before these.
    pub fn fate_of_warning(&self, events: &[&str]) -> WarningFate {
        let options = &self.warn_error_options;
        let named = |names: &[String]| names.iter().any(|name| events.contains(&name.as_str()));
        let deprecated = events.iter().any(|event| is_deprecation(event));
        let grouped = |names: &[String]| deprecated && names.iter().any(|name| name == "Deprecations");
        let all = |names: &[String]| names.iter().any(|name| name == "all" || name == "*");
        let lists = |names: &[String]| named(names) || grouped(names);
        if lists(&options.silence) {
            WarningFate::Silence
        } else if lists(&options.warn) && !(grouped(&options.warn) && named(&options.error)) {
            WarningFate::Warn
        } else if self.warn_error || all(&options.error) || lists(&options.error) {
            WarningFate::Error
        } else {
            WarningFate::Warn
        }
    }
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            full_refresh: false,
            fail_fast: false,
            store_failures: false,
            empty: false,
            sample: None,
            event_time_start: None,
            event_time_end: None,
            defer: false,
            favor_state: false,
            state: None,
            defer_state: None,
            indirect_selection: IndirectSelection::Eager,
            resource_types: Vec::new(),
            exclude_resource_types: Vec::new(),
            warn_error: false,
            warn_error_options: WarnErrorOptions::default(),
            write_json: true,
            partial_parse: true,
            verify_parse_cache: false,
            static_parser: true,
            use_experimental_parser: false,
            version_check: true,
            populate_cache: true,
            cache_selected_only: false,
            introspect: true,
            inject_ephemeral_ctes: true,
            print: true,
            quiet: false,
            debug: false,
            log_format: LogFormat::Default,
            log_format_file: LogFormat::Debug,
            log_level: LogLevel::Info,
            log_level_file: LogLevel::Debug,
            log_file_max_bytes: 10 * 1024 * 1024,
            log_cache_events: false,
            use_colors: None,
            use_colors_file: true,
            printer_width: 80,
            send_anonymous_usage_stats: false,
            single_threaded: false,
            macro_debugging: false,
            show_all_deprecations: false,
            show_resource_report: false,
            export_saved_queries: false,
            clean_project_files_only: true,
            host: "127.0.0.1".into(),
            format: OutputFormat::Default,
            junit: None,
            timings: false,
            confirm_loss: false,
            wait: None,
            behavior: Map::new(),
        }
    }
}

impl Flags {
    /// A behaviour flag such as `require_generic_test_arguments_property`; false for one that dbt does not know.
    pub fn behaves(&self, name: &str) -> bool {
        self.behavior.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// All flags under dbt's names in lower case, as `flags` in Jinja (there in upper case) and artifacts show them.
    pub fn to_json(&self) -> Map<String, Value> {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let values = [
            ("full_refresh", json!(self.full_refresh)),
            ("fail_fast", json!(self.fail_fast)),
            ("store_failures", json!(self.store_failures)),
            ("empty", json!(self.empty)),
            ("sample", json!(self.sample)),
            ("event_time_start", json!(self.event_time_start)),
            ("event_time_end", json!(self.event_time_end)),
            ("defer", json!(self.defer)),
            ("favor_state", json!(self.favor_state)),
            ("state", json!(path(&self.state))),
            ("defer_state", json!(path(&self.defer_state))),
            ("indirect_selection", json!(self.indirect_selection.as_str())),
            ("resource_types", json!(self.resource_types)),
            ("exclude_resource_types", json!(self.exclude_resource_types)),
            ("warn_error", json!(self.warn_error.then_some(true))),
            (
                "warn_error_options",
                json!({
                    "error": self.warn_error_options.error,
                    "warn": self.warn_error_options.warn,
                    "silence": self.warn_error_options.silence,
                }),
            ),
            ("write_json", json!(self.write_json)),
            ("partial_parse", json!(self.partial_parse)),
            ("static_parser", json!(self.static_parser)),
            ("use_experimental_parser", json!(self.use_experimental_parser)),
            ("version_check", json!(self.version_check)),
            ("populate_cache", json!(self.populate_cache)),
            ("cache_selected_only", json!(self.cache_selected_only)),
            ("introspect", json!(self.introspect)),
            ("print", json!(self.print)),
            ("quiet", json!(self.quiet)),
            ("debug", json!(self.debug)),
            ("log_format", json!(self.log_format.as_str())),
            ("log_format_file", json!(self.log_format_file.as_str())),
            ("log_level", json!(self.log_level.as_str())),
            ("log_level_file", json!(self.log_level_file.as_str())),
            ("log_file_max_bytes", json!(self.log_file_max_bytes)),
            ("log_cache_events", json!(self.log_cache_events)),
            ("use_colors", json!(self.use_colors.unwrap_or(true))),
            ("use_colors_file", json!(self.use_colors_file)),
            ("printer_width", json!(self.printer_width)),
            ("send_anonymous_usage_stats", json!(self.send_anonymous_usage_stats)),
            ("single_threaded", json!(self.single_threaded)),
            ("macro_debugging", json!(self.macro_debugging)),
            ("show_all_deprecations", json!(self.show_all_deprecations)),
            ("show_resource_report", json!(self.show_resource_report)),
            ("export_saved_queries", json!(self.export_saved_queries)),
            ("clean_project_files_only", json!(self.clean_project_files_only)),
            ("host", json!(self.host)),
            ("strict_mode", json!(false)),
        ];
        let mut all: Map<String, Value> = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        all.extend(self.behavior.clone());
        all
    }
}
