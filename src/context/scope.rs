//! The lazy object that templates get their names from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, Value};

use super::arguments::{bind, function, text};
use super::run::NodeRun;
use super::values::{dict, none, optional};
use super::{Capture, ParseNode, Session};
use crate::config::WarningFate;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::jinja::{pairs_of, raise};
use crate::manifest::{Doc, NodeConfig, ResourceType};

/// When a template is rendered, and for what.
pub(super) enum Stage {
    /// A value of a property file, or a project file's.
    Property,
    /// A description.
    Description {
        /// All doc blocks by unique id.
        docs: Arc<indexmap::IndexMap<String, Arc<Doc>>>,
    },
    /// A macro that makes a name.
    Naming,
    /// A node's template while it is parsed.
    Parse {
        /// The node.
        node: Arc<ParseNode>,
        /// What it asks for.
        capture: Arc<Capture>,
    },
    /// A node that is compiled and run.
    Run(Arc<NodeRun>),
}

/// Everything that names are looked up in.
pub(super) struct Scope {
    /// What the invocation's contexts share.
    pub(super) session: Arc<Session>,
    /// The package whose macros are found first.
    pub(super) package: String,
    /// When and for what.
    pub(super) stage: Stage,
    /// Names that come before all others.
    pub(super) names: BTreeMap<String, Value>,
    /// What templates wrote into `context`.
    pub(super) written: Written,
}

/// Names that a template added to its context by `context.update(…)`; macros called later see them.
#[derive(Debug, Default)]
pub(super) struct Written(Mutex<BTreeMap<String, Value>>);

impl Written {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("package", &self.package).finish_non_exhaustive()
    }
}

/// The context itself.
#[derive(Debug)]
pub(super) struct Context {
    scope: Arc<Scope>,
    /// Without macros and names of the render: what `builtins` is.
    builtins: bool,
}

impl Object for Context {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if self.builtins { member(&self.scope, name) } else { self.scope.lookup(name) }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(MEMBERS)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut minijinja::State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method == "update" {
            let dict = super::values::dict::<String>([]);
            dict.call_method(state, method, args)?;
            let pairs = pairs_of(&dict)?.into_iter().map(|(key, value)| (key.to_string(), value));
            self.scope.written.lock().extend(pairs);
            return Ok(none());
        }
        let name = match method {
            "get" => "get",
            "pop" => "pop",
            "setdefault" => "setdefault",
            _ => return Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        };
        let [key, default] = bind(name, ["key", "default"], args)?;
        let key = text(name, "key", key)?;
        let value = self.get_value_by_str(&key);
        let is_missing = value.is_none();
        let value = value.unwrap_or_else(|| default.unwrap_or_else(none));
        if name == "setdefault" && is_missing {
            self.scope.written.lock().insert(key, value.clone());
        } else if name == "pop" {
            self.scope.written.lock().remove(&key);
        }
        Ok(value)
    }
}

/// The macros of one package: `dbt_utils` in `dbt_utils.star(...)`.
#[derive(Debug)]
struct Namespace {
    scope: Arc<Scope>,
    package: String,
}

impl Object for Namespace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if !self.scope.names.is_empty() {
            let overridden = self.scope.names.get(&format!("{}.{name}", self.package));
            if overridden.is_some() {
                return overridden.cloned();
            }
        }
        let entry = self.scope.session.macros().find_in(&self.package, name)?;
        Some(entry.value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.scope.session.macros().names_in(&self.package);
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}

impl Scope {
    /// The context value of this scope.
    pub(super) fn context(self: &Arc<Self>) -> Value {
        Value::from_object(Context { scope: Arc::clone(self), builtins: false })
    }

    /// A name: the render's own names, then macros, then dbt's members.
    pub(super) fn lookup(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = self.written.lock().get(name).or_else(|| self.names.get(name)) {
            return Some(value.clone());
        }
        if self.has_macros() {
            let macros = self.session.macros();
            let found = macros.find_local(&self.package, name).map(|entry| entry.value.clone());
            let found = found.or_else(|| {
                macros
                    .has_namespace(name)
                    .then(|| Value::from_object(Namespace { scope: Arc::clone(self), package: name.to_owned() }))
            });
            if let Some(value) = found.or_else(|| macros.find_internal(name).map(|entry| entry.value.clone())) {
                return Some(value);
            }
        }
        member(self, name).or_else(|| self.macro_for_a_parsed_test(name))
    }

    /// While a generic test is parsed dbt finds macros of any package by their bare names; when it runs, it does not.
    pub(super) fn macro_for_a_parsed_test(&self, name: &str) -> Option<Value> {
        match &self.stage {
            Stage::Parse { node, .. } if node.resource_type == ResourceType::Test => {
                self.session.macros().find_anywhere(name, None).map(|entry| entry.value.clone())
            }
            _ => None,
        }
    }

    /// The macro that a bare name means here, names of the render (a unit test's overrides) first.
    pub(super) fn lookup_macro(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.names.get(name) {
            return Some(value.clone());
        }
        self.session.macros().find(&self.package, name).map(|entry| entry.value.clone())
    }

    /// Whether macros can be called here at all.
    fn has_macros(&self) -> bool {
        !matches!(self.stage, Stage::Property | Stage::Description { .. })
    }

    /// Whether templates run for real.
    pub(super) fn execute(&self) -> bool {
        matches!(self.stage, Stage::Run(_))
    }

    /// The run, if this is one.
    pub(super) fn run(&self) -> Option<&Arc<NodeRun>> {
        match &self.stage {
            Stage::Run(run) => Some(run),
            _ => None,
        }
    }

    /// What messages call the resource that is rendered.
    pub(super) fn node_name(&self) -> &str {
        match &self.stage {
            Stage::Parse { node, .. } => &node.name,
            Stage::Run(run) => &run.node().name,
            _ => "<Configuration>",
        }
    }

    /// The unique id of the resource that is rendered.
    pub(super) fn unique_id(&self) -> &str {
        match &self.stage {
            Stage::Parse { node, .. } => &node.unique_id,
            Stage::Run(run) => &run.node().unique_id,
            _ => "",
        }
    }

    /// The config of a node at run time.
    pub(super) fn config(&self) -> Option<&NodeConfig> {
        self.run().map(|run| &run.node().config)
    }

    /// Warns as `exceptions.warn` does: an error where the flags make it one.
    pub(super) fn warn(&self, message: String) -> Result<(), Error> {
        let warning = Diagnostic::warning(Code::TEMPLATE_WARNING, message);
        self.note_volatile();
        match self.session.config().flags.fate_of_warning(warning.events()) {
            WarningFate::Silence => return Ok(()),
            WarningFate::Error => return Err(raise(warning.into_error())),
            WarningFate::Warn => {}
        }
        if let Stage::Parse { capture, .. } = &self.stage {
            capture.lock().warnings.push(warning);
        } else {
            self.report(&Event::diagnosed(&warning, self.session.sources()));
        }
        Ok(())
    }

    /// Remembers that what is rendered asked for something that differs between two runs on the same project.
    pub(super) fn note_volatile(&self) {
        self.session.note_any_volatile();
        match &self.stage {
            Stage::Parse { capture, .. } => capture.lock().is_volatile = true,
            Stage::Property | Stage::Naming => self.session.note_volatile(),
            Stage::Description { .. } | Stage::Run(_) => {}
        }
    }

    /// Tells what happened.
    pub(super) fn report(&self, event: &Event) {
        self.session.reporter().report(event);
    }

    /// The node as events describe it.
    pub(super) fn node_info(&self) -> Option<crate::events::NodeInfo> {
        self.run().map(|run| run.node_info())
    }
}

const MEMBERS: &[&str] = &[
    "adapter",
    "api",
    "builtins",
    "column",
    "compiled_code",
    "config",
    "context",
    "database",
    "dbt_metadata_envs",
    "dbt_version",
    "diff_of_two_dicts",
    "env",
    "env_var",
    "exceptions",
    "execute",
    "flags",
    "fromjson",
    "fromyaml",
    "function",
    "graph",
    "invocation_args_dict",
    "invocation_id",
    "load_agate_table",
    "load_result",
    "local_md5",
    "log",
    "metric",
    "model",
    "modules",
    "post_hooks",
    "pre_hooks",
    "print",
    "project_name",
    "ref",
    "render",
    "run_started_at",
    "schema",
    "selected_resources",
    "set",
    "set_strict",
    "source",
    "sql",
    "sql_now",
    "store_raw_result",
    "store_result",
    "target",
    "this",
    "thread_id",
    "tojson",
    "toyaml",
    "try_or_compiler_error",
    "validation",
    "var",
    "write",
    "zip",
    "zip_strict",
];

/// Names that stand for something else in each run, or that do more than to answer.
const VOLATILE: &[&str] = &[
    "dbt_metadata_envs",
    "flags",
    "graph",
    "invocation_args_dict",
    "invocation_id",
    "log",
    "modules",
    "print",
    "run_started_at",
    "selected_resources",
    "thread_id",
    "write",
];

/// One of dbt's own names.
fn member(scope: &Arc<Scope>, name: &str) -> Option<Value> {
    if !scope.execute() && VOLATILE.contains(&name) {
        scope.note_volatile();
    }
    if !scope.execute() && matches!(name, "target" | "env") {
        scope.session.note_target();
    }
    base_member(scope, name).or_else(|| match &scope.stage {
        Stage::Property => None,
        Stage::Description { docs } => (name == "doc").then(|| super::doc::doc_function(scope, Arc::clone(docs))),
        _ => provider_member(scope, name),
    })
}

/// Names that every context has.
fn base_member(scope: &Arc<Scope>, name: &str) -> Option<Value> {
    let session = &scope.session;
    let shared = session.shared();
    Some(match name {
        "target" | "env" => shared.target.clone(),
        "flags" => shared.flags.clone(),
        "run_started_at" => shared.run_started_at.clone(),
        "invocation_id" => Value::from(session.config().invocation.invocation_id.as_str()),
        "dbt_version" => Value::from(crate::config::DBT_VERSION),
        "project_name" => Value::from(session.config().project.name.as_str()),
        "thread_id" => Value::from(scope.run().map_or("MainThread", |run| run.worker().name.as_str())),
        "var" => super::var::var_value(scope),
        "env_var" => super::env_var::env_var_function(scope),
        "log" => super::log::log_function(scope),
        "print" => super::log::print_function(scope),
        "context" => scope.context(),
        "builtins" => Value::from_object(Context { scope: Arc::clone(scope), builtins: true }),
        _ => return shared.members.get(name).cloned(),
    })
}

/// Names that only templates of resources and macros have.
fn provider_member(scope: &Arc<Scope>, name: &str) -> Option<Value> {
    let session = &scope.session;
    Some(match name {
        "ref" => super::reference::ref_function(scope),
        "source" => super::source::source_function(scope),
        "metric" => super::reference::metric_function(scope),
        "function" => super::reference::function_function(scope),
        "config" => super::config::config_value(scope),
        "adapter" => super::adapter::adapter_value(scope),
        "exceptions" => Value::from_object(super::exceptions::Exceptions(Arc::clone(scope))),
        "api" => session.shared().api.clone(),
        "column" => Value::from_object(super::column::ColumnClass),
        "execute" => Value::from(scope.execute()),
        "this" => super::model::this(scope),
        "model" => super::model::model(scope),
        "database" => super::model::database(scope),
        "schema" => super::model::schema(scope),
        "graph" => super::graph::graph(scope),
        "load_result" => super::results::load_result_function(scope),
        "store_result" => super::results::store_result_function(scope),
        "store_raw_result" => super::results::store_raw_result_function(scope),
        "load_agate_table" => super::seed::load_agate_table_function(scope),
        "render" => super::render::render_function(scope),
        "try_or_compiler_error" => super::render::try_or_compiler_error_function(),
        "write" => super::render::write_function(scope),
        "validation" => dict([("any", super::config::validation_any())]),
        "selected_resources" => super::values::list(session.selected().into_iter().map(Value::from).collect()),
        "invocation_args_dict" => session.shared().invocation_args.value(),
        "dbt_metadata_envs" => session.shared().metadata_envs.value(),
        "sql_now" => Value::from("now()"),
        "defer_relation" => {
            let deferred = scope.run().and_then(|run| run.deferred_of_itself());
            deferred.map_or_else(none, |relation| super::relation::relation_value(relation.clone()))
        }
        "context_macro_stack" => none(),
        "pre_hooks" | "post_hooks" => super::model::hooks(scope, name),
        "sql" | "compiled_code" => optional(scope.run().and_then(|run| run.compiled_code()).as_deref()),
        "adapter_macro" => function("adapter_macro", |_, _| {
            Err(super::raise::compilation(
                "The \"adapter_macro\" macro has been deprecated: use `adapter.dispatch` and call its result instead",
            ))
        }),
        _ => return None,
    })
}
