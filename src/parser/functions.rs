//! User-defined functions: a file in `functions/` is the body; its entry below `functions:` in a property file says what goes in
//! and what comes out.

use serde_json::{Map, Value, json};

use super::files::ProjectFile;
use super::names::stem;
use super::nodes::{Parsed, check_config, file_draft, node};
use super::parsing::Parsing;
use super::patches::{Patch, Patches};
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{FunctionDetails, Node, ResourceType};

/// The function that a file defines.
pub(super) fn of_file(parsing: &Parsing, file: &ProjectFile, patches: &Patches) -> Parsed {
    let patch = patches.get("functions", stem(&file.relative_path));
    let mut draft = file_draft(ResourceType::Function, file, patch);
    draft.language = match file.relative_path.rsplit('.').next() {
        Some("py") => "python",
        Some("js") => "javascript",
        _ => "sql",
    };
    let (node, warnings) = node(parsing, draft)?;
    check_config(parsing.sources(), &node)?;
    check_arguments(&node, patch)?;
    Ok((node, warnings))
}

/// Parameters and result as the properties have them; a function without properties returns a type that none has, as in dbt.
pub(super) fn details(patch: Option<&Patch>) -> FunctionDetails {
    let Some(patch) = patch.filter(|patch| patch.entry.section == "functions") else {
        return FunctionDetails { arguments: Vec::new(), returns: returned(None) };
    };
    let values = &patch.entry.values;
    let arguments = values.get("arguments").and_then(Value::as_array).into_iter().flatten();
    let arguments = arguments
        .filter_map(Value::as_object)
        .map(|argument| with_defaults(argument, &[("name", ""), ("data_type", "")], &["description", "default_value"]));
    FunctionDetails { arguments: arguments.collect(), returns: returned(values.get("returns")) }
}

fn returned(given: Option<&Value>) -> Map<String, Value> {
    let given = given.and_then(Value::as_object).cloned().unwrap_or_default();
    with_defaults(&given, &[("data_type", "INVALID_TYPE")], &["description"])
}

/// The given keys in dbt's order: texts that must be there, then what may be null.
fn with_defaults(given: &Map<String, Value>, texts: &[(&str, &str)], optional: &[&str]) -> Map<String, Value> {
    let texts = texts.iter().map(|(key, default)| (*key, json!(default)));
    texts
        .chain(optional.iter().map(|key| (*key, Value::Null)))
        .map(|(key, default)| (key.to_owned(), given.get(key).cloned().unwrap_or(default)))
        .collect()
}

/// Parameters have a name and a type, and after one with a default come only others with one.
fn check_arguments(node: &Node, patch: Option<&Patch>) -> Result<(), Diagnostic> {
    let place = |key: &str| patch.map(|patch| patch.entry.span(key)).or(node.span);
    let mut has_default = false;
    for argument in &node.function.arguments {
        let text = |key: &str| argument.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(name), Some(_)) = (text("name"), text("data_type")) else {
            return Err(Diagnostic::error(
                Code::YAML_MISSING_KEY,
                format!("an argument of the function `{}` has no `name` or no `data_type`", node.name),
            )
            .at_some(place("arguments"), "in these arguments"));
        };
        let defaults = argument.get("default_value").is_some_and(|value| !value.is_null());
        if has_default && !defaults {
            return Err(Diagnostic::error(
                Code::INVALID_RESOURCE,
                format!(
                    "Non-defaulted argument '{name}' of function '{}' comes after a defaulted argument. Non-defaulted arguments \
                     cannot come after defaulted arguments.",
                    node.name
                ),
            )
            .at_some(place("arguments"), "in these arguments")
            .hint("move the arguments that have a `default_value` to the end"));
        }
        has_default |= defaults;
    }
    Ok(())
}
