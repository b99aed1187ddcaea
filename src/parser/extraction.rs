//! Taking `ref`, `source` and `config` from a template's syntax tree instead of rendering it.
//!
//! That is certain if all these calls have literal arguments and run unconditionally, and nothing else is called that may
//! hide such a call. [`SilentMacros`] knows which macros cannot.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::config_merge::translate;
use super::parsing::Parsing;
use super::references::{ref_call, source_call};
use super::templates::Reading;
use crate::context::{MacroEntry, MacroSet, ParseNode, Session, merge_config_call};
use crate::diagnostics::{Diagnostics, Span};
use crate::jinja::{Analysis, Call, Origin, analyze, has_tags};
use crate::manifest::Macro;

/// Functions whose calls while parsing are what is looked for.
const WANTED: &[&str] = &["ref", "source", "config", "metric", "function"];

/// Functions of dbt's and Jinja's that cannot lead to such a call, and cannot fail but by their arguments.
const HARMLESS: &[&str] = &[
    "log",
    "print",
    "range",
    "dict",
    "zip",
    "set",
    "namespace",
    "tojson",
    "fromjson",
    "toyaml",
    "fromyaml",
    "local_md5",
    "return",
    "is_incremental",
    "super",
    "joiner",
    "cycler",
    "lipsum",
];

/// Objects whose methods cannot lead to such a call while parsing.
const HARMLESS_OBJECTS: &[&str] = &[
    "target",
    "this",
    "modules",
    "flags",
    "loop",
    "caller",
    "varargs",
    "kwargs",
    "invocation_args_dict",
    "run_started_at",
];

/// What is known of a macro from its text and those of the macros that it calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MacroReading {
    /// Whether it cannot, however called, lead to a call of `ref`, `source` or `config`.
    pub(super) is_silent: bool,
    /// The macros that it calls by name, each once, as positions in the order of all unique ids.
    pub(super) calls: Vec<usize>,
}

/// Which macros cannot, however called, lead to a call of `ref`, `source` or `config`.
#[derive(Debug, Default)]
pub(super) struct SilentMacros {
    /// Unique ids, in order.
    ids: Vec<String>,
    /// What is known of each.
    readings: Vec<MacroReading>,
}

impl SilentMacros {
    /// Reads every macro. A macro is silent unless it, or one that it may call, has such a call or calls what is not known.
    pub(super) fn new(session: &Session) -> Self {
        let ids = ids(session.macros());
        let place = |id: &String| ids.binary_search(id).ok();
        let read =
            |entry: &Arc<MacroEntry>| (entry.definition.unique_id.clone(), Calls::of(session, &entry.definition));
        let mut analyzed: Vec<(String, Calls)> =
            session.macros().iter().collect::<Vec<_>>().into_par_iter().map(read).collect();
        analyzed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); ids.len()];
        for (caller, (_, calls)) in analyzed.iter().enumerate() {
            for called in calls.may_run.iter().filter_map(place) {
                callers[called].push(caller);
            }
        }
        let mut is_loud: Vec<bool> = analyzed.iter().map(|(_, calls)| calls.is_loud).collect();
        let mut work: Vec<usize> = (0..ids.len()).filter(|number| is_loud[*number]).collect();
        while let Some(number) = work.pop() {
            for &caller in &callers[number] {
                if !std::mem::replace(&mut is_loud[caller], true) {
                    work.push(caller);
                }
            }
        }
        let reading = |((_, calls), is_loud): (&(String, Calls), bool)| {
            let mut seen = HashSet::new();
            let calls = calls.named.iter().filter_map(place).filter(|number| seen.insert(*number)).collect();
            MacroReading { is_silent: !is_loud, calls }
        };
        let readings = analyzed.iter().zip(is_loud).map(reading).collect();
        Self { ids, readings }
    }

    /// What an earlier parse with the same macros knew of each, in the order of their unique ids.
    pub(super) fn known(macros: &MacroSet, readings: Vec<MacroReading>) -> Option<Self> {
        let ids = ids(macros);
        let is_known = |reading: &MacroReading| reading.calls.iter().all(|number| *number < ids.len());
        (readings.len() == ids.len() && readings.iter().all(is_known)).then_some(Self { ids, readings })
    }

    /// What is known of each, in the order of their unique ids.
    pub(super) fn readings(&self) -> &[MacroReading] {
        &self.readings
    }

    /// Whether the macro of this unique id is known to be silent.
    pub(super) fn contains(&self, unique_id: &str) -> bool {
        self.reading(unique_id).is_some_and(|reading| reading.is_silent)
    }

    /// Unique ids of the macros that a macro calls by name, each once.
    pub(super) fn calls_of(&self, unique_id: &str) -> Vec<String> {
        let calls = self.reading(unique_id).map_or(&[][..], |reading| &reading.calls);
        calls.iter().map(|number| self.ids[*number].clone()).collect()
    }

    fn reading(&self, unique_id: &str) -> Option<&MacroReading> {
        let number = self.ids.binary_search_by(|id| id.as_str().cmp(unique_id)).ok()?;
        self.readings.get(number)
    }
}

fn ids(macros: &MacroSet) -> Vec<String> {
    let mut ids: Vec<String> = macros.iter().map(|entry| entry.definition.unique_id.clone()).collect();
    ids.sort_unstable();
    ids
}

/// The calls of one macro, as its own text has them.
#[derive(Default)]
struct Calls {
    /// Unique ids of all macros that may run.
    may_run: Vec<String>,
    /// Of those, what it depends on: of the macros that a dispatch may find, the one that it finds.
    named: Vec<String>,
    /// Whether it has a call that captures something, or one of which nothing is known.
    is_loud: bool,
}

impl Calls {
    fn of(session: &Session, definition: &Macro) -> Self {
        let Ok(analysis) = analyze(&definition.macro_sql) else { return Self { is_loud: true, ..Self::default() } };
        let is_loud = analysis.reads.iter().any(|name| WANTED.contains(&name.as_str()) || name == "builtins");
        let mut found = Self { is_loud, ..Self::default() };
        for call in &analysis.calls {
            match callees(session.macros(), &definition.package_name, &analysis, call) {
                Callees::Harmless => {}
                Callees::Macros(ids) if call.path == ["adapter", "dispatch"] => {
                    found.may_run.extend(ids);
                    let named = named_in_dispatch(session, definition, call);
                    // Rendering it tells that it leads nowhere.
                    found.is_loud |= named.is_empty();
                    found.named.extend(named);
                }
                Callees::Macros(ids) => {
                    found.may_run.extend(ids.iter().cloned());
                    found.named.extend(ids);
                }
                Callees::Wanted | Callees::Unknown => found.is_loud = true,
            }
        }
        found
    }
}

/// What dbt takes a dispatch to depend on: the macro that it finds, and another macro by the name that it gives.
fn named_in_dispatch(session: &Session, within: &Macro, call: &Call) -> Vec<String> {
    let package = within.package_name.as_str();
    let mut positional = call.positional();
    let mut text = |keyword: &str| {
        let argument = positional.next().or_else(|| call.keyword(keyword))?;
        argument.value.as_ref()?.as_str()
    };
    let (name, namespace) = (text("macro_name"), text("macro_namespace"));
    let Some(name) = name else { return Vec::new() };
    let same = (name != within.name).then(|| session.macros().find(package, name)).flatten();
    let found = same.into_iter().chain(session.dispatched(package, name, namespace));
    found.map(|entry| entry.definition.unique_id.clone()).collect()
}

/// What a call may run.
enum Callees {
    Harmless,
    /// `ref`, `source`, `config`, …
    Wanted,
    /// One of these macros.
    Macros(Vec<String>),
    Unknown,
}

fn callees(macros: &MacroSet, package: &str, analysis: &Analysis, call: &Call) -> Callees {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        // A method of a value; the value's own call is in the list.
        [] => Callees::Harmless,
        _ if call.is_local || is_config_reader(&path) => Callees::Harmless,
        ["adapter", "dispatch"] => dispatched(macros, call),
        ["adapter" | "exceptions", _] | ["api", ..] => Callees::Harmless,
        [name] if WANTED.contains(name) => Callees::Wanted,
        [name] => match macros.find(package, name) {
            Some(entry) => Callees::Macros(vec![entry.definition.unique_id.clone()]),
            None if HARMLESS.contains(name) || matches!(*name, "var" | "env_var" | "caller" | "statement") => {
                Callees::Harmless
            }
            None if CONTEXT_FUNCTIONS.contains(name) || analysis.assigned.contains(*name) => Callees::Harmless,
            None => Callees::Unknown,
        },
        [object, ..] if HARMLESS_OBJECTS.contains(object) || analysis.assigned.contains(*object) => Callees::Harmless,
        [namespace, name] => match macros.find_in(namespace, name) {
            Some(entry) => Callees::Macros(vec![entry.definition.unique_id.clone()]),
            None => Callees::Unknown,
        },
        _ => Callees::Unknown,
    }
}

/// A method of `config` that only reads.
fn is_config_reader(path: &[&str]) -> bool {
    matches!(
        path,
        ["config", "get" | "require" | "meta_get" | "meta_require" | "persist_relation_docs" | "persist_column_docs"]
    )
}

/// dbt's functions that macros use and that capture nothing.
const CONTEXT_FUNCTIONS: &[&str] = &[
    "load_result",
    "store_result",
    "store_raw_result",
    "load_agate_table",
    "write",
    "render",
    "set_strict",
    "zip_strict",
    "try_or_compiler_error",
    "diff_of_two_dicts",
    "submit_python_job",
    "sql_now",
];

/// Every macro that `adapter.dispatch('name', …)` may find.
fn dispatched(macros: &MacroSet, call: &Call) -> Callees {
    let name =
        call.positional().next().or(call.keyword("macro_name")).and_then(|argument| argument.value.as_ref()?.as_str());
    let Some(name) = name else { return Callees::Unknown };
    let suffix = format!("__{name}");
    let found = macros.iter().filter(|entry| entry.definition.name.ends_with(&suffix));
    let mut ids: Vec<String> = found.map(|entry| entry.definition.unique_id.clone()).collect();
    ids.sort_unstable();
    // One that leads nowhere is rendered, which tells so.
    if ids.is_empty() { Callees::Unknown } else { Callees::Macros(ids) }
}

/// What a template captures, if that can be told without rendering it.
pub(super) fn captured(
    parsing: &Parsing,
    node: &ParseNode,
    span: Option<Span>,
) -> Result<Option<Reading>, Diagnostics> {
    let place = span.map(|span| Origin::new(span.source, span.start as usize));
    let analysis = analyze(&node.raw_code).map_err(|error| Diagnostics::from(error.diagnostic(place)))?;
    if let Some(unknown) = &analysis.unknown {
        return Err(unknown.diagnostic(place).into());
    }
    Ok(of_analysis(parsing, node, &analysis, place))
}

fn of_analysis(parsing: &Parsing, node: &ParseNode, analysis: &Analysis, place: Option<Origin>) -> Option<Reading> {
    let shadowed = |name: &&str| parsing.session().macros().find(&node.package_name, name).is_some();
    if WANTED.iter().any(|name| analysis.reads.contains(*name) || analysis.assigned.contains(*name))
        || WANTED.iter().any(shadowed)
        || analysis.reads.contains("builtins")
    {
        return None;
    }
    let mut captured = Reading::default();
    let is_parsing = !analysis.assigned.contains("execute");
    for call in analysis.calls.iter().filter(|call| !(is_parsing && call.is_execute_only)) {
        match callees(parsing.session().macros(), &node.package_name, analysis, call) {
            Callees::Harmless if is_answered(parsing, node, call) => {}
            Callees::Wanted if call.is_literal && !call.is_conditional => take(&mut captured, call, place)?,
            // Which macros a node depends on is a matter of what runs.
            Callees::Macros(_) if call.is_conditional => return None,
            Callees::Macros(ids) if ids.iter().all(|id| parsing.silent_macros().contains(id)) => {
                if let ([_] | [_, _], [id]) = (call.path.as_slice(), ids.as_slice())
                    && !captured.macros.contains(id)
                {
                    captured.macros.push(id.clone());
                }
            }
            _ => return None,
        }
    }
    Some(captured)
}

/// `var` and `env_var` fail while parsing where there is neither value nor default, and messages are for people: then rendering must
/// tell.
fn is_answered(parsing: &Parsing, node: &ParseNode, call: &Call) -> bool {
    let function = match call.path.as_slice() {
        [name] if name == "var" || name == "env_var" => name.as_str(),
        // dbt shows these when it parses, too.
        [name, ..] if matches!(name.as_str(), "exceptions" | "log" | "print") => return call.is_conditional,
        _ => return true,
    };
    let names_secret = |argument: &crate::jinja::CallArgument| {
        argument.value.as_ref().and_then(Value::as_str).is_some_and(|name| name.starts_with("DBT_ENV_SECRET"))
    };
    if function == "env_var" && call.arguments.iter().any(names_secret) {
        return false;
    }
    let has_default = call.positional().count() > 1 || call.keyword("default").is_some();
    if function == "env_var" && has_default {
        return true;
    }
    let Some(name) = call.positional().next().and_then(|argument| argument.value.as_ref()?.as_str()) else {
        return false;
    };
    let config = parsing.session().config();
    if function == "var" {
        // Jinja in the value may refer to something.
        let value = config.vars.get(&node.package_name, name);
        value.map_or(has_default, |value| !value.as_str().is_some_and(has_tags))
    } else {
        parsing.session().env(name).is_some()
    }
}

fn take(captured: &mut Reading, call: &Call, place: Option<Origin>) -> Option<()> {
    match call.path[0].as_str() {
        "ref" => captured.refs.push(ref_call(call, place.map(|place| place.span(call.range.clone())))?),
        "source" => captured.sources.push(source_call(call)?),
        "config" => {
            // One dict, or keywords: rendering reports what is neither.
            if call.arguments.len() > 1 && call.arguments.iter().any(|argument| argument.name.is_none()) {
                return None;
            }
            let mut values = Map::new();
            for argument in &call.arguments {
                match (&argument.name, &argument.value) {
                    (Some(name), Some(value)) => {
                        values.insert(name.clone(), value.clone());
                    }
                    (None, Some(Value::Object(map))) => values.extend(map.clone()),
                    _ => return None,
                }
            }
            // Two spellings of one config are an error, which rendering reports.
            let has = |key: String| values.contains_key(&key);
            if ["pre", "post"].iter().any(|when| has(format!("{when}_hook")) && has(format!("{when}-hook"))) {
                return None;
            }
            let values = values.into_iter().map(|(key, value)| (translate(&key).to_owned(), value)).collect();
            // What cannot be merged is an error, which rendering reports too.
            merge_config_call(&mut captured.config_call, values).ok()?;
        }
        _ => return None,
    }
    Some(())
}
