//! A model names a table of the warehouse in its SQL instead of calling `ref` or `source`.
//!
//! Such a table is not in the graph: it is neither built before the model, nor tested, nor the one of another target or schema.
//! Tables of the warehouse about itself (`information_schema`, `pg_catalog`, `pg_tables`, `sqlite_master` …) are no findings. Where the table is a model or source of the project, the
//! mend is the call.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{Edit, Range, RuleLevel, Severity};
use crate::sql::{RelationKind, TableName};

pub(super) const RULE: Rule = Rule {
    name: "hard-coded-relation",
    level: RuleLevel::At(Severity::Warning),
    needs: Needs::Sql,
    text: include_str!("hard_coded_relation.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let relations = subject.relations();
    for (node, sql) in subject.models_with_sql() {
        for relation in sql.shape.selects.iter().flat_map(|select| &select.relations) {
            let RelationKind::Table(table) = &relation.kind else { continue };
            if !sql.is_literal(&relation.range) || is_of_system(table) {
                continue;
            }
            let call = relations.id_of(table).and_then(|id| call_of(subject, id));
            let message = format!("`{}` is named here, not referred to", table.text);
            let hint = match &call {
                Some(call) => format!("write {call}"),
                None => "define it as a source and write {{ source(…) }}".to_owned(),
            };
            let Some(span) = sql.place(node, &relation.range) else { continue };
            let range = Range::of(span, subject.sources);
            let edits = call.map(|text| Edit { range, text }).into_iter().collect();
            found.add(node.original_file_path.clone(), Some(range), message, &hint, edits);
        }
    }
}

fn is_of_system(table: &TableName) -> bool {
    let schemas = ["information_schema", "pg_catalog", "system"];
    let is_called_so = |part: &String| ["duckdb_", "pg_", "sqlite_"].iter().any(|begin| part.starts_with(begin));
    table.parts.iter().any(|part| schemas.contains(&part.as_str())) || matches!(&*table.parts, [only] if is_called_so(only))
}

fn call_of(subject: &Subject<'_>, id: &str) -> Option<String> {
    if let Some(source) = subject.manifest.sources.get(id) {
        return Some(format!("{{{{ source('{}', '{}') }}}}", source.source_name, source.name));
    }
    subject.manifest.nodes.get(id).map(|node| format!("{{{{ ref('{}') }}}}", node.name))
}
