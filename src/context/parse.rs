//! Contexts for parsing: models, generic tests, hooks, property files, descriptions, and the names of relations.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use serde_json::Map;

use super::{Capture, NameMacro, Session};
use crate::diagnostics::Diagnostic;
use crate::manifest::{Doc, ResourceType};

/// What is known of a node while its template is parsed.
#[derive(Debug, Clone)]
pub struct ParseNode {
    /// `model.package.name`.
    pub unique_id: String,
    /// Its kind.
    pub resource_type: ResourceType,
    /// Name.
    pub name: String,
    /// Package that defines it.
    pub package_name: String,
    /// Path below the resource's folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Name in the warehouse, as far as it is known.
    pub alias: String,
    /// Database, as far as it is known.
    pub database: Option<String>,
    /// Schema, as far as it is known.
    pub schema: String,
    /// The template.
    pub raw_code: Arc<str>,
    /// Config of the project files, for `model.config`.
    pub config: Map<String, serde_json::Value>,
    /// Names of its own: `_dbt_generic_test_kwargs` of a generic test.
    pub names: Vec<(String, Value)>,
}

/// The context in which a node's template is parsed, and what it captures. `execute` is false.
pub fn parse_context(_session: &Arc<Session>, _node: Arc<ParseNode>) -> (Value, Arc<Capture>) {
    (Value::UNDEFINED, Arc::default())
}

/// The context of values in property files of `package`: `var`, `env_var`, `target` and the like; no macros.
pub fn yaml_context(_session: &Arc<Session>, _package: &str) -> Value {
    Value::UNDEFINED
}

/// The context of descriptions: [`yaml_context`] with `doc`. Unique ids of the doc blocks that were used are captured.
pub fn docs_context(
    _session: &Arc<Session>,
    _package: &str,
    _docs: &Arc<IndexMap<String, Arc<Doc>>>,
) -> (Value, Arc<std::sync::Mutex<Vec<String>>>) {
    (Value::UNDEFINED, Arc::default())
}

/// The database, schema or alias of a resource: what the project's macro (or the built-in rule) makes of `custom`.
pub fn generate_name(
    _session: &Arc<Session>,
    _which: NameMacro,
    _package: &str,
    custom: Option<&str>,
    _node: &serde_json::Value,
) -> Result<String, Diagnostic> {
    Ok(custom.unwrap_or_default().to_owned())
}
