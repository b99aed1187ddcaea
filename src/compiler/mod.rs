//! Node → compiled SQL: its template rendered with `execute`, and the CTEs of ephemeral models put before it.
//!
//! [`Compiler`] is made once a run and shared by the workers; each ephemeral model is compiled once. Nothing here runs SQL
//! of its own (templates may), and nothing here writes files.

mod compile;
mod unit_test;

pub use compile::{Compiled, Compiler};
pub use unit_test::{UnitTestPlan, unit_test_plan};
