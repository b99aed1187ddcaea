//! What a file defines.

use std::path::Path;

use lsp_types::{DocumentSymbol, SymbolKind};

use super::text;
use super::workspace::Workspace;
use crate::diagnostics::Span;

impl Workspace {
    /// What a file defines, as the project was last read: macros, models and their columns, sources, exposures, unit tests; and the common table
    /// expressions of a model, as they are written now.
    pub(super) fn symbols(&self, path: &Path) -> Vec<DocumentSymbol> {
        let (Some(loaded), Some(text)) = (&self.loaded, self.text(path)) else { return Vec::new() };
        let manifest = &loaded.manifest;
        let mut found = Vec::new();
        let here =
            |span: &Option<Span>| span.filter(|span| loaded.root.join(&loaded.sources.get(span.source).path) == path);
        let at = |span: Span| span.start as usize..span.end as usize;
        for one in manifest.macros.values() {
            found.extend(here(&one.span).map(|span| symbol(&text, &one.name, SymbolKind::FUNCTION, &at(span))));
        }
        for node in manifest.nodes.values().filter(|node| node.test.metadata.is_none()) {
            let Some(span) = here(&node.properties_span) else { continue };
            let mut own = symbol(&text, &node.name, SymbolKind::CLASS, &at(span));
            let columns = node.columns.values().filter_map(|column| {
                here(&column.span).map(|span| symbol(&text, &column.name, SymbolKind::FIELD, &at(span)))
            });
            own.children = Some(columns.collect());
            found.push(own);
        }
        for source in manifest.sources.values() {
            let name = format!("{}.{}", source.source_name, source.name);
            found.extend(here(&source.span).map(|span| symbol(&text, &name, SymbolKind::CLASS, &at(span))));
        }
        for exposure in manifest.exposures.values() {
            found.extend(
                here(&exposure.span).map(|span| symbol(&text, &exposure.name, SymbolKind::INTERFACE, &at(span))),
            );
        }
        for test in manifest.unit_tests.values() {
            found.extend(here(&test.span).map(|span| symbol(&text, &test.name, SymbolKind::METHOD, &at(span))));
        }
        if self.node_in(path).is_some() {
            found.extend(
                ctes(&text).into_iter().map(|range| symbol(&text, &text[range.clone()], SymbolKind::VARIABLE, &range)),
            );
        }
        found.sort_by_key(|symbol| (symbol.range.start.line, symbol.range.start.character));
        found
    }
}

#[allow(deprecated, reason = "the field is part of the type")]
fn symbol(text: &str, name: &str, kind: SymbolKind, bytes: &std::ops::Range<usize>) -> DocumentSymbol {
    let range = text::range(text, bytes);
    DocumentSymbol {
        name: name.to_owned(),
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range,
        selection_range: range,
        children: None,
    }
}

/// Names of common table expressions: `name as (` after `with` or a comma.
pub(super) fn ctes(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('(') {
        let before = text[..at].trim_end();
        let Some(rest) = before.get(..before.len().saturating_sub(2)).filter(|_| {
            before.get(before.len().saturating_sub(3)..).is_some_and(|end| end.trim_start().eq_ignore_ascii_case("as"))
        }) else {
            continue;
        };
        let rest = rest.trim_end();
        let name = text::name_at(rest, rest.len());
        let opening = rest[..name.start].trim_end();
        let is_cte = opening.ends_with(',')
            || opening.get(opening.len().saturating_sub(4)..).is_some_and(|word| word.eq_ignore_ascii_case("with"))
            || opening
                .get(opening.len().saturating_sub(9)..)
                .is_some_and(|word| word.eq_ignore_ascii_case("recursive"));
        if is_cte && !name.is_empty() {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::ctes;

    #[test]
    fn common_table_expressions_are_found_as_they_are_written() {
        let text =
            "WITH a AS (select cast(x as int) from t),\nb as (\n  select 1\n)\nselect * from (select 2) as c, d as e";
        let names: Vec<&str> = ctes(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
