//! What is said of a name when the pointer rests on it.

use std::path::Path;

use indexmap::IndexMap;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::text;
use super::workspace::{Meaning, Workspace};
use crate::manifest::ColumnProperties;

impl Workspace {
    /// What is said of what stands at a byte of an open file.
    pub(super) fn hover_at(&self, path: &Path, offset: usize) -> Option<Hover> {
        let text = self.text(path)?;
        let (meaning, _, range) = self.found_at(path, offset)?;
        let mut value = described(&meaning);
        let (id, known) = match &meaning {
            Meaning::Node(node) => (node.unique_id.as_str(), &node.columns),
            Meaning::Source(source) => (source.unique_id.as_str(), &source.columns),
            _ => ("", &IndexMap::new()),
        };
        columns(&mut value, known.values().chain(self.not_described(id, known)));
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
        Some(Hover { contents, range: Some(text::range(&text, &range)) })
    }
}

/// A few lines of Markdown.
pub(super) fn described(meaning: &Meaning<'_>) -> String {
    match meaning {
        Meaning::Node(node) => {
            let kind = node.resource_type.as_str();
            let relation = node.relation_name.as_deref().unwrap_or(&node.name);
            let mut text = format!("**{kind} `{}`** ({}) · `{relation}`\n", node.name, node.config.materialized());
            paragraph(&mut text, &node.description);
            text
        }
        Meaning::Source(source) => {
            let mut text =
                format!("**source `{}.{}`** · `{}`\n", source.source_name, source.name, source.relation_name);
            paragraph(&mut text, &source.description);
            text
        }
        Meaning::Macro(found) => {
            let head = found.macro_sql.split_once("%}").map_or("", |(head, _)| head);
            let signature = head.trim_start_matches(['{', '%', '-', '+']).trim_end_matches(['-', '+']).trim();
            let mut text =
                format!("**macro `{}`** of `{}`\n\n```jinja\n{signature}\n```\n", found.name, found.package_name);
            paragraph(&mut text, &found.description);
            for argument in &found.arguments {
                let data_type = argument.data_type.as_deref().map(|kind| format!(" `{kind}`")).unwrap_or_default();
                text.push_str(&format!("\n- `{}`{data_type} {}", argument.name, argument.description.trim()));
            }
            text
        }
        Meaning::Doc(doc) => doc.block_contents.clone(),
        Meaning::Var(name, value) => format!("**variable `{name}`**\n\n```yaml\n{value}\n```"),
        Meaning::Column(table, _, column) => {
            let data_type = column.data_type.as_deref().map(|kind| format!(" `{kind}`")).unwrap_or_default();
            let mut text = format!("**column `{}`**{data_type} of `{table}`\n", column.name);
            paragraph(&mut text, &column.description);
            text
        }
    }
}

fn paragraph(text: &mut String, description: &str) {
    if !description.trim().is_empty() {
        text.push('\n');
        text.push_str(description.trim());
        text.push('\n');
    }
}

fn columns<'c>(text: &mut String, columns: impl Iterator<Item = &'c ColumnProperties>) {
    for (at, column) in columns.enumerate() {
        if at == 0 {
            text.push_str("\n| Column | Type | |\n|---|---|---|\n");
        }
        let description = column.description.trim().replace('\n', " ").replace('|', "\\|");
        let data_type = column.data_type.as_deref().unwrap_or_default();
        text.push_str(&format!("| `{}` | {data_type} | {description} |\n", column.name));
    }
}
