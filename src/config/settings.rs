//! `hetl.yml`: the settings that are hetl's own, so that everything else in a project still runs under dbt.
//!
//! [`Settings`] holds the file as it is written; what a section means is the business of the room that reads it.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::Node;

/// The file's name, beside `dbt_project.yml`.
pub(super) const SETTINGS_FILE: &str = "hetl.yml";

/// The sections that somebody reads.
const SECTIONS: &[&str] =
    &["rules", "folders", "layers", "lint", "publish", "keep_generations", "publish_in_place", "read_copy", "history"];

/// What `hetl.yml` says; empty where there is none.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    root: Option<Node>,
}

impl Settings {
    /// The settings of a file; a section that nobody reads is reported.
    pub(super) fn new(root: Node, diagnostics: &mut Diagnostics) -> Self {
        match root.as_map() {
            Some(map) => super::reader::Reader::new(SETTINGS_FILE, map, diagnostics).check_keys(SECTIONS),
            None if root.is_null() => return Self::default(),
            None => diagnostics.push(
                Diagnostic::error(
                    Code::YAML_TYPE,
                    format!("{SETTINGS_FILE} must be a mapping, not {}", root.type_name()),
                )
                .at(root.span, ""),
            ),
        }
        Self { root: Some(root) }
    }

    /// Settings that are already read.
    #[cfg(test)]
    pub(crate) fn of_tree(root: Node) -> Self {
        Self { root: Some(root) }
    }

    /// A section that is there and not null.
    pub fn section(&self, name: &str) -> Option<&Node> {
        self.root.as_ref()?.get(name).filter(|section| !section.is_null())
    }
}
