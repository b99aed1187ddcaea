//! `exposures:` and `groups:` of property files.

use serde_json::{Map, Value, json};

use super::columns::strings;
use super::names::fqn;
use super::node_config::{ConfigSources, check_enabled, resolve, resolve_group};
use super::parsing::Parsing;
use super::properties::Entry;
use super::references;
use crate::config::ConfigKind;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::manifest::{DependsOn, Exposure, Group, NodeConfig, ResourceType};

const TYPES: &[&str] = &["dashboard", "notebook", "analysis", "ml", "application"];
const MATURITIES: &[&str] = &["low", "medium", "high"];

/// One exposure.
pub(super) fn exposure(parsing: &Parsing, entry: &Entry, problems: &mut Diagnostics) -> Result<Exposure, Diagnostic> {
    let package = entry.file.package.as_ref();
    if entry.name.is_empty() || !entry.name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-')) {
        let message =
            "Starting in v1.3, the 'name' of an exposure should contain only letters, numbers, and underscores.";
        let warning = Diagnostic::warning(Code::DEPRECATED, message)
            .named("ExposureNameDeprecation")
            .field("exposure", entry.name.as_str());
        problems
            .push(warning.at(entry.span("name"), "").hint("give it such a name, and write this one as its `label`"));
    }
    let exposure_type = one_of(entry, "type", TYPES)?.ok_or_else(|| missing(entry, "type"))?;
    let maturity = one_of(entry, "maturity", MATURITIES)?;
    let owner = owner(entry)?;
    let fqn = fqn(package, &entry.file.relative_path, &entry.name);
    let mut given = entry.mapping("config")?;
    if let Some(enabled) = entry.values.get("enabled") {
        given.entry("enabled").or_insert(enabled.clone());
    }
    let sources =
        ConfigSources { package, kind: ResourceType::Exposure, fqn: &fqn, properties: Some(&given), call: &Map::new() };
    let resolved = resolve(parsing.project(), &sources);
    check_enabled(&resolved.config, &entry.name).map_err(|problem| problem.at(entry.span("config"), ""))?;
    let config = with_labels(parsing, entry, &resolved.config)?;
    let mut exposure = Exposure {
        unique_id: format!("exposure.{package}.{}", entry.name),
        name: entry.name.clone(),
        package_name: package.to_owned(),
        path: entry.file.relative_path.clone(),
        original_file_path: entry.file.original_path.clone(),
        fqn,
        exposure_type,
        owner,
        description: String::new(),
        label: entry.text("label")?,
        maturity,
        url: entry.text("url")?,
        meta: config.get("meta").and_then(Value::as_object).cloned().unwrap_or_default(),
        tags: config.tags().into_iter().map(str::to_owned).collect(),
        config,
        unrendered_config: resolved.unrendered,
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        depends_on: DependsOn::default(),
        created_at: parsing.created_at(),
        span: Some(entry.yaml.span),
    };
    let description = entry.text("description")?.unwrap_or_default();
    exposure.description = parsing.describe(package, &description, &mut Vec::new(), problems, |problem| {
        problem.at(entry.span("description"), "in this description")
    });
    for item in entry.list("depends_on")? {
        let text = item.as_str().unwrap_or_default();
        references::add_call(
            text,
            entry.span("depends_on"),
            &mut exposure.refs,
            &mut exposure.sources,
            &mut exposure.metrics,
        )?;
    }
    Ok(exposure)
}

/// The config with the tags and the meta that stand beside it, and with those at the root of the section in the package's project file.
fn with_labels(parsing: &Parsing, entry: &Entry, config: &NodeConfig) -> Result<NodeConfig, Diagnostic> {
    let section = |key| parsing.project().section_default(entry.file.package.as_ref(), ConfigKind::Exposures, key);
    let given = config.values();
    let mut tags = [section("tags").as_ref(), entry.values.get("tags"), given.get("tags")].map(strings).concat();
    tags.sort_unstable();
    tags.dedup();
    let meta = |values: Option<&Value>| values.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut all = meta(section("meta").as_ref());
    all.extend(entry.mapping("meta")?);
    all.extend(meta(given.get("meta")));
    let mut values = given.clone();
    values.insert("tags".into(), json!(tags));
    values.insert("meta".into(), Value::Object(all));
    Ok(NodeConfig::new(values))
}

/// One group.
pub(super) fn group(parsing: &Parsing, entry: &Entry) -> Result<Group, Diagnostic> {
    let package = entry.file.package.as_ref();
    let fqn = fqn(package, &entry.file.relative_path, &entry.name);
    let config = resolve_group(parsing.project(), package, &fqn, entry.mapping("config")?);
    Ok(Group {
        unique_id: format!("group.{package}.{}", entry.name),
        name: entry.name.clone(),
        package_name: package.to_owned(),
        path: entry.file.relative_path.clone(),
        original_file_path: entry.file.original_path.clone(),
        owner: owner(entry)?,
        description: entry.text("description")?,
        config,
        span: Some(entry.yaml.span),
    })
}

/// An owner has an email or a name.
fn owner(entry: &Entry) -> Result<Map<String, Value>, Diagnostic> {
    let given = entry.mapping("owner")?;
    if given.is_empty() {
        return Err(missing(entry, "owner"));
    }
    if given.get("email").is_none_or(Value::is_null) && given.get("name").is_none_or(Value::is_null) {
        return Err(Diagnostic::error(
            Code::YAML_MISSING_KEY,
            format!("the owner of `{}` has neither `email` nor `name`", entry.name),
        )
        .at(entry.span("owner"), "one of them is needed here"));
    }
    let mut owner = Map::new();
    for key in ["email", "name"] {
        owner.insert(key.to_owned(), given.get(key).cloned().unwrap_or(Value::Null));
    }
    owner.extend(given);
    Ok(owner)
}

fn missing(entry: &Entry, key: &str) -> Diagnostic {
    Diagnostic::error(Code::YAML_MISSING_KEY, format!("`{}` has no `{key}`", entry.name))
        .at(entry.yaml.span, format!("`{key}` is missing here"))
}

fn one_of(entry: &Entry, key: &str, allowed: &[&str]) -> Result<Option<String>, Diagnostic> {
    match entry.text(key)? {
        Some(value) if !allowed.contains(&value.as_str()) => Err(Diagnostic::error(
            Code::YAML_VALUE,
            format!("`{value}` is not a `{key}` that `{}` can have", entry.name),
        )
        .at(entry.span(key), format!("expected one of {}", allowed.join(", ")))),
        other => Ok(other),
    }
}
