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
    /// Compares two states of one model.
    pub(super) fn between(old: &Node, new: &Node) -> Self {
        match (old.contract_checksum(), new.contract_checksum()) {
            (None, None) => Self::None,
            (None, Some(_)) => Self::Compatible,
            (old, new) if old == new => Self::None,
            (Some(_), None) => Self::Breaking(vec!["its contract is not enforced any more".to_owned()]),
            (Some(_), Some(_)) => match broken_promises(old, new) {
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

/// The problem of a model with an enforced contract that is gone, unless its deprecation date has been set.
pub(super) fn removed_contract(old: &Node, is_disabled: bool) -> Option<Diagnostic> {
    old.contract_checksum()?;
    if old.deprecation_date.is_some() {
        return None;
    }
    let what = if is_disabled { "it was disabled" } else { "it was deleted or renamed" };
    Some(breaking_change(old, &[what.to_owned()]))
}

fn breaking_change(node: &Node, broken: &[String]) -> Diagnostic {
    let message = format!("model `{}` breaks its contract: {}", node.search_name(), broken.join("; "));
    let problem = match node.version {
        Some(_) => Diagnostic::error(Code::CONTRACT, message).hint("make the change in a new version of the model"),
        None => {
            Diagnostic::warning(Code::CONTRACT, message).hint("give the model versions, so that readers can move on")
        }
    };
    problem.at_some(node.span, "")
}

fn broken_promises(old: &Node, new: &Node) -> Vec<String> {
    let mut broken = Vec::new();
    let was_enforcing = enforces_constraints(old);
    for (name, before) in &old.columns {
        let Some(now) = new.columns.get(name) else {
            broken.push(format!("column `{name}` was removed"));
            continue;
        };
        if base_type(before.data_type.as_deref()) != base_type(now.data_type.as_deref()) {
            let [before, now] = [before, now].map(|column| column.data_type.as_deref().unwrap_or("no type"));
            broken.push(format!("column `{name}` changed from {before} to {now}"));
        }
        if was_enforcing {
            broken.extend(
                removed(&before.constraints, &now.constraints)
                    .map(|constraint| format!("constraint {} of column `{name}` was removed", title(constraint))),
            );
        }
    }
    if was_enforcing {
        broken.extend(
            removed(&old.constraints, &new.constraints)
                .map(|constraint| format!("constraint {} was removed", title(constraint))),
        );
        let has_constraints =
            !old.constraints.is_empty() || old.columns.values().any(|column| !column.constraints.is_empty());
        if has_constraints && !enforces_constraints(new) {
            broken.push(format!(
                "it was materialized as {} and is a {} now, which keeps no constraints",
                old.config.materialized(),
                new.config.materialized()
            ));
        }
    }
    broken
}

fn enforces_constraints(node: &Node) -> bool {
    matches!(node.config.materialized(), "table" | "incremental")
}

/// Constraints that the warehouse enforced and that are gone.
fn removed<'c>(old: &'c [Constraint], new: &'c [Constraint]) -> impl Iterator<Item = &'c Constraint> {
    old.iter().filter(|constraint| {
        let kind = constraint.values.get("type").and_then(Value::as_str);
        matches!(kind, Some("not_null" | "unique" | "primary_key" | "foreign_key")) && !is_among(constraint, new)
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
