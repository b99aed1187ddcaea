//! hetl runs dbt projects: a library of rooms on floors (docs/ARCHITECTURE.md), and a thin binary.

#![recursion_limit = "256"]

pub mod adapters;
pub mod artifacts;
mod cli;
mod commands;
pub mod compiler;
pub mod config;
pub mod context;
pub mod diagnostics;
pub mod events;
pub mod faults;
pub mod graph;
pub mod history;
pub mod jinja;
pub mod lineage;
pub mod lint;
pub mod lsp;
pub mod macros;
pub mod manifest;
pub mod packages;
pub mod parser;
pub mod plan;
mod python;
pub mod runner;
pub mod site;
pub mod sql;
pub mod ui;
pub mod yaml;

pub use cli::run;
