//! `hetl_meta.runs`: what every run has done to the target, kept beside the data and only ever added to.
//!
//! One [`Entry`] when a run begins, one a node, and one for the run as a whole when it ends. Each holds a hash over its own fields and the hash of the entry before it, so that
//! [`verify`] finds what was changed or taken out later. No SQL, no rows, no messages are in it. Nothing here decides when to record.

mod chain;
mod entry;
mod table;

pub use chain::{Break, verify};
pub use entry::{Entry, Fact};
pub use table::{append, begin, entries};
