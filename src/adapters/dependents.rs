//! Which relations a warehouse drops along with others: views over tables, where `drop … cascade` takes them too.
//!
//! [`Dependents`] is what was known when the cache was filled; renames are followed, what is created later is not in it.

use std::collections::{BTreeMap, BTreeSet};

/// Database, schema and name, folded.
pub(super) type RelationKey = (String, String, String);

/// Dependents by what they read, and the other way round.
#[derive(Debug, Default)]
pub(super) struct Dependents {
    of: BTreeMap<RelationKey, BTreeSet<RelationKey>>,
    reads: BTreeMap<RelationKey, BTreeSet<RelationKey>>,
}

impl Dependents {
    /// `dependent` reads `referenced`.
    pub(super) fn add(&mut self, referenced: RelationKey, dependent: RelationKey) {
        self.of.entry(referenced.clone()).or_default().insert(dependent.clone());
        self.reads.entry(dependent).or_default().insert(referenced);
    }

    /// Forgets a relation; returns all that were dropped along with it, each once.
    pub(super) fn take(&mut self, relation: &RelationKey) -> BTreeSet<RelationKey> {
        let mut dropped = BTreeSet::new();
        let mut waiting = vec![relation.clone()];
        while let Some(next) = waiting.pop() {
            for read in self.reads.remove(&next).unwrap_or_default() {
                if let Some(others) = self.of.get_mut(&read) {
                    others.remove(&next);
                }
            }
            for dependent in self.of.remove(&next).unwrap_or_default() {
                if dropped.insert(dependent.clone()) {
                    waiting.push(dependent);
                }
            }
        }
        dropped
    }

    /// `dependent` reads `to` in place of `from`.
    pub(super) fn rebind(&mut self, dependent: &RelationKey, from: &RelationKey, to: &RelationKey) {
        if let Some(dependents) = self.of.get_mut(from) {
            dependents.remove(dependent);
        }
        if let Some(reads) = self.reads.get_mut(dependent) {
            reads.remove(from);
        }
        self.add(to.clone(), dependent.clone());
    }

    /// A relation has another name; who reads it goes on reading it.
    pub(super) fn rename(&mut self, from: &RelationKey, to: &RelationKey) {
        if let Some(dependents) = self.of.remove(from) {
            for dependent in &dependents {
                if let Some(reads) = self.reads.get_mut(dependent) {
                    reads.remove(from);
                    reads.insert(to.clone());
                }
            }
            self.of.insert(to.clone(), dependents);
        }
        if let Some(reads) = self.reads.remove(from) {
            for read in &reads {
                if let Some(dependents) = self.of.get_mut(read) {
                    dependents.remove(from);
                    dependents.insert(to.clone());
                }
            }
            self.reads.insert(to.clone(), reads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> RelationKey {
        ("db".to_owned(), "s".to_owned(), name.to_owned())
    }

    #[test]
    fn what_reads_a_dropped_relation_goes_with_it() {
        let mut dependents = Dependents::default();
        dependents.add(key("table"), key("view"));
        dependents.add(key("view"), key("view_of_view"));
        dependents.add(key("other"), key("view_of_view"));
        dependents.rename(&key("table"), &key("backup"));
        assert!(dependents.take(&key("table")).is_empty());
        assert_eq!(dependents.take(&key("backup")), BTreeSet::from([key("view"), key("view_of_view")]));
        assert!(dependents.take(&key("other")).is_empty());
    }

    #[test]
    fn a_renamed_view_is_still_a_dependent() {
        let mut dependents = Dependents::default();
        dependents.add(key("table"), key("view"));
        dependents.rename(&key("view"), &key("old_view"));
        assert_eq!(dependents.take(&key("table")), BTreeSet::from([key("old_view")]));
    }

    #[test]
    fn a_view_that_was_made_again_hangs_on_what_it_reads_now() {
        let mut dependents = Dependents::default();
        dependents.add(key("backup"), key("view"));
        dependents.rebind(&key("view"), &key("backup"), &key("table"));
        assert!(dependents.take(&key("backup")).is_empty());
        assert_eq!(dependents.take(&key("table")), BTreeSet::from([key("view")]));
    }
}
