//! Configs as they are written, before Jinja: what `state:modified` compares in projects that set the flag
//! `state_modified_compare_more_unrendered_values`, so that a change of the environment is no change of the project.

use serde_json::{Map, Value};

use super::node_config::{ConfigSources, resolve};
use super::nodes::Draft;
use super::parsing::Parsing;
use super::patches::{Patch, deep_merge, same_version};
use crate::jinja::{is_plain, keywords_as_written};
use crate::manifest::ResourceType;
use crate::yaml::Node;

/// `unrendered_config` of a node.
pub(super) fn unrendered(parsing: &Parsing, draft: &Draft<'_>, sources: ConfigSources<'_>) -> Map<String, Value> {
    // Of models that call nothing else dbt reads the values, of others what is written.
    let is_read = draft.kind == ResourceType::Model && is_plain(&draft.raw_code, &["config", "ref", "source"]);
    let properties = draft.patch.map(of_properties);
    let sources = ConfigSources { properties: properties.as_ref(), ..sources };
    if is_read {
        resolve(parsing.project(), &sources).unrendered
    } else {
        unrendered_template(parsing, &draft.raw_code, sources)
    }
}

/// The same of a template whose properties are all in it, as those of generic tests are.
pub(super) fn unrendered_template(parsing: &Parsing, template: &str, sources: ConfigSources<'_>) -> Map<String, Value> {
    let call = of_call(template);
    let call = if call.is_empty() { sources.call } else { &call };
    resolve(parsing.project(), &ConfigSources { call, ..sources }).unrendered
}

/// The configs that the template gives to `config`.
fn of_call(template: &str) -> Map<String, Value> {
    let keywords = keywords_as_written(template, "config");
    keywords.into_iter().map(|(key, value)| (key, value.into())).collect()
}

/// `config` of the properties; what stands beside it is rendered in dbt, too.
fn of_properties(patch: &Patch) -> Map<String, Value> {
    let yaml = &patch.entry.yaml;
    let is_meant = |item: &&Node| {
        let v = item.get("v").map(Node::to_json);
        patch.version.as_ref().zip(v).is_some_and(|(version, v)| same_version(&version.v, &v))
    };
    let versions = yaml.get("versions").and_then(Node::as_seq).unwrap_or(&[]);
    let mut config = patch.config.clone();
    for written in [Some(yaml), versions.iter().find(is_meant)].into_iter().flatten() {
        if let Some(Value::Object(written)) = written.get("config").map(Node::to_json) {
            deep_merge(&mut config, &written);
        }
    }
    config
}
