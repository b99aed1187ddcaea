//! With the flag `validate_macro_args`: what a property file says of a macro's arguments is compared with the macro, and the
//! arguments of those that no file describes are taken from their definition.

use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::jinja::parameters;
use crate::manifest::{Macro, MacroArgument};

/// Types that an argument may have, with the number of types that each takes in brackets.
const TYPES: &[(&str, usize)] = &[
    ("str", 0),
    ("string", 0),
    ("bool", 0),
    ("int", 0),
    ("integer", 0),
    ("float", 0),
    ("any", 0),
    ("list", 1),
    ("dict", 2),
    ("optional", 1),
    ("relation", 0),
    ("column", 0),
];

/// The arguments of a macro as its definition has them.
pub(super) fn of_definition(definition: &Macro) -> Vec<MacroArgument> {
    let names = parameters(&definition.macro_sql);
    names.into_iter().map(|name| MacroArgument { name, data_type: None, description: String::new() }).collect()
}

/// What of the documented arguments does not fit the definition.
pub(super) fn check(definition: &Macro, documented: &[MacroArgument], entry: &Entry) -> Diagnostics {
    let mut problems = Diagnostics::new();
    if documented.is_empty() {
        return problems;
    }
    let mut warn = |message: String| {
        let warning = Diagnostic::warning(Code::MACRO_ARGUMENTS, message).named("InvalidMacroAnnotation");
        problems.push(warning.at(entry.span("arguments"), format!("documented for `{}`", definition.name)));
    };
    let declared = parameters(&definition.macro_sql);
    for (name, argument) in declared.iter().zip(documented).filter(|(name, argument)| **name != argument.name) {
        warn(format!(
            "Argument {} in yaml for macro {} does not match the jinja definition: `{name}` is there",
            argument.name, definition.name
        ));
    }
    if declared.len() != documented.len() {
        let (has, told) = (declared.len(), documented.len());
        warn(format!("macro `{}` has {has} argument(s), and {told} are documented", definition.name));
    }
    for argument in documented {
        let Some(data_type) = argument.data_type.as_deref().filter(|text| !text.trim().is_empty()) else { continue };
        if !is_type(data_type) {
            warn(format!(
                "Argument {} in the yaml for macro {} has an invalid type: {data_type}",
                argument.name, definition.name
            ));
        }
    }
    problems
}

/// Whether a text names a type: `string`, `list[dict[string, any]]`.
fn is_type(text: &str) -> bool {
    let text: String = text.chars().filter(|char| !matches!(char, ' ' | '\t')).collect();
    after_type(&text) == Some("")
}

/// What follows the type that a text begins with.
fn after_type(text: &str) -> Option<&str> {
    let end = text.find(|char: char| !char.is_ascii_lowercase()).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let (_, count) = TYPES.iter().find(|(known, _)| *known == name)?;
    for index in 0..*count {
        rest = after_type(rest.strip_prefix(if index == 0 { '[' } else { ',' })?)?;
    }
    if *count == 0 { Some(rest) } else { rest.strip_prefix(']') }
}

#[cfg(test)]
mod tests {
    use super::is_type;

    #[test]
    fn types_have_their_number_of_types_in_brackets() {
        for text in ["string", "list[int]", "dict[str, list[ relation ]]", "optional[any]"] {
            assert!(is_type(text), "{text}");
        }
        for text in ["text", "list", "int[int]", "dict[str]", "list[int", "String"] {
            assert!(!is_type(text), "{text}");
        }
    }
}
