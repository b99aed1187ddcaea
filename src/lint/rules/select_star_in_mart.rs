//! A model of the layer `marts` takes all columns of a table, whichever these are.
//!
//! People and applications read a mart: a column that is added to or taken from a table upstream, one with patients' data among them, would be published
//! without anybody's decision. A star over a common table expression whose columns are written is no finding.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::layer::Layer;
use super::super::sql_of::ModelSql;
use crate::sql::RelationKind;

pub(super) const RULE: Rule = Rule {
    name: "select-star-in-mart",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Sql,
    text: include_str!("select_star_in_mart.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    for (node, sql) in subject.models_with_sql().filter(|(node, _)| subject.layer(node) == Some(Layer::Marts)) {
        for select in sql.shape.selects.iter().filter(|select| select.is_outermost) {
            for (alias, range) in &select.stars {
                let mut relations = select.relations.iter().filter(|relation| {
                    alias.as_ref().is_none_or(|alias| relation.alias == *alias)
                });
                let Some(table) = relations.find_map(|relation| opened(sql, &relation.kind, 0)) else {
                    continue;
                };
                let message = format!("the mart `{}` has whatever columns {table} has", node.name);
                found.at_or_file(sql.place(node, range), &node.original_file_path, message, "write the columns");
            }
        }
    }
}

/// The table whose columns a star over this gives without naming them.
fn opened(sql: &ModelSql, kind: &RelationKind, depth: usize) -> Option<String> {
    match kind {
        RelationKind::Table(table) => Some(table.text.clone()),
        RelationKind::Cte(at) if depth < 64 => {
            let select = &sql.shape.selects[sql.shape.ctes[*at].select?];
            select.stars.iter().find_map(|(alias, _)| {
                let mut relations = select.relations.iter().filter(|relation| {
                    alias.as_ref().is_none_or(|alias| relation.alias == *alias)
                });
                relations.find_map(|relation| opened(sql, &relation.kind, depth + 1))
            })
        }
        _ => None,
    }
}
