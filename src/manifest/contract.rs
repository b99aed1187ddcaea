//! The checksum of a contract: what a model promises of its columns, so that a broken promise is noticed later.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Constraint, Node};

impl Node {
    /// A hash of columns, types and constraints if the model's contract is enforced. The order of columns does not count.
    ///
    /// dbt hashes Python's own text of its constraint objects; we write the same text, so that a manifest of dbt's can be
    /// compared with.
    pub fn contract_checksum(&self) -> Option<String> {
        let enforced = self.config.get("contract")?.get("enforced")?.as_bool()?;
        if !enforced {
            return None;
        }
        let mut columns: Vec<_> = self.columns.values().collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let mut promised = String::new();
        for column in columns {
            promised.extend(["|", &column.name, column.data_type.as_deref().unwrap_or("None")]);
            promised.push_str(&python_list(&column.constraints, "ColumnLevelConstraint"));
        }
        if matches!(self.config.materialized(), "table" | "incremental") {
            promised.push_str(self.config.materialized());
            promised.push_str(&python_list(&self.constraints, "ModelLevelConstraint"));
        }
        Some(hex::encode(Sha256::digest(promised)))
    }
}

fn python_list(constraints: &[Constraint], class: &str) -> String {
    let texts: Vec<String> = constraints.iter().map(|constraint| python_constraint(constraint, class)).collect();
    format!("[{}]", texts.join(", "))
}

fn python_constraint(constraint: &Constraint, class: &str) -> String {
    let kind = constraint.values.get("type").and_then(Value::as_str).unwrap_or_default();
    let null = Value::Null;
    let [yes, none] = [Value::Bool(true), Value::Array(Vec::new())];
    let mut fields =
        vec![("name", &null), ("expression", &null), ("warn_unenforced", &yes), ("warn_unsupported", &yes)];
    fields.extend([("to", &null), ("to_columns", &none)]);
    if class == "ModelLevelConstraint" {
        fields.push(("columns", &none));
    }
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(key, default)| format!("{key}={}", python(constraint.values.get(key).unwrap_or(default))))
        .collect();
    format!("{class}(type=<ConstraintType.{kind}: '{kind}'>, {})", fields.join(", "))
}

/// A value as Python's `repr` writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
            let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
            format!("{quote}{escaped}{quote}")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
