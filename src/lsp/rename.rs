//! Renaming of a model with everything that refers to it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use lsp_types::{
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, RenameFile, ResourceOp,
    TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use super::target::{Target, target_at};
use super::text;
use super::workspace::{Meaning, Workspace, is_yaml, uri_of};
use super::yaml_place::YamlPlace;
use crate::manifest::{Node, ResourceType};

impl Workspace {
    /// The model that stands at a byte of a file, and where it is named there: in a `ref`, or by its name in a property file.
    pub(super) fn renamed_at(&self, path: &Path, offset: usize) -> Option<(&Node, Range<usize>)> {
        let text = self.text(path)?;
        let (meaning, target, range) = self.found_at(path, offset)?;
        let range = if let Target::Ref { name, .. } = &target {
            let at = range.start + text[range.clone()].find(name.as_str())?;
            at..at + name.len()
        } else {
            range
        };
        let Meaning::Node(node) = meaning else { return None };
        let is_own = node.package_name == self.loaded.as_ref()?.manifest.project_name;
        (is_own && node.resource_type == ResourceType::Model).then_some((node, range))
    }

    /// The edits that give a model another name: its file, its entry in property files, and every `ref` to it. An error says why it cannot be
    /// renamed so.
    pub(super) fn rename(&self, node: &Node, new_name: &str) -> Result<WorkspaceEdit, String> {
        let loaded = self.loaded.as_ref().ok_or("the project is not read yet")?;
        if new_name.is_empty() || !new_name.chars().all(|c| text::is_of_name(c) || c == '-') {
            return Err(format!("`{new_name}` is not a name of a model"));
        }
        if self.refable().any(|other| other.name == new_name) {
            return Err(format!("`{new_name}` exists already"));
        }
        if node.version.is_some() {
            return Err(format!("`{}` has versions, whose files have names of their own", node.name));
        }
        let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
        for id in loaded.sources.ids() {
            let file = loaded.sources.get(id);
            if is_yaml(Path::new(&file.path)) || file.text.contains(&node.name) {
                paths.insert(loaded.root.join(&file.path));
            }
        }
        paths.extend(self.open.keys().cloned());
        let mut edits: BTreeMap<PathBuf, Vec<Range<usize>>> = BTreeMap::new();
        for path in paths.into_iter().filter(|path| path.is_file()) {
            let Some(text) = self.text(&path) else { continue };
            let found = references(&text, &node.name, is_yaml(&path));
            if !found.is_empty() {
                edits.insert(path, found);
            }
        }
        let old = loaded.root.join(&node.original_file_path);
        let new = old.with_file_name(format!("{new_name}.sql"));
        let mut changes = Vec::with_capacity(edits.len() + 1);
        for (path, places) in edits {
            let (Some(text), Some(uri)) = (self.text(&path), uri_of(&path)) else { continue };
            let edits = places
                .iter()
                .map(|place| OneOf::Left(TextEdit { range: text::range(&text, place), new_text: new_name.to_owned() }));
            changes.push(DocumentChangeOperation::Edit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier { uri, version: None },
                edits: edits.collect(),
            }));
        }
        if let (Some(old_uri), Some(new_uri)) = (uri_of(&old), uri_of(&new)) {
            let file = RenameFile { old_uri, new_uri, options: None, annotation_id: None };
            changes.push(DocumentChangeOperation::Op(ResourceOp::Rename(file)));
        }
        Ok(WorkspaceEdit { document_changes: Some(DocumentChanges::Operations(changes)), ..WorkspaceEdit::default() })
    }
}

/// Where a text names a model: in calls of `ref`, and in YAML after `name:` in lists of models and after `model:` of unit tests.
fn references(text: &str, name: &str, is_yaml: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let range = at..at + name.len();
        let is_whole = text::name_at(text, at) == range;
        if !is_whole {
            continue;
        }
        let is_ref = matches!(target_at(text, at), Some((Target::Ref { name: called, .. }, _)) if called == name);
        if is_ref || is_yaml && names_model(text, &range) {
            found.push(range);
        }
    }
    found
}

/// Whether a name in YAML is that of a model: the value of `model:`, or of `name:` in an item of `models:`.
fn names_model(text: &str, range: &Range<usize>) -> bool {
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let before = text[line_start..range.start].trim_end_matches(['"', '\'']);
    let after = text[range.end..].lines().next().unwrap_or_default().trim_start_matches(['"', '\'']).trim_start();
    if !(after.is_empty() || after.starts_with(['#', ',', '}'])) {
        return false;
    }
    if before.trim_start().trim_start_matches("- ").trim() == "model:" {
        return true;
    }
    YamlPlace::at(text, range.start).path() == ["models", "name"]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, is_yaml: bool) -> String {
        let mut marked = text.to_owned();
        for range in references(text, "orders", is_yaml).into_iter().rev() {
            marked.replace_range(range, "NEW");
        }
        marked
    }

    #[test]
    fn references_in_sql_are_those_in_ref() {
        assert_eq!(
            marked(
                "with orders as (select * from {{ ref('orders') }}) select * from {{ ref(\"p\", \"orders\") }}, stg_orders",
                false
            ),
            "with orders as (select * from {{ ref('NEW') }}) select * from {{ ref(\"p\", \"NEW\") }}, stg_orders"
        );
    }

    #[test]
    fn references_in_yaml_are_names_of_models_and_refs() {
        let text = "models:\n  - name: orders\n    columns:\n      - name: orders\nsources:\n  - name: raw\n    tables:\n      - name: orders\n\
                    unit_tests:\n  - name: t\n    model: orders\n    given:\n      - input: ref('orders')\n";
        let expected = text
            .replacen("name: orders", "name: NEW", 1)
            .replace("model: orders", "model: NEW")
            .replace("ref('orders')", "ref('NEW')");
        assert_eq!(marked(text, true), expected);
    }
}
