//! `list`, `ls`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use super::opening::{Opening, Outcome, with_project};
use super::parsed::ParsedProject;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::manifest::{CompiledNodes, ResourceType};
use crate::python::json_yaml::json_line;

/// List the resources of the project
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Resources to include: names, paths, tags, `+name`, `name+` …
    #[arg(short, long, num_args = 1.., action = clap::ArgAction::Append, value_name = "SELECTOR")]
    select: Vec<String>,
    /// The same, of models only
    #[arg(short, long, alias = "model", num_args = 1.., action = clap::ArgAction::Append, value_name = "SELECTOR")]
    models: Vec<String>,
    /// Resources to leave out
    #[arg(long, num_args = 1.., action = clap::ArgAction::Append, value_name = "SELECTOR")]
    exclude: Vec<String>,
    /// A selector of selectors.yml
    #[arg(long, value_name = "NAME")]
    selector: Option<String>,
    /// selector, name, path or json
    #[arg(long, default_value = "selector", value_name = "FORMAT")]
    output: String,
    /// With json: only these keys
    #[arg(long, num_args = 1.., value_name = "KEY")]
    output_keys: Vec<String>,
}

/// Writes the line of a resource.
type Writer = fn(&List, &ParsedProject, &str) -> String;

/// What is listed where no type is asked for.
const KINDS: &[ResourceType] = &[
    ResourceType::Model,
    ResourceType::Snapshot,
    ResourceType::Seed,
    ResourceType::Test,
    ResourceType::Source,
    ResourceType::Exposure,
    ResourceType::Metric,
    ResourceType::SavedQuery,
    ResourceType::SemanticModel,
    ResourceType::UnitTest,
    ResourceType::Function,
];

/// Keys of `--output json`, where none are asked for.
const KEYS: &[&str] = &[
    "alias",
    "name",
    "package_name",
    "depends_on",
    "tags",
    "config",
    "resource_type",
    "source_name",
    "original_file_path",
    "unique_id",
];

impl List {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("list", self.selection().to_map(), overrides, |opening| self.list(opening))
    }

    fn selection(&self) -> SelectionArgs {
        let select = if self.models.is_empty() { &self.select } else { &self.models };
        SelectionArgs { select: select.clone(), exclude: self.exclude.clone(), selector: self.selector.clone() }
    }

    fn list(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        self.writer()?;
        let project = opening.parse()?;
        opening.report_found(&project.manifest);
        let lines = self.lines(opening, &project);
        // After the selection: the state that it compares with may lie where this is written.
        opening.write_manifest(&project, &CompiledNodes::default())?;
        let lines = lines?;
        if lines.is_empty() {
            opening.report(&Event::NoNodesSelected {});
        }
        for msg in lines {
            opening.report(&Event::ListCmdOut { msg });
        }
        Ok(Outcome::Success)
    }

    /// What is listed of a project, a line a resource.
    fn lines(&self, opening: &Opening, project: &ParsedProject) -> Result<Vec<String>, Diagnostics> {
        let write = self.writer()?;
        let ids = opening.select(project, &self.selection(), &self.kinds(opening)?, true)?;
        Ok(ids.iter().map(|id| write(self, project, id)).collect())
    }

    /// The types that are listed where the flags say nothing else.
    fn kinds(&self, opening: &Opening) -> Result<Vec<ResourceType>, Diagnostics> {
        let asked = &opening.config.flags.resource_types;
        if !self.models.is_empty() {
            if !self.select.is_empty() {
                return Err(Diagnostic::error(Code::USAGE, "--models and --select cannot both be given").into());
            }
            if !asked.is_empty() {
                return Err(Diagnostic::error(Code::USAGE, "--models and --resource-type cannot both be given")
                    .hint("use --select with --resource-type")
                    .into());
            }
            return Ok(vec![ResourceType::Model]);
        }
        let analyses = asked.iter().any(|word| word == "all").then_some(ResourceType::Analysis);
        Ok(KINDS.iter().copied().chain(analyses).collect())
    }

    fn writer(&self) -> Result<Writer, Diagnostics> {
        let write: Writer = match self.output.as_str() {
            "selector" | "text" => |_, project, id| selector(project, id),
            "name" => |_, project, id| name(project, id),
            "path" => |_, project, id| path(project, id),
            "json" => Self::json,
            other => {
                return Err(Diagnostic::error(Code::USAGE, format!("`{other}` is not a format of lists"))
                    .hint("use selector, name, path or json")
                    .into());
            }
        };
        Ok(write)
    }

    fn json(&self, project: &ParsedProject, id: &str) -> String {
        let Some(Value::Object(whole)) = project.manifest.resource_json(id) else { return "{}".into() };
        let mut shown = Map::new();
        if self.output_keys.is_empty() {
            for (key, value) in whole {
                if KEYS.contains(&key.as_str()) {
                    shown.insert(key, value);
                }
            }
        } else {
            for key in self.output_keys.iter().flat_map(|keys| keys.split([' ', ','])).filter(|key| !key.is_empty()) {
                if let Some(value) = dig(&whole, key) {
                    shown.insert(key.to_owned(), value.clone());
                }
            }
        }
        json_line(&Value::Object(shown))
    }
}

/// A value by key; dots lead into nested mappings.
fn dig<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = map.get(key) {
        return Some(value);
    }
    let (first, rest) = key.split_once('.')?;
    dig(map.get(first)?.as_object()?, rest)
}

fn selector(project: &ParsedProject, id: &str) -> String {
    let manifest = &project.manifest;
    if let Some(source) = manifest.sources.get(id) {
        return format!("source:{}.{}.{}", source.package_name, source.source_name, source.name);
    }
    if let Some(exposure) = manifest.exposures.get(id) {
        return format!("exposure:{}.{}", exposure.package_name, exposure.name);
    }
    if let Some(test) = manifest.unit_tests.get(id) {
        let version = match &test.version {
            Some(Value::String(version)) => format!("_v{version}"),
            Some(version) => format!("_v{version}"),
            None => String::new(),
        };
        return format!("unit_test:{}.{}{version}", test.package_name, test.name);
    }
    if let Some(node) = manifest.nodes.get(id) {
        return node.fqn.join(".");
    }
    match id.split_once('.') {
        Some((kind, rest)) => format!("{kind}:{rest}"),
        None => id.to_owned(),
    }
}

fn name(project: &ParsedProject, id: &str) -> String {
    let manifest = &project.manifest;
    if let Some(node) = manifest.nodes.get(id) {
        return node.search_name();
    }
    if let Some(source) = manifest.sources.get(id) {
        return format!("{}.{}", source.source_name, source.name);
    }
    if let Some(test) = manifest.unit_tests.get(id) {
        return test.name.clone();
    }
    id.rsplit('.').next().unwrap_or(id).to_owned()
}

fn path(project: &ParsedProject, id: &str) -> String {
    let manifest = &project.manifest;
    manifest
        .nodes
        .get(id)
        .map(|node| &node.original_file_path)
        .or_else(|| manifest.sources.get(id).map(|source| &source.original_file_path))
        .or_else(|| manifest.exposures.get(id).map(|exposure| &exposure.original_file_path))
        .or_else(|| manifest.unit_tests.get(id).map(|test| &test.original_file_path))
        .cloned()
        .or_else(|| Some(manifest.resource_json(id)?.get("original_file_path")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
