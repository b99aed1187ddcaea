//! [`ModelSql`]: the SQL of one model as rules read it, and the way back to its template.

use std::ops::Range;

use super::sql::RenderedSql;
use crate::diagnostics::Span;
use crate::jinja::{PieceKind, Slice};
use crate::manifest::Node;
use crate::sql::{Dialect, Query, Shape};

/// The own SQL of a model, without that of ephemeral models.
#[derive(Debug)]
pub struct ModelSql {
    /// Its text.
    pub sql: String,
    /// How it is built.
    pub shape: Shape,
    /// Parts of `sql` that stand so in the template: bytes of `sql`, first byte in the file; in order.
    pub literal: Vec<(Range<usize>, usize)>,
}

impl ModelSql {
    /// The SQL of a rendered file; none if parts of it are missing, or if it is no query that can be read.
    pub fn of(rendered: RenderedSql, dialect: Dialect) -> Option<Self> {
        if rendered.is_incomplete {
            return None;
        }
        let shape = Query::parse(&rendered.text, dialect).ok()?.shape(&rendered.text);
        let literal = if rendered.pieces.is_empty() {
            vec![(0..rendered.text.len(), 0)]
        } else {
            let pieces = &rendered.pieces;
            let of_slice = |slice: Slice| {
                let piece = pieces.get(slice.piece)?;
                let is_whole = piece.kind == PieceKind::Literal && piece.range.len() == slice.rendered.len();
                is_whole.then_some((slice.rendered, piece.range.start))
            };
            rendered.slices.into_iter().filter_map(of_slice).collect()
        };
        Some(Self { sql: rendered.text, shape, literal })
    }

    /// Whether a range is written in the template itself, and not by an expression or macro.
    pub(super) fn is_literal(&self, range: &Range<usize>) -> bool {
        self.in_template(range).is_some()
    }

    fn in_template(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let part = self.literal.iter().find(|(part, _)| part.start <= range.start && range.end <= part.end)?;
        let start = part.1 + (range.start - part.0.start);
        Some(start..start + range.len())
    }

    /// The place of a range in the model's file: exactly, else of the nearest literal text before it.
    pub fn place(&self, node: &Node, range: &Range<usize>) -> Option<Span> {
        let file = node.span?;
        let found = self.in_template(range).or_else(|| {
            let (part, start) = self.literal.iter().rev().find(|(part, _)| part.start <= range.start)?;
            let at = start + part.end.min(range.start).saturating_sub(part.start);
            Some(at..at)
        })?;
        Some(Span::new(file.source, found.start, found.end))
    }
}
