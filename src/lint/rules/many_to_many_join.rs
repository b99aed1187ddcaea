//! A join on columns that are unique in neither of its two tables multiplies rows.
//!
//! What is unique is known from tests (`unique`, `unique_combination_of_columns`) and constraints (`primary_key`, `unique`) of both tables; a join with a table
//! of which nothing is known is no finding, nor one whose rows are grouped or made distinct in the same `select`, nor one with a further condition
//! (`and orders.at < prices.valid_to`), or of a table whose rows were picked before: then a row may have one partner all the same.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use super::super::sql_of::ModelSql;
use crate::sql::{RelationKind, TableName};

pub(super) const RULE: Rule = Rule {
    name: "many-to-many-join",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Sql,
    text: include_str!("many_to_many_join.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let relations = subject.relations();
    for (node, sql) in subject.models_with_sql() {
        for select in sql.shape.selects.iter().filter(|select| !select.is_grouped && !select.has_ranges) {
            for relation in &select.relations {
                let Some(join) = relation.join.as_ref().filter(|join| !join.keeps_rows && join.is_only_equal) else {
                    continue;
                };
                let other = &join.equal[0].0;
                let Some(left) = select.relations.iter().find(|known| known.alias == *other && !other.is_empty()) else {
                    continue;
                };
                let is_of_one = join.equal.iter().all(|(alias, _, _)| alias == other);
                let columns = |side: fn(&(String, String, String)) -> &String| join.equal.iter().map(side).cloned().collect();
                let (ours, theirs): (Vec<String>, Vec<String>) = (columns(|pair| &pair.2), columns(|pair| &pair.1));
                let (Some(this), Some(that)) = (
                    table_of(sql, &relation.kind, ours, 0).and_then(|(table, on)| Some((relations.id_of(table)?, on))),
                    table_of(sql, &left.kind, theirs, 0).and_then(|(table, on)| Some((relations.id_of(table)?, on))),
                ) else {
                    continue;
                };
                let is_many = |(id, on): &(&str, Vec<String>)| {
                    let keys = subject.keys().get(id);
                    keys.is_some_and(|keys| !keys.iter().any(|key| key.iter().all(|column| on.contains(column))))
                };
                if is_of_one && is_many(&this) && is_many(&that) {
                    let message = format!(
                        "`{}` is joined with `{other}` on columns that are unique in neither: {}",
                        relation.alias,
                        this.1.join(", ")
                    );
                    let hint = "join on a key of one of them, or make rows unique before the join";
                    found.at_or_file(sql.place(node, &relation.range), &node.original_file_path, message, hint);
                }
            }
        }
    }
}

/// The table behind a relation whose rows are rows of the table, and what these columns are called there.
fn table_of<'s>(sql: &'s ModelSql, kind: &'s RelationKind, columns: Vec<String>, depth: usize) -> Option<(&'s TableName, Vec<String>)> {
    match kind {
        RelationKind::Table(table) => Some((table, columns)),
        RelationKind::Cte(at) if depth < 64 => {
            let select = &sql.shape.selects[sql.shape.ctes[*at].select?];
            let [only] = select.relations.as_slice() else { return None };
            if select.is_grouped || select.has_filter {
                return None;
            }
            let named = |column: String| {
                let copied = select.copied.iter().find(|(name, _, _)| *name == column).map(|(_, _, inner)| inner.clone());
                copied.or_else(|| (!select.stars.is_empty()).then_some(column))
            };
            let columns = columns.into_iter().map(named).collect::<Option<Vec<String>>>()?;
            table_of(sql, &only.kind, columns, depth + 1)
        }
        _ => None,
    }
}
