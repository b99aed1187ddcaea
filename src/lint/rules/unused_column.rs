//! A column of a common table expression is read by nothing.
//!
//! It is computed for nothing, and readers look for its use in vain. A column counts as read where its name is mentioned anywhere later; columns of
//! `select distinct`, `group by`, set operations and ordered queries decide on rows and are no findings, nor are all columns of an
//! expression that is read for its rows only (`count(*)`).

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unused-column",
    level: RuleLevel::At(Severity::Info),
    needs: Needs::Sql,
    text: include_str!("unused_column.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (node, sql) in subject.models_with_sql() {
        for cte in &sql.shape.ctes {
            for (column, range) in cte.unused_columns.iter().filter(|(_, range)| sql.is_literal(range)) {
                let message = format!("the column `{column}` of `{}` is read by nothing", cte.name);
                found.at_or_file(sql.place(node, range), &node.original_file_path, message, "remove it");
            }
        }
    }
}
