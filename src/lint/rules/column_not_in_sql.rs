//! A property file describes a column that the SQL of the model does not give.
//!
//! It was renamed or removed, or its name is misspelled: its description and its tests are of nothing. Models of which not every column is known are no
//! findings.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use crate::diagnostics::most_similar;

pub(super) const RULE: Rule = Rule {
    name: "column-not-in-sql",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Lineage,
    text: include_str!("column_not_in_sql.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let Some(lineage) = &subject.lineage else { return };
    let dialect = subject.adapter.dialect();
    for node in subject.models() {
        let Some(known) = lineage.nodes.get(&node.unique_id) else { continue };
        if known.problem.is_some() || known.incomplete.is_some() || known.columns.is_empty() {
            continue;
        }
        let is_known = |name: &str| known.columns.iter().any(|column| dialect.key(&column.name) == dialect.key(name));
        for column in node.columns.values().filter(|column| !is_known(&column.name)) {
            let message = format!("`{}` has no column `{}`, which is described here", node.name, column.name);
            let names = known.columns.iter().map(|column| column.name.as_str());
            let hint = match most_similar(&column.name, names) {
                Some(similar) => format!("a similar name exists: `{similar}`"),
                None => "remove the description, or select the column".to_owned(),
            };
            let place = column.span.or_else(|| subject.described_at(node));
            found.at_or_file(place, &node.original_file_path, message, &hint);
        }
    }
}
