//! [`ContractChange`]: whether a model keeps the contract that it had.

use serde_json::Value;

use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Constraint, Node};

/// How the contract of a model changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ContractChange {
    /// Not at all.
    None,
    /// In a way that those who read the model need not mind.
    Compatible,
    /// Promises that are not kept any more.
    Breaking(Vec<String>),
}

impl ContractChange {
    /// Compares two states of one model; `enforced` are the types of constraints that the warehouse enforces.
    pub(super) fn between(old: &Node, new: &Node, enforced: &[&str]) -> Self {
        match (old.contract_checksum(), new.contract_checksum()) {
            (None, None) => Self::None,
            (None, Some(_)) => Self::Compatible,
            (old, new) if old == new => Self::None,
            (Some(_), None) => {
                let removed = "Contract enforcement was removed".to_owned();
                Self::Breaking([vec![removed], broken_promises(old, new, enforced)].concat())
            }
            (Some(_), Some(_)) => match broken_promises(old, new, enforced) {
                broken if broken.is_empty() => Self::Compatible,
                broken => Self::Breaking(broken),
            },
        }
    }

    pub(super) fn is_change(&self) -> bool {
        *self != Self::None
    }

    /// The problem to tell: an error where the model has versions (it should have got a new one), else a warning.
    pub(super) fn breaking(&self, node: &Node) -> Option<Diagnostic> {
        match self {
            Self::Breaking(broken) => Some(breaking_change(node, broken)),
            _ => None,
        }
    }
}

/// The problem of a model with an enforced contract that is gone.
pub(super) fn removed_contract(old: &Node, is_disabled: bool) -> Option<Diagnostic> {
    old.contract_checksum()?;
    let what = if is_disabled { "disabled" } else { "deleted or renamed" };
    Some(breaking_change(old, &[format!("Contracted model '{}' was {what}.", old.unique_id)]))
}

fn breaking_change(node: &Node, broken: &[String]) -> Diagnostic {
    let message = |what: &str| {
        format!(
            "While comparing to previous project state, dbt detected a breaking change to an {what}: `{}`\n- {}",
            node.search_name(),
            broken.join("\n- ")
        )
    };
    let problem = match node.version {
        Some(_) => Diagnostic::error(Code::CONTRACT, message("enforced contract"))
            .hint("make the change in a new version of the model"),
        None => Diagnostic::warning(Code::CONTRACT, message("unversioned model"))
            .field("breaking_changes", broken)
            .field("model_name", node.name.as_str())
            .field("model_file_path", node.original_file_path.as_str())
            .hint("give the model versions, so that readers can move on"),
    };
    problem.at_some(node.span, "")
}

fn broken_promises(old: &Node, new: &Node, enforced: &[&str]) -> Vec<String> {
    let (mut gone, mut retyped, mut freed) = (Vec::new(), Vec::new(), Vec::new());
    let was_enforcing = enforces_constraints(old);
    for (name, before) in &old.columns {
        let Some(now) = new.columns.get(name) else {
            gone.push(name.clone());
            continue;
        };
        if base_type(before.data_type.as_deref()) != base_type(now.data_type.as_deref()) {
            let [before, now] = [before, now].map(|column| column.data_type.as_deref().unwrap_or("no type"));
            retyped.push(format!("{name} ({before} -> {now})"));
        }
        if was_enforcing {
            let removed = removed(&before.constraints, &now.constraints, enforced);
            freed.extend(removed.map(|constraint| format!("'{}' constraint on column {name}", title(constraint))));
        }
    }
    let mut broken = vec![
        ("Columns were removed", gone),
        ("Columns with data_type changes", retyped),
        ("Enforced column level constraints were removed", freed),
    ];
    if was_enforcing {
        let removed = removed(&old.constraints, &new.constraints, enforced);
        let of_model = removed.map(|constraint| format!("'{}' constraint", title(constraint))).collect();
        broken.push(("Enforced model level constraints were removed", of_model));
        let has_constraints =
            !old.constraints.is_empty() || old.columns.values().any(|column| !column.constraints.is_empty());
        if has_constraints && !enforces_constraints(new) {
            let change = format!("{} -> {}", old.config.materialized(), new.config.materialized());
            broken.push(("Materialization changed with enforced constraints", vec![change]));
        }
    }
    let broken = broken.into_iter().filter(|(_, items)| !items.is_empty());
    broken.map(|(what, items)| format!("{what}: {}", items.join(", "))).collect()
}

fn enforces_constraints(node: &Node) -> bool {
    matches!(node.config.materialized(), "table" | "incremental")
}

/// Constraints that the warehouse enforced and that are gone.
fn removed<'c>(
    old: &'c [Constraint],
    new: &'c [Constraint],
    enforced: &[&str],
) -> impl Iterator<Item = &'c Constraint> {
    old.iter().filter(|constraint| {
        let kind = constraint.values.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| enforced.contains(&kind)) && !is_among(constraint, new)
    })
}

/// What is not written and what is written as null or empty are the same.
fn is_among(constraint: &Constraint, others: &[Constraint]) -> bool {
    let said = |constraint: &Constraint, key: &str| {
        constraint
            .values
            .get(key)
            .cloned()
            .filter(|value| !value.is_null() && value.as_array().is_none_or(|a| !a.is_empty()))
    };
    others.iter().any(|other| {
        ["type", "name", "expression", "to", "to_columns", "columns"]
            .iter()
            .all(|key| said(constraint, key) == said(other, key))
    })
}

fn title(constraint: &Constraint) -> &str {
    let text = |key: &str| constraint.values.get(key).and_then(Value::as_str);
    text("name").or(text("type")).unwrap_or_default()
}

/// A type without size and precision: a longer text is no broken promise.
fn base_type(data_type: Option<&str>) -> Option<String> {
    data_type.map(|text| text.split('(').next().unwrap_or_default().trim().to_lowercase())
}
