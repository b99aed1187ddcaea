//! Runs the jobs of a plan, several at once, each worker with a connection of its own; one file a kind of node.
//!
//! [`Runner`] is the way in. Order and skipping come from `plan`, templates from `context` and `compiler`, words for
//! people from `events`; nothing here reads project files or prints.

mod pool;
mod stop;
mod subject;
mod summary;

pub use stop::{Stop, StopReason};
pub use summary::report_summary;
