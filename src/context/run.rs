//! One node while it is compiled and run: its context, its connection, and what its templates left behind.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indexmap::IndexMap;
use minijinja::{Error, Value};
use serde_json::Value as Json;

use super::results::{ResultStore, StatementResult};
use super::scope::{Scope, Stage, Written};
use super::{ForeseenCount, Halt, MacroEntry, Session, Transaction, reference};
use crate::adapters::{AdapterResponse, Column, Connection, Relation, RelationCache, Table};
use crate::config::WarningFate;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::{Event, NodeInfo};
use crate::jinja::from_json;
use crate::manifest::{CompiledNode, Manifest, Node, RefCall, ResourceType};

/// A worker of the pool with its connection.
pub struct Worker {
    /// What `thread_id` shows: `Thread-1 (worker)`.
    pub name: String,
    /// Its connection; nobody else uses it, so that a lock never waits.
    pub connection: Mutex<Box<dyn Connection>>,
    /// Whether its statements must end.
    pub halt: Arc<Halt>,
    /// Whether all that it runs is one transaction, which whoever made it begins and ends.
    pub is_one_transaction: bool,
    /// Whether what it replaces is kept for a while.
    pub keeps_previous: bool,
    /// Whether tables stay and only their rows change.
    pub publishes_in_place: bool,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker with this connection.
    pub fn new(name: impl Into<String>, connection: Box<dyn Connection>) -> Self {
        Self {
            name: name.into(),
            connection: Mutex::new(connection),
            halt: Arc::default(),
            is_one_transaction: false,
            keeps_previous: false,
            publishes_in_place: false,
        }
    }

    /// The same, of which all that it runs is one transaction.
    #[must_use]
    pub fn in_one_transaction(self) -> Self {
        Self { is_one_transaction: true, ..self }
    }

    /// The same, which keeps what it replaces, or does not.
    #[must_use]
    pub fn keeping_previous(self, keeps_previous: bool) -> Self {
        Self { keeps_previous, ..self }
    }

    /// The same, whose tables stay and get other rows, or are replaced.
    #[must_use]
    pub fn publishing_in_place(self, publishes_in_place: bool) -> Self {
        Self { publishes_in_place, ..self }
    }

    /// An error if no further statement may begin.
    pub(super) fn check_halt(&self) -> Result<(), Diagnostic> {
        self.halt.reason().map_or(Ok(()), |reason| Err(reason.diagnostic()))
    }

    /// Its connection.
    pub fn connection(&self) -> MutexGuard<'_, Box<dyn Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rows from `start` (included) to `end` (excluded), as dbt writes timestamps in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTimeRange {
    /// First moment.
    pub start: Option<String>,
    /// First moment after.
    pub end: Option<String>,
}

/// What a unit test puts in the place of what its model would see.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Results of macros, by `name` or `package.name`.
    pub macros: BTreeMap<String, Json>,
    /// Variables.
    pub vars: BTreeMap<String, Json>,
    /// Environment variables.
    pub env_vars: BTreeMap<String, Json>,
    /// Configs that `config.get` answers.
    pub config: BTreeMap<String, Json>,
    /// Relations by unique id of the node or source they stand for: fixtures of a unit test.
    pub relations: HashMap<String, Relation>,
    /// What `this` is.
    pub this: Option<Relation>,
}

/// What a [`NodeRun`] is made of.
#[derive(Clone)]
pub struct RunParts {
    /// The invocation's session.
    pub session: Arc<Session>,
    /// The whole project.
    pub manifest: Arc<Manifest>,
    /// The node, hook, or a made-up node for inline SQL and operations.
    pub node: Arc<Node>,
    /// Who runs it.
    pub worker: Arc<Worker>,
}

/// What only some runs have.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Rows that inputs with an `event_time` are limited to (a microbatch, a sample).
    pub event_time: Option<EventTimeRange>,
    /// `--defer`: relations of another state by unique id, used where the own one does not exist.
    pub deferred: Arc<HashMap<String, Relation>>,
    /// What nodes are called, by unique id, in a run that is published as a whole.
    pub staged: Arc<HashMap<String, Relation>>,
    /// What a unit test replaces.
    pub overrides: Overrides,
    /// Names of this run's own: `results`, `schemas`, `database_schemas` of `on-run-end`.
    pub names: BTreeMap<String, Value>,
    /// The node as events describe it.
    pub node_info: Option<NodeInfo>,
    /// Whose transaction it works in.
    pub transaction: Transaction,
    /// Identifiers that stand for others while it runs, with those: what is kept of its SQL has the others.
    pub stand_ins: Vec<(String, String)>,
    /// Of a test: how many rows its SQL gives, where that is known.
    pub foreseen: Option<ForeseenCount>,
}

/// One node that is compiled and run. Belongs to one worker.
pub struct NodeRun {
    parts: RunParts,
    options: RunOptions,
    compiled: Mutex<Compiled>,
    model: Mutex<Option<Value>>,
    ctes: Mutex<Vec<String>>,
    pub(super) results: ResultStore,
    written: Mutex<Option<String>>,
    node_info: Mutex<NodeInfo>,
    pub(super) query_comment: OnceLock<Option<String>>,
}

/// What compiling gave so far.
#[derive(Default)]
struct Compiled {
    code: Option<Arc<str>>,
    /// Further keys of `model`: `batch`, `extra_ctes` …
    extra: serde_json::Map<String, Json>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for NodeRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeRun").field("node", &self.parts.node.unique_id).finish_non_exhaustive()
    }
}

/// SQL with names in the place of those that stand for them.
pub fn published_text<'a>(stand_ins: &[(String, String)], sql: &'a str) -> Cow<'a, str> {
    stand_ins.iter().fold(Cow::Borrowed(sql), |sql, (stand_in, name)| {
        if sql.contains(stand_in) { Cow::Owned(sql.replace(stand_in, name)) } else { sql }
    })
}

fn is_deferrable(node: &Node) -> bool {
    node.resource_type == ResourceType::Function || node.is_refable() && !node.is_ephemeral()
}

/// Where the nodes of another state lie, for [`RunOptions::deferred`]: those that the project has too.
pub fn deferred_relations(session: &Session, manifest: &Manifest, state: &Manifest) -> HashMap<String, Relation> {
    let others = state.nodes.iter().filter(|(id, other)| is_deferrable(other) && manifest.nodes.contains_key(*id));
    others.map(|(id, other)| (id.clone(), super::model::node_relation(session, other))).collect()
}

impl NodeRun {
    /// A run of a node.
    pub fn new(parts: RunParts) -> Arc<Self> {
        Self::with_options(parts, RunOptions::default())
    }

    /// A run with more to it.
    pub fn with_options(parts: RunParts, options: RunOptions) -> Arc<Self> {
        let node_info = options.node_info.clone().unwrap_or_else(|| parts.node.node_info());
        Arc::new(Self {
            node_info: Mutex::new(node_info),
            parts,
            options,
            compiled: Mutex::default(),
            model: Mutex::default(),
            ctes: Mutex::default(),
            results: ResultStore::default(),
            written: Mutex::default(),
            query_comment: OnceLock::new(),
        })
    }

    /// What its templates see. `execute` is true.
    pub fn context(self: &Arc<Self>) -> Value {
        self.context_with(BTreeMap::new())
    }

    /// The same with names of one render.
    pub fn context_with(self: &Arc<Self>, names: BTreeMap<String, Value>) -> Value {
        let mut all: BTreeMap<String, Value> = self
            .options
            .overrides
            .macros
            .iter()
            .flat_map(|(name, value)| {
                let value = from_json(value);
                let is_macro = name.contains('.') || self.session().macros().find_anywhere(name, None).is_some();
                let value = if is_macro {
                    super::arguments::function("override", move |_, _| Ok(value.clone()))
                } else {
                    value
                };
                // A built-in macro is overridden with and without its namespace, a package's only with it.
                let (name, other) = match name.split_once('.') {
                    Some(("dbt", bare)) => (name.clone(), Some(bare.to_owned())),
                    Some(_) => (name.clone(), None),
                    None => (name.clone(), Some(format!("dbt.{name}"))),
                };
                std::iter::once((name, value.clone())).chain(other.map(|other| (other, value)))
            })
            .collect();
        all.extend(self.options.names.iter().map(|(name, value)| (name.clone(), value.clone())));
        all.extend(names);
        let scope = Scope {
            session: Arc::clone(&self.parts.session),
            package: self.parts.node.package_name.clone(),
            stage: Stage::Run(Arc::clone(self)),
            names: all,
            written: Written::default(),
        };
        Arc::new(scope).context()
    }

    /// The invocation's session.
    pub fn session(&self) -> &Arc<Session> {
        &self.parts.session
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.parts.node
    }

    /// The whole project.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.parts.manifest
    }

    /// Who runs it.
    pub fn worker(&self) -> &Arc<Worker> {
        &self.parts.worker
    }

    /// What relations exist.
    pub fn cache(&self) -> &Arc<RelationCache> {
        self.parts.session.relation_cache()
    }

    /// The relation that the node is.
    pub fn relation(&self) -> Relation {
        super::model::node_relation(&self.parts.session, &self.parts.node)
    }

    /// The relation that readers know the node by, also while it has another name.
    pub fn live_relation(&self) -> Relation {
        let node = self.parts.manifest.nodes.get(&self.parts.node.unique_id).unwrap_or(&self.parts.node);
        super::model::node_relation(&self.parts.session, node)
    }

    /// The node as events describe it.
    pub fn node_info(&self) -> NodeInfo {
        lock(&self.node_info).clone()
    }

    /// Tells in which state the node is.
    pub fn set_node_info(&self, node_info: NodeInfo) {
        *lock(&self.node_info) = node_info;
    }

    /// Tells the SQL that was compiled, CTEs of ephemeral models included: `sql`, `compiled_code`, `model.compiled_code`.
    pub fn set_compiled_code(&self, code: impl Into<Arc<str>>) {
        lock(&self.compiled).code = Some(code.into());
        *lock(&self.model) = None;
    }

    /// The compiled SQL, once it is known.
    pub fn compiled_code(&self) -> Option<Arc<str>> {
        lock(&self.compiled).code.clone()
    }

    /// Adds a key to `model`, such as `batch`.
    pub fn set_model_key(&self, key: &str, value: Json) {
        lock(&self.compiled).extra.insert(key.to_owned(), value);
        *lock(&self.model) = None;
    }

    /// A run of another node on the same worker: an ephemeral model that this one needs, an input of a unit test.
    pub fn of_node(&self, node: Arc<Node>) -> Arc<Self> {
        let options = RunOptions {
            event_time: self.options.event_time.clone(),
            deferred: Arc::clone(&self.options.deferred),
            staged: Arc::clone(&self.options.staged),
            node_info: Some(self.node_info()),
            ..RunOptions::default()
        };
        Self::with_options(RunParts { node, ..self.parts.clone() }, options)
    }

    /// Unique ids of the ephemeral models that its templates have referred to, in order, each once.
    pub fn ephemeral_refs(&self) -> Vec<String> {
        lock(&self.ctes).clone()
    }

    /// What was last given to `write()`: the SQL for `target/run`.
    pub fn main_sql(&self) -> Option<String> {
        lock(&self.written).clone()
    }

    /// Tells a warning, once an invocation; it is an error where the flags say so.
    pub fn warn(&self, warning: Diagnostic) -> Result<(), Diagnostic> {
        let session = self.session();
        match session.config().flags.fate_of_warning(warning.events()) {
            WarningFate::Error => return Err(warning.into_error()),
            WarningFate::Warn if session.is_news(&warning.message) => {
                session.reporter().report(&Event::diagnosed(&warning, session.sources()));
            }
            WarningFate::Warn | WarningFate::Silence => {}
        }
        Ok(())
    }

    /// Calls a macro with positional arguments; gives what it returns, or its text.
    pub fn call_macro(self: &Arc<Self>, entry: &MacroEntry, arguments: &[Value]) -> Result<Value, Diagnostic> {
        self.call_macro_with(entry, arguments, &[])
    }

    /// The same with keyword arguments.
    pub fn call_macro_with(
        self: &Arc<Self>,
        entry: &MacroEntry,
        arguments: &[Value],
        keywords: &[(&str, Value)],
    ) -> Result<Value, Diagnostic> {
        let engine = self.parts.session.engine();
        let called = engine.call(&entry.value, arguments, keywords, self.context(), |_| {}, |_| {});
        called
            .map(|rendered| rendered.value)
            .map_err(|error| error.suggest(self.parts.session.macros().names()).diagnostic)
    }

    /// Calls the macro of this name: the root project's, a package's, or the built-in one.
    pub fn call_macro_named(self: &Arc<Self>, name: &str, arguments: &[Value]) -> Result<Value, Diagnostic> {
        let macros = self.parts.session.macros();
        let Some(entry) = macros.find_anywhere(name, None) else {
            let problem = Diagnostic::error(Code::MACRO_NOT_FOUND, format!("macro `{name}` is not found"));
            return Err(problem.suggest(name, macros.names()));
        };
        self.call_macro(entry, arguments)
    }

    /// A relation as templates see it.
    pub fn relation_value(&self, relation: Relation) -> Value {
        super::relation::relation_value(relation)
    }

    /// Adds the relations that a materialization returned (`{'relations': […]}`) to what is known to exist.
    pub fn remember_relations(&self, returned: &Value) -> Result<(), Diagnostic> {
        let relations = returned.get_attr("relations").ok().filter(|relations| !relations.is_undefined());
        let Some(relations) = relations else {
            return Err(Diagnostic::error(
                Code::INVALID_RESOURCE,
                format!(
                    "The materialization (\"{}\") did not explicitly return a list of relations to add to the cache.",
                    self.parts.node.config.materialized()
                ),
            )
            .hint("end it with `{{ return({'relations': [target_relation]}) }}`"));
        };
        for value in relations.try_iter().into_iter().flatten() {
            if let Some(relation) = super::relation::as_relation(&value) {
                super::adapter::cache::add(self, relation);
            }
        }
        Ok(())
    }

    /// Makes the comment that goes with every statement, which may fail.
    pub fn check_query_comment(self: &Arc<Self>) -> Result<(), Diagnostic> {
        super::adapter::query_comment::of_run(self).map(drop)
    }

    /// The relations that foreign keys mean by `to: ref(…)`, by that text; `model` gets them too.
    pub fn resolve_foreign_keys(self: &Arc<Self>) -> Result<IndexMap<String, String>, Diagnostic> {
        let targets = super::foreign_keys::targets(self)?;
        if !targets.is_empty() {
            for (key, value) in super::foreign_keys::resolved(self.node(), &targets) {
                self.set_model_key(key, value);
            }
        }
        Ok(targets)
    }

    /// Runs a query and gives its rows; no transaction is begun.
    pub fn query(self: &Arc<Self>, sql: &str) -> Result<(AdapterResponse, Table), Diagnostic> {
        super::adapter::execute::run(self, sql, false, true)
    }

    /// Runs SQL as hooks of the project are run: whatever transaction it opens is closed after it.
    pub fn execute_outside_transaction(self: &Arc<Self>, sql: &str) -> Result<(), Diagnostic> {
        super::adapter::execute::run(self, sql, false, false)?;
        super::adapter::execute::commit(self)
    }

    pub(super) fn set_written(&self, payload: String) {
        *lock(&self.written) = Some(payload);
    }

    /// What `store_result` kept under a name; `main` is the node's own.
    pub fn statement_result(&self, name: &str) -> Option<StatementResult> {
        self.results.get(name)
    }

    /// What a unit test replaces.
    pub(super) fn overrides(&self) -> &Overrides {
        &self.options.overrides
    }

    pub(super) fn config_override(&self, name: &str) -> Option<Json> {
        self.options.overrides.config.get(name).cloned()
    }

    pub(super) fn this_override(&self) -> Option<Value> {
        self.options.overrides.this.clone().map(super::relation::relation_value)
    }

    /// The answer to a statement that is known without asking.
    pub(super) fn foreseen(&self, sql: &str) -> Option<(AdapterResponse, Table)> {
        self.options.foreseen.as_ref()?.answer(sql, &self.compiled_code()?)
    }

    pub(super) fn transaction(&self) -> &Transaction {
        &self.options.transaction
    }

    /// SQL as it is kept for people: with the names that hold when the run is over.
    pub fn published_text<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        published_text(&self.options.stand_ins, sql)
    }

    pub(super) fn event_time(&self) -> Option<&EventTimeRange> {
        self.options.event_time.as_ref()
    }

    pub(super) fn deferred(&self, unique_id: &str) -> Option<&Relation> {
        self.options.deferred.get(unique_id)
    }

    /// Where the node itself lies in the deferred state; a fixture stands for a model, a seed or a snapshot.
    pub(super) fn deferred_of_itself(&self) -> Option<&Relation> {
        let id = &self.node().unique_id;
        let (_, name) = id.split_once('.')?;
        self.deferred(id)
            .or_else(|| ["seed", "snapshot"].iter().find_map(|kind| self.deferred(&format!("{kind}.{name}"))))
    }

    pub(super) fn staged(&self, unique_id: &str) -> Option<&Relation> {
        self.options.staged.get(unique_id)
    }

    pub(super) fn fixture(&self, unique_id: &str) -> Option<&Relation> {
        self.options.overrides.relations.get(unique_id)
    }

    pub(super) fn checks_dependencies(&self) -> bool {
        use ResourceType::{Macro, Operation, SqlOperation};
        !matches!(self.parts.node.resource_type, Macro | Operation | SqlOperation)
    }

    pub(super) fn add_cte(&self, unique_id: &str) {
        let mut ctes = lock(&self.ctes);
        if !ctes.iter().any(|known| known == unique_id) {
            ctes.push(unique_id.to_owned());
        }
    }

    /// The relation that `ref` gives.
    pub(super) fn resolve_ref(self: &Arc<Self>, call: &RefCall) -> Result<Relation, Error> {
        reference::resolve::node(self, call)
    }

    /// The relation that `source` gives.
    pub(super) fn resolve_source(self: &Arc<Self>, source: &str, table: &str) -> Result<Relation, Error> {
        reference::resolve::source(self, source, table)
    }

    /// `model`: dbt's dict of the node, made once for each state of it.
    pub(super) fn model_value(&self) -> Value {
        if let Some(model) = lock(&self.model).clone() {
            return model;
        }
        let json = self.model_json();
        let model = from_json(&json);
        super::batch::add_times(&model, &json);
        *lock(&self.model) = Some(model.clone());
        model
    }

    fn model_json(&self) -> Json {
        let compiled = lock(&self.compiled);
        let code = compiled.code.as_ref().map(ToString::to_string);
        let known = CompiledNode { code: code.clone(), ..CompiledNode::default() };
        let mut json = self.parts.node.to_json(code.as_ref().map(|_| &known));
        if let Json::Object(map) = &mut json {
            leave_out_unset(map, &self.parts.node.unrendered_config);
            if let Some(code) = code {
                map.insert("compiled_sql".into(), Json::from(code));
            }
            translate_types(map);
            map.extend(compiled.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        json
    }
}

/// Types of columns are the warehouse's where the contract does not say `alias_types: false`.
fn translate_types(model: &mut serde_json::Map<String, Json>) {
    if model.get("contract").and_then(|contract| contract["alias_types"].as_bool()) != Some(true) {
        return;
    }
    let Some(Json::Object(columns)) = model.get_mut("columns") else { return };
    for column in columns.values_mut() {
        if let Some(Json::String(data_type)) = column.get_mut("data_type") {
            *data_type = Column::translate_type(data_type).to_owned();
        }
    }
}

/// dbt leaves out what is not set, except configs that were set to nothing and what users keep in `meta`.
fn leave_out_unset(model: &mut serde_json::Map<String, Json>, given: &serde_json::Map<String, Json>) {
    model.retain(|_, value| !value.is_null());
    let parts = ["docs", "contract"];
    for (key, value) in model.iter_mut() {
        match (key.as_str(), value) {
            ("config", Json::Object(config)) => {
                config.retain(|key, value| !value.is_null() || given.contains_key(key));
                for part in parts {
                    without_nulls(config.get_mut(part));
                }
            }
            ("refs", Json::Array(refs)) => refs.iter_mut().for_each(|call| without_nulls(Some(call))),
            ("columns", Json::Object(columns)) => {
                columns.values_mut().for_each(|column| without_nulls(Some(column)));
            }
            (key, value) if parts.contains(&key) => without_nulls(Some(value)),
            _ => {}
        }
    }
}

fn without_nulls(value: Option<&mut Json>) {
    if let Some(Json::Object(map)) = value {
        map.retain(|_, value| !value.is_null());
    }
}
