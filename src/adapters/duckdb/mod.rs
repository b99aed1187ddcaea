//! DuckDB, embedded: one database instance an invocation, one connection a worker.
//!
//! [`DuckDb`] is the [`Adapter`](super::Adapter), [`Session`] its connection. Profiles are read as dbt-duckdb reads them; what needs
//! Python (plugins, file systems, modules) or a service (MotherDuck) is refused or warned of, and nothing is ever downloaded unless
//! the profile turns that on.

mod attachment;
mod background;
mod credentials;
mod error;
mod extension;
mod instance;
mod literal;
mod lock_file;
mod logical_type;
mod queries;
mod read_copy;
mod secret;
mod session;
mod source_location;
mod swap;
mod warehouse;

pub use session::Session;
pub use warehouse::DuckDb;
