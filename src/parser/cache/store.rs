//! Keeping a parse for the next one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::key::MacroHashes;
use super::stored::{Kit, Prepared};
use super::{ParseCache, Reuse, defines_node};
use crate::diagnostics::{Diagnostics, SourceId};
use crate::manifest::Node;
use crate::parser::files::{FileKind, ProjectFile};
use crate::parser::nodes::NodeSet;
use crate::parser::parsing::{Note, Parsing};
use crate::parser::patches::file_names;
use crate::parser::properties::Entry;

/// Sections that describe nodes of files.
const SECTIONS: &[&str] = &["models", "seeds", "analyses", "data_tests"];

/// Properties that others than the node's own parser read.
const READ_ELSEWHERE: &[&str] =
    &["versions", "semantic_model", "derived_semantics", "metrics", "primary_entity", "agg_time_dimension"];

/// What nodes and properties a parse found, as they are before references are resolved.
pub(in crate::parser) struct Findings<'a> {
    pub(in crate::parser) parsing: &'a Parsing,
    pub(in crate::parser) files: &'a [ProjectFile],
    pub(in crate::parser) entries: &'a [Arc<Entry>],
    pub(in crate::parser) nodes: &'a NodeSet,
    pub(in crate::parser) problems: &'a Diagnostics,
    /// Whether properties of one package were given to a node of another.
    pub(in crate::parser) is_adopted: bool,
}

impl ParseCache {
    /// Prepares to keep what was found, unless there are errors, or it is kept already.
    pub(in crate::parser) fn keep(&self, findings: &Findings<'_>, before: &KeptBefore) -> Option<Prepared> {
        let path = self.path.as_ref()?;
        let session = findings.parsing.session();
        if findings.problems.has_errors() || findings.is_adopted || session.is_volatile() || before.is_everything {
            return None;
        }
        let kit = Kit {
            key: self.key,
            macros: MacroHashes::new(findings.parsing),
            looked_at: self.looked_at,
            files: findings.files,
            contents: contents(findings, before),
        };
        Some(kit.prepare(path))
    }
}

/// What was taken from the cache.
pub(in crate::parser) struct KeptBefore {
    is_everything: bool,
    /// Texts whose nodes were taken, with what these depend on.
    notes: HashMap<SourceId, Note>,
    /// Property files that were not read, with whom they describe.
    names: HashMap<SourceId, Vec<String>>,
}

fn contents<'a>(findings: &Findings<'a>, before: &KeptBefore) -> Vec<(Note, Vec<String>, Vec<&'a Node>)> {
    let warned: HashSet<SourceId> = findings
        .problems
        .iter()
        .flat_map(|problem| &problem.labels)
        .map(|label| label.span.source)
        .chain(findings.nodes.with_warnings.iter().copied())
        .collect();
    let mut nodes: HashMap<SourceId, Vec<&Node>> = HashMap::new();
    for node in findings.nodes.enabled.values().chain(findings.nodes.disabled.values().flatten()) {
        if let Some(span) = node.span {
            nodes.entry(span.source).or_default().push(node);
        }
    }
    let mut names: HashMap<SourceId, Vec<String>> = HashMap::new();
    let mut involved: HashSet<SourceId> = HashSet::new();
    for entry in findings.entries {
        let source = entry.file.source;
        if !SECTIONS.contains(&entry.section) || READ_ELSEWHERE.iter().any(|key| entry.values.contains_key(*key)) {
            involved.insert(source);
        }
        names.entry(source).or_default().extend(file_names(entry));
    }
    let of_file = |file: &ProjectFile| {
        let source = file.source;
        let mut note = findings.parsing.note_of(source).max(before.notes.get(&source).copied().unwrap_or_default());
        let nodes = nodes.remove(&source).unwrap_or_default();
        let mut names = names.remove(&source).unwrap_or_default();
        if let Some(unread) = before.names.get(&source)
            && !file.is_read
        {
            names.clone_from(unread);
        }
        let is_kept = match file.kind {
            FileKind::Properties => !involved.contains(&source),
            kind => defines_node(kind) && nodes.len() == 1,
        };
        if !is_kept || warned.contains(&source) {
            note = Note::Run;
        }
        (note, names, nodes)
    };
    findings.files.iter().map(of_file).collect()
}

impl Reuse {
    /// What is remembered of it after its nodes were taken.
    pub(in crate::parser) fn kept_before(&self) -> KeptBefore {
        KeptBefore {
            is_everything: self.is_everything,
            notes: self.notes.iter().copied().collect(),
            names: self.names.iter().cloned().collect(),
        }
    }
}
