//! Contexts for parsing: models, generic tests, hooks, property files, descriptions, and the names of relations.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;
use serde_json::Map;

use super::scope::{Scope, Stage};
use super::values::optional;
use super::{Capture, MacroEntry, NameMacro, Session};
use crate::diagnostics::{Code, Diagnostic};
use crate::jinja::from_json;
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

fn context(session: &Arc<Session>, package: &str, stage: Stage, names: BTreeMap<String, Value>) -> Value {
    let scope = Scope {
        session: Arc::clone(session),
        package: package.to_owned(),
        stage,
        names,
        written: super::scope::Written::default(),
    };
    Arc::new(scope).context()
}

/// The context in which a node's template is parsed, and what it captures. `execute` is false.
///
/// Macros that the template calls are not in the capture but in [`crate::jinja::Rendered::macros`];
/// [`Session::macro_ids`] turns those into unique ids.
pub fn parse_context(session: &Arc<Session>, node: Arc<ParseNode>) -> (Value, Arc<Capture>) {
    let capture = Arc::new(Capture::default());
    let names = node.names.iter().cloned().collect();
    let package = node.package_name.clone();
    let stage = Stage::Parse { node, capture: Arc::clone(&capture) };
    (context(session, &package, stage, names), capture)
}

/// The context of values in property files of `package`: `var`, `env_var`, `target` and the like; no macros.
pub fn yaml_context(session: &Arc<Session>, package: &str) -> Value {
    context(session, package, Stage::Property, BTreeMap::new())
}

/// The context of descriptions: [`yaml_context`] with `doc`.
pub fn docs_context(session: &Arc<Session>, package: &str, docs: &Arc<IndexMap<String, Arc<Doc>>>) -> Value {
    context(session, package, Stage::Description { docs: Arc::clone(docs) }, BTreeMap::new())
}

/// The context of a macro called by itself while parsing (`execute` is false); bare names are those of the root project.
pub fn macro_context(session: &Arc<Session>) -> Value {
    context(session, &session.config().project.name, Stage::Naming, BTreeMap::new())
}

/// A resource that gets a name.
pub struct Named<'a> {
    /// Its own name.
    pub name: &'a str,
    /// Its version, if it has one.
    pub version: Option<&'a serde_json::Value>,
    /// dbt's dict of it; made only where a macro of the project has to be rendered.
    pub json: &'a dyn Fn() -> serde_json::Value,
}

/// The database, schema or alias of a resource: what the project's macro (or the built-in rule) makes of `custom`.
pub fn generate_name(
    session: &Arc<Session>,
    which: NameMacro,
    package: &str,
    custom: Option<&str>,
    node: &Named<'_>,
) -> Result<String, Diagnostic> {
    let Some(entry) = session.macros().find_name_macro(which, package) else {
        return Err(Diagnostic::error(Code::MACRO_NOT_FOUND, format!("macro `{}` is not found", which.macro_name())));
    };
    if uses_builtin_rule(session, which, package, entry) {
        return Ok(builtin_name(session, which, custom, node));
    }
    let rendered = session.engine().call(
        &entry.value,
        &[optional(custom), from_json(&(node.json)())],
        &[],
        macro_context(session),
        |_| {},
        |_| {},
    )?;
    Ok(rendered.text().trim().to_owned())
}

/// Whether the built-in macro is called, and its dispatched body is not replaced by one of the project.
fn uses_builtin_rule(session: &Session, which: NameMacro, package: &str, entry: &MacroEntry) -> bool {
    if !entry.is_internal {
        return false;
    }
    let prefixes = session.adapter().dispatch_prefixes();
    let root = &session.config().project;
    let overridden = prefixes.iter().any(|prefix| {
        let name = format!("{prefix}__{}", which.macro_name());
        let replaced = session.macros().find_local(&root.name, &name).is_some()
            || session.macros().find_local(package, &name).is_some();
        let special = *prefix != "default" && session.macros().find_internal(&name).is_some();
        replaced || special
    });
    !overridden && root.search_order("dbt").is_none()
}

/// What dbt's own macros make: custom schemas after the target's, aliases as given or the name with its version.
fn builtin_name(session: &Session, which: NameMacro, custom: Option<&str>, node: &Named<'_>) -> String {
    let adapter = session.adapter();
    let custom = custom.map(str::trim).filter(|custom| !custom.is_empty());
    match (which, custom) {
        (NameMacro::Database | NameMacro::Alias, Some(custom)) => custom.to_owned(),
        (NameMacro::Database, None) => adapter.database().to_owned(),
        (NameMacro::Schema, None) => adapter.schema().to_owned(),
        (NameMacro::Schema, Some(custom)) => format!("{}_{custom}", adapter.schema()),
        (NameMacro::Alias, None) => {
            let name = node.name;
            match node.version {
                None | Some(serde_json::Value::Null) => name.to_owned(),
                Some(serde_json::Value::String(version)) => format!("{name}_v{}", version.replace('.', "_")),
                Some(version) => format!("{name}_v{}", version.to_string().replace('.', "_")),
            }
        }
    }
}
