//! What is wrong with a YAML text, in words that help.

use serde_saphyr::granit_parser::ErrorKind;

use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// A text that is well-formed YAML but cannot become a value.
pub(super) fn construct_error(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::YAML_SYNTAX, message).at(span, "")
}

/// An error of the event parser, with a hint where the usual cause is known.
pub(super) fn syntax_error(source: SourceId, text: &str, at: usize, kind: &ErrorKind) -> Diagnostic {
    let at = floor(text, at);
    let line = line_around(text, at);
    let Described { message, hint, at } = describe(kind, text, at, line);
    let end = text[at..].chars().next().map_or(at, |c| if c == '\n' { at } else { at + c.len_utf8() });
    let diagnostic = Diagnostic::error(Code::YAML_SYNTAX, message).at(Span::new(source, at, end), "");
    match hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

struct Described {
    message: String,
    hint: Option<&'static str>,
    at: usize,
}

fn describe(kind: &ErrorKind, text: &str, at: usize, line: &str) -> Described {
    let said = |message: &str, hint| Described { message: message.to_owned(), hint, at };
    let jinja = line.contains("{{") || line.contains("{%");
    let quote_jinja = "quote a value that begins with Jinja: \"{{ … }}\"";
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            let tab = line_start(text, at) + line.find('\t').unwrap_or_default();
            Described {
                message: "a tab where YAML wants spaces".into(),
                hint: Some("indent with spaces"),
                at: if line.contains('\t') { tab } else { at },
            }
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => said(
            "a quote is opened here and never closed",
            Some("close it, or double a quote that belongs to the text"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            said("text after a closing quote", Some("double a single quote within single quotes: 'it''s'"))
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            said("text after a closing quote", Some("put the whole value between quotes, and escape inner ones: \\\""))
        }
        ErrorKind::UnknownQuotedScalarEscape => said(
            "unknown escape within double quotes",
            Some("double the backslash, or use single quotes, which know no escapes"),
        ),
        ErrorKind::UnclosedFlowCollection { open } => Described {
            message: format!("`{open}` is opened and never closed"),
            hint: jinja.then_some(quote_jinja),
            at,
        },
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            Described { message: format!("`{open}` is closed by `{close}`"), hint: jinja.then_some(quote_jinja), at }
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement | ErrorKind::InvalidSimpleKey => said(
            "a `: ` where no key can be",
            Some(
                "put quotes around a value that has a colon and a space in it; check the indentation of the line before",
            ),
        ),
        ErrorKind::SimpleKeyExpected => said(
            "a line that is neither a key with a `:` nor a list item",
            Some("give keys a `:`, and text that goes on from the line above more indentation"),
        ),
        ErrorKind::UnexpectedCharacter { character } => Described {
            message: format!("`{character}` cannot begin a value"),
            hint: Some(if jinja { quote_jinja } else { "put the value between quotes" }),
            at,
        },
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::ExpectedDocumentStart => said(
            "the indentation of this line fits nothing above",
            Some("give keys of one mapping the same indentation, and check the quotes in the lines above"),
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            said("a list item where none can be", Some("begin the list on a line of its own"))
        }
        ErrorKind::UnknownAnchor => said("an alias without an anchor", Some("quote a value that begins with `*`")),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => Described {
            message: if matches!(kind, ErrorKind::ExpectedFlowMappingSeparator) {
                "`,` or `}` expected".into()
            } else {
                "`,` or `]` expected".into()
            },
            hint: jinja.then_some(quote_jinja),
            at,
        },
        other => Described { message: other.to_string(), hint: jinja.then_some(quote_jinja), at },
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_around(text: &str, at: usize) -> &str {
    let start = line_start(text, at);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    &text[start..end]
}
