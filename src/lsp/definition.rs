//! Where a name is defined.

use std::path::Path;

use lsp_types::Location;

use super::text;
use super::workspace::{Meaning, Workspace, uri_of};

impl Workspace {
    /// The place where what a name means is defined.
    pub(super) fn definition(&self, meaning: &Meaning<'_>) -> Option<Location> {
        let loaded = self.loaded.as_ref()?;
        match meaning {
            Meaning::Node(node) => self.start_of(&node.package_name, &node.original_file_path),
            Meaning::Source(source) => self.location(source.span?),
            Meaning::Macro(found) => self.location(found.span?),
            Meaning::Doc(doc) => {
                let file = self.start_of(&doc.package_name, &doc.original_file_path)?;
                let path = super::workspace::path_of(&file.uri)?;
                let text = self.text(&path)?;
                let at = text.match_indices("docs ").find(|(at, word)| {
                    let rest = text[at + word.len()..].trim_start();
                    rest.strip_prefix(doc.name.as_str()).is_some_and(|after| !after.starts_with(text::is_of_name))
                });
                let start = at.map_or(0, |(at, _)| at);
                Some(Location { range: text::range(&text, &(start..start)), ..file })
            }
            Meaning::Var(name, _) => {
                let path = loaded.root.join("dbt_project.yml");
                let text = self.text(&path)?;
                let (at, _) = text
                    .match_indices(name.as_str())
                    .find(|(at, _)| text[at + name.len()..].trim_start_matches(['"', '\'']).starts_with(':'))?;
                Some(Location { uri: uri_of(&path)?, range: text::range(&text, &(at..at + name.len())) })
            }
            Meaning::Column(_, unique_id, column) => match column.span {
                Some(span) => self.location(span),
                None => {
                    let node = loaded.manifest.nodes.get(*unique_id)?;
                    self.start_of(&node.package_name, &node.original_file_path)
                }
            },
        }
    }

    /// The definition of what stands at a byte of an open file.
    pub(super) fn definition_at(&self, path: &Path, offset: usize) -> Option<Location> {
        self.definition(&self.found_at(path, offset)?.0)
    }
}
