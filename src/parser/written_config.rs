//! Configs as they are written rather than as they come out, which `state:modified` compares where the flag
//! `state_modified_compare_more_unrendered_values` asks for it: then a value that depends on the environment or the target is no change.

use serde_json::{Map, Value};

use super::config_merge::translate;
use super::patches::{Patch, deep_merge};
use crate::jinja::analyze;

/// Whether configs are kept as they are written.
pub(super) const FLAG: &str = "state_modified_compare_more_unrendered_values";

/// The configs of properties; Jinja in them is not rendered.
pub(super) fn of_properties(patch: &Patch) -> Map<String, Value> {
    let mut config = patch.config.clone();
    let yaml = &patch.entry.yaml;
    let version = patch.version.as_ref().and_then(|version| {
        let items = yaml.get("versions")?.as_seq()?;
        items.iter().find(|item| item.get("v").is_some_and(|v| v.to_json() == version.v))
    });
    for written in [Some(yaml), version].into_iter().flatten() {
        if let Some(Value::Object(written)) = written.get("config").map(crate::yaml::Node::to_json) {
            deep_merge(&mut config, &written);
        }
    }
    config
}

/// The text of each argument of the first `config(…)` of a template; none where it has no such call.
pub(super) fn of_call(template: &str) -> Option<Map<String, Value>> {
    let analysis = analyze(template).ok()?;
    let call = analysis.calls.iter().find(|call| call.path.len() == 1 && call.path[0] == "config")?;
    let named = call.arguments.iter().filter_map(|argument| Some((argument.name.as_deref()?, argument)));
    Some(named.map(|(name, argument)| (translate(name).to_owned(), template[argument.range.clone()].into())).collect())
}

#[cfg(test)]
mod tests {
    use super::of_call;
    use serde_json::json;

    #[test]
    fn arguments_are_kept_as_they_are_written() {
        let template = "{{ config(materialized=env_var('KIND', 'view'), tags=['a']) }} select 1";
        let written = of_call(template).map(serde_json::Value::Object);
        assert_eq!(written, Some(json!({"materialized": "env_var('KIND', 'view')", "tags": "['a']"})));
        assert_eq!(of_call("select 1"), None);
    }
}
