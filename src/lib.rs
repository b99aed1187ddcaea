//! hetl runs dbt projects: a library of rooms on floors (docs/ARCHITECTURE.md), and a thin binary.

pub mod adapters;
pub mod artifacts;
pub mod diagnostics;
pub mod events;
pub mod graph;
pub mod manifest;
pub mod plan;
pub mod yaml;
