//! The only integration binary: each further one would link DuckDB once more.

mod adapter_contract;
mod broken;
mod documented_commands;
mod packages;
mod tidy;
