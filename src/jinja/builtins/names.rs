//! The names of filters and tests that Jinja2 and dbt have. minijinja has some more, which dbt refuses.

/// Filters, in alphabetical order.
const FILTERS: &[&str] = &[
    "abs",
    "as_bool",
    "as_native",
    "as_number",
    "as_text",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "is_list",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

/// Tests, in alphabetical order.
const TESTS: &[&str] = &[
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// What a name can be the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `value | name`
    Filter,
    /// `value is name`
    Test,
}

impl Kind {
    /// All names of this kind.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Filter => FILTERS,
            Self::Test => TESTS,
        }
    }

    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jinja::Engine;

    /// Whatever else such a template may lack, its name is known.
    #[test]
    fn all_of_them_exist() {
        for (kind, operator) in [(Kind::Filter, "|"), (Kind::Test, "is")] {
            for name in kind.names() {
                let source = format!("{{{{ 'a' {operator} {name} }}}}");
                if let Err(error) = Engine::new().render_str(&source, None, minijinja::Value::UNDEFINED) {
                    assert!(!error.diagnostic.message.starts_with("no "), "{source}: {}", error.diagnostic.message);
                }
            }
        }
    }
}
