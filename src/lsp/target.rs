//! [`Target`]: what stands at a place in a file.
//!
//! Calls are found in the text around the place, so that half-written templates and Jinja in YAML are understood too.

use std::ops::Range;

use super::text::{is_of_name, name_at};

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A text in `ref(…)`: package, where given, and name.
    Ref { package: Option<String>, name: String },
    /// A text in `source(…)`.
    Source { source: String, table: String },
    /// A text in `doc(…)`.
    Doc { name: String },
    /// A text in `var(…)`.
    Var { name: String },
    /// A name in Jinja: package, where given, and name.
    Macro { package: Option<String>, name: String },
    /// A name in SQL or YAML, and the one that stands before it with a dot.
    Name { qualifier: Option<String>, name: String },
}

/// A call whose parentheses are around a place, as far as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// What is called: `ref`, `dbt_utils.star`.
    pub(super) name: String,
    /// Its arguments that are texts, with their places, without quotes.
    pub(super) texts: Vec<(String, Range<usize>)>,
    /// The number of the argument at the place.
    pub(super) argument: usize,
    /// Whether the place is inside of a text.
    pub(super) is_in_text: bool,
}

/// What stands at a byte of a text, and where.
pub(super) fn target_at(text: &str, offset: usize) -> Option<(Target, Range<usize>)> {
    if let Some(call) = call_at(text, offset).filter(|call| call.is_in_text) {
        let (word, range) = call.texts.get(call.argument).cloned()?;
        let first = || call.texts.first().map(|(text, _)| text.clone()).unwrap_or_default();
        let target = match call.name.as_str() {
            "ref" if call.texts.len() > 1 => Target::Ref { package: Some(first()), name: call.texts[1].0.clone() },
            "ref" => Target::Ref { package: None, name: word },
            "source" => Target::Source { source: first(), table: call.texts.get(1).map(|(text, _)| text.clone())? },
            "doc" => Target::Doc { name: call.texts.last()?.0.clone() },
            "var" => Target::Var { name: first() },
            _ => return None,
        };
        return Some((target, range));
    }
    let range = name_at(text, offset);
    if range.is_empty() {
        return None;
    }
    let name = text[range.clone()].to_owned();
    let qualifier =
        text[..range.start].strip_suffix('.').map(|before| before[name_at(before, before.len())].to_owned());
    let qualifier = qualifier.filter(|qualifier| !qualifier.is_empty());
    let target = if is_in_jinja(text, offset) {
        Target::Macro { package: qualifier, name }
    } else {
        Target::Name { qualifier, name }
    };
    Some((target, range))
}

/// Whether a byte is between `{{` or `{%` and its end.
pub(super) fn is_in_jinja(text: &str, offset: usize) -> bool {
    let before = &text[..offset];
    let last = |marks: [&str; 2]| marks.iter().filter_map(|mark| before.rfind(mark)).max();
    match (last(["{{", "{%"]), last(["}}", "%}"])) {
        (Some(open), Some(close)) => open > close,
        (open, None) => open.is_some(),
        (None, Some(_)) => false,
    }
}

/// The innermost call around a byte, looked for in the same line and those right before it.
pub(super) fn call_at(text: &str, offset: usize) -> Option<Call> {
    const REACH: usize = 400;
    let mut start = offset.saturating_sub(REACH);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    // The last parenthesis that is open at the place, not counting those in texts.
    let mut open: Vec<usize> = Vec::new();
    let mut quote: Option<char> = None;
    for (at, character) in text[start..offset].char_indices() {
        match (quote, character) {
            (Some(mark), _) if character == mark || character == '\n' => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => open.push(start + at),
            (None, ')') => drop(open.pop()),
            (None, '{') => open.clear(),
            (Some(_) | None, _) => {}
        }
    }
    // Jinja within a quoted value of YAML: the outer quote is not that of a text.
    let open = match open.last() {
        Some(open) => *open,
        None => {
            let at = text[start..offset].rfind('(').map(|at| start + at)?;
            let between = &text[at + 1..offset];
            (!between.contains([')', '\n'])).then_some(at)?
        }
    };
    let before = text[..open].trim_end();
    let first = before
        .rfind(|c| !is_of_name(c) && c != '.')
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let name = before[first..].to_owned();
    if name.is_empty() {
        return None;
    }
    let (mut texts, mut argument, mut is_in_text) = (Vec::new(), 0, false);
    let mut begun: Option<(usize, char)> = None;
    let mut depth = 0;
    for (at, character) in text[open + 1..].char_indices() {
        let at = open + 1 + at;
        if let Some((from, mark)) = begun {
            if character == mark || character == '\n' {
                is_in_text |= from <= offset && offset <= at;
                texts.push((text[from..at].to_owned(), from..at));
                begun = None;
                if character == '\n' {
                    break;
                }
            }
            continue;
        }
        match character {
            '\'' | '"' => begun = Some((at + 1, character)),
            ',' if depth == 0 && at < offset => argument += 1,
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => depth -= 1,
            ')' | '}' | '\n' => break,
            _ => {}
        }
    }
    if let Some((from, _)) = begun {
        texts.push((text[from..].to_owned(), from..text.len()));
        is_in_text |= from <= offset;
    }
    Some(Call { name, texts, argument, is_in_text })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target at `|` in a text.
    fn at(text: &str) -> Option<Target> {
        let offset = text.find('|').expect("a place");
        target_at(&text.replacen('|', "", 1), offset).map(|(target, _)| target)
    }

    #[test]
    fn calls_are_found_in_templates_and_in_yaml() {
        let orders = |package: Option<&str>| {
            Some(Target::Ref { package: package.map(str::to_owned), name: "orders".to_owned() })
        };
        assert_eq!(at("select 'it''s' from {{ ref('ord|ers') }}"), orders(None));
        assert_eq!(at("from {{ ref(\"shop\", '|orders') }}"), orders(Some("shop")));
        assert_eq!(at("  depends_on: [ref('orders|')]"), orders(None));
        assert_eq!(
            at("from {{ source('raw', 'pay|ments') }}"),
            Some(Target::Source { source: "raw".to_owned(), table: "payments".to_owned() })
        );
        assert_eq!(at("description: \"{{ doc('or|der') }}\""), Some(Target::Doc { name: "order".to_owned() }));
        assert_eq!(at("{{ var('day|', '2024') }}"), Some(Target::Var { name: "day".to_owned() }));
    }

    #[test]
    fn names_are_macros_in_jinja_and_columns_elsewhere() {
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(at("{{ cen|ts(1) }}"), Some(Target::Macro { package: None, name: "cents".to_owned() }));
        assert_eq!(
            at("{{ dbt_utils.st|ar(x) }}"),
            Some(Target::Macro { package: name("dbt_utils"), name: "star".to_owned() })
        );
        assert_eq!(at("select o.to|tal from o"), Some(Target::Name { qualifier: name("o"), name: "total".to_owned() }));
        assert_eq!(at("{{ x }} sel|ect"), Some(Target::Name { qualifier: None, name: "select".to_owned() }));
    }

    #[test]
    fn half_written_calls_are_calls() {
        let call = call_at("from {{ ref('", 13).expect("a call");
        assert_eq!((call.name.as_str(), call.is_in_text, call.argument), ("ref", true, 0));
        let text = "from {{ source('raw', 'pa";
        let call = call_at(text, text.len()).expect("a call");
        assert_eq!((call.name.as_str(), call.is_in_text, call.argument), ("source", true, 1));
    }
}
