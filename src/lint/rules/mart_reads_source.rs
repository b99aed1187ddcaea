//! A model of the layer `marts` reads a source directly.
//!
//! What a source table has is cleaned and named in staging, once: a mart that goes past it does the same work again, or not at all.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::layer::Layer;

pub(super) const RULE: Rule = Rule {
    name: "mart-reads-source",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("mart_reads_source.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models().filter(|node| subject.layer(node) == Some(Layer::Marts)) {
        for id in &node.depends_on.nodes {
            let Some(source) = subject.manifest.sources.get(id) else { continue };
            let name = format!("{}.{}", source.source_name, source.name);
            let message = format!("the mart `{}` reads the source `{name}` directly", node.name);
            found.in_model(node, message, "read a staging model of the source instead");
        }
    }
}
