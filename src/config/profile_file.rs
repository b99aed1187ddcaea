//! `profiles.yml`: the chosen target, rendered and checked.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::locate::{PROFILES_FILE, YamlFile, read_yaml_with_secrets};
use super::profile::{Profile, ProfileOrigin};
use super::reader::wrong_type;
use super::secrets::Secrets;
use super::template::Templates;
use super::{Invocation, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::yaml::{Mapping, Node, Value};

/// Threads of the profile that is used where there is none.
const DEFAULT_PROFILE_THREADS: usize = 4;
/// dbt's number of threads where a target does not say.
const DEFAULT_THREADS: usize = 1;

/// What is known before a profile is looked for.
pub(super) struct ProfileRequest<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) overrides: &'a Overrides,
    /// The project's folder and `name`.
    pub(super) project_dir: &'a Path,
    pub(super) project_name: &'a str,
    /// `profile` of the project, rendered, and where it stands.
    pub(super) project_profile: Option<(String, Span)>,
    /// The folder with `profiles.yml`, and who named it.
    pub(super) profiles_dir: Option<PathBuf>,
    pub(super) named_by: Option<String>,
}

/// The chosen target; without any profile, the default one.
pub(super) fn profile(
    request: &ProfileRequest<'_>,
    templates: &Templates<'_>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<Profile> {
    let chosen = option(request.overrides.profile.as_ref(), request.invocation, "PROFILE");
    let file = request.profiles_dir.as_ref().map(|folder| folder.join(PROFILES_FILE)).filter(|file| file.is_file());
    let Some(path) = file else {
        if let Some(by) = &request.named_by {
            diagnostics.push(Diagnostic::error(
                Code::PROFILE_NOT_FOUND,
                format!("no {PROFILES_FILE} in the folder that {by} names"),
            ));
            return None;
        }
        if let Some(name) = chosen {
            diagnostics.push(
                Diagnostic::error(
                    Code::PROFILE_NOT_FOUND,
                    format!("the profile `{name}` is asked for, and there is no {PROFILES_FILE}"),
                )
                .hint(format!(
                    "put {PROFILES_FILE} beside dbt_project.yml, or leave the profile out to use a DuckDB file"
                )),
            );
            return None;
        }
        return Some(default_profile(request));
    };
    let shown = path.strip_prefix(request.project_dir).unwrap_or(&path).display().to_string();
    let file = read_yaml_with_secrets(&path, &shown, sources, diagnostics)?;
    let wanted = chosen
        .map(|name| (name, None))
        .or_else(|| request.project_profile.clone().map(|(name, span)| (name, Some(span))));
    let (name, raw) = find_profile(&file, &shown, wanted, diagnostics)?;
    let target_name = target_name(request, raw, templates, diagnostics)?;
    let target = find_target(&name, raw, &target_name, diagnostics)?;
    read_target(request, &name, &target_name, target, path, templates, diagnostics)
}

/// The value of a flag on the command line or in the environment.
fn option(given: Option<&String>, invocation: &Invocation, flag: &str) -> Option<String> {
    given.cloned().or_else(|| invocation.env_flag(flag).map(|(_, value)| value.to_owned()))
}

fn default_profile(request: &ProfileRequest<'_>) -> Profile {
    let path = request.project_dir.join(format!("{}.duckdb", request.project_name));
    let mut credentials = Map::new();
    credentials.insert("path".into(), Json::from(path.to_string_lossy().into_owned()));
    credentials.insert("schema".into(), Json::from("main"));
    let name = request.project_profile.as_ref().map_or(request.project_name, |(name, _)| name);
    Profile {
        profile_name: name.to_owned(),
        target_name: option(request.overrides.target.as_ref(), request.invocation, "TARGET")
            .unwrap_or_else(|| "dev".into()),
        adapter_type: "duckdb".into(),
        threads: request.overrides.threads.unwrap_or(DEFAULT_PROFILE_THREADS).max(1),
        credentials,
        secrets: request.invocation.secrets(),
        origin: ProfileOrigin::Default,
        span: None,
        credential_spans: Vec::new(),
    }
}

fn find_profile<'f>(
    file: &'f YamlFile,
    shown: &str,
    wanted: Option<(String, Option<Span>)>,
    diagnostics: &mut Diagnostics,
) -> Option<(String, &'f Node)> {
    let Some(profiles) = file.root.as_map() else {
        diagnostics.push(
            Diagnostic::error(
                Code::INVALID_PROFILE,
                format!("{shown} must be a mapping of profiles, not {}", file.root.type_name()),
            )
            .at(file.root.span, ""),
        );
        return None;
    };
    let names: Vec<&str> =
        profiles.iter().filter_map(|(key, _)| key.as_str()).filter(|name| *name != "config").collect();
    let listed =
        format!("profiles in {shown}: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
    let Some((name, span)) = wanted else {
        diagnostics.push(
            Diagnostic::error(Code::PROFILE_NOT_FOUND, "the project names no profile")
                .note(listed)
                .hint("add `profile: <name>` to dbt_project.yml, or use --profile"),
        );
        return None;
    };
    match profiles.get(&name) {
        Some(raw) if raw.as_map().is_some() => Some((name, raw)),
        Some(raw) => {
            diagnostics.push(wrong_type(shown, &name, raw, "a profile: a mapping with `target` and `outputs`"));
            None
        }
        None => {
            diagnostics.push(
                Diagnostic::error(Code::PROFILE_NOT_FOUND, format!("Could not find profile named '{name}' in {shown}"))
                    .at_some(span, "asked for here")
                    .note(listed)
                    .suggest(&name, names),
            );
            None
        }
    }
}

fn target_name(
    request: &ProfileRequest<'_>,
    raw: &Node,
    templates: &Templates<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    if let Some(name) = option(request.overrides.target.as_ref(), request.invocation, "TARGET") {
        return Some(name);
    }
    let Some(node) = raw.get("target").filter(|node| !node.is_null()) else { return Some("default".into()) };
    let Some(text) = node.scalar_text() else {
        diagnostics.push(wrong_type(PROFILES_FILE, "target", node, "the name of a target"));
        return None;
    };
    match diagnostics.collect(templates.value(&text, node.span))? {
        Value::Str(name) => Some(name),
        other => Node { value: other, span: node.span }.scalar_text(),
    }
}

fn find_target<'f>(
    profile: &str,
    raw: &'f Node,
    target: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Span, &'f Node)> {
    let Some(outputs) = raw.get("outputs").and_then(Node::as_map) else {
        diagnostics.push(
            Diagnostic::error(Code::INVALID_PROFILE, format!("the profile `{profile}` has no `outputs`"))
                .at(raw.span, "")
                .hint("add `outputs:` with one mapping a target"),
        );
        return None;
    };
    let found = outputs.iter().find(|(key, _)| key.scalar_text().as_deref() == Some(target));
    let Some((key, node)) = found else {
        let names: Vec<String> = outputs.iter().filter_map(|(key, _)| key.scalar_text()).collect();
        let problem = Diagnostic::error(
            Code::PROFILE_NOT_FOUND,
            format!(
                "The profile '{profile}' does not have a target named '{target}'. Its targets are: {}",
                names.join(", ")
            ),
        )
        .at_some(raw.get("target").map(|node| node.span), "");
        diagnostics.push(problem.suggest(target, names.iter().map(String::as_str)));
        return None;
    };
    if node.as_map().is_none() {
        diagnostics.push(wrong_type(PROFILES_FILE, target, node, "a target: a mapping with `type` and more"));
        return None;
    }
    Some((key.span, node))
}

fn read_target(
    request: &ProfileRequest<'_>,
    profile_name: &str,
    target_name: &str,
    (span, target): (Span, &Node),
    path: PathBuf,
    templates: &Templates<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Profile> {
    let mut failures = Diagnostics::new();
    let rendered = render_target(target, templates, &mut failures);
    let failed = failures.has_errors();
    diagnostics.extend(failures);
    let Value::Map(map) = &rendered.value else { return None };
    let adapter_type = match map.get("type") {
        Some(Node { value: Value::Str(name), .. }) => Some(name.clone()),
        Some(node) => {
            diagnostics.push(wrong_type(PROFILES_FILE, "type", node, "the type of a warehouse: a string"));
            None
        }
        None => {
            diagnostics.push(
                Diagnostic::error(
                    Code::INVALID_PROFILE,
                    format!("the target `{target_name}` of `{profile_name}` has no `type`"),
                )
                .at(span, "")
                .hint("add `type: duckdb` or `type: postgres`"),
            );
            None
        }
    };
    let threads = threads(request, map, diagnostics);
    if failed {
        return None;
    }
    let (mut credentials, mut credential_spans) = (Map::new(), Vec::new());
    for (key, value) in map.iter() {
        let Some(name) = key.scalar_text().filter(|name| name != "threads") else { continue };
        if name == "type" {
            credential_spans.push((name, value.span));
            continue;
        }
        credentials.insert(name.clone(), value.to_json());
        credential_spans.push((name, value.span));
    }
    let secrets = request.invocation.secrets().with(&Secrets::of_target(&credentials));
    Some(Profile {
        profile_name: profile_name.to_owned(),
        target_name: target_name.to_owned(),
        adapter_type: adapter_type?,
        threads: threads?,
        credentials,
        secrets,
        origin: ProfileOrigin::File(path),
        span: Some(span),
        credential_spans,
    })
}

/// Renders the target. A password that only looks like Jinja stays as it is, as in dbt.
fn render_target(target: &Node, templates: &Templates<'_>, diagnostics: &mut Diagnostics) -> Node {
    let Some(map) = target.as_map() else { return target.clone() };
    let entries = map.iter().map(|(key, value)| {
        let mut failures = Diagnostics::new();
        let rendered = templates.tree(value, &|_| false, &mut failures);
        if key.as_str() == Some("password") && failures.has_errors() {
            return (key.clone(), value.clone());
        }
        diagnostics.extend(failures);
        (key.clone(), rendered)
    });
    let entries = entries.collect();
    Node { value: Value::Map(Mapping::new(entries)), span: target.span }
}

fn threads(request: &ProfileRequest<'_>, target: &Mapping, diagnostics: &mut Diagnostics) -> Option<usize> {
    if let Some(threads) = request.overrides.threads {
        return Some(threads.max(1));
    }
    let Some(node) = target.get("threads").filter(|node| !node.is_null()) else { return Some(DEFAULT_THREADS) };
    let number = match &node.value {
        Value::Int(number) => Some(*number),
        // What `env_var` gives without `as_number`.
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    let threads = number.and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0);
    if threads.is_none() {
        diagnostics.push(wrong_type(PROFILES_FILE, "threads", node, "a whole number of at least 1"));
    }
    threads
}
