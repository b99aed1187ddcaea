//! Macros, generic tests and materializations of SQL files → [`Macro`]s; the built-in ones too.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::files::{FileKind, ProjectFile};
use super::properties::Entry;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use crate::jinja::{Block, BlockKind, Origin, split_blocks};
use crate::manifest::{Macro, MacroArgument};

/// The macros of one file.
pub(super) fn of_file(file: &ProjectFile, created_at: f64, problems: &mut Diagnostics) -> Vec<Macro> {
    let kinds: &[BlockKind] = if file.kind == FileKind::GenericTest {
        &[BlockKind::Test]
    } else {
        &[BlockKind::Macro, BlockKind::Materialization, BlockKind::Test]
    };
    let found = split_blocks(&file.text, kinds);
    problems.extend(super::deprecations::of_tags(file, &found));
    problems.extend(found.errors.into_iter().map(|error| super::templates::syntax_problem(file, error)));
    found
        .blocks
        .into_iter()
        .map(|block| {
            let place = file.span(block.range.clone());
            definition(&file.package, &file.original_path, &file.text, &block, place, created_at)
        })
        .collect()
}

/// The built-in macros of these packages.
pub(super) fn built_in(
    packages: &[&str],
    sources: &SourceMap,
    created_at: f64,
    problems: &mut Diagnostics,
) -> Vec<Macro> {
    let mut found = Vec::new();
    for file in crate::macros::FILES.iter().filter(|file| packages.contains(&file.package)) {
        let kinds = [BlockKind::Macro, BlockKind::Materialization, BlockKind::Test];
        let source = sources.add(format!("{}://{}", file.package, file.path), file.text);
        let split = split_blocks(file.text, &kinds);
        problems.extend(split.errors.into_iter().map(|error| error.diagnostic(Some(Origin::new(source, 0)))));
        found.extend(split.blocks.into_iter().map(|block| {
            let place = Span::new(source, block.range.start, block.range.end);
            definition(file.package, file.path, file.text, &block, place, created_at)
        }));
    }
    found
}

fn definition(package: &str, path: &str, text: &str, block: &Block, place: Span, created_at: f64) -> Macro {
    Macro {
        unique_id: format!("macro.{package}.{}", block.name),
        name: block.name.clone(),
        package_name: package.to_owned(),
        original_file_path: path.to_owned(),
        macro_sql: text[block.range.clone()].into(),
        depends_on_macros: Vec::new(),
        description: String::new(),
        meta: Map::new(),
        docs: default_docs(),
        config: Map::new(),
        patch_path: None,
        arguments: Vec::new(),
        supported_languages: (block.kind == BlockKind::Materialization)
            .then(|| block.supported_languages.clone().unwrap_or_else(|| vec!["sql".into()])),
        created_at,
        span: Some(place),
    }
}

fn default_docs() -> Map<String, Value> {
    json!({"show": true, "node_color": null}).as_object().cloned().unwrap_or_default()
}

/// What property files say of macros, by unique id.
pub(super) fn patches(entries: &[Arc<Entry>], problems: &mut Diagnostics) -> HashMap<String, Arc<Entry>> {
    let mut found: HashMap<String, Arc<Entry>> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.section == "macros") {
        let id = format!("macro.{}.{}", entry.file.package, entry.name);
        if let Some(first) = found.get(&id) {
            problems.push(
                Diagnostic::error(
                    Code::DUPLICATE_RESOURCE,
                    format!("macro `{}` is described in two places", entry.name),
                )
                .at(entry.span("name"), "described again here")
                .at(first.span("name"), "first described here"),
            );
            continue;
        }
        found.insert(id, Arc::clone(entry));
    }
    found
}

/// A macro with what a property file says of it; `describe` renders descriptions.
pub(super) fn patched(
    definition: &Macro,
    entry: &Entry,
    describe: &mut dyn FnMut(&str) -> String,
) -> Result<Macro, Diagnostic> {
    let mut patched = definition.clone();
    let mut config = entry.mapping("config")?;
    let mut meta = entry.mapping("meta")?;
    if let Some(Value::Object(more)) = config.get("meta") {
        meta.extend(more.clone());
    }
    let docs = match config.get("docs") {
        Some(Value::Object(docs)) => docs.clone(),
        _ => entry.mapping("docs")?,
    };
    let mut shown = default_docs();
    shown.extend(docs);
    config.insert("meta".into(), Value::Object(meta.clone()));
    config.insert("docs".into(), Value::Object(shown.clone()));
    patched.description = describe(&entry.text("description")?.unwrap_or_default());
    patched.meta = meta;
    patched.docs = shown;
    patched.config = config;
    patched.patch_path = Some(entry.file.patch_path());
    patched.arguments = entry
        .list("arguments")?
        .iter()
        .map(|argument| MacroArgument {
            name: argument.get("name").map(super::names::python_str).unwrap_or_default(),
            data_type: argument.get("type").filter(|kind| !kind.is_null()).map(super::names::python_str),
            description: describe(argument.get("description").and_then(Value::as_str).unwrap_or_default()),
        })
        .collect();
    Ok(patched)
}
