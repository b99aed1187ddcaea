//! `flags` and `invocation_args_dict`.

use minijinja::Value;
use serde_json::{Map, Value as Json, json};

use super::values::dict;
use crate::config::{Config, IndirectSelection, LogFormat, LogLevel};
use crate::jinja::from_json;

fn log_format(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Text => "text",
        LogFormat::Debug => "debug",
        LogFormat::Json => "json",
        LogFormat::Default => "default",
    }
}

fn log_level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
        LogLevel::None => "none",
    }
}

fn indirect_selection(selection: IndirectSelection) -> &'static str {
    match selection {
        IndirectSelection::Eager => "eager",
        IndirectSelection::Cautious => "cautious",
        IndirectSelection::Buildable => "buildable",
        IndirectSelection::Empty => "empty",
    }
}

/// Every flag by dbt's lower-case name.
fn flags(config: &Config) -> Map<String, Json> {
    let flags = &config.flags;
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let project = &config.project;
    let options = &flags.warn_error_options;
    let Json::Object(mut all) = json!({
        "cache_selected_only": flags.cache_selected_only,
        "debug": flags.debug,
        "defer": flags.defer,
        "defer_state": path(&flags.defer_state),
        "empty": flags.empty,
        "event_time_end": flags.event_time_end,
        "event_time_start": flags.event_time_start,
        "exclude_resource_types": flags.exclude_resource_types,
        "export_saved_queries": flags.export_saved_queries,
        "fail_fast": flags.fail_fast,
        "favor_state": flags.favor_state,
        "full_refresh": flags.full_refresh,
        "indirect_selection": indirect_selection(flags.indirect_selection),
        "introspect": flags.introspect,
        "invocation_command": format!("dbt {}", config.invocation.argv.get(1..).unwrap_or_default().join(" ")),
        "log_cache_events": flags.log_cache_events,
        "log_file_max_bytes": flags.log_file_max_bytes,
        "log_format": log_format(flags.log_format),
        "log_format_file": log_format(flags.log_format_file),
        "log_level": log_level(flags.log_level),
        "log_level_file": log_level(flags.log_level_file),
        "log_path": project.log_dir().to_string_lossy(),
        "macro_debugging": flags.macro_debugging,
        "partial_parse": flags.partial_parse,
        "populate_cache": flags.populate_cache,
        "print": flags.print,
        "printer_width": flags.printer_width,
        "profile": config.profile.profile_name,
        "project_dir": project.root.to_string_lossy(),
        "quiet": flags.quiet,
        "resource_types": flags.resource_types,
        "sample": flags.sample,
        "send_anonymous_usage_stats": flags.send_anonymous_usage_stats,
        "show_all_deprecations": flags.show_all_deprecations,
        "show_resource_report": flags.show_resource_report,
        "single_threaded": flags.single_threaded,
        "state": path(&flags.state),
        "static_parser": flags.static_parser,
        "store_failures": flags.store_failures,
        "target": config.profile.target_name,
        "target_path": project.target_path.to_string_lossy(),
        "threads": config.profile.threads,
        "use_colors": flags.use_colors.unwrap_or(true),
        "use_colors_file": flags.use_colors_file,
        "use_experimental_parser": flags.use_experimental_parser,
        "vars": config.vars.command_line(),
        "version_check": flags.version_check,
        "warn_error": flags.warn_error,
        "warn_error_options": {"error": options.error, "warn": options.warn, "silence": options.silence},
        "which": config.invocation.which,
        "write_json": flags.write_json,
    }) else {
        return Map::new();
    };
    if flags.confirm_loss {
        all.insert("confirm_loss".to_owned(), true.into());
    }
    all.extend(flags.behavior.iter().map(|(name, value)| (name.to_lowercase(), value.clone())));
    all
}

/// `flags`: every flag in capitals.
pub(super) fn flags_value(config: &Config) -> Value {
    dict(flags(config).into_iter().map(|(name, value)| (name.to_uppercase(), from_json(&value))))
}

/// Switches that `invocation_args_dict` leaves out where they are off, as dbt does.
const SWITCHES: &[&str] = &[
    "debug",
    "full_refresh",
    "fail_fast",
    "warn_error",
    "single_threaded",
    "log_cache_events",
    "store_failures",
    "use_experimental_parser",
];

/// `invocation_args_dict`: flags and the command's own arguments that are set.
pub(super) fn invocation_args(config: &Config) -> Map<String, Json> {
    let mut all = flags(config);
    all.extend(config.invocation.args.iter().map(|(name, value)| (name.clone(), value.clone())));
    let is_off = |name: &String, value: &Json| SWITCHES.contains(&name.as_str()) && *value == Json::Bool(false);
    all.retain(|name, value| !value.is_null() && !is_off(name, value));
    all.sort_keys();
    all
}
