//! `load_agate_table`: a seed's CSV file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::NodeRun;
use super::arguments::function;
use super::raise::{compilation, raise};
use super::scope::Scope;
use super::table::TableValue;
use crate::adapters::{SeedError, SeedFile};
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::manifest::ResourceType;

/// `load_agate_table` of a scope.
pub(super) fn load_agate_table_function(scope: &Arc<Scope>) -> Value {
    let scope = Arc::clone(scope);
    function("load_agate_table", move |_, _| match scope.run() {
        Some(run) if run.node().resource_type == ResourceType::Seed => load(run),
        _ => Err(compilation("can only load_agate_table for seeds")),
    })
}

/// The seed's file: below its package, or below the folder that it was parsed from.
pub(super) fn seed_path(run: &NodeRun) -> PathBuf {
    let node = run.node();
    let project = &run.session().config().project;
    let root = project.package(&node.package_name).map_or(project.root.as_path(), |package| package.root.as_path());
    let path = root.join(&node.original_file_path);
    match &node.root_path {
        Some(root) if !path.exists() => Path::new(root).join(&node.original_file_path),
        _ => path,
    }
}

/// The bytes of the seed's file.
pub fn seed_file(run: &NodeRun) -> std::io::Result<Vec<u8>> {
    std::fs::read(seed_path(run))
}

/// A line of the seed's file, from 1.
pub fn seed_line(run: &NodeRun, line: usize) -> Option<Span> {
    let text = String::from_utf8_lossy(&seed_file(run).ok()?).into_owned();
    let start = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let length = text.get(start..)?.lines().next()?.len();
    let source = run.session().sources().add(run.node().original_file_path.clone(), text);
    Some(Span::new(source, start, start + length))
}

fn load(run: &NodeRun) -> Result<Value, Error> {
    let node = run.node();
    let path = seed_path(run);
    let shown = path.to_string_lossy().into_owned();
    let types = node.config.get("column_types").and_then(Json::as_object);
    let text_columns: Vec<&str> = types.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let delimiter = node.config.str("delimiter").and_then(|text| text.chars().next()).unwrap_or(',');
    let file = SeedFile::read(&path, delimiter, &text_columns).map_err(|error| match error {
        SeedError::Unreadable(error) => {
            raise(Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read the seed {shown}: {error}")))
        }
        SeedError::Invalid { message, offset, hint } => {
            let text = String::from_utf8_lossy(&seed_file(run).unwrap_or_default()).into_owned();
            let source = run.session().sources().add(node.original_file_path.clone(), text);
            let mut problem =
                Diagnostic::error(Code::SEED, format!("seed `{}` cannot be loaded: {message}", node.name))
                    .at(Span::new(source, offset, offset + 1), "");
            problem.hint = hint;
            raise(problem)
        }
    })?;
    let kinds = file.columns().iter().map(|column| column.kind).collect();
    let adapter = run.session().adapter();
    let table = file.table(|kind| adapter.seed_type(kind).to_owned());
    Ok(Value::from_object(TableValue::of_seed(Arc::new(table), kinds, shown)))
}
