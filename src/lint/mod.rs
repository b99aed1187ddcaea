//! What a project could do better: findings of rules, before anything runs and without a warehouse.
//!
//! A [`Finding`] is one problem with its place and, where there is one, its mend. [`Settings`] says which rules apply where;
//! [`Suppressions`] takes out what a comment allows, [`Baseline`] what was there before. Nothing here prints or reads files.

mod baseline;
mod finding;
mod settings;
mod suppression;

pub use baseline::Baseline;
pub use finding::{Edit, Finding, Range, Severity};
pub use settings::{RuleLevel, Settings};
pub use suppression::Suppressions;
