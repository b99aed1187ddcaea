//! The only writer of the target folder: what a command leaves behind for people and tools.
//!
//! Each artifact is a type that serializes to its file's text (`run_results`, `catalog`, …); [`TargetFolder`] puts texts
//! into place, whole or not at all. Nothing here decides what is run.

mod catalog;
mod code_path;
mod graph_summary;
mod junit;
mod kept_manifest;
mod previous_run;
mod previous_state;
mod run_history;
mod run_results;
mod semantic_manifest;
mod sources;
mod target_folder;
#[cfg(test)]
mod tests;

pub use catalog::CatalogJson;
pub use code_path::CodePath;
pub use graph_summary::GraphSummaryJson;
pub use junit::junit_xml;
pub use previous_run::{PreviousResult, PreviousRun, read_previous_run};
pub use previous_state::read_previous_state;
pub use run_history::{PastResult, PastRun, keep_run_results, read_run_history, remember_run};
pub use run_results::RunResultsJson;
pub use semantic_manifest::SemanticManifestJson;
pub use sources::{FreshnessOutcome, FreshnessResult, KnownFreshness, SourcesJson, read_sources};
pub use target_folder::TargetFolder;

pub use crate::manifest::{ArtifactMetadata, ManifestJson, ManifestMetadata, MetadataJson};
