//! [`relations_named`]: which models and sources the name before a dot stands for in the SQL of a template, by the text around it.
//!
//! Half-written SQL is understood as far as it goes; where nothing is found, the name may stand for anything that the file reads.

use std::collections::BTreeSet;
use std::ops::Range;

use super::symbols::ctes;
use super::target::{Target, target_at};
use super::text::{is_of_name, name_at};

/// The `ref`s and `source`s behind an alias, a common table expression, or a relation's own name.
pub(super) fn relations_named(text: &str, name: &str) -> Vec<Target> {
    let mut found = Vec::new();
    add(text, name, &mut BTreeSet::new(), &mut found);
    found
}

fn add(text: &str, name: &str, seen: &mut BTreeSet<String>, found: &mut Vec<Target>) {
    if !seen.insert(name.to_lowercase()) {
        return;
    }
    for (target, after) in calls(text, 0..text.len()) {
        let own = match &target {
            Target::Ref { name, .. } => name,
            Target::Source { table, .. } => table,
            _ => continue,
        };
        let called = alias_after(text, after).map_or(own.as_str(), |alias| &text[alias]);
        if called.eq_ignore_ascii_case(name) && !found.contains(&target) {
            found.push(target);
        }
    }
    for cte in ctes(text) {
        let called = &text[cte.clone()];
        if called.eq_ignore_ascii_case(name) {
            let body = body_after(text, cte.end);
            found.extend(calls(text, body.clone()).into_iter().map(|(target, _)| target));
            for other in ctes(text).into_iter().filter(|other| other.start < cte.start) {
                if uses(text, &body, &text[other.clone()]).next().is_some() {
                    add(text, &text[other], seen, found);
                }
            }
        } else if uses(text, &(0..text.len()), called)
            .any(|at| alias_after(text, at.end).is_some_and(|alias| text[alias].eq_ignore_ascii_case(name)))
        {
            add(text, called, seen, found);
        }
    }
}

/// Calls of `ref` and `source` in a part of a text, and where their tags end.
fn calls(text: &str, within: Range<usize>) -> Vec<(Target, usize)> {
    let mut found = Vec::new();
    for (at, word) in text[within.clone()].match_indices("{{") {
        let start = within.start + at + word.len();
        let Some(length) = text[start..].find("}}") else { continue };
        let tag = &text[start..start + length];
        let call = tag.find("ref(").map(|at| at + 4).or_else(|| tag.find("source(").map(|at| at + 7));
        let first = call.and_then(|at| Some(start + at + tag[at..].find(['\'', '"'])? + 1));
        if let Some((target @ (Target::Ref { .. } | Target::Source { .. }), _)) =
            first.and_then(|first| target_at(text, first))
        {
            found.push((target, start + length + 2));
        }
    }
    found
}

/// The alias that follows a relation, with `as` or without.
fn alias_after(text: &str, at: usize) -> Option<Range<usize>> {
    const NO_ALIAS: &[&str] = &[
        "on",
        "using",
        "where",
        "join",
        "left",
        "right",
        "full",
        "inner",
        "outer",
        "cross",
        "natural",
        "asof",
        "positional",
        "group",
        "order",
        "having",
        "qualify",
        "window",
        "limit",
        "offset",
        "union",
        "except",
        "intersect",
        "tablesample",
        "lateral",
        "select",
        "from",
    ];
    let word = |from: usize| {
        let start = from + text[from..].len() - text[from..].trim_start().len();
        let range = name_at(text, start);
        (range.start == start && !range.is_empty()).then_some(range)
    };
    let first = word(at)?;
    let alias = if text[first.clone()].eq_ignore_ascii_case("as") { word(first.end)? } else { first };
    (!NO_ALIAS.iter().any(|keyword| text[alias.clone()].eq_ignore_ascii_case(keyword))).then_some(alias)
}

/// What stands between the parentheses of a common table expression whose name ends here.
fn body_after(text: &str, at: usize) -> Range<usize> {
    let Some(open) = text[at..].find('(').map(|open| at + open) else { return at..at };
    let mut depth = 0;
    for (byte, character) in text[open..].char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + 1..open + byte;
        }
    }
    open + 1..text.len()
}

/// Where a part of a text selects from a relation of this name.
fn uses<'t>(text: &'t str, within: &Range<usize>, name: &'t str) -> impl Iterator<Item = Range<usize>> + use<'t> {
    let start = within.start;
    text[within.clone()].match_indices(name).map(move |(at, name)| start + at..start + at + name.len()).filter(
        move |range| {
            let before = text[..range.start].trim_end();
            let word = before
                .rfind(|c| !is_of_name(c))
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let is_selected_from = before.ends_with(',')
                || ["from", "join"].iter().any(|word_of| before[word..].eq_ignore_ascii_case(word_of));
            is_selected_from && name_at(text, range.start) == *range
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, name: &str) -> Vec<String> {
        let shown = |target| match target {
            Target::Ref { name, .. } => name,
            Target::Source { source, table } => format!("{source}.{table}"),
            other => format!("{other:?}"),
        };
        relations_named(text, name).into_iter().map(shown).collect()
    }

    #[test]
    fn aliases_stand_for_what_is_before_them() {
        let text = "select o. from {{ ref('orders') }} as o\njoin {{ ref('customers') }} C on true, {{ source('raw', 'pay') }}";
        assert_eq!(names(text, "o"), ["orders"]);
        assert_eq!(names(text, "c"), ["customers"]);
        assert_eq!(names(text, "pay"), ["raw.pay"]);
        assert_eq!(names(text, "orders"), [""; 0]);
        assert_eq!(names("select 1 from {{ ref('orders') }} where orders.x", "orders"), ["orders"]);
    }

    #[test]
    fn common_table_expressions_stand_for_what_they_read() {
        let text = "with orders as (select * from {{ ref('stg_orders') }}),\npaid as (select * from orders),\n\
                    other as (select * from {{ ref('people') }})\nselect p.x from paid as p join other on true";
        assert_eq!(names(text, "orders"), ["stg_orders"]);
        assert_eq!(names(text, "paid"), ["stg_orders"]);
        assert_eq!(names(text, "p"), ["stg_orders"]);
        assert_eq!(names(text, "other"), ["people"]);
        assert_eq!(names("with recursive r as (select 1 from r) select r.x from r", "r"), [""; 0]);
    }
}
