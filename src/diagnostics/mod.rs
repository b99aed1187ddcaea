//! Diagnostics are values: what is wrong, where, and what to do about it.
//!
//! [`Diagnostic`] is made anywhere and rendered in one place ([`render`]). Texts live in a [`SourceMap`], to which
//! generated text (compiled SQL) is added as a virtual file, so that every message can point into what it speaks of.
//! Nothing here prints.

mod code;
mod diagnostic;
pub mod render;
mod source_map;

pub use code::Code;
pub(crate) use diagnostic::most_similar;
pub use diagnostic::{Diagnostic, Diagnostics, Frame, Label, Severity};
pub use source_map::{Position, SourceFile, SourceId, SourceMap, Span};
