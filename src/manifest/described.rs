//! [`Described`]: what reports say of any resource that can have a result.

use super::Manifest;
use crate::diagnostics::Span;

/// Name and place of a resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Described<'a> {
    /// Its name.
    pub name: &'a str,
    /// Path of its file below the package's root; empty for resources of the semantic layer.
    pub path: &'a str,
    /// Package, folders and name; empty for resources of the semantic layer.
    pub fqn: &'a [String],
    /// Where it is defined.
    pub span: Option<Span>,
}

impl Manifest {
    /// What reports say of a resource; one that is not in the manifest is called by its unique id.
    pub fn describe<'a>(&'a self, unique_id: &'a str) -> Described<'a> {
        if let Some(node) = self.nodes.get(unique_id) {
            return Described { name: &node.name, path: &node.original_file_path, fqn: &node.fqn, span: node.span };
        }
        if let Some(test) = self.unit_tests.get(unique_id) {
            return Described { name: &test.name, path: &test.original_file_path, fqn: &test.fqn, span: test.span };
        }
        if let Some(source) = self.sources.get(unique_id) {
            let (path, fqn) = (&source.original_file_path, &source.fqn);
            return Described { name: &source.name, path, fqn, span: source.span };
        }
        if let Some(exposure) = self.exposures.get(unique_id) {
            let (path, fqn) = (&exposure.original_file_path, &exposure.fqn);
            return Described { name: &exposure.name, path, fqn, span: exposure.span };
        }
        Described { name: unique_id.rsplit('.').next().unwrap_or(unique_id), path: "", fqn: &[], span: None }
    }
}
