//! The only integration binary: each further one would link DuckDB once more.

mod adapter_contract;
mod broken;
<<<<<<< HEAD
mod documentation;
=======
mod commands;
mod documented_commands;
>>>>>>> main
mod packages;
mod tidy;
