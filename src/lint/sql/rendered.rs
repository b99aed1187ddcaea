//! What linters of SQL are given and what they give: [`RenderedSql`], [`SqlFinding`], [`Edit`], [`SqlLinter`].

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::jinja::{Piece, Slice};

/// A file and the SQL that it renders to.
#[derive(Debug, Clone)]
pub struct RenderedSql {
    /// The file as it is shown.
    pub path: String,
    /// The text of the file.
    pub source: String,
    /// The SQL.
    pub text: String,
    /// The parts of the file; none where it is no template.
    pub pieces: Vec<Piece>,
    /// Where each part of the SQL comes from, by the number of the piece.
    pub slices: Vec<Slice>,
    /// Whether the template asked the warehouse, so that parts of the SQL may be missing.
    pub is_incomplete: bool,
}

impl RenderedSql {
    /// A file that is no template.
    pub fn plain(path: impl Into<String>, source: impl Into<String>) -> Self {
        let source = source.into();
        let (pieces, slices) = (Vec::new(), Vec::new());
        Self { path: path.into(), text: source.clone(), source, pieces, slices, is_incomplete: false }
    }
}

/// A problem in SQL, placed in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlFinding {
    /// The rule's code: `LT01`; `PRS` for what could not be read as SQL, `LXR` for what could not even be cut into words.
    pub code: String,
    /// The rule's name: `layout.spacing`.
    pub name: String,
    /// Bytes of the file.
    pub range: Range<usize>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// Whether there is a fix.
    pub is_fixable: bool,
    /// Whether the settings make it a warning.
    pub is_warning: bool,
}

impl SqlFinding {
    /// Whether the SQL could not be read: other findings in the file may then be missing or wrong.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.code.as_str(), "PRS" | "LXR" | "TMP")
    }
}

/// A replacement of bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

/// Edits, in order and not overlapping, applied to a text.
pub(super) fn apply(source: &str, edits: &[Edit]) -> String {
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        text.push_str(&source[at..edit.range.start]);
        text.push_str(&edit.text);
        at = edit.range.end;
    }
    text.push_str(&source[at..]);
    text
}

/// Finds and mends problems in SQL, by its settings. An error is a sentence about a file that it could not work on.
pub trait SqlLinter: Send + Sync {
    /// The problems of a file, in the order of their places.
    fn lint(&self, sql: &RenderedSql) -> Result<Vec<SqlFinding>, String>;

    /// Edits that mend what can be mended, in order and not overlapping. None touches what a template printed.
    fn fix(&self, sql: &RenderedSql) -> Result<Vec<Edit>, String>;
}
