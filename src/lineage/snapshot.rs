//! What a snapshot adds to the columns of its query.

use serde_json::Value;

use crate::adapters::Adapter;
use crate::manifest::Node;

/// The query of a snapshot with the columns that the snapshot adds, as SQL whose lineage is that of the snapshot: the key of a
/// version comes of the unique key and the time of change, the times of a version of the column that has them.
pub(super) fn with_history(node: &Node, query: &str, adapter: &dyn Adapter) -> String {
    let keys = texts(node.config.get("unique_key"));
    let checked = texts(node.config.get("check_cols"));
    let updated_at = node.config.str("updated_at").filter(|_| node.config.str("strategy") != Some("check"));
    let named = |name: &str| {
        let names = node.config.get("snapshot_meta_column_names");
        adapter.quote(names.and_then(|names| names.get(name)).and_then(Value::as_str).unwrap_or(name))
    };
    let version: Vec<&str> = keys.iter().map(String::as_str).chain(updated_at).collect();
    let key = if version.is_empty() { "null".to_owned() } else { format!("concat({})", version.join(", ")) };
    let moment = updated_at.map_or_else(|| "current_timestamp".to_owned(), str::to_owned);
    let end = updated_at.map_or_else(|| "null".to_owned(), |column| format!("nullif({column}, {column})"));
    let mut added = vec![
        format!("{key} as {}", named("dbt_scd_id")),
        format!("{moment} as {}", named("dbt_updated_at")),
        format!("{moment} as {}", named("dbt_valid_from")),
        format!("{end} as {}", named("dbt_valid_to")),
    ];
    if node.config.str("hard_deletes") == Some("new_record") {
        added.push(format!("'False' as {}", named("dbt_is_deleted")));
    }
    // Rows are added where one of these changes.
    let mut deciding: Vec<&str> = keys.iter().map(String::as_str).chain(updated_at).collect();
    if updated_at.is_none() {
        deciding.extend(checked.iter().map(String::as_str).filter(|column| *column != "all"));
    }
    let all = if updated_at.is_none() && checked.iter().any(|column| column == "all") { "distinct " } else { "" };
    let conditions: Vec<String> = deciding.iter().map(|column| format!("({column}) is not null")).collect();
    let filter = if conditions.is_empty() { String::new() } else { format!("\nwhere {}", conditions.join(" and ")) };
    let query = query.trim().trim_end_matches(';');
    format!("select {all}*, {}\nfrom (\n{query}\n) as snapshotted{filter}", added.join(", "))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
