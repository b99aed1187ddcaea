//! The only integration binary: each further one would link DuckDB once more.

mod adapter_contract;
mod broken;
mod commands;
mod context;
mod database;
mod documentation;
#[cfg(debug_assertions)]
mod faults;
#[cfg(feature = "lint")]
mod fixes;
mod lineage;
mod lsp;
mod macro_sql;
mod packages;
mod parse_cache;
mod postgres;
mod postgres_server;
mod robustness;
mod rules;
mod tidy;
