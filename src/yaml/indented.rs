//! A text in which under-indented lines of quoted scalars are moved to the right.
//!
//! PyYAML takes `a: "one⏎two"`, the event parser wants the second line indented. Leading blanks of such lines mean nothing,
//! so adding some changes no value; [`Indented::original`] turns places back.

use std::borrow::Cow;

const WIDTH: usize = 64;

/// The text, and where [`WIDTH`] blanks were added.
pub(super) struct Indented<'t> {
    text: Cow<'t, str>,
    /// Bytes of `text` at which blanks begin, ascending.
    added: Vec<usize>,
}

impl<'t> Indented<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), added: Vec::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Adds blanks at a byte of the text. Errors come in ascending order, so earlier places stay as they are.
    pub(super) fn indent_at(&mut self, at: usize) {
        self.text.to_mut().insert_str(at, &" ".repeat(WIDTH));
        self.added.push(at);
    }

    /// The byte of the text as written that a byte of this text stands for.
    pub(super) fn original(&self, at: usize) -> usize {
        self.added.iter().take_while(|start| **start < at).fold(at, |place, start| place - WIDTH.min(at - start))
    }
}
