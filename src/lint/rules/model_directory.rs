//! A model lies in a folder of another layer than its name says.
//!
//! `stg_orders.sql` is looked for below a folder called `staging`, `int_orders.sql` below `intermediate`. Models in folders that are called like no layer are no
//! findings.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::layer::Layer;

pub(super) const RULE: Rule = Rule {
    name: "model-directory",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Project,
    text: include_str!("model_directory.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for node in subject.models() {
        let (Some(named), Some(lies)) = (Layer::of_name(&node.name), Layer::of_folder(&node.original_file_path)) else {
            continue;
        };
        if named != lies {
            let message = format!(
                "`{}` is called like a model of {} and lies in a folder of {}",
                node.name,
                named.as_str(),
                lies.as_str()
            );
            found.in_model(node, message, "move it, or rename it");
        }
    }
}
