//! What happened, as data, and the [`Reporter`] that is told. Nothing here prints, and nothing here words a message:
//! the wording of an [`Event`] for people is the business of `ui`.
//!
//! Names, codes, levels and fields are dbt 1.11's, because tools read them from `--log-format json`.

mod event;
mod kind;
mod node_info;

pub use event::{DeprecationSummary, Event, RunStats};
pub use kind::{EventKind, Level, is_deprecation};
pub use node_info::{NodeInfo, NodeRelation};

/// Told of every event, from any thread.
pub trait Reporter: Send + Sync {
    /// One event.
    fn report(&self, event: &Event);
}

/// Hears everything and says nothing: for tests and for parts of a command that must be silent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: &Event) {}
}
