//! Where the value of each flag comes from: command line, environment, `flags:` of the project, default.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::flags::{Flags, IndirectSelection, LogFormat, LogLevel, OutputFormat, WarnErrorOptions};
use super::{Invocation, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml;

/// The names of dbt's events, a line each.
const EVENT_NAMES: &str = include_str!("event_names.txt");

/// The variables that dbt knows of those that begin as its own do.
const ENGINE_VARIABLES: &str = include_str!("engine_variables.txt");
/// Stands for the names of all deprecations.
const DEPRECATIONS: &str = "Deprecations";

/// Flags of dbt's behaviour, which only a project sets, with their defaults in dbt 1.11.
const BEHAVIOR_FLAGS: &[(&str, bool)] = &[
    ("require_batched_execution_for_custom_microbatch_strategy", false),
    ("require_event_names_in_deprecations", false),
    ("require_explicit_package_overrides_for_builtin_materializations", true),
    ("require_resource_names_without_spaces", true),
    ("source_freshness_run_project_hooks", true),
    ("skip_nodes_if_on_run_start_fails", false),
    ("state_modified_compare_more_unrendered_values", false),
    ("state_modified_compare_vars", false),
    ("require_yaml_configuration_for_mf_time_spines", false),
    ("require_nested_cumulative_type_params", false),
    ("validate_macro_args", false),
    ("require_all_warnings_handled_by_warn_error", false),
    ("require_generic_test_arguments_property", true),
    ("require_unique_project_resource_names", false),
    ("require_ref_searches_node_package_before_root", false),
];

/// Other flags that a project may set.
const PROJECT_FLAGS: &[&str] = &[
    "cache_selected_only",
    "debug",
    "fail_fast",
    "indirect_selection",
    "log_format",
    "log_format_file",
    "log_level",
    "log_level_file",
    "partial_parse",
    "populate_cache",
    "printer_width",
    "send_anonymous_usage_stats",
    "static_parser",
    "use_colors",
    "use_colors_file",
    "use_experimental_parser",
    "version_check",
    "warn_error",
    "warn_error_options",
    "write_json",
];

/// All flags. `project` is the `flags:` section as written.
pub(super) fn flags(
    invocation: &Invocation,
    overrides: &Overrides,
    project: &Map<String, Json>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Flags {
    let o = overrides;
    let mut from = FlagSources { invocation, project, diagnostics };
    let d = Flags::default();
    let log_format = from.maybe_choice("log_format", o.log_format.as_ref(), LogFormat::NAMES);
    let log_level = from.maybe_choice("log_level", o.log_level.as_ref(), LogLevel::NAMES);
    let use_colors = from.maybe_bool("use_colors", o.use_colors);
    let flags = Flags {
        full_refresh: from.bool("full_refresh", o.full_refresh, d.full_refresh),
        fail_fast: from.bool("fail_fast", o.fail_fast, d.fail_fast),
        store_failures: from.bool("store_failures", o.store_failures, d.store_failures),
        empty: from.bool("empty", o.empty, d.empty),
        sample: from.text("sample", o.sample.as_ref()),
        event_time_start: from.text("event_time_start", o.event_time_start.as_ref()),
        event_time_end: from.text("event_time_end", o.event_time_end.as_ref()),
        defer: from.bool_or_old("defer", "defer_to_state", o.defer, d.defer),
        favor_state: from.bool_or_old("favor_state", "favor_state_mode", o.favor_state, d.favor_state),
        state: from.state(o.state.as_ref()),
        defer_state: from.path("defer_state", o.defer_state.as_ref()),
        indirect_selection: from.choice(
            "indirect_selection",
            o.indirect_selection.as_ref(),
            IndirectSelection::NAMES,
            d.indirect_selection,
        ),
        resource_types: from.list("resource_types", &o.resource_types),
        exclude_resource_types: from.list("exclude_resource_types", &o.exclude_resource_types),
        warn_error: from.bool("warn_error", o.warn_error, d.warn_error),
        warn_error_options: from.warn_error_options(o.warn_error_options.as_ref(), sources),
        write_json: from.bool("write_json", o.write_json, d.write_json),
        partial_parse: from.bool("partial_parse", o.partial_parse, d.partial_parse),
        verify_parse_cache: from.bool("verify_parse_cache", o.verify_parse_cache, d.verify_parse_cache),
        static_parser: from.bool("static_parser", o.static_parser, d.static_parser),
        use_experimental_parser: from.bool(
            "use_experimental_parser",
            o.use_experimental_parser,
            d.use_experimental_parser,
        ),
        version_check: from.bool("version_check", o.version_check, d.version_check),
        populate_cache: from.bool("populate_cache", o.populate_cache, d.populate_cache),
        cache_selected_only: from.bool("cache_selected_only", o.cache_selected_only, d.cache_selected_only),
        introspect: from.bool("introspect", o.introspect, d.introspect),
        inject_ephemeral_ctes: invocation.which != "compile"
            || from.bool("inject_ephemeral_ctes", o.inject_ephemeral_ctes, d.inject_ephemeral_ctes),
        print: from.print(o.print),
        quiet: from.bool("quiet", o.quiet, d.quiet),
        debug: from.bool("debug", o.debug, d.debug),
        // What is said of the console goes for the log file, unless that has its own.
        log_format: log_format.unwrap_or(d.log_format),
        log_format_file: from
            .maybe_choice("log_format_file", o.log_format_file.as_ref(), LogFormat::NAMES)
            .or(log_format)
            .unwrap_or(d.log_format_file),
        log_level: log_level.unwrap_or(d.log_level),
        log_level_file: from
            .maybe_choice("log_level_file", o.log_level_file.as_ref(), LogLevel::NAMES)
            .or(log_level)
            .unwrap_or(d.log_level_file),
        log_file_max_bytes: from.number("log_file_max_bytes", o.log_file_max_bytes, d.log_file_max_bytes),
        log_cache_events: from.bool("log_cache_events", o.log_cache_events, d.log_cache_events),
        use_colors,
        use_colors_file: from
            .maybe_bool("use_colors_file", o.use_colors_file)
            .or(use_colors)
            .unwrap_or(d.use_colors_file),
        printer_width: from.number("printer_width", o.printer_width.map(|width| width as u64), d.printer_width as u64)
            as usize,
        send_anonymous_usage_stats: from.bool(
            "send_anonymous_usage_stats",
            o.send_anonymous_usage_stats,
            d.send_anonymous_usage_stats,
        ),
        single_threaded: from.bool("single_threaded", o.single_threaded, d.single_threaded),
        macro_debugging: from.bool("macro_debugging", o.macro_debugging, d.macro_debugging),
        show_all_deprecations: from.bool("show_all_deprecations", o.show_all_deprecations, d.show_all_deprecations),
        show_resource_report: from.bool("show_resource_report", o.show_resource_report, d.show_resource_report),
        export_saved_queries: from.bool("export_saved_queries", o.export_saved_queries, d.export_saved_queries),
        clean_project_files_only: from.bool(
            "clean_project_files_only",
            o.clean_project_files_only,
            d.clean_project_files_only,
        ),
        host: from.text("host", o.host.as_ref()).unwrap_or(d.host),
        format: from.choice("format", o.format.as_ref(), OutputFormat::NAMES, d.format),
        junit: from.path("junit", o.junit.as_ref()),
        confirm_loss: from.bool("confirm_loss", o.confirm_loss, d.confirm_loss),
        timings: from.bool("timings", o.timings, d.timings),
        wait: from.duration("wait", o.wait.as_ref()),
        behavior: from.behavior(),
    };
    from.check_project_keys();
    from.check_old_spellings();
    if flags.warn_error && flags.warn_error_options != WarnErrorOptions::default() {
        diagnostics.push(
            Diagnostic::error(Code::USAGE, "--warn-error and --warn-error-options cannot both be given")
                .hint("use --warn-error-options '{error: all}' with its other keys"),
        );
    }
    diagnostics.extend(check_event_time(&flags));
    flags
}

/// Begin and end of event time come together, in this order.
fn check_event_time(flags: &Flags) -> Option<Diagnostic> {
    let lonely = |given: &str, missing: &str| {
        let message = format!("The flag `{given}` was specified, but `{missing}` was not");
        Diagnostic::error(Code::USAGE, message)
            .hint(format!("When specifying `{given}`, `{missing}` must also be present."))
    };
    match (&flags.event_time_start, &flags.event_time_end) {
        (Some(_), None) => Some(lonely("--event-time-start", "--event-time-end")),
        (None, Some(_)) => Some(lonely("--event-time-end", "--event-time-start")),
        (Some(start), Some(end)) => {
            let moment = |text: &str| text.parse::<jiff::civil::DateTime>().ok();
            let is_ordered = match (moment(start), moment(end)) {
                (Some(start), Some(end)) => start < end,
                _ => start < end,
            };
            let message = "Value for `--event-time-start` must be less than `--event-time-end`";
            (!is_ordered).then(|| Diagnostic::error(Code::USAGE, message))
        }
        (None, None) => None,
    }
}

/// Folders that flags or the environment set: `TARGET_PATH`, `LOG_PATH`.
pub(super) fn path_flag(invocation: &Invocation, given: Option<&PathBuf>, flag: &str) -> Option<PathBuf> {
    given
        .cloned()
        .or_else(|| invocation.env_flag(flag).map(|(_, value)| PathBuf::from(value)))
        .filter(|path| !path.as_os_str().is_empty())
}

struct FlagSources<'a> {
    invocation: &'a Invocation,
    project: &'a Map<String, Json>,
    diagnostics: &'a mut Diagnostics,
}

impl FlagSources<'_> {
    fn env(&self, name: &str) -> Option<(String, String)> {
        let (variable, value) = self.invocation.env_flag(&name.to_uppercase())?;
        (!value.is_empty()).then(|| (variable, value.to_owned()))
    }

    fn project(&self, name: &str) -> Option<&Json> {
        PROJECT_FLAGS.contains(&name).then(|| self.project.get(name))?.filter(|value| !value.is_null())
    }

    fn refuse(&mut self, giver: &str, value: &str, wanted: &str) {
        self.diagnostics.push(Diagnostic::error(Code::USAGE, format!("{giver} is `{value}`, and must be {wanted}")));
    }

    fn maybe_bool(&mut self, name: &str, given: Option<bool>) -> Option<bool> {
        if given.is_some() {
            return given;
        }
        if let Some((variable, value)) = self.env(name) {
            match value.trim().to_lowercase().as_str() {
                "1" | "true" | "t" | "yes" | "y" | "on" => return Some(true),
                "0" | "false" | "f" | "no" | "n" | "off" => return Some(false),
                _ => self.refuse(&variable, &value, "true or false"),
            }
        }
        match self.project(name).cloned() {
            Some(Json::Bool(value)) => Some(value),
            Some(other) => {
                self.refuse(&format!("the flag `{name}` in dbt_project.yml"), &other.to_string(), "true or false");
                None
            }
            None => None,
        }
    }

    fn bool(&mut self, name: &str, given: Option<bool>, default: bool) -> bool {
        self.maybe_bool(name, given).unwrap_or(default)
    }

    /// A flag that had another name in the environment.
    fn bool_or_old(&mut self, name: &str, old: &str, given: Option<bool>, default: bool) -> bool {
        self.check_old_variable(old, name);
        self.maybe_bool(name, given).or_else(|| self.maybe_bool(old, None)).unwrap_or(default)
    }

    /// Warns of a variable of the environment that has a new name.
    fn check_old_variable(&mut self, old: &str, new: &str) {
        let Some((old, _)) = self.env(old) else { return };
        let new = format!("DBT_ENGINE_{}", new.to_uppercase());
        self.diagnostics.push(
            Diagnostic::warning(
                Code::DEPRECATED,
                format!("The environment variable `{old}` has been renamed as `{new}`"),
            )
            .named("EnvironmentVariableRenamed")
            .field("old_name", old)
            .field("new_name", new)
            .hint("set that one instead"),
        );
    }

    fn print(&mut self, given: Option<bool>) -> bool {
        match self.maybe_bool("print", given) {
            Some(print) => print,
            None => {
                self.check_old_variable("no_print", "print");
                !self.bool("no_print", None, false)
            }
        }
    }

    fn text(&mut self, name: &str, given: Option<&String>) -> Option<String> {
        given.cloned().or_else(|| self.env(name).map(|(_, value)| value))
    }

    fn duration(&mut self, name: &str, given: Option<&String>) -> Option<Duration> {
        let given = given.map(|text| (format!("--{name}"), text.clone()));
        let (giver, text) = given.or_else(|| self.env(name))?;
        let duration = super::duration(&text);
        if duration.is_none() {
            self.refuse(&giver, &text, "a number of seconds or a duration such as 10m");
        }
        duration
    }

    fn state(&mut self, given: Option<&PathBuf>) -> Option<PathBuf> {
        self.check_old_variable("artifact_state_path", "state");
        self.path("state", given).or_else(|| self.path("artifact_state_path", None))
    }

    fn path(&mut self, name: &str, given: Option<&PathBuf>) -> Option<PathBuf> {
        given.cloned().or_else(|| self.env(name).map(|(_, value)| PathBuf::from(value)))
    }

    fn list(&mut self, name: &str, given: &[String]) -> Vec<String> {
        if !given.is_empty() {
            return given.to_vec();
        }
        let value = self.env(name).map(|(_, value)| value).unwrap_or_default();
        value.split([' ', ',']).filter(|item| !item.is_empty()).map(str::to_lowercase).collect()
    }

    fn number(&mut self, name: &str, given: Option<u64>, default: u64) -> u64 {
        if let Some(number) = given {
            return number;
        }
        if let Some((variable, value)) = self.env(name) {
            match value.trim().parse() {
                Ok(number) => return number,
                Err(_) => self.refuse(&variable, &value, "a whole number"),
            }
        }
        match self.project(name).cloned() {
            Some(value) => value.as_u64().unwrap_or_else(|| {
                self.refuse(&format!("the flag `{name}` in dbt_project.yml"), &value.to_string(), "a whole number");
                default
            }),
            None => default,
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, given: Option<&String>, names: &[(&str, T)], default: T) -> T {
        self.maybe_choice(name, given, names).unwrap_or(default)
    }

    fn maybe_choice<T: Copy>(&mut self, name: &str, given: Option<&String>, names: &[(&str, T)]) -> Option<T> {
        let found = match (given, self.env(name), self.project(name)) {
            (Some(value), ..) => Some((format!("--{}", name.replace('_', "-")), value.clone())),
            (None, Some(found), _) => Some(found),
            (None, None, Some(value)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Some((format!("the flag `{name}` in dbt_project.yml"), text))
            }
            (None, None, None) => None,
        };
        let (giver, value) = found?;
        let wanted = value.to_lowercase();
        let choice = names.iter().find(|(known, _)| *known == wanted).map(|(_, choice)| *choice);
        if choice.is_none() {
            let known: Vec<&str> = names.iter().map(|(known, _)| *known).collect();
            self.refuse(&giver, &value, &format!("one of {}", known.join(", ")));
        }
        choice
    }

    fn warn_error_options(&mut self, given: Option<&String>, sources: &SourceMap) -> WarnErrorOptions {
        let text = given
            .map(|text| ("--warn-error-options".to_owned(), text.clone()))
            .or_else(|| self.env("warn_error_options"));
        let options = match text {
            Some((giver, text)) => {
                let source = sources.add(format!("<{giver}>"), text.as_str());
                match yaml::parse(source, &text) {
                    Ok(node) => node.to_json(),
                    Err(problems) => {
                        self.diagnostics.extend(problems);
                        return WarnErrorOptions::default();
                    }
                }
            }
            None => self.project("warn_error_options").cloned().unwrap_or(Json::Null),
        };
        match options {
            Json::Null => WarnErrorOptions::default(),
            Json::Object(options) => self.read_warn_error_options(&options),
            other => {
                self.refuse(
                    "warn_error_options",
                    &other.to_string(),
                    "a mapping with the keys error, warn and silence",
                );
                WarnErrorOptions::default()
            }
        }
    }

    fn read_warn_error_options(&mut self, options: &Map<String, Json>) -> WarnErrorOptions {
        for (name, old) in [("error", "include"), ("warn", "exclude")] {
            if options.contains_key(name) && options.contains_key(old) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::USAGE,
                        format!("warn_error_options has both `{name}` and `{old}`, its old name"),
                    )
                    .hint(format!("keep `{name}`")),
                );
            }
        }
        let pairs = [("include", "error"), ("exclude", "warn")];
        let old = pairs.into_iter().filter(|(old, _)| options.contains_key(*old));
        let (found, better): (Vec<_>, Vec<_>) =
            old.map(|(old, new)| (format!("`{old}`"), format!("`{new}` for `{old}`"))).unzip();
        if !found.is_empty() {
            let message = format!("Found {} in `warn_error_options` specification", found.join(" and "));
            self.diagnostics.push(
                Diagnostic::warning(Code::DEPRECATED, message)
                    .named("WEOIncludeExcludeDeprecation")
                    .hint(format!("write {}", better.join(" and "))),
            );
        }
        for key in options.keys() {
            if !matches!(key.as_str(), "error" | "warn" | "silence" | "include" | "exclude") {
                self.refuse("a key of warn_error_options", key, "error, warn or silence");
            }
        }
        let strings = |names: [&str; 2]| {
            let value = names.iter().find_map(|name| options.get(*name));
            match value {
                Some(Json::String(one)) => vec![one.clone()],
                Some(Json::Array(many)) => many.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
                _ => Vec::new(),
            }
        };
        let read = WarnErrorOptions {
            error: strings(["error", "include"]),
            warn: strings(["warn", "exclude"]),
            silence: strings(["silence", "silence"]),
        };
        self.check_names(&read, options.get("error").or_else(|| options.get("include")).is_some_and(Json::is_string));
        read
    }

    /// Names have to be dbt's; `all` stands alone, and `warn` takes away from something.
    fn check_names(&mut self, options: &WarnErrorOptions, is_text: bool) {
        let is_all = options.error.iter().all(|name| name == "all" || name == "*") && is_text;
        if is_text && !is_all {
            self.refuse("`error` of warn_error_options", &options.error.concat(), "all, *, or a list of names");
            return;
        }
        let grouped = |names: &[String]| names.iter().any(|name| name == DEPRECATIONS);
        if !options.warn.is_empty() && !is_all && !grouped(&options.error) && !grouped(&options.silence) {
            self.diagnostics.push(Diagnostic::error(
                Code::USAGE,
                format!("`warn` of warn_error_options needs `error: all`, or {DEPRECATIONS} in `error` or `silence`"),
            ));
        }
        let known = || EVENT_NAMES.lines().chain([DEPRECATIONS]);
        for name in [&options.warn, &options.silence].into_iter().chain((!is_all).then_some(&options.error)).flatten() {
            if !known().any(|known| known == name) {
                self.diagnostics.push(
                    Diagnostic::error(Code::USAGE, format!("{name} is not a valid dbt error name."))
                        .note("in warn_error_options")
                        .suggest(name, known()),
                );
            }
        }
    }

    fn behavior(&mut self) -> Map<String, Json> {
        BEHAVIOR_FLAGS
            .iter()
            .map(|(name, default)| {
                let value = match self.project.get(*name) {
                    Some(Json::Bool(value)) => *value,
                    Some(Json::Null) | None => *default,
                    Some(other) => {
                        let other = other.to_string();
                        self.refuse(&format!("the flag `{name}` in dbt_project.yml"), &other, "true or false");
                        *default
                    }
                };
                ((*name).to_owned(), Json::Bool(value))
            })
            .collect()
    }

    /// `--models` for `--select`, and variables under dbt's prefix that are not dbt's.
    fn check_old_spellings(&mut self) {
        let is_old = |arg: &&String| matches!(arg.as_str(), "--models" | "--model" | "-m");
        if let Some(old) = self.invocation.argv.iter().find(is_old) {
            let message = format!("Usage of `{old}` is deprecated in favor of `--select` or `-s`");
            self.diagnostics.push(Diagnostic::warning(Code::DEPRECATED, message).named("ModelParamUsageDeprecation"));
        }
        for name in self.invocation.environment.keys().filter(|name| name.starts_with("DBT_ENGINE_")) {
            if !ENGINE_VARIABLES.lines().any(|known| known == name) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        Code::DEPRECATED,
                        format!(
                            "Found custom environment variable `{name}` in the environment: the prefix DBT_ENGINE is reserved"
                        ),
                    )
                    .named("EnvironmentVariableNamespaceDeprecation")
                    .field("env_var", name.as_str())
                    .field("reserved_prefix", "DBT_ENGINE")
                    .hint("give it another name"),
                );
            }
        }
    }

    fn check_project_keys(&mut self) {
        for key in self.project.keys() {
            let known = || BEHAVIOR_FLAGS.iter().map(|(name, _)| *name).chain(PROJECT_FLAGS.iter().copied());
            if !known().any(|name| name == key) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        Code::YAML_UNKNOWN_KEY,
                        format!("unknown flag `{key}` in `flags` of dbt_project.yml"),
                    )
                    .suggest(key, known()),
                );
            }
        }
    }
}
