//! A common table expression of a model is read by nothing.
//!
//! It is left over from an earlier version, or what should read it reads something else.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unused-cte",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Sql,
    text: include_str!("unused_cte.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (node, sql) in subject.models_with_sql() {
        for cte in sql.shape.ctes.iter().filter(|cte| !cte.is_used && sql.is_literal(&cte.range)) {
            let message = format!("the common table expression `{}` is read by nothing", cte.name);
            found.at_or_file(sql.place(node, &cte.range), &node.original_file_path, message, "remove it");
        }
    }
}
