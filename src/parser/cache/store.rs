//! Keeping a parse for the next one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::stored::{Contents, Kit, Prepared, Stored};
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
        let old = before.stored.as_ref().filter(|stored| stored.can_be_continued(findings.files.len())).cloned();
        let kit = Kit {
            key: self.key,
            macros: findings.parsing.macro_hashes(),
            macro_readings: findings.parsing.silent_macros().readings(),
            looked_at: self.looked_at,
            files: findings.files,
            contents: contents(findings, before, old.is_some()),
            old,
            positions: &before.positions,
        };
        Some(kit.prepare(path))
    }
}

/// What was taken from the cache.
pub(in crate::parser) struct KeptBefore {
    is_everything: bool,
    stored: Option<Arc<Stored>>,
    /// Of each file its position there.
    positions: Vec<Option<usize>>,
    /// Of each file, whether its nodes were taken.
    is_used: Vec<bool>,
}

impl KeptBefore {
    /// Of each file whose nodes are kept, now or as before, the hash of these nodes.
    pub(in crate::parser) fn file_hashes(
        &self,
        files: &[ProjectFile],
        prepared: Option<&Prepared>,
    ) -> HashMap<SourceId, u64> {
        let kept = |number: usize| match (prepared, &self.stored) {
            (Some(prepared), _) => prepared.contents[number],
            (None, Some(stored)) if self.is_everything => stored.files[self.positions[number]?].content(),
            _ => None,
        };
        files.iter().enumerate().filter_map(|(number, file)| Some((file.source, kept(number)?))).collect()
    }
}

/// What there is to keep of each file; nodes that were taken from the cache stay as they are there, if `is_continued`.
fn contents<'a>(
    findings: &Findings<'a>,
    before: &KeptBefore,
    is_continued: bool,
) -> Vec<(Note, Vec<String>, Contents<'a>)> {
    let warned: HashSet<SourceId> = findings
        .problems
        .iter()
        .flat_map(|problem| &problem.labels)
        .map(|label| label.span.source)
        .chain(findings.nodes.with_warnings.iter().copied())
        .collect();
    let first_source = findings.files.first().map_or(0, |file| file.source.number());
    let mut nodes: Vec<Vec<&Node>> = vec![Vec::new(); findings.files.len()];
    for node in findings.nodes.enabled.values().chain(findings.nodes.disabled.values().flatten()) {
        let file = node.span.and_then(|span| span.source.number().checked_sub(first_source));
        if let Some(file) = file.and_then(|file| nodes.get_mut(file as usize)) {
            file.push(node);
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
    let of_file = |((number, file), nodes): ((usize, &ProjectFile), Vec<&'a Node>)| {
        let source = file.source;
        let used = before.is_used[number].then_some(before.positions[number]).flatten();
        let kept = |position: usize| before.stored.as_deref().map(|stored| &stored.files[position]);
        let used_note = used.and_then(kept).map(|kept| kept.note).unwrap_or_default();
        let mut note = findings.parsing.note_of(source).max(used_note);
        let mut names = names.remove(&source).unwrap_or_default();
        if let Some(unread) = before.positions[number].and_then(kept)
            && !file.is_read
        {
            names.clone_from(&unread.names);
        }
        let is_kept = match file.kind {
            FileKind::Properties => !involved.contains(&source),
            kind => defines_node(kind) && nodes.len() == 1,
        };
        if !is_kept || warned.contains(&source) {
            note = Note::Run;
        }
        let contents = match used {
            Some(position) if is_continued => Contents::Old(position),
            _ => Contents::New(nodes),
        };
        (note, names, contents)
    };
    findings.files.iter().enumerate().zip(nodes).map(of_file).collect()
}

impl Reuse {
    /// What is remembered of it after its nodes were taken.
    pub(in crate::parser) fn kept_before(&self) -> KeptBefore {
        KeptBefore {
            is_everything: self.is_everything,
            stored: self.stored.clone(),
            positions: self.positions.clone(),
            is_used: self.is_used.clone(),
        }
    }
}
