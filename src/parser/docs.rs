//! `{% docs name %}` blocks of Markdown files → [`Doc`]s.

use std::sync::Arc;

use super::files::ProjectFile;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::jinja::{BlockKind, Engine, Origin, split_blocks};
use crate::manifest::Doc;

/// What documentation shows first where the project has no `__overview__` of its own; dbt has it under these names.
pub(super) fn built_in() -> Doc {
    Doc {
        unique_id: "doc.dbt.__overview__".into(),
        name: "__overview__".into(),
        package_name: "dbt".into(),
        path: "overview.md".into(),
        original_file_path: "docs/overview.md".into(),
        block_contents:
            "The models, sources, seeds, snapshots and tests of this project, and what depends on what.\n\n\
                         Write a docs block called `__overview__` to have a text of your own here."
                .into(),
    }
}

/// All doc blocks of one file, rendered as dbt does: with nothing but Jinja itself.
pub(super) fn docs(file: &ProjectFile, engine: &Engine, problems: &mut Diagnostics) -> Vec<(Doc, Span)> {
    if !file.text.contains("docs") {
        return Vec::new();
    }
    let found = split_blocks(&file.text, &[BlockKind::Docs]);
    problems.extend(found.errors.into_iter().map(|error| super::templates::syntax_problem(file, error)));
    found
        .blocks
        .into_iter()
        .map(|block| {
            let body = &file.text[block.body.clone()];
            let origin = Origin::new(file.source, block.body.start);
            let rendered = engine.render_str(body, Some(origin), minijinja::Value::default());
            let contents = problems.collect(rendered.map_err(Diagnostic::from)).map(|rendered| rendered.text());
            let doc = Doc {
                unique_id: format!("doc.{}.{}", file.package, block.name),
                name: block.name.clone(),
                package_name: file.package.to_string(),
                path: file.relative_path.clone(),
                original_file_path: file.original_path.clone(),
                block_contents: contents.as_deref().unwrap_or(body).trim().to_owned(),
            };
            (doc, file.span(block.range.clone()))
        })
        .collect()
}

/// Adds docs to the manifest's; two of one id are an error.
pub(super) fn collect(
    found: Vec<(Doc, Span)>,
    into: &mut indexmap::IndexMap<String, Arc<Doc>>,
    places: &mut std::collections::HashMap<String, Span>,
    problems: &mut Diagnostics,
) {
    for (doc, span) in found {
        if let Some(first) = places.get(&doc.unique_id) {
            problems.push(
                Diagnostic::error(Code::DUPLICATE_RESOURCE, format!("two doc blocks are named `{}`", doc.name))
                    .at(span, "defined again here")
                    .at(*first, "first defined here")
                    .hint("rename or remove one of them"),
            );
            continue;
        }
        places.insert(doc.unique_id.clone(), span);
        into.insert(doc.unique_id.clone(), Arc::new(doc));
    }
}
