//! What all contexts of one invocation share.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use super::shared::Shared;
use super::{MacroEntry, MacroSet};
use crate::adapters::{Adapter, RelationCache, RelationParts};
use crate::config::Config;
use crate::diagnostics::{Diagnostic, Diagnostics, SourceMap};
use crate::events::Reporter;
use crate::jinja::Engine;
use crate::manifest::{Manifest, SearchOrder};

/// What a [`Session`] is made of.
pub struct SessionParts {
    /// Project, profile, flags, vars, invocation.
    pub config: Config,
    /// The warehouse.
    pub adapter: Arc<dyn Adapter>,
    /// Every macro.
    pub macros: Arc<MacroSet>,
    /// Told what templates log and print.
    pub reporter: Arc<dyn Reporter>,
    /// Texts that diagnostics point into.
    pub sources: Arc<SourceMap>,
}

/// Made once an invocation; shared by all threads.
pub struct Session {
    config: Config,
    adapter: Arc<dyn Adapter>,
    macros: Arc<MacroSet>,
    shared: Shared,
    reporter: Arc<dyn Reporter>,
    sources: Arc<SourceMap>,
    quoting: RelationParts<bool>,
    search_order: SearchOrder,
    warnings: Mutex<Diagnostics>,
    selected: RwLock<Vec<String>>,
    cache: Arc<RelationCache>,
    graph: OnceLock<minijinja::Value>,
    own_names: OnceLock<HashSet<(String, String)>>,
    warned: Mutex<HashSet<String>>,
    asked_variables: Mutex<BTreeSet<String>>,
    is_volatile: AtomicBool,
    was_volatile: AtomicBool,
}

/// Stands among the names of asked variables for the number of threads: no variable has such a name.
pub const THREADS: &str = "=threads";

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("project", &self.config.project.name).finish_non_exhaustive()
    }
}

impl Session {
    /// A session of these parts.
    pub fn new(parts: SessionParts) -> Arc<Self> {
        let quoting = parts.config.project.resolved_quoting(parts.adapter.default_quoting());
        let cache = Arc::new(RelationCache::new(parts.adapter.is_case_sensitive()));
        let shared = Shared::new(&parts.config, parts.adapter.as_ref(), quoting);
        let own_first = parts.config.flags.behaves("require_ref_searches_node_package_before_root");
        let search_order = SearchOrder::new(parts.macros.root_package(), own_first);
        Arc::new(Self {
            config: parts.config,
            adapter: parts.adapter,
            shared,
            macros: parts.macros,
            reporter: parts.reporter,
            sources: parts.sources,
            quoting,
            search_order,
            warnings: Mutex::default(),
            selected: RwLock::default(),
            cache,
            graph: OnceLock::new(),
            own_names: OnceLock::new(),
            warned: Mutex::default(),
            asked_variables: Mutex::default(),
            is_volatile: AtomicBool::new(false),
            was_volatile: AtomicBool::new(false),
        })
    }

    /// The macro of microbatch models.
    pub fn microbatch_strategy(&self) -> Option<&Arc<MacroEntry>> {
        self.macros.find_anywhere("get_incremental_microbatch_sql", None)
    }

    /// Whether microbatch models are run batch by batch: with the built-in strategy, or where a flag of the project says so.
    pub fn runs_batches(&self) -> bool {
        self.config.flags.behaves("require_batched_execution_for_custom_microbatch_strategy")
            || self.microbatch_strategy().is_none_or(|strategy| strategy.is_internal)
    }

    /// In which packages a name without one is looked for.
    pub fn search_order(&self) -> &SearchOrder {
        &self.search_order
    }

    /// Project, profile, flags, vars, invocation.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The warehouse.
    pub fn adapter(&self) -> &Arc<dyn Adapter> {
        &self.adapter
    }

    /// The templates.
    pub fn engine(&self) -> &Engine {
        self.macros.engine()
    }

    /// Values that are the same in all contexts.
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Every macro.
    pub fn macros(&self) -> &MacroSet {
        &self.macros
    }

    /// Told what happens.
    pub fn reporter(&self) -> &Arc<dyn Reporter> {
        &self.reporter
    }

    /// Texts that diagnostics point into.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.sources
    }

    /// How relations are quoted: the project's word, else the warehouse's default.
    pub fn quoting(&self) -> RelationParts<bool> {
        self.quoting
    }

    /// What relations exist.
    pub fn relation_cache(&self) -> &Arc<RelationCache> {
        &self.cache
    }

    /// A variable of the environment, for a template: what is asked for is remembered.
    pub fn env(&self, name: &str) -> Option<&str> {
        let mut asked = self.asked_variables.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(name) {
            asked.insert(name.to_owned());
        }
        self.config.invocation.env(name)
    }

    /// Remembers that a template asked for the target, which tells the number of threads.
    pub(super) fn note_target(&self) {
        self.asked_variables.lock().unwrap_or_else(PoisonError::into_inner).insert(THREADS.to_owned());
    }

    /// Names of the environment variables that templates asked for so far; [`THREADS`] if they asked for the target.
    pub fn asked_variables(&self) -> BTreeSet<String> {
        self.asked_variables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers that something outside of any node's template asked for what differs between two runs.
    pub(super) fn note_volatile(&self) {
        self.is_volatile.store(true, Ordering::Relaxed);
    }

    /// Remembers that any template asked for what differs between two runs.
    pub(super) fn note_any_volatile(&self) {
        self.was_volatile.store(true, Ordering::Relaxed);
    }

    /// Whether any template asked for something that differs between two runs on the same project.
    pub fn was_volatile(&self) -> bool {
        self.was_volatile.load(Ordering::Relaxed)
    }

    /// Whether a property or the macro of a name asked for something that differs between two runs on the same project.
    pub fn is_volatile(&self) -> bool {
        self.is_volatile.load(Ordering::Relaxed)
    }

    /// Tells the templates which resources were selected (`selected_resources`).
    pub fn set_selected(&self, unique_ids: Vec<String>) {
        *self.selected.write().unwrap_or_else(PoisonError::into_inner) = unique_ids;
    }

    /// What was selected.
    pub fn selected(&self) -> Vec<String> {
        self.selected.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The macro that `adapter.dispatch(name, namespace)` finds in a template of `package`.
    pub fn dispatched(&self, package: &str, name: &str, namespace: Option<&str>) -> Option<&Arc<MacroEntry>> {
        super::adapter::dispatched(self, package, name, namespace)
    }

    /// Whether a project or package has its own macro of this name, or of one that the built-in macro dispatches to.
    pub fn is_overridden(&self, name: &str) -> bool {
        let own = |name: &str| self.macros().find_anywhere(name, None).is_some_and(|entry| !entry.is_internal);
        own(name) || self.adapter().dispatch_prefixes().iter().any(|prefix| own(&format!("{prefix}__{name}")))
    }

    /// Keeps a warning that a template raised.
    pub fn warn(&self, warning: Diagnostic) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// Takes the warnings that templates raised so far.
    pub fn take_warnings(&self) -> Diagnostics {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether this is said for the first time.
    pub(super) fn is_news(&self, message: &str) -> bool {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(message.to_owned())
    }

    /// `graph` of the manifest that runs; made once.
    pub(super) fn graph(&self, manifest: &Arc<Manifest>) -> minijinja::Value {
        self.graph.get_or_init(|| super::graph::graph_value(manifest)).clone()
    }

    /// Whether a node of the manifest that runs has this schema and alias, in any case.
    pub(super) fn is_of_project(&self, manifest: &Manifest, schema: &str, identifier: &str) -> bool {
        let names = self.own_names.get_or_init(|| {
            manifest.nodes.values().map(|node| (node.schema.to_lowercase(), node.alias.to_lowercase())).collect()
        });
        names.contains(&(schema.to_lowercase(), identifier.to_lowercase()))
    }

    /// Unique ids of the macros behind the template names of [`crate::jinja::Rendered::macros`].
    pub fn macro_ids(&self, templates: &[String]) -> Vec<String> {
        templates.iter().filter_map(|name| self.macros.unique_id_of_template(name)).map(str::to_owned).collect()
    }
}
