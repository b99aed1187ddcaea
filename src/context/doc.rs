//! `doc`: the text of a doc block in a description.

use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::Value;

use super::arguments::function;
use super::raise::{raise, wrong_arguments};
use super::scope::Scope;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Doc, SearchOrder};

/// The doc block that a call in a description of the package `caller` means, `package` being the one it names.
pub fn find_doc<'a>(
    docs: &'a IndexMap<String, Arc<Doc>>,
    order: &SearchOrder,
    caller: &str,
    package: Option<&str>,
    name: &str,
) -> Option<&'a Arc<Doc>> {
    let of = |package: &str| docs.get(&format!("doc.{package}.{name}"));
    match package {
        Some(package) => of(package),
        None => order.named(caller).into_iter().find_map(of).or_else(|| docs.values().find(|doc| doc.name == name)),
    }
}

/// `doc` of a scope.
pub(super) fn doc_function(scope: &Arc<Scope>, docs: Arc<IndexMap<String, Arc<Doc>>>) -> Value {
    let scope = Arc::clone(scope);
    function("doc", move |_, args| {
        let (package, name) = match args {
            [name] => (None, name.to_string()),
            [package, name] => (Some(package.to_string()), name.to_string()),
            _ => return Err(wrong_arguments(format!("doc() takes at most two arguments ({} given)", args.len()))),
        };
        let found = find_doc(&docs, scope.session.search_order(), &scope.package, package.as_deref(), &name);
        let Some(doc) = found else {
            let shown = package.map_or_else(|| name.clone(), |package| format!("{package}.{name}"));
            let problem = Diagnostic::error(Code::DOC_NOT_FOUND, format!("doc block `{shown}` is not found"));
            return Err(raise(problem.suggest(&name, docs.values().map(|doc| doc.name.as_str()))));
        };
        Ok(Value::from(doc.block_contents.as_str()))
    })
}
