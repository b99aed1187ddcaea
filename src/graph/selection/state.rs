//! `state:`, `result:` and `source_status:`: comparison with an earlier run.

use std::collections::{HashMap, HashSet};

use super::comparison::Comparison;
use super::contract_change::{ContractChange, removed_contract};
use super::members::Member;
use super::node_set::NodeSet;
use super::{Criterion, Method, PreviousState};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::manifest::{Manifest, ResourceType};

/// What selections of comparison need.
pub(super) struct State<'m> {
    pub(super) graph: &'m Graph,
    pub(super) manifest: &'m Manifest,
    pub(super) members: &'m [Member<'m>],
    pub(super) previous: &'m PreviousState,
}

/// What `state:` asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    New,
    Old,
    Modified,
    Unmodified,
    Body,
    Configs,
    PersistedDescriptions,
    Relation,
    Macros,
    Contract,
}

impl Question {
    const ALL: [(Question, &'static str); 10] = [
        (Question::New, "new"),
        (Question::Old, "old"),
        (Question::Modified, "modified"),
        (Question::Unmodified, "unmodified"),
        (Question::Body, "modified.body"),
        (Question::Configs, "modified.configs"),
        (Question::PersistedDescriptions, "modified.persisted_descriptions"),
        (Question::Relation, "modified.relation"),
        (Question::Macros, "modified.macros"),
        (Question::Contract, "modified.contract"),
    ];

    fn parse(word: &str) -> Result<Self, Diagnostic> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(question, _)| *question).ok_or_else(|| {
            let known = Self::ALL.map(|(_, known)| known);
            Diagnostic::error(Code::SELECTOR, format!("invalid state selector \"{word}\""))
                .note(format!("expected one of {}", known.join(", ")))
                .suggest(word, known)
        })
    }
}

impl State<'_> {
    /// What a criterion of comparison selects; none where its method is another, or the artifact that it needs is not given.
    pub(super) fn select(
        &self,
        criterion: &Criterion,
        warnings: &mut Diagnostics,
    ) -> Result<Option<NodeSet>, Diagnostic> {
        let wanted = criterion.text();
        let of_ids =
            |ids: Vec<&str>| Some(NodeSet::of(self.graph.len(), ids.into_iter().filter_map(|id| self.graph.index(id))));
        Ok(match criterion.method {
            Method::State => match &self.previous.manifest {
                Some(previous) => Some(self.compare(previous, Question::parse(&wanted)?, warnings)?),
                None => None,
            },
            Method::Result => self.previous.results.as_ref().and_then(|results| {
                of_ids(results.iter().filter(|(_, status)| **status == wanted).map(|(id, _)| id.as_str()).collect())
            }),
            Method::SourceStatus if wanted == "fresher" => {
                self.previous.fresher_sources.as_ref().and_then(|ids| of_ids(ids.iter().map(String::as_str).collect()))
            }
            Method::SourceStatus => {
                return Err(Diagnostic::error(
                    Code::SELECTOR,
                    format!("invalid source_status selector {wanted}: expected fresher"),
                ));
            }
            _ => None,
        })
    }

    fn compare(
        &self,
        previous: &Manifest,
        question: Question,
        warnings: &mut Diagnostics,
    ) -> Result<NodeSet, Diagnostic> {
        let changed_macros = self.changed_macros(previous);
        let mut selected = NodeSet::new(self.graph.len());
        for (index, &member) in self.members.iter().enumerate() {
            let old = Member::of(self.graph.id(index), previous);
            let old = (!matches!(old, Member::Unknown)).then_some(old);
            let macros_changed = || member.macros().iter().any(|id| changed_macros.contains(id.as_str()));
            let comparison = Comparison { new: member, old, as_written: self.previous.compares_as_written };
            if matches!(question, Question::Modified | Question::Unmodified | Question::Body) {
                tell(comparison.large_seed(), warnings)?;
            }
            let holds = match question {
                Question::New => old.is_none(),
                Question::Old => old.is_some(),
                Question::Modified | Question::Unmodified => {
                    let modified = !comparison.same_contents()
                        | macros_changed()
                        | contract_changed(comparison, self.previous, warnings)?;
                    modified == (question == Question::Modified)
                }
                Question::Body => comparison.is_node() && !comparison.same_body(),
                Question::Configs => comparison.has_config() && !comparison.same_config(),
                Question::PersistedDescriptions => comparison.is_node() && !comparison.same_persisted_description(),
                Question::Relation => comparison.has_relation() && !comparison.same_relation(),
                Question::Macros => macros_changed(),
                Question::Contract => {
                    comparison.is_node() && (old.is_none() || contract_changed(comparison, self.previous, warnings)?)
                }
            };
            if holds {
                selected.insert(index);
            }
        }
        if matches!(question, Question::Modified | Question::Unmodified | Question::Contract) {
            self.tell_removed_contracts(previous, warnings)?;
        }
        Ok(selected)
    }

    /// Macros whose text is new or another, and all that call them.
    fn changed_macros(&self, previous: &Manifest) -> HashSet<&str> {
        let mut callers: HashMap<&str, Vec<&str>> = HashMap::new();
        for (id, item) in &self.manifest.macros {
            for called in &item.depends_on_macros {
                callers.entry(called).or_default().push(id);
            }
        }
        let mut stack: Vec<&str> = self
            .manifest
            .macros
            .iter()
            .filter(|(_, item)| !self.previous.built_in_packages.contains(&item.package_name.as_str()))
            .filter(|(id, item)| previous.macros.get(*id).is_none_or(|old| old.macro_sql != item.macro_sql))
            .map(|(id, _)| id.as_str())
            .collect();
        let mut changed = HashSet::new();
        while let Some(id) = stack.pop() {
            if changed.insert(id) {
                stack.extend(callers.get(id).into_iter().flatten());
            }
        }
        changed
    }

    /// Models with an enforced contract that are gone or disabled now.
    fn tell_removed_contracts(&self, previous: &Manifest, warnings: &mut Diagnostics) -> Result<(), Diagnostic> {
        for (id, old) in previous.nodes.iter().filter(|(id, _)| !self.manifest.nodes.contains_key(*id)) {
            if old.resource_type == ResourceType::Model {
                let is_past = old.deprecated_from().is_some_and(|moment| moment < self.previous.now);
                let problem = removed_contract(old, self.manifest.disabled.contains_key(id));
                tell(problem.filter(|_| !is_past), warnings)?;
            }
        }
        Ok(())
    }
}

fn contract_changed(
    comparison: Comparison<'_>,
    previous: &PreviousState,
    warnings: &mut Diagnostics,
) -> Result<bool, Diagnostic> {
    let (Member::Node(new), Some(Member::Node(old))) = (comparison.new, comparison.old) else { return Ok(false) };
    if new.resource_type != ResourceType::Model {
        return Ok(false);
    }
    let change = ContractChange::between(old, new, previous.enforced_constraints);
    tell(change.breaking(new), warnings)?;
    Ok(change.is_change())
}

/// An error stops the command, as a broken contract of a model that has versions; a warning is told once.
fn tell(problem: Option<Diagnostic>, warnings: &mut Diagnostics) -> Result<(), Diagnostic> {
    match problem {
        Some(problem) if problem.is_error() => Err(problem),
        Some(problem) => {
            if !warnings.iter().any(|told| *told == problem) {
                warnings.push(problem);
            }
            Ok(())
        }
        None => Ok(()),
    }
}
