//! Snapshots: `{% snapshot %}` blocks of SQL files, and entries of property files with a `relation`.

use std::sync::Arc;

use serde_json::Value;

use super::files::{ProjectFile, sha256};
use super::names::fqn_prefix;
use super::nodes::{Draft, Parsed, node};
use super::parsing::Parsing;
use super::patches::{Patch, Patches};
use super::references::{self, Reference};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::jinja::{BlockKind, split_blocks};
use crate::manifest::{Node, ResourceType};

/// The snapshots of one SQL file: its blocks.
pub(super) fn of_file(parsing: &Parsing, file: &ProjectFile, patches: &Patches) -> Vec<Parsed> {
    let found = split_blocks(&file.text, &[BlockKind::Snapshot]);
    let tags = super::deprecations::of_tags(file, &found);
    let problems = found.errors.into_iter().map(|error| Err(super::templates::syntax_problem(file, error).into()));
    found
        .blocks
        .into_iter()
        .map(|block| {
            let package = file.package.as_ref();
            let without_extension =
                file.relative_path.rsplit_once('.').map_or(file.relative_path.as_str(), |(path, _)| path);
            let mut fqn = fqn_prefix(package, &format!("{without_extension}/_"));
            fqn.push(block.name.clone());
            let draft = Draft {
                kind: ResourceType::Snapshot,
                package,
                path: file.relative_path.clone(),
                original_path: file.original_path.clone(),
                fqn,
                unique_id: format!("snapshot.{package}.{}", block.name),
                raw_code: file.text[block.body.clone()].into(),
                span: Some(file.span(block.body.clone())),
                checksum: file.checksum.clone(),
                language: "sql",
                patch: patches.get("snapshots", &block.name),
                name: block.name.clone(),
            };
            finish(parsing, node(parsing, draft))
        })
        .chain(problems)
        .chain((!tags.is_empty()).then_some(Err(tags)))
        .collect()
}

/// Names of the snapshots of one SQL file, also of those that cannot be read.
pub(super) fn names(file: &ProjectFile) -> Vec<String> {
    split_blocks(&file.text, &[BlockKind::Snapshot]).blocks.into_iter().map(|block| block.name).collect()
}

/// The snapshot that a property entry with a `relation` defines.
pub(super) fn of_patch(parsing: &Parsing, patch: &Patch) -> Option<Parsed> {
    let relation = patch.entry.values.get("relation").filter(|value| !value.is_null())?;
    Some(relation_snapshot(parsing, patch, relation))
}

fn relation_snapshot(parsing: &Parsing, patch: &Patch, relation: &Value) -> Parsed {
    let entry = &patch.entry;
    let span = entry.span("relation");
    let text = relation.as_str().unwrap_or_default();
    if matches!(references::parse(text, span)?, Reference::Metric(_)) {
        return Err(Diagnostic::error(Code::YAML_VALUE, "the relation of a snapshot is a `ref` or a `source`")
            .at(span, "not a metric")
            .into());
    }
    let package = entry.file.package.as_ref();
    let mut fqn = fqn_prefix(package, &entry.file.relative_path);
    fqn.push(entry.name.clone());
    let raw_code: Arc<str> = format!("select * from {{{{ {text} }}}}").into();
    let draft = Draft {
        kind: ResourceType::Snapshot,
        package,
        path: format!("{}/{}.sql", entry.file.relative_path, entry.name),
        original_path: entry.file.original_path.clone(),
        fqn,
        unique_id: format!("snapshot.{package}.{}", entry.name),
        checksum: sha256(raw_code.as_bytes()),
        raw_code,
        span: None,
        language: "sql",
        patch: Some(patch),
        name: entry.name.clone(),
    };
    finish(parsing, node(parsing, draft)).map(|(mut node, warnings)| {
        let changed = Arc::make_mut(&mut node);
        changed.span = Some(span);
        changed.checksum = crate::manifest::Checksum { name: "sha256", checksum: entry.file.checksum.clone() };
        (node, warnings)
    })
}

fn finish(parsing: &Parsing, parsed: Parsed) -> Parsed {
    let (node, warnings) = parsed?;
    check(parsing, &node)?;
    Ok((node, warnings))
}

/// What dbt asks of a snapshot's configs before anything runs.
fn check(parsing: &Parsing, node: &Node) -> Result<(), Diagnostics> {
    if !node.config.enabled() {
        return Ok(());
    }
    let mut problems = Diagnostics::new();
    let place = super::places::of_call(parsing.sources(), node, "config").or(node.properties_span);
    let mut problem = |message: &str, hint: &str| {
        problems.push(
            Diagnostic::error(Code::INVALID_CONFIG, format!("snapshot `{}`: {message}", node.name))
                .at_some(place, "of this snapshot")
                .hint(hint.to_owned()),
        );
    };
    let strategy = node.config.str("strategy");
    if strategy.is_none() || node.config.get("unique_key").is_none() {
        problem(
            "Snapshots must be configured with a 'strategy' and 'unique_key'",
            "add `unique_key` and `strategy: timestamp` (with `updated_at`) or `strategy: check` (with `check_cols`)",
        );
    }
    if strategy == Some("check") && node.config.get("check_cols").is_none() {
        problem(
            "A snapshot configured with the check strategy must specify a check_cols configuration",
            "add `check_cols: all`, or a list of columns",
        );
    }
    if strategy == Some("timestamp") && node.config.get("updated_at").is_none() {
        problem(
            "A snapshot configured with the timestamp strategy must specify an updated_at configuration",
            "add `updated_at` with the column that says when a row last changed",
        );
    }
    if node.config.get("check_cols").is_some_and(|columns| columns.as_str() != Some("all") && !columns.is_array()) {
        problem(
            "A list of columns or 'all' is expected for check_cols",
            "write `check_cols: all` or `check_cols: [a, b]`",
        );
    }
    if node.config.materialized() != "snapshot" && node.config.str("materialized").is_some() {
        problem("A snapshot must have a materialized value of 'snapshot'", "remove `materialized`");
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
