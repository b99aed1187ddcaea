//! An incremental model does not ask `is_incremental()`: each run reads all of its input.
//!
//! It costs as much as a table and, without a `unique_key`, adds all rows again. A macro that the model calls may ask instead; a microbatch model is filtered by
//! dbt.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashSet;

pub(super) const RULE: Rule = Rule {
    name: "incremental-without-filter",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Project,
    text: include_str!("incremental_without_filter.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let macros = &subject.manifest.macros;
    let asks = |text: &str| text.contains("is_incremental") || text.contains("should_full_refresh");
    for node in subject.models().filter(|node| node.config.materialized() == "incremental") {
        if node.config.str("incremental_strategy") == Some("microbatch") || asks(&node.raw_code) {
            continue;
        }
        // Macros of the project that it calls, and those that these call.
        let mut open: Vec<&str> = node.depends_on.macros.iter().map(String::as_str).collect();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut is_asked = false;
        while let Some(found) = open.pop().filter(|_| !is_asked) {
            let Some(called) = macros.get(found).filter(|_| seen.insert(found)) else { continue };
            is_asked = called.package_name == node.package_name && asks(&called.macro_sql);
            open.extend(called.depends_on_macros.iter().map(String::as_str));
        }
        if !is_asked {
            let message = format!("the incremental model `{}` reads all of its input in each run", node.name);
            found.in_model(node, message, "limit its input where `is_incremental()` holds");
        }
    }
}
