//! What all resource parsers share: the session, the project, docs, and the few ways to render a template while parsing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use serde_json::Value;

use super::cache::{MacroHashes, ParseCache};
use super::extraction::SilentMacros;
use super::node_config::Resolver;
use super::templates::Reading;
use crate::adapters::{Adapter, Relation, RelationParts};
use crate::config::Project;
use crate::context::Session;
use crate::diagnostics::{Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use crate::manifest::{ColumnProperties, Doc};

/// On what the nodes of a file depend besides its text, the project files and the names of macros.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Note {
    /// Nothing else.
    #[default]
    Nothing,
    /// What macros do that are called by the macros of names (`generate_schema_name` …).
    NameMacros,
    /// What macros do.
    Macros,
    /// What is different in each run.
    Run,
}

/// Shared by all resource parsers of one parse.
pub(super) struct Parsing {
    session: Arc<Session>,
    docs: Arc<IndexMap<String, Arc<Doc>>>,
    silent_macros: SilentMacros,
    macro_hashes: MacroHashes,
    configs: Resolver,
    notes: Mutex<HashMap<SourceId, Note>>,
    created_at: f64,
}

impl Parsing {
    pub(super) fn new(session: Arc<Session>, docs: IndexMap<String, Arc<Doc>>, cache: &ParseCache) -> Self {
        let created_at = session.config().invocation.started_at.as_nanosecond() as f64 / 1e9;
        let (silent_macros, macro_hashes) = cache.macros(&session);
        Self {
            session,
            docs: Arc::new(docs),
            silent_macros,
            macro_hashes,
            configs: Resolver::default(),
            notes: Mutex::default(),
            created_at,
        }
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Whether `unrendered_config` is to hold configs as they are written.
    pub(super) fn compares_as_written(&self) -> bool {
        self.session.config().flags.behaves("state_modified_compare_more_unrendered_values")
    }

    pub(super) fn project(&self) -> &Project {
        &self.session.config().project
    }

    pub(super) fn adapter(&self) -> &dyn Adapter {
        self.session.adapter().as_ref()
    }

    pub(super) fn sources(&self) -> &SourceMap {
        self.session.sources()
    }

    pub(super) fn docs(&self) -> &Arc<IndexMap<String, Arc<Doc>>> {
        &self.docs
    }

    pub(super) fn silent_macros(&self) -> &SilentMacros {
        &self.silent_macros
    }

    /// What nodes depend on of all macros.
    pub(super) fn macro_hashes(&self) -> MacroHashes {
        self.macro_hashes
    }

    /// Remembers what the nodes of a file depend on.
    pub(super) fn note(&self, span: Option<Span>, reading: &Reading) {
        if reading.is_volatile {
            self.keep_note(span, Note::Run);
        } else if reading.is_rendered {
            self.keep_note(span, Note::Macros);
        }
    }

    /// Remembers that a macro of the project made a name of a node in this file.
    pub(super) fn note_named(&self, span: Option<Span>) {
        self.keep_note(span, Note::NameMacros);
    }

    fn keep_note(&self, span: Option<Span>, note: Note) {
        let Some(span) = span else { return };
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = notes.entry(span.source).or_default();
        *known = note.max(*known);
    }

    /// On what the nodes of a file depend.
    pub(super) fn note_of(&self, file: SourceId) -> Note {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).get(&file).copied().unwrap_or_default()
    }

    /// Resolves the configs of nodes.
    pub(super) fn configs(&self) -> &Resolver {
        &self.configs
    }

    /// Seconds since 1970 at which everything counts as parsed.
    pub(super) fn created_at(&self) -> f64 {
        self.created_at
    }

    pub(super) fn quoting(&self) -> RelationParts<bool> {
        self.session.quoting()
    }

    /// A relation's name as SQL, with the project's quoting and the resource's own over it.
    pub(super) fn relation_name(
        &self,
        database: Option<&str>,
        schema: &str,
        identifier: &str,
        quoting: Option<&Value>,
    ) -> String {
        let default = self.quoting();
        let part =
            |key: &str, default: bool| quoting.and_then(|own| own.get(key)).and_then(Value::as_bool).unwrap_or(default);
        let quoting = RelationParts {
            database: part("database", default.database),
            schema: part("schema", default.schema),
            identifier: part("identifier", default.identifier),
        };
        Relation::new(database, Some(schema), Some(identifier)).with_quoting(quoting).render_name()
    }

    /// Renders a description; adds the doc blocks it uses to `used`.
    pub(super) fn describe(
        &self,
        package: &str,
        text: &str,
        used: &mut Vec<String>,
        problems: &mut Diagnostics,
        place: impl Fn(Diagnostic) -> Diagnostic,
    ) -> String {
        if !text.contains("{{") && !text.contains("{%") && !text.contains("{#") {
            return text.to_owned();
        }
        match super::templates::render_description(self, package, text) {
            Ok((rendered, docs)) => {
                used.extend(docs);
                rendered
            }
            Err(problem) => {
                problems.push(place(problem));
                text.to_owned()
            }
        }
    }

    /// Renders the descriptions of columns.
    pub(super) fn describe_columns(
        &self,
        package: &str,
        columns: &mut IndexMap<String, ColumnProperties>,
        problems: &mut Diagnostics,
    ) {
        for column in columns.values_mut() {
            let mut used = Vec::new();
            let span = column.span;
            column.description = self.describe(package, &column.description, &mut used, problems, |problem| {
                if problem.labels.is_empty() {
                    problem.at_some(span, "in the description of this column")
                } else {
                    problem
                }
            });
            column.doc_blocks = used;
        }
    }
}
