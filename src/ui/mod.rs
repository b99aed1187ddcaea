//! The only room that prints: progress, lines, colour.
//!
//! [`Console`] is the [`crate::events::Reporter`] of a command: it words each event once and hands the words to the
//! terminal and to the log file, each with its own level and format. What the events mean is decided elsewhere.

mod console;
mod deps_wording;
mod json_line;
mod log_file;
mod output;
mod progress;
mod step_summary;
mod style;
mod wording;

pub use console::{Console, LogFormat, LogSettings};
pub use output::{ask, ask_secret, is_terminal, print_line, print_raw, print_to_stderr};
pub use step_summary::{StepSummary, SummaryRow};
pub use style::Style;
pub use wording::pluralize;
