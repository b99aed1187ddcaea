//! The documentation site: pages for every resource of a project, search, and the graph, for a browser.
//!
//! [`Site::build`] makes an index of a manifest and of what is known besides (catalog, column lineage, earlier runs), cut
//! into files that a page loads when it needs them; [`server`] serves them. The page itself is in `assets/`: one HTML
//! file, one style sheet, and small modules of JavaScript, which are embedded in the executable. The site never reads
//! `manifest.json`, and asks no other host for anything.

mod assets;
mod base64;
mod build;
mod column_lineage;
mod columns;
mod core_file;
mod details;
mod layout;
mod markdown;
mod resource;
mod runs_file;
mod search_file;
pub mod server;
#[cfg(test)]
mod tests;

pub use build::{Site, SiteFile, SiteParts};
pub use column_lineage::{ColumnLineage, ColumnLink, ColumnOrigin, ColumnOrigins};
pub use runs_file::runs_file;
