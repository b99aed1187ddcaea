//! Files → [`Manifest`]: reads every file of a project and its packages, and resolves what refers to what.
//!
//! [`parse`] is the way in. One file a kind of resource. Parsing never stops at the first problem: what could be read is in
//! the manifest, what could not is in the diagnostics, and the command decides. Nothing here speaks to a warehouse.

mod access;
mod adopted_patches;
mod cache;
mod colors;
mod columns;
mod config_merge;
mod contracts;
mod deprecations;
mod docs;
mod exposures;
mod extraction;
mod files;
mod functions;
mod generic_tests;
mod hooks;
mod link;
mod macro_arguments;
mod macros;
mod microbatch;
mod names;
mod node_config;
mod nodes;
mod orphans;
mod parse;
mod parsing;
mod patches;
mod places;
mod properties;
mod references;
mod resolve;
mod semantic;
mod snapshots;
mod source_overrides;
mod sources;
mod templates;
mod unit_tests;
mod unsupported;
mod unused_configs;
mod written_config;

pub use cache::{FirstLook, ParseId};
pub use parse::{ParseParts, Parsed, parse, parse_after};
pub use places::of_config as place_of_config;
