//! A column that holds protected health information is given on without being described and classified.
//!
//! A column is classified in its `meta` (or `config.meta`) by `phi: true` or `classification: phi`, or by the tag `phi`. What a model copies or computes row by row
//! from such a column holds the same information: there the column must be described, and must be classified too, by `phi: false` if what was done
//! to it took the information away. A model that is classified as a whole, by its own `meta` or tags or those of its folder, has classified all of its
//! columns. Aggregates are no findings, nor are ephemeral models. Only columns whose lineage is known can be found.

use super::super::rule::{Found, Needs, Rule};
use super::super::subject::Subject;
use super::super::{RuleLevel, Severity};
use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::manifest::{ColumnProperties, Node};
use crate::sql::EdgeKind;

pub(super) const RULE: Rule = Rule {
    name: "phi-without-description",
    level: RuleLevel::At(Severity::Error),
    needs: Needs::Lineage,
    text: include_str!("phi_without_description.rs"),
    check,
};

fn check(subject: &Subject<'_>, found: &mut Found<'_>) {
    let Some(lineage) = &subject.lineage else { return };
    let dialect = subject.adapter.dialect();
    // By node and compared name: whether a column holds such information, by its own classification or by what it is made of.
    let mut sensitive: HashMap<(&str, String), String> = HashMap::new();
    for (id, known) in &lineage.nodes {
        let node = subject.manifest.nodes.get(id);
        let described = node.map(|node| &node.columns).or_else(|| Some(&subject.manifest.sources.get(id)?.columns));
        let described = described.into_iter().flat_map(|columns| columns.values());
        let described: HashMap<String, &ColumnProperties> =
            described.map(|column| (dialect.key(&column.name), column)).collect();
        for (key, column) in &described {
            if classification(column) == Some(true) {
                sensitive.insert((id, key.clone()), format!("{}.{}", subject.manifest.describe(id).name, column.name));
            }
        }
        for column in &known.columns {
            let key = dialect.key(&column.name);
            let said = described.get(&key).copied();
            let origin = column.sources.iter().filter(|source| source.kind != EdgeKind::Aggregated).find_map(|source| {
                sensitive.get(&(source.from.node.as_str(), dialect.key(&source.from.column)))
            });
            let Some(origin) = origin.cloned() else { continue };
            if said.and_then(classification) == Some(false) {
                continue;
            }
            sensitive.entry((id, key)).or_insert_with(|| origin.clone());
            let Some(node) = node.filter(|node| is_checked(subject, node)) else { continue };
            if said.and_then(classification).is_none() && is_classified_as_a_whole(node) {
                continue;
            }
            let is_described = said.is_some_and(|column| !column.description.trim().is_empty());
            let is_classified = said.and_then(classification).is_some();
            if !is_described || !is_classified {
                let lacks = match (is_described, is_classified) {
                    (false, false) => "is neither described nor classified",
                    (false, true) => "is not described",
                    _ => "is not classified",
                };
                let message = format!("`{}.{}` holds what `{origin}` holds, which is PHI, and {lacks}", node.name, column.name);
                let place = said.and_then(|column| column.span).or_else(|| subject.described_at(node));
                let hint = "describe the column, with `meta: {phi: true}` or, if the information is gone, `phi: false`";
                found.at_or_file(place, &node.original_file_path, message, hint);
            }
        }
    }
}

fn is_checked(subject: &Subject<'_>, node: &Node) -> bool {
    node.package_name == subject.manifest.project_name && !node.is_ephemeral() && subject.is_selected(&node.unique_id)
}

fn is_classified_as_a_whole(node: &Node) -> bool {
    said_of(&node.meta, node.config.get("meta"), &node.tags) == Some(true)
}

/// What the project says of a column: that it holds such information, that it does not, or nothing.
fn classification(column: &ColumnProperties) -> Option<bool> {
    said_of(&column.meta, column.config.get("meta"), &column.tags)
}

fn said_of(meta: &Map<String, Value>, config_meta: Option<&Value>, tags: &[String]) -> Option<bool> {
    let metas = || [Some(meta), config_meta.and_then(Value::as_object)].into_iter().flatten();
    if let Some(phi) = metas().find_map(|meta| meta.get("phi")).and_then(Value::as_bool) {
        return Some(phi);
    }
    if let Some(class) = metas().find_map(|meta| meta.get("classification")).and_then(Value::as_str) {
        return Some(class.eq_ignore_ascii_case("phi"));
    }
    tags.iter().any(|tag| tag.eq_ignore_ascii_case("phi")).then_some(true)
}
