//! Colours and width of what is written.

use std::fmt::Display;

/// How a text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub colors: bool,
    /// Where the dots of a progress line end.
    pub width: usize,
}

impl Style {
    /// No colour, dbt's usual width of 80.
    pub const PLAIN: Self = Self { colors: false, width: 80 };

    /// Something that failed.
    pub fn red(self, text: impl Display) -> String {
        self.paint("31", text)
    }

    /// Something that went well.
    pub fn green(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    /// Something to look at.
    pub fn yellow(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    /// The text without or with colour.
    pub fn choose<'a>(self, plain: &'a str, coloured: &'a str) -> &'a str {
        if self.colors { coloured } else { plain }
    }

    fn paint(self, color: &str, text: impl Display) -> String {
        if self.colors { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}
