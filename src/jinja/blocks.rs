//! Splits a file into its top-level blocks, as dbt does before it reads any of them.
//!
//! Only tags are looked at: comments, raw blocks and strings are respected, bodies are not read (a broken macro is reported
//! when it is used or checked), and what a `docs` block holds is never taken for Jinja.

use std::ops::Range;

use super::lexer::raw_tag;
use super::parser::{Header, parse_header};
use super::syntax::SyntaxError;

/// The kind of a top-level block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// `macro`.
    Macro,
    /// `test` or `data_test`: a generic test.
    Test,
    /// `materialization`.
    Materialization,
    /// `snapshot`.
    Snapshot,
    /// `docs`.
    Docs,
}

impl BlockKind {
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "macro" => Self::Macro,
            "test" | "data_test" => Self::Test,
            "materialization" => Self::Materialization,
            "snapshot" => Self::Snapshot,
            "docs" => Self::Docs,
            _ => return None,
        })
    }
}

/// An argument of a macro or generic test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// dbt's type annotation as written.
    pub annotation: Option<String>,
    /// The default as written.
    pub default: Option<String>,
}

/// A top-level block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its kind.
    pub kind: BlockKind,
    /// Its name with dbt's prefix: `test_x`, `materialization_x_default`.
    pub name: String,
    /// The name as written.
    pub short_name: String,
    /// From the `{%` of the header to the `%}` of the end tag.
    pub range: Range<usize>,
    /// Between header and end tag.
    pub body: Range<usize>,
    /// The name in the header.
    pub name_range: Range<usize>,
    /// Arguments of a macro or test.
    pub arguments: Vec<Argument>,
    /// The adapter of a materialization: `default` or a name.
    pub adapter: Option<String>,
    /// Languages of a materialization.
    pub supported_languages: Option<Vec<String>>,
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    /// In order of the file.
    pub blocks: Vec<Block>,
    /// What is wrong with its blocks.
    pub errors: Vec<SyntaxError>,
    /// Other tags between its blocks, with their keywords: what they do is done nowhere.
    pub unexpected: Vec<(String, Range<usize>)>,
}

/// A `{% … %}`.
struct Tag<'a> {
    keyword: &'a str,
    range: Range<usize>,
}

/// Finds the blocks of these kinds; other tags are passed over.
pub fn split_blocks(source: &str, kinds: &[BlockKind]) -> Blocks {
    let mut found = Blocks::default();
    let mut open: Option<(BlockKind, Tag<'_>)> = None;
    let mut control: Vec<Tag<'_>> = Vec::new();
    let mut at = 0;
    loop {
        let tag = match next_tag(source, at) {
            Ok(Some(tag)) => tag,
            Ok(None) => break,
            Err(error) => {
                found.errors.push(error);
                break;
            }
        };
        at = tag.range.end;
        if let Some((kind, header)) = &open {
            let ends = tag.keyword.strip_prefix("end") == Some(header.keyword);
            if ends {
                close(source, *kind, header, &tag, &mut found);
                open = None;
            } else if BlockKind::of(tag.keyword).is_some_and(|kind| kinds.contains(&kind)) {
                let text = format!("a `{}` block cannot stand inside a `{}` block", tag.keyword, header.keyword);
                let error = SyntaxError::new(tag.range.clone(), text);
                found.errors.push(error.with_opened(header.range.clone()));
            }
            continue;
        }
        match tag.keyword {
            "if" | "for" => control.push(tag),
            "endif" | "endfor" => {
                let matches = control.last().is_some_and(|t| tag.keyword.ends_with(t.keyword));
                if matches {
                    control.pop();
                } else {
                    let text = format!("'{}' without '{}'", tag.keyword, &tag.keyword[3..]);
                    found.errors.push(SyntaxError::new(tag.range, text));
                }
            }
            keyword => {
                let Some(kind) = BlockKind::of(keyword).filter(|kind| kinds.contains(kind)) else {
                    found.unexpected.push((keyword.to_owned(), tag.range));
                    continue;
                };
                if let Some(outer) = control.last() {
                    let text =
                        format!("a `{keyword}` block must stand at the top level, not inside '{}'", outer.keyword);
                    let error = SyntaxError::new(tag.range.clone(), text);
                    found.errors.push(error.with_opened(outer.range.clone()));
                }
                if kind == BlockKind::Docs {
                    at = docs(source, &tag, &mut found);
                } else {
                    open = Some((kind, tag));
                }
            }
        }
    }
    if let Some((_, header)) = open {
        let keyword = header.keyword;
        let text = format!("this `{keyword}` block is never closed: `{{% end{keyword} %}}` is missing");
        found.errors.push(SyntaxError::new(header.range, text));
    }
    found
}

/// A docs block from its header on; returns where to go on.
fn docs(source: &str, header: &Tag<'_>, found: &mut Blocks) -> usize {
    let bytes = source.as_bytes();
    let mut from = header.range.end;
    while let Some(at) = source[from..].find("{%").map(|at| at + from) {
        let marked = matches!(bytes.get(at + 2), Some(b'-' | b'+'));
        if let Some(end) = raw_tag(bytes, at + 2 + usize::from(marked), b"enddocs") {
            let end_tag = Tag { keyword: "enddocs", range: at..end };
            close(source, BlockKind::Docs, header, &end_tag, found);
            return end;
        }
        from = at + 2;
    }
    let text = "this `docs` block is never closed: `{% enddocs %}` is missing";
    found.errors.push(SyntaxError::new(header.range.clone(), text));
    source.len()
}

fn close(source: &str, kind: BlockKind, header: &Tag<'_>, end: &Tag<'_>, found: &mut Blocks) {
    let start = header.range.start;
    let text = &source[header.range.clone()];
    let parsed = match parse_header(text) {
        Ok(parsed) => parsed,
        Err(mut error) => {
            error.range = error.range.start + start..error.range.end + start;
            error.opened = error.opened.map(|r| r.start + start..r.end + start);
            found.errors.push(error);
            return;
        }
    };
    let Header { name, name_range, arguments, adapter, supported_languages } = parsed;
    let full_name = match kind {
        BlockKind::Test => format!("test_{name}"),
        BlockKind::Materialization => {
            format!("materialization_{name}_{}", adapter.as_deref().unwrap_or("default"))
        }
        _ => name.clone(),
    };
    found.blocks.push(Block {
        kind,
        name: full_name,
        short_name: name,
        range: start..end.range.end,
        body: header.range.end..end.range.start,
        name_range: name_range.start + start..name_range.end + start,
        arguments,
        adapter,
        supported_languages,
    });
}

/// The next statement tag at or behind `from`.
fn next_tag(source: &str, from: usize) -> Result<Option<Tag<'_>>, SyntaxError> {
    let bytes = source.as_bytes();
    let mut at = from;
    while let Some(open) = source[at..].find('{').map(|found| found + at) {
        match bytes.get(open + 1) {
            Some(b'#') => {
                let end = source[open + 2..].find("#}");
                let end = end.ok_or_else(|| SyntaxError::new(open..open + 2, "Missing end of comment tag"))?;
                at = open + 2 + end + 2;
            }
            Some(b'{') => at = tag_end(source, open, b'}')?,
            Some(b'%') => {
                let marked = matches!(bytes.get(open + 2), Some(b'-' | b'+'));
                let begin = open + 2 + usize::from(marked);
                if let Some(body) = raw_tag(bytes, begin, b"raw") {
                    at = end_of_raw(source, open, body)?;
                    continue;
                }
                let end = tag_end(source, open, b'%')?;
                let inside = source[begin..end].trim_start();
                let length = inside.find(|c: char| !(c == '_' || c.is_alphanumeric()));
                return Ok(Some(Tag { keyword: &inside[..length.unwrap_or(inside.len())], range: open..end }));
            }
            _ => at = open + 1,
        }
    }
    Ok(None)
}

fn end_of_raw(source: &str, open: usize, body: usize) -> Result<usize, SyntaxError> {
    let bytes = source.as_bytes();
    let mut from = body;
    while let Some(at) = source[from..].find("{%").map(|at| at + from) {
        let marked = matches!(bytes.get(at + 2), Some(b'-' | b'+'));
        if let Some(end) = raw_tag(bytes, at + 2 + usize::from(marked), b"endraw") {
            return Ok(end);
        }
        from = at + 2;
    }
    Err(SyntaxError::new(open..body, "Missing end of raw directive"))
}

/// Behind the closing mark of the tag that opens at `open`; strings are passed over.
fn tag_end(source: &str, open: usize, close: u8) -> Result<usize, SyntaxError> {
    let bytes = source.as_bytes();
    let mut at = open + 2;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                let mut end = at + 1;
                while bytes.get(end).is_some_and(|b| *b != byte) {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                at = end + 1;
            }
            _ if byte == close && bytes.get(at + 1) == Some(&b'}') => return Ok(at + 2),
            _ => at += 1,
        }
    }
    let text = if close == b'%' {
        "unexpected end of template, expected the end of this statement block `%}`"
    } else {
        "unexpected end of template, expected the end of this print statement `}}`"
    };
    Err(SyntaxError::new(open..open + 2, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACROS: &[BlockKind] = &[BlockKind::Macro, BlockKind::Test, BlockKind::Materialization];

    #[test]
    fn finds_macros_tests_and_materializations() {
        let source = "junk {# {% macro no() %} #}\n{% macro a(x, y: int = [1, ')'], *) %}{% endmacro %}";
        assert_eq!(split_blocks(source, MACROS).errors.len(), 1);
        let source = "{# {% macro no() %} #}{% raw %}{% macro no() %}{% endraw %}{{ '{% macro no() %}' }}\
            {%- macro a(x, y: int = [1, ')']) -%}B{%- endmacro -%}{% test t(model) %}{% endtest %}\
            {% data_test u(model) %}{% enddata_test %}\
            {% materialization m, adapter='duckdb', supported_languages=['sql', 'python'] %}{% endmaterialization %}\
            {% materialization m, default %}{% endmaterialization %}";
        let found = split_blocks(source, MACROS);
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        let names: Vec<&str> = found.blocks.iter().map(|b| b.name.as_str()).collect();
        assert_eq!(names, ["a", "test_t", "test_u", "materialization_m_duckdb", "materialization_m_default"]);
        let first = &found.blocks[0];
        assert_eq!(&source[first.body.clone()], "B");
        assert_eq!(&source[first.name_range.clone()], "a");
        assert_eq!(first.arguments[1].annotation.as_deref(), Some("int"));
        assert_eq!(first.arguments[1].default.as_deref(), Some("[1, ')']"));
        let languages = found.blocks[3].supported_languages.clone();
        assert_eq!(languages, Some(vec!["sql".to_owned(), "python".to_owned()]));
    }

    #[test]
    fn docs_bodies_are_not_jinja() {
        let source = "{% docs a %}use {{ x and {% if %} 'quotes{% enddocs %}\n{% docs b %}\n{% enddocs %}";
        let found = split_blocks(source, &[BlockKind::Docs]);
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        assert_eq!(&source[found.blocks[0].body.clone()], "use {{ x and {% if %} 'quotes");
        assert_eq!(found.blocks[1].name, "b");
    }

    #[test]
    fn wrong_blocks_are_reported_with_places() {
        let message = |source: &str| split_blocks(source, MACROS).errors.remove(0).message;
        assert!(message("{% macro a() %}").contains("never closed"));
        assert!(message("{% macro a() %}{% macro b() %}{% endmacro %}").contains("inside"));
        assert!(message("{% if x %}{% macro b() %}{% endmacro %}{% endif %}").contains("top level"));
    }
}
