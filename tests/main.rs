//! The only integration binary: each link drags the DuckDB library along.

mod broken;
mod tidy;
