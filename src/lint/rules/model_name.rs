//! The name of a model does not begin as names in its layer do.
//!
//! In folders called `staging`, names begin with `stg_` or `base_`, in `intermediate` with `int_`; names of `marts` are free. The options `staging`,
//! `intermediate` and `marts` of the rule in `hetl.yml` list other beginnings.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::layer::Layer;

pub(super) const RULE: Rule = Rule {
    name: "model-name",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("model_name.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models() {
        let Some(layer) = subject.layer(node) else { continue };
        let usual: &[&str] = match layer {
            Layer::Staging => &["stg_", "base_"],
            Layer::Intermediate => &["int_"],
            Layer::Marts => &[],
        };
        let usual = || usual.iter().map(|&prefix| prefix.to_owned()).collect();
        let prefixes: Vec<String> = subject.settings.texts(RULE.name, layer.as_str()).unwrap_or_else(usual);
        if !prefixes.is_empty() && !prefixes.iter().any(|prefix| node.name.starts_with(prefix.as_str())) {
            let expected = prefixes.join("`, `");
            let message = format!("`{}` is a model of {}: its name begins with `{expected}`", node.name, layer.as_str());
            found.in_model(node, message, "rename it, or move it to another folder");
        }
    }
}
