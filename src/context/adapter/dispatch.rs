//! `adapter.dispatch` and the macros of incremental strategies.

use std::sync::Arc;

use minijinja::{Error, Value};

use crate::context::arguments::{bind, text};
use crate::context::raise::{compilation, raise, wrong_arguments};
use crate::context::scope::Scope;
use crate::context::{MacroEntry, Session};
use crate::diagnostics::{Code, Diagnostic};

/// `adapter.dispatch(macro_name, macro_namespace)`: the macro that is found first, packages before prefixes.
pub(super) fn dispatch(scope: &Arc<Scope>, args: &[Value]) -> Result<Value, Error> {
    let [name, namespace, packages] = bind("dispatch", ["macro_name", "macro_namespace", "packages"], args)?;
    let name = text("dispatch", "macro_name", name)?;
    if let Some((package, rest)) = name.split_once('.') {
        return Err(compilation(format!(
            "In adapter.dispatch, got a macro name of \"{name}\", but \".\" is not a valid macro name component. Did you \
             mean `adapter.dispatch(\"{rest}\", macro_namespace=\"{package}\")`?"
        )));
    }
    if packages.is_some_and(|packages| !packages.is_none()) {
        return Err(wrong_arguments(format!(
            "adapter.dispatch takes no `packages` any more (dispatching \"{name}\"); give `macro_namespace`"
        )));
    }
    let namespace = match namespace {
        Some(value) if value.is_none() || value.is_undefined() => None,
        Some(value) if value.as_str().is_some() => Some(value.to_string()),
        Some(value) => {
            return Err(compilation(format!(
                "In adapter.dispatch, macro_namespace must be a string or none, not {value}"
            )));
        }
        None => None,
    };
    let mut attempts = Vec::new();
    for package in search_packages(&scope.session, namespace.as_deref()) {
        for prefix in scope.session.adapter().dispatch_prefixes() {
            let candidate = format!("{prefix}__{name}");
            let found = match &package {
                None => scope.lookup_macro(&candidate).or_else(|| scope.macro_for_a_parsed_test(&candidate)),
                Some(package) => scope.session.macros().find_in(package, &candidate).map(|entry| entry.value.clone()),
            };
            if let Some(found) = found {
                return Ok(found);
            }
            attempts.push(match &package {
                None => format!("'{candidate}'"),
                Some(package) => format!("'{package}.{candidate}'"),
            });
        }
    }
    let shown = namespace.unwrap_or_else(|| "None".into());
    let problem = Diagnostic::error(
        Code::MACRO_NOT_FOUND,
        format!("In dispatch: No macro named '{name}' found within namespace: '{shown}'"),
    )
    .note(format!("Searched for: {}", attempts.join(", ")));
    Err(raise(problem.suggest(&format!("default__{name}"), scope.session.macros().names())))
}

/// The macro that `adapter.dispatch` finds in a template of `package`.
pub(in crate::context) fn dispatched<'s>(
    session: &'s Session,
    package: &str,
    name: &str,
    namespace: Option<&str>,
) -> Option<&'s Arc<MacroEntry>> {
    search_packages(session, namespace).into_iter().find_map(|searched| {
        session.adapter().dispatch_prefixes().iter().find_map(|prefix| {
            let candidate = format!("{prefix}__{name}");
            match &searched {
                None => session.macros().find(package, &candidate),
                Some(searched) => session.macros().find_in(searched, &candidate),
            }
        })
    })
}

/// Where to look: none is the template's own lookup.
fn search_packages(session: &Session, namespace: Option<&str>) -> Vec<Option<String>> {
    let project = &session.config().project;
    let Some(namespace) = namespace else { return vec![None] };
    if let Some(order) = project.search_order(namespace) {
        return order.iter().cloned().map(Some).collect();
    }
    if project.package(namespace).is_some() {
        return vec![Some(project.name.clone()), Some(namespace.to_owned())];
    }
    vec![None]
}

/// dbt's own strategies, which not every warehouse has.
const BUILT_IN: &[&str] = &["append", "delete+insert", "merge", "insert_overwrite", "microbatch"];

/// `adapter.get_incremental_strategy_macro(context, strategy)`: the macro `get_incremental_<strategy>_sql`.
pub(super) fn strategy(scope: &Arc<Scope>, args: &[Value]) -> Result<Value, Error> {
    let [_context, strategy] = bind("get_incremental_strategy_macro", ["model_context", "strategy"], args)?;
    let strategy = strategy.filter(|strategy| !strategy.is_none()).map_or_else(|| "default".into(), |s| s.to_string());
    let known = scope.session.adapter().incremental_strategies();
    if BUILT_IN.contains(&strategy.as_str()) && !known.contains(&strategy.as_str()) {
        return Err(raise(
            Diagnostic::error(
                Code::INVALID_CONFIG,
                format!("The incremental strategy '{strategy}' is not valid for this adapter"),
            )
            .hint(format!("this warehouse knows {}", known.join(", "))),
        ));
    }
    let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
    scope.lookup_macro(&name).ok_or_else(|| {
        raise(
            Diagnostic::error(
                Code::MACRO_NOT_FOUND,
                format!(
                    "dbt could not find an incremental strategy macro with the name \"{name}\" in {}",
                    scope.session.config().project.name
                ),
            )
            .suggest(&name, scope.session.macros().names()),
        )
    })
}
