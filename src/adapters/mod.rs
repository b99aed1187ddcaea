//! Warehouses behind two traits: [`Adapter`] (names, quoting, types; no connection needed) and [`Connection`].
//!
//! A warehouse is one folder here, one folder in `src/macros/` and one line in the registry. Only this room speaks to a
//! warehouse; nothing outside it matches on a warehouse's name.

mod adapter;
mod arrow_cell;
mod cell;
mod column;
mod decimal_text;
mod dependents;
pub mod duckdb;
mod lazy_connection;
mod offline;
pub mod postgres;
pub mod registry;
mod relation;
mod relation_cache;
mod run_lock;
mod seed_file;
mod seed_records;
mod seed_types;
mod statements;
mod swap;
mod table;

pub use adapter::{Adapter, AdapterResponse, Cancel, CatalogRow, Connection, DatabaseError, Dependency, RelationInfo};
pub use cell::Cell;
pub use column::{Column, InvalidType};
pub use lazy_connection::LazyConnection;
pub use offline::Offline;
pub use registry::Surroundings;
pub use relation::{Relation, RelationPart, RelationParts, RelationType};
pub use relation_cache::RelationCache;
pub use run_lock::{LockAttempt, LockHolder};
pub use seed_file::{SeedColumn, SeedError, SeedFile};
pub use swap::{Publication, Swap, SwapOutcome, WholeRun};
pub use table::{SeedType, Table};
