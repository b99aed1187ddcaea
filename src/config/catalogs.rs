//! `catalogs.yml`: catalogs to write into. None of the warehouses has a kind of catalog, so that dbt refuses each that is defined.

use std::path::Path;

use super::locate::read_yaml;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml::Node;

/// What is wrong with the file in this project's folder; nothing where there is none.
pub fn check_catalogs(root: &Path, sources: &SourceMap) -> Diagnostics {
    let mut problems = Diagnostics::new();
    let path = root.join("catalogs.yml");
    if !path.is_file() {
        return problems;
    }
    let Some(file) = read_yaml(&path, "catalogs.yml", sources, &mut problems) else { return problems };
    for catalog in file.root.get("catalogs").and_then(Node::as_seq).unwrap_or(&[]) {
        let integrations = catalog.get("write_integrations").and_then(Node::as_seq).unwrap_or(&[]);
        let kind = integrations.iter().find_map(|integration| integration.get("catalog_type")?.as_str());
        let name = catalog.get("name").and_then(Node::as_str).unwrap_or_default();
        let received = kind.unwrap_or("no `catalog_type`");
        problems.push(
            Diagnostic::error(
                Code::UNSUPPORTED,
                format!("Catalog type is not supported. Received: {received} (catalog `{name}`)"),
            )
            .at(catalog.span, "defined here")
            .hint("no warehouse of hetl writes into such catalogs: take it out of catalogs.yml"),
        );
    }
    problems
}
