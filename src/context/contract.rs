//! The table that a broken contract is explained with.

use minijinja::{Error, Value};

use super::column::as_column;
use crate::diagnostics::{Code, Diagnostic};

/// One line of the comparison.
struct Line {
    column: String,
    definition: String,
    contract: String,
    mismatch: &'static str,
}

/// What a model gives against what its contract says; each argument is a list of columns, or of dicts with `name` and
/// `data_type`/`formatted`.
pub(super) fn mismatch(contract: &Value, definition: &Value) -> Result<Diagnostic, Error> {
    let contract = columns(contract)?;
    if contract.is_empty() {
        let message = "This model has an enforced contract, and its 'columns' specification is missing";
        return Ok(Diagnostic::error(Code::CONTRACT, message)
            .hint("list its columns with `name` and `data_type` in a property file"));
    }
    let definition = columns(definition)?;
    let mut lines = Vec::new();
    for (name, wanted) in &contract {
        match definition.iter().find(|(other, _)| other == name) {
            None => lines.push(Line {
                column: name.clone(),
                definition: String::new(),
                contract: wanted.clone(),
                mismatch: "missing in definition",
            }),
            Some((_, given)) if given != wanted => lines.push(Line {
                column: name.clone(),
                definition: given.clone(),
                contract: wanted.clone(),
                mismatch: "data type mismatch",
            }),
            Some(_) => {}
        }
    }
    for (name, given) in &definition {
        if !contract.iter().any(|(other, _)| other == name) {
            lines.push(Line {
                column: name.clone(),
                definition: given.clone(),
                contract: String::new(),
                mismatch: "missing in contract",
            });
        }
    }
    lines.sort_by(|a, b| a.column.cmp(&b.column));
    let message = "This model has an enforced contract that failed.\nPlease ensure the name, data_type, and number of \
                   columns in your contract match the columns in your model's definition.\n";
    Ok(Diagnostic::error(Code::CONTRACT, format!("{message}\n{}", table(&lines))))
}

fn columns(value: &Value) -> Result<Vec<(String, String)>, Error> {
    value
        .try_iter()?
        .map(|item| {
            if let Some(column) = as_column(&item) {
                return Ok((column.name.clone(), column.data_type()));
            }
            let text = |key: &str| item.get_attr(key).ok().filter(|value| !value.is_undefined());
            Ok((
                text("name").unwrap_or_default().to_string(),
                text("data_type").or_else(|| text("dtype")).unwrap_or_default().to_string(),
            ))
        })
        .collect()
}

fn table(lines: &[Line]) -> String {
    let head = ["column_name", "definition_type", "contract_type", "mismatch_reason"];
    let rows: Vec<[&str; 4]> = lines
        .iter()
        .map(|line| [line.column.as_str(), line.definition.as_str(), line.contract.as_str(), line.mismatch])
        .collect();
    super::print_table::bordered(&head, &rows)
}
