//! What is known of SQL as text: where a statement's `with` clause begins, which words are keywords.
//!
//! The only room besides `adapters` that may use sqlparser. It knows nothing of templates or nodes.

mod with_clause;

pub use with_clause::add_ctes;
