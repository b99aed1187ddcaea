//! Fault points: named places at which a test can let the process die, fail or hang, to see what is left.
//!
//! They exist in builds with debug assertions only; a release has none of this. [`arm`] is told what is to happen, [`fails`] is called at
//! each point. Nothing here knows what a point is good for.

#[cfg(debug_assertions)]
mod armed;

#[cfg(debug_assertions)]
pub use armed::{arm, fails};

/// Whether what follows must fail: never.
#[cfg(not(debug_assertions))]
pub fn fails(_point: &'static str) -> bool {
    false
}

/// Nothing is ever injected here.
#[cfg(not(debug_assertions))]
pub fn arm(_fault: Option<&str>, _file: Option<&str>) {}
