//! Runs the jobs of a plan, several at once, each worker with a connection of its own; one file a kind of node.
//!
//! [`Runner`] is the way in. Order and skipping come from `plan`, templates from `context` and `compiler`, words for
//! people from `events`; nothing here reads project files or prints.

mod audit;
mod batch_size;
mod catalog;
mod cloning;
mod data_test;
mod failing_rows;
mod failure;
mod freshness;
mod hooks;
mod inline;
mod leftovers;
mod locking;
mod microbatch;
mod model;
mod node;
mod operation;
mod pool;
mod recording;
mod repair;
mod results_value;
mod rollback;
mod row_difference;
mod run;
mod sample;
mod schemas;
mod seed;
mod shared_scan;
mod show;
mod staging;
mod stop;
mod subject;
mod summary;
mod thread_share;
mod time_limit;
mod unit_test;
mod whole_run;

pub use catalog::catalog_rows;
pub use freshness::{FreshnessReport, has_freshness};
pub use inline::inline_node;
pub use operation::{OperationReport, run_operation};
pub use rollback::PreviousVersion;
pub use run::{Action, Problem, RunReport, Runner, RunnerParts, Safeguards};
pub use stop::{Stop, StopReason};
pub use summary::report_summary;
