//! Rules about SQL text: sqlfluff's codes, on templates that hetl renders itself.
//!
//! [`Renderer`] makes a [`RenderedSql`] of a file: its SQL, and which part of the template each piece of it comes from. A [`SqlLinter`]
//! finds problems in it, placed in the template, and edits that mend them; [`fix`] applies only those that leave the query what it was.
//! [`open`] gives the linter that this build has (sqruff, with the feature `lint`) for a [`Settings`]; [`KeptFindings`] spares looking at
//! what was looked at before. Nothing here speaks to a
//! warehouse: templates that ask one get empty answers.

mod check;
mod config_files;
mod files;
mod fix;
mod ignored;
mod kept_findings;
mod linters;
mod render;
mod rendered;
#[cfg(feature = "lint")]
mod sqruff;
#[cfg(feature = "lint")]
mod sqruff_rules;

pub use check::{Checked, check};
pub use config_files::{ConfigFiles, Settings};
pub use files::{changed_files, is_sql, project_files};
pub use fix::{FixOutcome, Mender, fix};
pub use ignored::Ignored;
pub use kept_findings::KeptFindings;
pub use linters::{Linters, open};
pub use render::{Renderer, Rendering};
pub use rendered::{Edit, RenderedSql, SqlFinding, SqlLinter};
