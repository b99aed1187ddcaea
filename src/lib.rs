//! hetl runs dbt projects: a library of rooms on floors (docs/ARCHITECTURE.md), and a thin binary.

pub mod adapters;
pub mod diagnostics;
pub mod events;
pub mod jinja;
pub mod manifest;
pub mod yaml;
