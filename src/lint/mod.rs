//! What a project could do better: findings of rules, before anything runs and without a warehouse.
//!
//! A [`Finding`] is one problem with its place and, where there is one, its mend. [`Settings`] says which rules apply where;
//! [`Suppressions`] takes out what a comment allows, [`Baseline`] what was there before. [`check()`] applies the [`Rule`]s of [`rules`] to a
//! [`Subject`], the project. [`sql`] holds the rules about SQL text, [`report`]
//! the forms in which findings are handed on. Nothing here prints.

mod baseline;
mod check;
mod finding;
mod keys;
mod layer;
pub mod report;
mod rule;
pub mod rules;
mod settings;
pub mod sql;
mod sql_of;
mod subject;
mod suppression;

pub use baseline::Baseline;
pub use check::{as_set, check, chosen, named, needs};
pub use finding::{Edit, Finding, Range, Severity};
pub use rule::{Found, Needs, Rule};
pub use settings::{RuleLevel, Settings};
pub use sql_of::ModelSql;
pub use subject::Subject;
pub use suppression::Suppressions;
