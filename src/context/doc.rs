//! `doc`: the text of a doc block in a description.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::Value;

use super::arguments::function;
use super::raise::{raise, wrong_arguments};
use super::scope::Scope;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::Doc;

/// `doc` of a scope: looks in the named package, else in the description's own, the root project, then anywhere.
pub(super) fn doc_function(
    scope: &Arc<Scope>,
    docs: Arc<IndexMap<String, Arc<Doc>>>,
    used: Arc<Mutex<Vec<String>>>,
) -> Value {
    let scope = Arc::clone(scope);
    function("doc", move |_, args| {
        let (package, name) = match args {
            [name] => (None, name.to_string()),
            [package, name] => (Some(package.to_string()), name.to_string()),
            _ => return Err(wrong_arguments(format!("doc() takes at most two arguments ({} given)", args.len()))),
        };
        let root = scope.session.config().project.name.as_str();
        let found = match &package {
            Some(package) => docs.get(&format!("doc.{package}.{name}")),
            None => [scope.package.as_str(), root]
                .into_iter()
                .find_map(|package| docs.get(&format!("doc.{package}.{name}")))
                .or_else(|| docs.values().find(|doc| doc.name == name)),
        };
        let Some(doc) = found else {
            let shown = package.map_or_else(|| name.clone(), |package| format!("{package}.{name}"));
            let problem = Diagnostic::error(Code::DOC_NOT_FOUND, format!("doc block `{shown}` is not found"));
            return Err(raise(problem.suggest(&name, docs.values().map(|doc| doc.name.as_str()))));
        };
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&doc.unique_id) {
            used.push(doc.unique_id.clone());
        }
        Ok(Value::from(doc.block_contents.as_str()))
    })
}
