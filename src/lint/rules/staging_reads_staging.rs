//! A staging model reads another staging model, an intermediate model or a mart.
//!
//! A staging model cleans one source table; what needs several is an intermediate model. Models whose names begin with `base_` are there to be
//! read by staging models and are no findings.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::layer::Layer;
use crate::manifest::ResourceType;

pub(super) const RULE: Rule = Rule {
    name: "staging-reads-staging",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("staging_reads_staging.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().filter(|node| subject.layer(node) == Some(Layer::Staging)) {
        for id in &node.depends_on.nodes {
            let Some(upstream) = subject.manifest.nodes.get(id).filter(|other| other.resource_type == ResourceType::Model)
            else {
                continue;
            };
            let Some(layer) = subject.layer(upstream) else { continue };
            if upstream.name.starts_with("base_") || upstream.package_name != node.package_name {
                continue;
            }
            let message =
                format!("the staging model `{}` reads `{}`, a model of {}", node.name, upstream.name, layer.as_str());
            found.in_model(node, message, "make an intermediate model of what needs both");
        }
    }
}
