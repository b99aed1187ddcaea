//! What is to be done and what became of it: [`Plan`], [`Schedule`], [`RunResults`].
//!
//! A plan is made from the graph and a selection without touching a warehouse; the runner works through its schedule and
//! records one [`NodeResult`] a job. Nothing here runs SQL.

mod job;
mod result;
mod run_results;
mod schedule;
mod status;
#[cfg(test)]
mod tests;

pub use job::{Job, Mode, Plan};
pub use result::{BatchResults, NodeResult, Timing};
pub use run_results::RunResults;
pub use schedule::{Schedule, Step};
pub use status::NodeStatus;
