//! Warehouses behind two traits: [`Adapter`] (names, quoting, types; no connection needed) and [`Connection`].
//!
//! A warehouse is one folder here, one folder in `src/macros/` and one line in the registry. Only this room speaks to a
//! warehouse; nothing outside it matches on a warehouse's name.

mod adapter;
mod column;
mod relation;
mod table;

pub use adapter::{Adapter, AdapterResponse, Cancel, CatalogRow, Connection, DatabaseError, RelationInfo};
pub use column::Column;
pub use relation::{Relation, RelationPart, RelationParts, RelationType};
pub use table::{Cell, SeedType, Table};
