//! Which sets of columns are unique in a table, by what tests and constraints say.

use std::collections::HashMap;

use serde_json::Value;

use crate::manifest::{Constraint, Manifest, Node, ResourceType};
use crate::sql::Dialect;

/// Unique sets of columns by unique id. Tests that are limited to some rows say nothing of the others and are left out.
pub(super) fn unique_keys(manifest: &Manifest, dialect: Dialect) -> HashMap<&str, Vec<Vec<String>>> {
    let mut keys: HashMap<&str, Vec<Vec<String>>> = HashMap::new();
    let mut add = |id, columns: Vec<String>| {
        if !columns.is_empty() {
            let key = |name: &String| dialect.key(name.trim_matches('"'));
            keys.entry(id).or_default().push(columns.iter().map(key).collect());
        }
    };
    for node in manifest.nodes.values().filter(|node| node.config.enabled()) {
        let id = node.unique_id.as_str();
        if node.resource_type == ResourceType::Test {
            if let Some((tested, columns)) = tested_key(node) {
                add(tested, columns);
            }
            continue;
        }
        node.constraints.iter().filter_map(constrained).for_each(|columns| add(id, columns));
        for column in node.columns.values() {
            let is_unique = column.constraints.iter().any(is_key);
            add(id, is_unique.then(|| column.name.clone()).into_iter().collect());
        }
    }
    keys
}

/// The table that a test of uniqueness is about, and the columns that it says are unique together.
pub(super) fn tested_key(test: &Node) -> Option<(&str, Vec<String>)> {
    let metadata = test.test.metadata.as_ref()?;
    if test.config.get("where").is_some() {
        return None;
    }
    let table = test.test.attached_node.as_deref().or_else(|| test.depends_on.nodes.first().map(String::as_str))?;
    let columns = match metadata.name.as_str() {
        "unique" => vec![test.test.column_name.clone()?],
        "unique_combination_of_columns" => strings(metadata.kwargs.get("combination_of_columns")?),
        "expect_compound_columns_to_be_unique" => strings(metadata.kwargs.get("column_list")?),
        _ => return None,
    };
    Some((table, columns))
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn is_key(constraint: &Constraint) -> bool {
    matches!(constraint.values.get("type").and_then(Value::as_str), Some("primary_key" | "unique"))
}

fn constrained(constraint: &Constraint) -> Option<Vec<String>> {
    is_key(constraint).then(|| constraint.values.get("columns").map(strings).unwrap_or_default())
}
