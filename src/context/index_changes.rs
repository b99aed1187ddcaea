//! What of a materialized view's indexes has changed between the warehouse and the config.

use std::collections::BTreeSet;

use minijinja::{Error, Value};

use super::raise::raise;
use super::values::{dict, list, none};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{items_of, to_text};

/// The method of an index whose config names none.
const DEFAULT_METHOD: &str = "btree";

/// An index, without regard to the order of its columns, as dbt compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Index {
    /// Its name in the warehouse; empty for one that is only configured.
    name: String,
    columns: BTreeSet<String>,
    unique: bool,
    method: String,
}

impl Index {
    fn is_like(&self, other: &Self) -> bool {
        self.columns == other.columns && self.unique == other.unique && self.method == other.method
    }

    /// As macros see it: what `get_drop_index_sql` and `get_create_index_sql` need.
    fn change(&self, action: &'static str) -> Value {
        let columns = || list(self.columns.iter().map(|column| Value::from(column.as_str())).collect());
        let as_node_config = dict([
            ("columns", columns()),
            ("unique", Value::from(self.unique)),
            ("type", Value::from(self.method.as_str())),
        ]);
        let context = dict([
            ("name", Value::from(self.name.as_str())),
            ("column_names", columns()),
            ("unique", Value::from(self.unique)),
            ("method", Value::from(self.method.as_str())),
            ("as_node_config", as_node_config),
        ]);
        dict([("action", Value::from(action)), ("context", context), ("requires_full_refresh", Value::from(false))])
    }
}

/// `relation.get_materialized_view_config_change_collection(relation_results, relation_config)`: none where nothing changed,
/// else `indexes` (drops before creations) and `requires_full_refresh`, which no index does.
pub(super) fn between(results: &Value, model: &Value) -> Result<Value, Error> {
    let present = present(&results.get_attr("indexes")?)?;
    let wanted = configured(&model.get_attr("config")?)?;
    let missing_in = |from: &[Index], of: &[Index]| -> Vec<Index> {
        of.iter().filter(|index| !from.iter().any(|other| other.is_like(index))).cloned().collect()
    };
    let dropped = missing_in(&wanted, &present);
    let created = missing_in(&present, &wanted);
    if dropped.is_empty() && created.is_empty() {
        return Ok(none());
    }
    let changes =
        dropped.iter().map(|index| index.change("drop")).chain(created.iter().map(|index| index.change("create")));
    Ok(dict([
        ("indexes", list(changes.collect())),
        ("requires_full_refresh", Value::from(false)),
        ("has_changes", Value::from(true)),
    ]))
}

/// The rows of `get_show_indexes_sql`.
fn present(table: &Value) -> Result<Vec<Index>, Error> {
    let rows = items_of(table)?;
    rows.iter()
        .map(|row| {
            let text = |name: &str| row.get_item(&Value::from(name)).map(|value| to_text(&value));
            Ok(Index {
                name: text("name")?,
                columns: text("column_names")?.split(',').map(str::to_lowercase).collect(),
                unique: row.get_item(&Value::from("unique"))?.is_true(),
                method: text("method")?,
            })
        })
        .collect()
}

/// The `indexes` of a config.
fn configured(config: &Value) -> Result<Vec<Index>, Error> {
    let given = config.get_attr("indexes").unwrap_or_default();
    if given.is_undefined() || given.is_none() {
        return Ok(Vec::new());
    }
    let mut indexes: Vec<Index> = Vec::new();
    for raw in items_of(&given)? {
        let value = |name: &str| raw.get_attr(name).ok().filter(|value| !value.is_undefined() && !value.is_none());
        let columns = value("columns").ok_or_else(|| {
            raise(
                Diagnostic::error(Code::INVALID_CONFIG, format!("an index needs `columns`, got {raw}"))
                    .hint("write `indexes: [{columns: ['id'], unique: true}]`"),
            )
        })?;
        let index = Index {
            name: String::new(),
            columns: items_of(&columns)?.iter().map(|column| to_text(column).to_lowercase()).collect(),
            unique: value("unique").is_some_and(|unique| unique.is_true()),
            method: value("type").map_or_else(|| DEFAULT_METHOD.to_owned(), |kind| to_text(&kind).to_lowercase()),
        };
        if !indexes.iter().any(|other| other.is_like(&index)) {
            indexes.push(index);
        }
    }
    Ok(indexes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, columns: &str, unique: bool) -> Value {
        dict([
            ("name", Value::from(name)),
            ("method", Value::from("btree")),
            ("unique", Value::from(unique)),
            ("column_names", Value::from(columns)),
        ])
    }

    fn index(columns: &[&str], unique: bool) -> Value {
        dict([
            ("columns", list(columns.iter().map(|column| Value::from(*column)).collect())),
            ("unique", Value::from(unique)),
        ])
    }

    fn compared(present: Vec<Value>, wanted: Vec<Value>) -> Value {
        let model = dict([("config", dict([("indexes", list(wanted))]))]);
        between(&dict([("indexes", list(present))]), &model).unwrap()
    }

    #[test]
    fn the_order_of_columns_is_no_change() {
        assert!(compared(vec![row("x", "b,a", false)], vec![index(&["A", "b"], false)]).is_none());
        assert!(compared(vec![], vec![]).is_none());
    }

    #[test]
    fn drops_come_before_creations() {
        let changes = compared(vec![row("old", "a", false)], vec![index(&["a"], true)]).get_attr("indexes").unwrap();
        let changes = items_of(&changes).unwrap();
        let action = |at: usize| changes[at].get_attr("action").unwrap().to_string();
        assert_eq!((changes.len(), action(0), action(1)), (2, "drop".to_owned(), "create".to_owned()));
        let dropped = changes[0].get_attr("context").unwrap().get_attr("name").unwrap();
        assert_eq!(dropped.as_str(), Some("old"));
    }
}
