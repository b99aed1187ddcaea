//! A join has no condition that ties its relation to the others.
//!
//! Each row is then paired with every row. Reported are a comma without any `where`, a join without `on`, one whose condition is always true, and one whose
//! condition does not name the relation. `cross join` says that it is wanted; functions, values and subqueries need no condition, and an
//! outer join on `true` has no other spelling.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::sql::{JoinCondition, RelationKind};

pub(super) const RULE: Rule = Rule {
    name: "join-without-condition",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Sql,
    text: include_str!("join_without_condition.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (node, sql) in subject.models_with_sql() {
        for select in &sql.shape.selects {
            for relation in &select.relations {
                let Some(join) = &relation.join else { continue };
                let problem = match join.condition {
                    JoinCondition::Comma if !select.has_filter => "is joined by a comma without any `where`",
                    JoinCondition::Missing => "is joined without a condition",
                    JoinCondition::AlwaysTrue => "is joined on a condition that is always true",
                    JoinCondition::Unrelated => "is joined on a condition that does not name it",
                    JoinCondition::Comma | JoinCondition::Given | JoinCondition::Cross => continue,
                };
                let is_exempt = matches!(relation.kind, RelationKind::Values | RelationKind::Subquery { .. })
                    && !matches!(join.condition, JoinCondition::Unrelated);
                if is_exempt {
                    continue;
                }
                let message = format!("`{}` {problem}", relation.alias);
                let place = sql.place(node, &relation.range);
                let hint = "add a condition, or write `cross join` if every pair is wanted";
                found.at_or_file(place, &node.original_file_path, message, hint);
            }
        }
    }
}
