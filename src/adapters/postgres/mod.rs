//! PostgreSQL and the warehouses that speak its protocol (Redshift): one session a worker.
//!
//! [`Postgres`] is the [`Adapter`](super::Adapter), [`Session`] its connection. Profiles are read as dbt's adapters and libpq read them;
//! what differs between the warehouses is in `dialect`. The protocol is spoken here, over blocking sockets: the simple protocol gives
//! what psycopg2 gives to dbt, command tags and texts of values included.

mod advisory_lock;
mod credentials;
mod dialect;
mod in_place;
mod libpq_files;
mod literal;
mod queries;
mod redshift_queries;
mod server;
mod server_error;
mod session;
mod stream;
mod swap;
#[cfg(test)]
mod tests;
mod tls;
mod value;
mod warehouse;
mod wire;

pub use session::Session;
pub use warehouse::Postgres;
