//! YAML text to a tree of [`Node`]s, on the event parser below serde-saphyr.
//!
//! Anchors are copied where they are used, `<<` is merged, duplicate keys are reported and the last one wins: all as
//! PyYAML does. Comments are dropped.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_saphyr::granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Tag};

use super::error::{construct_error, syntax_error};
use super::indented::Indented;
use super::scalar;
use super::{Mapping, Node, Value};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceId, Span};

/// How many nodes aliases may add to one text before it is refused: far above any real file, below what fills the memory.
const MOST_COPIED_NODES: usize = 2_000_000;

/// Reads one YAML text; warnings (duplicate keys) are left aside.
pub fn parse(source: SourceId, text: &str) -> Result<Node, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    parse_into(source, text, &mut diagnostics).ok_or(diagnostics)
}

/// Reads one YAML text; errors and warnings are collected. Empty text is `null`.
pub fn parse_into(source: SourceId, text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut indented = Indented::new(text);
    loop {
        let mut builder = Builder::new(source, text, &indented);
        match builder.document() {
            Ok(node) => {
                diagnostics.extend(builder.warnings);
                return Some(node);
            }
            Err(Problem::UnderIndented(at)) => indented.indent_at(at),
            Err(Problem::Fatal(problem)) => {
                diagnostics.extend(builder.warnings);
                diagnostics.push(*problem);
                return None;
            }
        }
    }
}

/// Why a text did not become a tree.
enum Problem {
    /// A line within quotes begins left of its mapping, at this byte of the indented text: PyYAML takes it, the event parser not.
    UnderIndented(usize),
    /// Boxed, as it is large and rare.
    Fatal(Box<Diagnostic>),
}

impl From<Diagnostic> for Problem {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Fatal(Box::new(diagnostic))
    }
}

struct Builder<'t> {
    source: SourceId,
    /// As written; spans point into it.
    text: &'t str,
    /// What the events come from.
    indented: &'t Indented<'t>,
    events: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, Option<Node>>,
    copied: usize,
    warnings: Vec<Diagnostic>,
}

/// An entry of a mapping that is being read, and whether its key is an unquoted `<<`.
struct Entry {
    key: Node,
    value: Node,
    is_merge: bool,
}

impl<'t> Builder<'t> {
    fn new(source: SourceId, text: &'t str, indented: &'t Indented<'t>) -> Self {
        let mut options = Options::default();
        options.emit_comments = false;
        options.block_nesting_limit = 1_000;
        options.flow_nesting_limit = 1_000;
        let events = Parser::new_from_str_with_options(indented.text(), options);
        Self { source, text, indented, events, anchors: HashMap::new(), copied: 0, warnings: Vec::new() }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.events.next() {
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or_default();
                Ok((
                    event,
                    Span::new(self.source, self.indented.original(range.start), self.indented.original(range.end)),
                ))
            }
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or_default();
                if *error.kind() == ErrorKind::InvalidQuotedScalarIndent {
                    return Err(Problem::UnderIndented(at));
                }
                Err(syntax_error(self.source, self.text, self.indented.original(at), error.kind()).into())
            }
            None => Ok((Event::StreamEnd, Span::new(self.source, self.text.len(), self.text.len()))),
        }
    }

    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => {
                    return Ok(root.unwrap_or(Node { value: Value::Null, span: Span::new(self.source, 0, 0) }));
                }
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Diagnostic::error(Code::YAML_SYNTAX, "more than one YAML document in one file")
                        .at(span, "another document begins here")
                        .hint("remove the `---`, or move what follows into a file of its own")
                        .into());
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, Problem> {
        match event {
            Event::Scalar(mut text, style, anchor, tag) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block
                    && span.end as usize >= self.text.len()
                    && !self.text.ends_with(['\n', '\r'])
                    && text.ends_with('\n')
                {
                    // The event parser ends the last line of the file itself; PyYAML does not.
                    text.to_mut().pop();
                }
                let value = Self::scalar(text, style, tag.as_deref(), span)?;
                Ok(self.remember(anchor, Node { value, span }))
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(anchor);
                Self::check_collection_tag(tag.as_deref(), "seq", span)?;
                let mut items = Vec::new();
                loop {
                    let (event, end) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        let span = self.collection_span(span, items.last().map(|item: &Node| item.span), end);
                        return Ok(self.remember(anchor, Node { value: Value::Seq(items), span }));
                    }
                    items.push(self.node(event, end)?);
                }
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(anchor);
                Self::check_collection_tag(tag.as_deref(), "map", span)?;
                let mut entries: Vec<Entry> = Vec::new();
                loop {
                    let (event, end) = self.next()?;
                    if matches!(event, Event::MappingEnd) {
                        let span = self.collection_span(span, entries.last().map(|entry| entry.value.span), end);
                        let map = self.mapping(entries, span)?;
                        return Ok(self.remember(anchor, Node { value: Value::Map(map), span }));
                    }
                    let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
                    let key = self.node(event, end)?;
                    if matches!(key.value, Value::Map(_) | Value::Seq(_)) {
                        return Err(self.unhashable_key(&key).into());
                    }
                    let (event, end) = self.next()?;
                    entries.push(Entry { key, value: self.node(event, end)?, is_merge });
                }
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            other => Err(construct_error(span, format!("unexpected YAML event {other:?}")).into()),
        }
    }

    /// Flow collections end at their bracket; block ones where their last child ends.
    fn collection_span(&self, start: Span, last: Option<Span>, end: Span) -> Span {
        let is_flow = matches!(self.text.as_bytes().get(start.start as usize), Some(b'{' | b'['));
        let end = match last {
            Some(last) if !is_flow => last.end.max(start.end),
            _ => end.end,
        };
        Span::new(self.source, start.start as usize, end as usize)
    }

    fn open(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn remember(&mut self, anchor: usize, node: Node) -> Node {
        if anchor != 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        node
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Problem> {
        let Some(Some(node)) = self.anchors.get(&anchor) else {
            return Err(construct_error(span, "an alias within the value that it stands for").into());
        };
        self.copied += size(node);
        if self.copied > MOST_COPIED_NODES {
            return Err(construct_error(span, "aliases make this file too large").into());
        }
        Ok(node.clone())
    }

    fn scalar(text: Cow<'t, str>, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Value, Problem> {
        let Some(tag) = tag else {
            return Ok(match style {
                ScalarStyle::Plain => scalar::resolve(&text),
                _ => Value::Str(text.into_owned()),
            });
        };
        let name = format!("{}{}", tag.handle(), tag.suffix());
        let kind = name.strip_prefix("tag:yaml.org,2002:");
        let value = match kind {
            _ if name == "!" && style == ScalarStyle::Plain => Some(scalar::resolve(&text)),
            _ if name == "!" => Some(Value::Str(text.to_string())),
            Some("str") => Some(Value::Str(text.to_string())),
            Some("null") => Some(Value::Null),
            Some("bool") => scalar::boolean(&text).map(Value::Bool),
            Some("int") => scalar::integer(&text),
            Some("float") => scalar::float(&text).or_else(|| text.parse().ok()).map(Value::Float),
            Some("timestamp") => scalar::timestamp(&text).map(Value::Timestamp),
            _ => return Err(unknown_tag(&name, span).into()),
        };
        value.ok_or_else(|| {
            construct_error(span, format!("`{text}` cannot be read as `!!{}`", kind.unwrap_or_default())).into()
        })
    }

    fn check_collection_tag(tag: Option<&Tag>, expected: &str, span: Span) -> Result<(), Problem> {
        let Some(tag) = tag else { return Ok(()) };
        let name = format!("{}{}", tag.handle(), tag.suffix());
        if name == "!" || name.strip_prefix("tag:yaml.org,2002:") == Some(expected) {
            Ok(())
        } else {
            Err(unknown_tag(&name, span).into())
        }
    }

    fn unhashable_key(&self, key: &Node) -> Diagnostic {
        let at = key.span.start as usize;
        let looks_like_jinja = self.text[at..].starts_with("{{") || self.text[..at].ends_with('{');
        let problem = construct_error(key.span, format!("{} cannot be a key", key.type_name()));
        if looks_like_jinja && key.as_map().is_some() {
            problem.hint("quote a value that begins with Jinja: \"{{ … }}\"")
        } else {
            problem
        }
    }

    /// Merges `<<`, then lets the last of equal keys win at the place of the first.
    fn mapping(&mut self, entries: Vec<Entry>, span: Span) -> Result<Mapping, Problem> {
        let may_repeat = entries.first().is_some_and(|entry| entry.is_merge);
        let mut merged: Vec<(Node, Node)> = Vec::new();
        let mut own = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.is_merge { merge(entry.value, &mut merged, span)? } else { own.push((entry.key, entry.value)) }
        }
        if merged.is_empty() && !has_equal_keys(&own) {
            return Ok(Mapping::new(own));
        }
        let merged_count = merged.len();
        merged.extend(own);
        let mut places: HashMap<String, (usize, bool)> = HashMap::new();
        let mut result: Vec<(Node, Node)> = Vec::with_capacity(merged.len());
        for (at, (key, value)) in merged.into_iter().enumerate() {
            let is_own = at >= merged_count;
            let identity = identity(&key);
            if let Some((place, was_own)) = places.get_mut(&identity) {
                if *was_own && is_own && !may_repeat {
                    self.warnings.push(duplicate_key(&key, result[*place].0.span));
                }
                *was_own = is_own;
                // As in Python: the first key stays, the last value wins.
                result[*place].0.span = key.span;
                result[*place].1 = value;
            } else {
                places.insert(identity, (result.len(), is_own));
                result.push((key, value));
            }
        }
        Ok(Mapping::new(result))
    }
}

fn merge(value: Node, into: &mut Vec<(Node, Node)>, span: Span) -> Result<(), Problem> {
    let kind = value.type_name();
    match value.value {
        Value::Map(map) => into.extend(map.into_entries()),
        Value::Seq(items) => {
            for item in items.into_iter().rev() {
                let kind = item.type_name();
                let place = item.span;
                let Value::Map(map) = item.value else {
                    return Err(construct_error(place, format!("`<<` takes mappings, not {kind}"))
                        .at(span, "merged into this")
                        .into());
                };
                into.extend(map.into_entries());
            }
        }
        _ => {
            return Err(construct_error(value.span, format!("`<<` takes a mapping or a list of mappings, not {kind}"))
                .at(span, "merged into this")
                .into());
        }
    }
    Ok(())
}

fn unknown_tag(name: &str, span: Span) -> Diagnostic {
    let shown = name.replace("tag:yaml.org,2002:", "!!");
    construct_error(span, format!("unknown YAML tag `{shown}`"))
        .hint("quote the value if the exclamation mark belongs to it")
}

fn duplicate_key(key: &Node, first: Span) -> Diagnostic {
    let name = key.scalar_text().unwrap_or_else(|| "null".into());
    Diagnostic::warning(Code::YAML_DUPLICATE_KEY, format!("the key `{name}` is written twice in one mapping"))
        .at(key.span, "this one is used")
        .at(first, "this one is ignored")
        .hint("remove or rename one of them")
}

/// Equal for keys that are equal in Python: `1`, `1.0` and `true` are one key.
fn identity(key: &Node) -> String {
    match &key.value {
        Value::Str(text) => format!("s{text}"),
        Value::Timestamp(text) => format!("t{text}"),
        Value::Bool(b) => format!("n{}", u8::from(*b)),
        Value::Int(number) => format!("n{number}"),
        Value::Float(number) => format!("n{number}"),
        Value::Null | Value::Seq(_) | Value::Map(_) => "null".into(),
    }
}

fn has_equal_keys(entries: &[(Node, Node)]) -> bool {
    if entries.len() <= 12 {
        return entries.iter().enumerate().any(|(at, (key, _))| {
            entries[..at].iter().any(|(other, _)| match (&key.value, &other.value) {
                (Value::Str(a), Value::Str(b)) => a == b,
                (Value::Str(_), _) | (_, Value::Str(_)) => false,
                _ => identity(key) == identity(other),
            })
        });
    }
    let mut seen = std::collections::HashSet::with_capacity(entries.len());
    !entries.iter().all(|(key, _)| seen.insert(identity(key)))
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Seq(items) => items.iter().map(size).sum(),
        Value::Map(map) => map.iter().map(|(_, value)| 1 + size(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
