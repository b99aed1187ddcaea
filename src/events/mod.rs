//! What happened, as data, and the [`Reporter`] that is told. Nothing here prints.

/// Told of every event, from any thread.
pub trait Reporter: Send + Sync {
    /// One event.
    fn report(&self, event: &Event);
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A line of text for people.
    Logged(String),
}
