//! dbt's flags that every command takes, before or after its name, as [`Overrides`].

use std::path::PathBuf;

use serde_json::{Map, Value};

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::Overrides;

const HEADING: &str = "Options of all commands";

/// A flag with a `--no-` twin.
struct Switch {
    name: &'static str,
    short: Option<char>,
    help: &'static str,
    is_common: bool,
    set: fn(&mut Overrides, bool),
}

/// A flag with a value.
struct Setting {
    name: &'static str,
    aliases: &'static [&'static str],
    short: Option<char>,
    value: &'static str,
    help: &'static str,
    is_common: bool,
    many: bool,
    set: fn(&mut Overrides, String) -> Result<(), String>,
}

macro_rules! switch {
    ($name:literal, $field:ident, $help:literal) => {
        Switch { name: $name, short: None, help: $help, is_common: false, set: |o, v| o.$field = Some(v) }
    };
    ($short:literal, $name:literal, $field:ident, $help:literal) => {
        Switch { name: $name, short: Some($short), help: $help, is_common: true, set: |o, v| o.$field = Some(v) }
    };
}

macro_rules! ignored {
    ($name:literal) => {
        Switch {
            name: $name,
            short: None,
            help: "Accepted for dbt's sake; does nothing",
            is_common: false,
            set: |_, _| {},
        }
    };
}

const SWITCHES: &[Switch] = &[
    switch!('d', "debug", debug, "Show debug lines"),
    switch!('q', "quiet", quiet, "Show only errors and the output that was asked for"),
    switch!('x', "fail-fast", fail_fast, "Stop at the first failure"),
    switch!('f', "full-refresh", full_refresh, "Rebuild incremental models and seeds from nothing"),
    switch!("empty", empty, "Build with zero rows of input, to check the SQL"),
    switch!("store-failures", store_failures, "Keep the failing rows of tests in tables"),
    switch!("defer", defer, "Resolve what is not selected from the state"),
    switch!("favor-state", favor_state, "With --defer: prefer the state's relations to the target's"),
    switch!("warn-error", warn_error, "Treat warnings as errors"),
    switch!("write-json", write_json, "Write artifacts to the target folder"),
    switch!("partial-parse", partial_parse, "Use the parse cache"),
    switch!(
        "verify-parse-cache",
        verify_parse_cache,
        "Parse without the cache too, and fail where it makes a difference"
    ),
    switch!("static-parser", static_parser, "Take literal ref, source and config calls from the syntax tree"),
    switch!("use-experimental-parser", use_experimental_parser, "Accepted for dbt's sake"),
    switch!("version-check", version_check, "Check require-dbt-version"),
    switch!("populate-cache", populate_cache, "Read the warehouse's relations at the start"),
    switch!("cache-selected-only", cache_selected_only, "Read only schemas of selected nodes at the start"),
    switch!("introspect", introspect, "Let compiling templates query the warehouse"),
    switch!("inject-ephemeral-ctes", inject_ephemeral_ctes, "Put ephemeral models into compiled SQL"),
    switch!("print", print, "Show what templates print"),
    switch!("log-cache-events", log_cache_events, "Log every change of the relation cache"),
    switch!("use-colors", use_colors, "Use colours on standard output"),
    switch!("use-colors-file", use_colors_file, "Use colours in the log file"),
    switch!("send-anonymous-usage-stats", send_anonymous_usage_stats, "Accepted for dbt's sake; nothing is ever sent"),
    switch!("single-threaded", single_threaded, "Run one node at a time"),
    switch!("macro-debugging", macro_debugging, "Accepted for dbt's sake"),
    switch!("show-all-deprecations", show_all_deprecations, "Show each deprecation, not only the first of its kind"),
    switch!("show-resource-report", show_resource_report, "Accepted for dbt's sake"),
    switch!("export-saved-queries", export_saved_queries, "Accepted for dbt's sake"),
    switch!("clean-project-files-only", clean_project_files_only, "Let clean touch nothing outside the project"),
    switch!("confirm-loss", confirm_loss, "Build also what makes protected histories lose rows"),
    switch!("timings", timings, "List the slowest nodes at the end"),
    Switch {
        name: "deprecated-no-print",
        short: None,
        help: "Old form of --no-print",
        is_common: false,
        set: |o, v| o.print = Some(!v),
    },
    ignored!("use-fast-test-edges"),
    ignored!("partial-parse-file-diff"),
    ignored!("upload-to-artifacts-ingest-api"),
    ignored!("include-saved-query"),
    ignored!("deprecated-print"),
];

macro_rules! setting {
    ($name:literal, $value:literal, $field:ident, $help:literal) => {
        setting!(@ $name, &[], None, $value, $help, false, false, |o, v| { o.$field = Some(v.into()); Ok(()) })
    };
    (common $short:expr, $name:literal, $value:literal, $field:ident, $help:literal) => {
        setting!(@ $name, &[], $short, $value, $help, true, false, |o, v| { o.$field = Some(v.into()); Ok(()) })
    };
    (number $name:literal, $field:ident, $help:literal) => {
        setting!(@ $name, &[], None, "N", $help, false, false, |o, v| {
            o.$field = Some(v.parse().map_err(|_| format!("`{v}` is not a whole number"))?);
            Ok(())
        })
    };
    (@ $name:literal, $aliases:expr, $short:expr, $value:literal, $help:literal, $common:literal, $many:literal, $set:expr) => {
        Setting {
            name: $name, aliases: $aliases, short: $short, value: $value, help: $help, is_common: $common, many: $many,
            set: $set,
        }
    };
}

const SETTINGS: &[Setting] = &[
    setting!(common None, "project-dir", "DIR", project_dir, "Folder of dbt_project.yml"),
    setting!(common None, "profiles-dir", "DIR", profiles_dir, "Folder of profiles.yml"),
    setting!(common None, "profile", "NAME", profile, "Profile to use"),
    setting!(common Some('t'), "target", "NAME", target, "Target of the profile"),
    setting!(common None, "vars", "YAML", vars, "Variables: '{name: value}'"),
    setting!(@ "threads", &[], None, "N", "How many nodes run at once", true, false, |o, v| {
        o.threads = Some(v.parse().ok().filter(|n| *n > 0).ok_or(format!("`{v}` is not a number of threads"))?);
        Ok(())
    }),
    setting!(common None, "target-path", "DIR", target_path, "Where artifacts and compiled SQL are written"),
    setting!("log-path", "DIR", log_path, "Where the log file is written"),
    setting!(common None, "log-format", "FORMAT", log_format, "text, json, debug or default"),
    setting!("log-format-file", "FORMAT", log_format_file, "Likewise for the log file"),
    setting!(common None, "log-level", "LEVEL", log_level, "debug, info, warn, error or none"),
    setting!("log-level-file", "LEVEL", log_level_file, "Likewise for the log file"),
    setting!(number "log-file-max-bytes", log_file_max_bytes, "Size at which a new log file is begun"),
    setting!("wait", "DURATION", wait, "How long to wait for another run that writes to the target: 90s, 10m"),
    setting!(number "printer-width", printer_width, "Where the dots of progress lines end"),
    setting!(
        "format",
        "FORMAT",
        format,
        "github: annotations and a step summary beside the log; findings of lint also as human, json, sarif or junit"
    ),
    setting!("junit", "FILE", junit, "Also write the results as JUnit XML"),
    setting!("state", "DIR", state, "Artifacts of an earlier run to compare with"),
    setting!("defer-state", "DIR", defer_state, "Artifacts to defer to, where they are not --state"),
    setting!("indirect-selection", "MODE", indirect_selection, "eager, cautious, buildable or empty"),
    setting!("sample", "WINDOW", sample, "Read only a window of event time"),
    setting!("event-time-start", "TIME", event_time_start, "First moment of microbatches"),
    setting!("event-time-end", "TIME", event_time_end, "Moment at which microbatches end"),
    setting!("warn-error-options", "YAML", warn_error_options, "Which warnings are errors"),
    setting!(@ "resource-type", &["resource-types"], None, "TYPE", "Only these types of resources", true, true, |o, v| {
        o.resource_types.extend(v.split([' ', ',']).filter(|t| !t.is_empty()).map(str::to_owned));
        Ok(())
    }),
    setting!(@ "exclude-resource-type", &["exclude-resource-types"], None, "TYPE", "Not these types of resources", false, true, |o, v| {
        o.exclude_resource_types.extend(v.split([' ', ',']).filter(|t| !t.is_empty()).map(str::to_owned));
        Ok(())
    }),
    setting!(@ "record-timing-info", &[], Some('r'), "FILE", "Accepted for dbt's sake", false, false, |_, _| Ok(())),
    setting!(@ "partial-parse-file-path", &[], None, "FILE", "Accepted for dbt's sake", false, false, |_, _| Ok(())),
    setting!(@ "sqlparse", &[], None, "YAML", "Accepted for dbt's sake", false, false, |_, _| Ok(())),
    setting!(@ "deprecated-defer", &[], None, "BOOL", "Old name of --defer", false, false, |o, v| {
        o.defer.get_or_insert(is_true(&v));
        Ok(())
    }),
    setting!(@ "deprecated-favor-state", &[], None, "BOOL", "Old name of --favor-state", false, false, |o, v| {
        o.favor_state.get_or_insert(is_true(&v));
        Ok(())
    }),
    setting!(@ "deprecated-state", &[], None, "DIR", "Old name of --state", false, false, |o, v| {
        o.state.get_or_insert(PathBuf::from(v));
        Ok(())
    }),
];

fn is_true(text: &str) -> bool {
    ["1", "true", "t", "yes", "y", "on"].contains(&text.to_lowercase().as_str())
}

/// Adds all of them to the command line.
pub(crate) fn add(command: Command) -> Command {
    // What is given twice counts as it was given last, as in dbt: tools add flags to those of users.
    let mut command = command.args_override_self(true);
    for switch in SWITCHES {
        let negative = format!("no-{}", switch.name);
        let mut positive = Arg::new(switch.name)
            .long(switch.name)
            .help(switch.help)
            .action(ArgAction::SetTrue)
            .overrides_with(&negative)
            .global(true)
            .help_heading(HEADING)
            .hide_short_help(!switch.is_common);
        if let Some(short) = switch.short {
            positive = positive.short(short);
        }
        let negative = Arg::new(negative.clone())
            .long(negative)
            .action(ArgAction::SetTrue)
            .overrides_with(switch.name)
            .global(true)
            .hide(true);
        command = command.arg(positive).arg(negative);
    }
    let version = Arg::new("version").long("version").short('v').short_alias('V').help("Print the version");
    command = command.arg(version.action(ArgAction::SetTrue).global(true).help_heading(HEADING).hide_short_help(true));
    for setting in SETTINGS {
        let mut arg = Arg::new(setting.name)
            .long(setting.name)
            .value_name(setting.value)
            .help(setting.help)
            .action(ArgAction::Append)
            .global(true)
            .help_heading(HEADING)
            .hide_short_help(!setting.is_common)
            .aliases(setting.aliases.iter().copied());
        arg = if setting.many { arg.num_args(1..) } else { arg.num_args(1) };
        if let Some(short) = setting.short {
            arg = arg.short(short);
        }
        command = command.arg(arg);
    }
    command
}

/// What was given, the last of a repeated flag; an error names the flag.
pub(crate) fn read(matches: &ArgMatches) -> Result<Overrides, String> {
    let mut overrides = Overrides::default();
    for switch in SWITCHES {
        if matches.get_flag(switch.name) {
            (switch.set)(&mut overrides, true);
        } else if matches.get_flag(&format!("no-{}", switch.name)) {
            (switch.set)(&mut overrides, false);
        }
    }
    for setting in SETTINGS {
        for value in matches.get_many::<String>(setting.name).into_iter().flatten() {
            (setting.set)(&mut overrides, value.clone()).map_err(|problem| format!("--{}: {problem}", setting.name))?;
        }
    }
    Ok(overrides)
}

/// The same from the arguments of an earlier run, as `run_results.json` has them.
pub(crate) fn of_arguments(args: &Map<String, Value>) -> Result<Overrides, String> {
    let mut overrides = Overrides::default();
    for (key, value) in args {
        let name = key.replace('_', "-");
        if let (Some(switch), Some(truth)) = (SWITCHES.iter().find(|switch| switch.name == name), value.as_bool()) {
            (switch.set)(&mut overrides, truth);
        }
        let setting = |setting: &&Setting| setting.name == name || setting.aliases.contains(&name.as_str());
        let Some(setting) = SETTINGS.iter().find(setting) else { continue };
        let texts = match value {
            Value::Null => Vec::new(),
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            Value::Object(map) if map.values().all(|value| value.as_array().is_some_and(Vec::is_empty)) => Vec::new(),
            other => vec![other.to_string()],
        };
        for text in texts {
            (setting.set)(&mut overrides, text).map_err(|problem| format!("--{}: {problem}", setting.name))?;
        }
    }
    Ok(overrides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Overrides {
        let command = add(Command::new("hetl").subcommand(Command::new("run")));
        let matches = command.try_get_matches_from(args).expect("arguments are right");
        let inner = matches.subcommand().map_or(&matches, |(_, inner)| inner);
        read(inner).expect("values are right")
    }

    #[test]
    fn flags_are_taken_before_and_after_the_command() {
        let overrides = parse(&["hetl", "--debug", "--log-format", "json", "run", "-t", "prod", "--no-write-json"]);
        assert_eq!(overrides.debug, Some(true));
        assert_eq!(overrides.log_format.as_deref(), Some("json"));
        assert_eq!(overrides.target.as_deref(), Some("prod"));
        assert_eq!(overrides.write_json, Some(false));
        assert_eq!(overrides.quiet, None);
    }

    #[test]
    fn the_last_of_a_pair_wins() {
        assert_eq!(parse(&["hetl", "run", "--no-fail-fast", "-x"]).fail_fast, Some(true));
        assert_eq!(parse(&["hetl", "run", "-x", "--no-fail-fast"]).fail_fast, Some(false));
    }
}
