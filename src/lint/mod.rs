//! What a project could do better: findings of rules, before anything runs and without a warehouse.
//!
//! A [`Finding`] is one problem with its place and, where there is one, its mend. [`sql`] holds the rules about SQL text, [`report`] the forms
//! in which findings are handed on. Nothing here prints.

mod finding;
pub mod report;
pub mod sql;

pub use finding::{Edit, Finding, Range, Severity};
