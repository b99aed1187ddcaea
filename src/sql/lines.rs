//! Bytes of a text, of the lines and columns that the tokenizer counts.

use std::ops::Range;

use sqlparser::tokenizer::Span;

/// Where lines begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn offset(&self, line: u64, column: u64) -> usize {
        let Some(start) = (line as usize).checked_sub(1).and_then(|line| self.starts.get(line)) else { return 0 };
        let rest = &self.text[*start..];
        start + rest.chars().take((column as usize).saturating_sub(1)).map(char::len_utf8).sum::<usize>()
    }

    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start.line, span.start.column);
        start..self.offset(span.end.line, span.end.column).max(start).min(self.text.len())
    }
}
