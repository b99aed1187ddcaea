//! Which nodes of an earlier parse are still right.
//!
//! A node is made from its file and from the properties of its name. So it is right if its file is as it was, and no property
//! file changed, came or went that has (or had) properties for that name. Tests of properties are made from their property
//! file alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::stored::Stored;
use super::{ParseCache, defines_node};
use crate::diagnostics::{Diagnostics, SourceId};
use crate::manifest::Node;
use crate::parser::files::{self, FileKind, ProjectFile};
use crate::parser::names::stem;
use crate::parser::parse::read_properties;
use crate::parser::parsing::{Note, Parsing};
use crate::parser::patches::file_names;
use crate::parser::properties::Entry;

/// What is used of an earlier parse.
#[derive(Default)]
pub(in crate::parser) struct Reuse {
    /// Of each file: its nodes (of a property file: the tests in it), where they are still right.
    pub(in crate::parser) nodes: Vec<Option<Vec<Arc<Node>>>>,
    /// Whether every file is as it was and nothing has to be kept anew.
    pub(super) is_everything: bool,
    /// What is used, if anything is.
    pub(super) stored: Option<Arc<Stored>>,
    /// Of each file its position there.
    pub(super) positions: Vec<Option<usize>>,
    /// Of each file, whether its nodes are used.
    pub(super) is_used: Vec<bool>,
}

impl Reuse {
    /// Whether every file is as it was, so that what is kept can stay.
    pub(in crate::parser) fn is_everything(&self) -> bool {
        self.is_everything
    }

    /// The tests of property files, taken out of the nodes of all files.
    pub(in crate::parser) fn take_tests(&mut self, files: &[ProjectFile]) -> Vec<(SourceId, Vec<Arc<Node>>)> {
        let properties = files.iter().zip(&mut self.nodes).filter(|(file, _)| file.kind == FileKind::Properties);
        properties.filter_map(|(file, nodes)| Some((file.source, nodes.take()?))).collect()
    }
}

impl ParseCache {
    /// Reads every file and property that is needed; takes the nodes for which none is.
    pub(in crate::parser) fn reuse(
        &mut self,
        parsing: &Parsing,
        files: &mut [ProjectFile],
        problems: &mut Diagnostics,
    ) -> (Reuse, Vec<Arc<Entry>>) {
        let found = match self.stored.take() {
            Some(stored) if !problems.has_errors() => self.of_stored(Arc::new(stored), parsing, files, problems),
            _ => None,
        };
        let (reuse, mut entries) = found.unwrap_or_else(|| {
            read_unread(parsing, files, &|_| true, problems);
            let all: Vec<&ProjectFile> = files.iter().filter(|file| file.kind == FileKind::Properties).collect();
            let reuse = Reuse {
                nodes: files.iter().map(|_| None).collect(),
                positions: vec![None; files.len()],
                is_used: vec![false; files.len()],
                ..Reuse::default()
            };
            (reuse, read_properties(parsing, &all, problems))
        });
        entries.sort_by_key(|entry| entry.file.source);
        (reuse, entries)
    }

    fn of_stored(
        &self,
        stored: Arc<Stored>,
        parsing: &Parsing,
        files: &mut [ProjectFile],
        problems: &mut Diagnostics,
    ) -> Option<(Reuse, Vec<Arc<Entry>>)> {
        let macros = parsing.macro_hashes();
        if stored.macros.names != macros.names {
            return None;
        }
        let outdated = |note: Note| match note {
            Note::Nothing => false,
            Note::NameMacros => stored.macros.naming != macros.naming,
            Note::Macros => stored.macros.bodies != macros.bodies,
            Note::Run => true,
        };
        let find = |(expected, file): (usize, &ProjectFile)| {
            stored.find(file.kind, &file.package, &file.original_path, expected)
        };
        let old: Vec<Option<usize>> = files.iter().enumerate().map(find).collect();
        let is_same: Vec<bool> = files
            .iter()
            .zip(&old)
            .map(|(file, old)| old.is_some_and(|old| stored.files[old].checksum == file.checksum))
            .collect();
        // What the properties are that were read.
        let mut found = Diagnostics::new();
        let read: Vec<&ProjectFile> =
            files.iter().filter(|file| file.kind == FileKind::Properties && file.is_read).collect();
        let mut entries = read_properties(parsing, &read, &mut found);

        let touched = touched(&stored, files, &old, &is_same, &entries, &outdated);
        let is_touched = |package: &str, name: &str| touched.get(package).is_some_and(|names| names.contains(name));
        // Property files that were left unread, but describe what has to be made anew, or hold outdated tests.
        let needed = |number: usize, file: &ProjectFile| {
            let Some(old) = old[number] else { return true };
            let kept = &stored.files[old];
            match file.kind {
                FileKind::Properties => {
                    outdated(kept.note) || kept.names.iter().any(|name| is_touched(&file.package, name))
                }
                _ => is_touched(&file.package, stem(&file.relative_path)),
            }
        };
        let is_needed: Vec<bool> = files.iter().enumerate().map(|(number, file)| needed(number, file)).collect();
        let late: Vec<bool> = files.iter().map(|file| file.kind == FileKind::Properties && !file.is_read).collect();
        read_unread(parsing, files, &|number| is_needed[number], &mut found);
        let late: Vec<&ProjectFile> =
            files.iter().zip(&late).filter(|(file, late)| **late && file.is_read).map(|(file, _)| file).collect();
        entries.extend(read_properties(parsing, &late, &mut found));

        let mut sources: Vec<Option<SourceId>> = vec![None; stored.numbers()];
        for (file, old) in files.iter().zip(&old) {
            if let Some(old) = old {
                sources[stored.files[*old].number] = Some(file.source);
            }
        }
        let can_use = |number: usize, file: &ProjectFile| {
            let kept = &stored.files[old[number]?];
            let is_right = match file.kind {
                FileKind::Properties => is_same[number] && !outdated(kept.note),
                kind => defines_node(kind) && !is_needed[number],
            };
            is_right.then_some(old[number]?)
        };
        let nodes: Option<Vec<Option<Vec<Arc<Node>>>>> = files
            .par_iter()
            .enumerate()
            .map(|(number, file)| match can_use(number, file) {
                Some(old) => stored.nodes(old, &sources).map(Some),
                None => Some(None),
            })
            .collect();
        let nodes = nodes?;
        problems.extend(found);
        let is_everything = files.len() == stored.files.len()
            && stored.macros == macros
            && is_same.iter().all(|same| *same)
            && files.iter().zip(&old).all(|(file, old)| old.is_some_and(|old| stored.files[old].stamp == file.stamp))
            && files.iter().all(|file| file.stamp.is_settled(stored.looked_at));
        let is_used = nodes.iter().map(Option::is_some).collect();
        Some((Reuse { nodes, is_everything, stored: Some(stored), positions: old, is_used }, entries))
    }
}

/// Names, by package, of which a file changed, came or went: their nodes have to be made anew.
fn touched(
    stored: &Stored,
    files: &[ProjectFile],
    old: &[Option<usize>],
    is_same: &[bool],
    entries: &[Arc<Entry>],
    outdated: &dyn Fn(Note) -> bool,
) -> HashMap<String, HashSet<String>> {
    let mut touched: HashMap<String, HashSet<String>> = HashMap::new();
    let mut touch = |package: &str, name: &str| {
        touched.entry(package.to_owned()).or_default().insert(name.to_owned());
    };
    let mut is_there = vec![false; stored.files.len()];
    let mut changed_properties = HashSet::new();
    for (number, file) in files.iter().enumerate() {
        let kept = old[number].map(|old| {
            is_there[old] = true;
            &stored.files[old]
        });
        if file.kind == FileKind::Properties {
            if !is_same[number] {
                changed_properties.insert(file.source);
                kept.into_iter().flat_map(|kept| &kept.names).for_each(|name| touch(&file.package, name));
            }
        } else if defines_node(file.kind) && (!is_same[number] || kept.is_none_or(|kept| outdated(kept.note))) {
            touch(&file.package, stem(&file.relative_path));
        }
    }
    for entry in entries.iter().filter(|entry| changed_properties.contains(&entry.file.source)) {
        file_names(entry).iter().for_each(|name| touch(&entry.file.package, name));
    }
    for (kept, _) in stored.files.iter().zip(is_there).filter(|(_, is_there)| !is_there) {
        kept.names.iter().for_each(|name| touch(&kept.package, name));
        if defines_node(kept.kind) {
            touch(&kept.package, stem(&kept.original_path));
        }
    }
    touched
}

/// Reads those files that were left unread and are wanted, by their numbers.
fn read_unread(
    parsing: &Parsing,
    files: &mut [ProjectFile],
    is_wanted: &(dyn Fn(usize) -> bool + Sync),
    problems: &mut Diagnostics,
) {
    let results: Vec<_> = files
        .par_iter_mut()
        .enumerate()
        .filter(|(number, file)| !file.is_read && is_wanted(*number))
        .map(|(_, file)| files::read_again(file, parsing.project(), parsing.sources()))
        .collect();
    for result in results {
        problems.collect(result);
    }
}
