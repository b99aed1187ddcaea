//! Diagnostics as text.

use super::{Diagnostic, SourceMap};

/// Plain text without colour.
pub fn text(diagnostic: &Diagnostic, _sources: &SourceMap) -> String {
    diagnostic.message.clone()
}
