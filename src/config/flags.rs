//! dbt's global flags, resolved.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// Which tests a selection of nodes brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum IndirectSelection {
    Eager,
    Cautious,
    Buildable,
    Empty,
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
    pub static_parser: bool,
    pub use_experimental_parser: bool,
    pub version_check: bool,
    pub populate_cache: bool,
    pub cache_selected_only: bool,
    pub introspect: bool,
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
    /// Behaviour flags that only `flags:` of the project sets (`require_…`), all of them with their value.
    pub behavior: Map<String, Value>,
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
            static_parser: true,
            use_experimental_parser: false,
            version_check: true,
            populate_cache: true,
            cache_selected_only: false,
            introspect: true,
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
            behavior: Map::new(),
        }
    }
}

impl Flags {
    /// A behaviour flag such as `require_generic_test_arguments_property`; false for one that dbt does not know.
    pub fn behaves(&self, name: &str) -> bool {
        self.behavior.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}
