//! A model reads another model and also what that model is made of, and nobody else reads the model between.
//!
//! What the model between adds can be had where its input is read: `a → b → c` and `a → c` with `b` read by `c` only.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::{HashMap, HashSet};

use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "rejoined-upstream",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("rejoined_upstream.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let mut readers: HashMap<&str, HashSet<&str>> = HashMap::new();
    let models = subject.manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model);
    for node in models.clone() {
        for id in &node.depends_on.nodes {
            readers.entry(id.as_str()).or_default().insert(node.unique_id.as_str());
        }
    }
    for exposure in subject.manifest.exposures.values() {
        for id in &exposure.depends_on.nodes {
            readers.entry(id.as_str()).or_default().insert(exposure.unique_id.as_str());
        }
    }
    for node in subject.models() {
        for between in node.depends_on.nodes.iter().filter_map(|id| subject.manifest.nodes.get(id)) {
            let [only] = between.depends_on.nodes.as_slice() else { continue };
            let is_alone = readers.get(between.unique_id.as_str()).is_some_and(|readers| readers.len() == 1);
            let is_model = between.resource_type == ResourceType::Model;
            if is_model && is_alone && node.depends_on.nodes.contains(only) {
                let upstream = subject.manifest.describe(only).name;
                let message = format!("`{}` reads `{upstream}` itself and again by way of `{}`", node.name, between.name);
                found.in_model(node, message, "do in this model what the model between does, or read all of it from there");
            }
        }
    }
}
