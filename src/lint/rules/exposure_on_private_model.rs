//! An exposure reads a model that is not public.
//!
//! A private or protected model may change without notice: what people look at should read a model that is made for them. Only projects that
//! have public models are looked at; others do not say of any model who may read it. (dbt itself refuses a `ref` of an exposure to a private
//! model.)

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::sync::Arc;

use crate::manifest::{Exposure, ResourceType};

pub(super) const RULE: Rule = Rule {
    name: "exposure-on-private-model",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("exposure_on_private_model.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    if !subject.manifest.nodes.values().any(|node| node.access == "public") {
        return;
    }
    let own = |exposure: &&Arc<Exposure>| exposure.package_name == subject.manifest.project_name;
    for exposure in subject.manifest.exposures.values().filter(own).filter(|found| subject.is_selected(&found.unique_id)) {
        for node in exposure.depends_on.nodes.iter().filter_map(|id| subject.manifest.nodes.get(id)) {
            if node.access != "public" && node.resource_type == ResourceType::Model {
                let message = format!("the exposure `{}` reads `{}`, which is {}", exposure.name, node.name, node.access);
                found.at_or_file(exposure.span, &exposure.original_file_path, message, "let it read a public model");
            }
        }
    }
}
