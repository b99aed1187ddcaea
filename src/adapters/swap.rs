//! Publishing by renaming: relations that are finished take the places of others, all in one transaction.
//!
//! [`Connection::swap`](super::Connection::swap) is one attempt that never makes a reader wait for long. Whether to try again is for the
//! caller to say.

/// One relation that takes another's place. Names are as the warehouse has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The database of both.
    pub database: String,
    /// The schema of both.
    pub schema: String,
    /// The name that readers know; whether something has it is not known.
    pub name: String,
    /// What is to have this name. Where it does not exist, nothing happens to the name.
    pub new: String,
    /// The name that what had it before gets; it is dropped if none is given.
    pub kept: Option<String>,
    /// Whether what has the name is to stay and to get the rows, where it can.
    pub in_place: bool,
}

/// Swaps that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// What takes which place.
    pub swaps: Vec<Swap>,
    /// Versions that were kept until now and are dropped first, where they exist: database, schema, name.
    pub discarded: Vec<(String, String, String)>,
}

/// What became of an attempt to swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwapOutcome {
    /// It is committed.
    Done,
    /// Nothing has changed, because others use the relations; who they are.
    Busy(Vec<String>),
    /// Nothing has changed, and another attempt would be in vain: what else needs the relations.
    Hindered(Vec<String>),
}

/// How a whole run can become visible at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WholeRun {
    /// Not at all.
    Never,
    /// The run is one transaction on one connection.
    OneTransaction,
    /// Everything is built under other names, and swapped at the end.
    Swapped,
}
