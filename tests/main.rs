//! The only integration binary: each further one would link DuckDB once more.

mod adapter_contract;
mod broken;
mod commands;
mod context;
mod documentation;
mod macro_sql;
mod packages;
mod postgres;
mod postgres_server;
mod robustness;
mod tidy;
