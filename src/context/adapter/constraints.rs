//! Constraints of contracts as SQL.

use std::sync::Arc;

use minijinja::{Error, Value};
use serde_json::Value as Json;

use crate::context::arguments::{bind, required};
use crate::context::raise::raise;
use crate::context::scope::Scope;
use crate::context::values::list;
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::{items_of, to_json};

/// The fields of a constraint.
struct Constraint {
    kind: String,
    name: Option<String>,
    expression: Option<String>,
    columns: Vec<String>,
    to: Option<String>,
    to_columns: Vec<String>,
}

/// A constraint as this warehouse can have it.
fn constraint_of(scope: &Scope, json: &Json) -> Result<Constraint, Error> {
    let constraint = constraint(json)?;
    if scope.session.adapter().foreign_keys_name_database() {
        return Ok(constraint);
    }
    Ok(Constraint { to: constraint.to.as_deref().map(without_database), ..constraint })
}

/// `schema.table` of `database.schema.table`.
fn without_database(name: &str) -> String {
    let mut is_quoted = false;
    let is_dot = |(at, c): (usize, char)| {
        is_quoted ^= c == '"';
        (c == '.' && !is_quoted).then_some(at)
    };
    let dots: Vec<usize> = name.char_indices().filter_map(is_dot).collect();
    match dots.as_slice() {
        [first, _, ..] => name[first + 1..].to_owned(),
        _ => name.to_owned(),
    }
}

fn constraint(json: &Json) -> Result<Constraint, Error> {
    const KINDS: &[&str] = &["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];
    let text = |key: &str| json.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let texts = |key: &str| {
        let items = json.get(key).and_then(Json::as_array);
        items.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let kind = text("type").filter(|kind| KINDS.contains(&kind.as_str())).ok_or_else(|| {
        raise(
            Diagnostic::error(Code::INVALID_CONFIG, format!("Could not parse constraint: {json}"))
                .hint(format!("its `type` must be one of {}", KINDS.join(", "))),
        )
    })?;
    Ok(Constraint {
        kind,
        name: text("name"),
        expression: text("expression"),
        columns: texts("columns"),
        to: text("to"),
        to_columns: texts("to_columns"),
    })
}

/// `adapter.render_raw_columns_constraints(raw_columns)`: one `name type constraints` for each column.
pub(super) fn columns(scope: &Arc<Scope>, args: &[Value]) -> Result<Value, Error> {
    let [columns] = bind("render_raw_columns_constraints", ["raw_columns"], args)?;
    let columns = required("render_raw_columns_constraints", "raw_columns", columns)?;
    let mut rendered = Vec::new();
    for key in items_of(&columns)? {
        let column = to_json(&columns.get_item(&key)?);
        let name = column["name"].as_str().unwrap_or_default();
        let quoted = column.get("quote").and_then(Json::as_bool).unwrap_or(false);
        let name = if quoted { scope.session.adapter().quote(name) } else { name.to_owned() };
        let mut parts = vec![format!("{name} {}", column["data_type"].as_str().unwrap_or_default())];
        for raw in column.get("constraints").and_then(Json::as_array).into_iter().flatten() {
            parts.extend(of_column(&constraint_of(scope, raw)?));
        }
        rendered.push(Value::from(parts.join(" ")));
    }
    Ok(list(rendered))
}

fn of_column(constraint: &Constraint) -> Option<String> {
    let expression = constraint.expression.as_deref().unwrap_or_default();
    let with = |words: &str| Some(format!("{words} {expression}").trim().to_owned());
    match constraint.kind.as_str() {
        "check" if !expression.is_empty() => Some(format!("check ({expression})")),
        "not_null" => with("not null"),
        "unique" => with("unique"),
        "primary_key" => with("primary key"),
        "foreign_key" => match &constraint.to {
            Some(to) if !constraint.to_columns.is_empty() => {
                Some(format!("references {to} ({})", constraint.to_columns.join(", ")))
            }
            _ if !expression.is_empty() => with("references"),
            _ => None,
        },
        "custom" if !expression.is_empty() => Some(expression.trim().to_owned()),
        _ => None,
    }
}

/// `adapter.render_raw_model_constraints(raw_constraints)`: table constraints.
pub(super) fn model(scope: &Arc<Scope>, args: &[Value]) -> Result<Value, Error> {
    let [constraints] = bind("render_raw_model_constraints", ["raw_constraints"], args)?;
    let mut rendered = Vec::new();
    for raw in items_of(&required("render_raw_model_constraints", "raw_constraints", constraints)?)? {
        rendered.extend(of_model(&constraint_of(scope, &to_json(&raw))?).map(Value::from));
    }
    Ok(list(rendered))
}

fn of_model(constraint: &Constraint) -> Option<String> {
    let prefix = constraint.name.as_ref().map(|name| format!("constraint {name} ")).unwrap_or_default();
    let columns = constraint.columns.join(", ");
    let expression = constraint.expression.as_deref();
    let spaced = expression.map(|expression| format!(" {expression}")).unwrap_or_default();
    match constraint.kind.as_str() {
        "check" => expression.map(|expression| format!("{prefix}check ({expression})")),
        "unique" => Some(format!("{prefix}unique{spaced} ({columns})")),
        "primary_key" => Some(format!("{prefix}primary key{spaced} ({columns})")),
        "foreign_key" => match (&constraint.to, expression) {
            (Some(to), _) if !constraint.to_columns.is_empty() => {
                Some(format!("{prefix}foreign key ({columns}) references {to} ({})", constraint.to_columns.join(", ")))
            }
            (_, Some(expression)) => Some(format!("{prefix}foreign key ({columns}) references {expression}")),
            _ => None,
        },
        "custom" => expression.map(|expression| format!("{prefix}{expression}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn column(json: Json) -> Option<String> {
        of_column(&constraint(&json).unwrap())
    }

    #[test]
    fn constraints_of_columns() {
        assert_eq!(column(json!({"type": "not_null"})).as_deref(), Some("not null"));
        assert_eq!(column(json!({"type": "check", "expression": "a > 0"})).as_deref(), Some("check (a > 0)"));
        let foreign = json!({"type": "foreign_key", "to": "x", "to_columns": ["id"]});
        assert_eq!(column(foreign).as_deref(), Some("references x (id)"));
        assert!(constraint(&json!({"type": "odd"})).is_err());
        assert_eq!(without_database(r#""a.b"."c"."d""#), r#""c"."d""#);
        assert_eq!(without_database("c.d"), "c.d");
    }

    #[test]
    fn constraints_of_models() {
        let key = json!({"type": "primary_key", "name": "pk", "columns": ["a", "b"]});
        assert_eq!(of_model(&constraint(&key).unwrap()).as_deref(), Some("constraint pk primary key (a, b)"));
    }
}
