//! Configs of `dbt_project.yml` whose path leads to no resource: most often a misspelt folder.

use std::collections::BTreeSet;

use super::node_config::section;
use crate::config::{ConfigKind, Project};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, most_similar};
use crate::manifest::ResourceType;

/// Where resources of a kind lie; those without a kind count for all.
#[derive(Debug, Default)]
pub(super) struct ConfiguredPaths<'a>(Vec<(Option<ConfigKind>, &'a [String])>);

/// A configured path with those that go on from it.
#[derive(Default)]
struct Branch<'a> {
    further: Vec<(&'a str, Branch<'a>)>,
    is_used: bool,
}

impl<'a> Branch<'a> {
    fn grow(&mut self, path: &'a [String]) {
        let Some((first, rest)) = path.split_first() else { return };
        let at = self.further.iter().position(|(name, _)| *name == first.as_str()).unwrap_or_else(|| {
            self.further.push((first.as_str(), Branch::default()));
            self.further.len() - 1
        });
        self.further[at].1.grow(rest);
    }

    fn at(&self, path: &[String]) -> Option<&Branch<'a>> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.further.iter().find(|(name, _)| *name == first.as_str())?.1.at(rest)
    }

    /// A resource lies below each path that its fqn begins with.
    fn meet(&mut self, fqn: &[String]) {
        self.is_used = true;
        let Some((first, rest)) = fqn.split_first() else { return };
        if let Some((_, branch)) = self.further.iter_mut().find(|(name, _)| *name == first.as_str()) {
            branch.meet(rest);
        }
    }
}

impl<'a> ConfiguredPaths<'a> {
    /// Notes a resource.
    pub(super) fn add(&mut self, kind: ResourceType, fqn: &'a [String]) {
        self.0.extend(section(kind).map(|section| (Some(section), fqn)));
    }

    /// Notes a disabled resource: to dbt, a path of any section may be meant for it.
    pub(super) fn add_disabled(&mut self, fqn: &'a [String]) {
        self.0.push((None, fqn));
    }

    /// Warns of paths of the root project that no resource lies below (dbt's `UnusedResourceConfigPath`).
    pub(super) fn warn_of_unused(&self, project: &Project, problems: &mut Diagnostics) {
        let mut unused = Vec::new();
        let mut places = Vec::new();
        let mut meant = None;
        for (kind, tree) in &project.configs {
            let paths = tree.paths();
            let mut configured = Branch::default();
            paths.iter().for_each(|(path, _)| configured.grow(path));
            let fqns =
                || self.0.iter().filter(|(known, _)| known.is_none_or(|known| known == *kind)).map(|(_, fqn)| *fqn);
            fqns().for_each(|fqn| configured.meet(fqn));
            for (path, span) in &paths {
                if configured.at(path).is_some_and(|branch| branch.is_used) {
                    continue;
                }
                unused.push([&[kind.key().to_owned()], path.as_slice()].concat().join("."));
                places.push(*span);
                let names: BTreeSet<&str> = fqns().flatten().map(String::as_str).collect();
                meant = meant.or_else(|| most_similar(path.last()?, names).map(str::to_owned));
            }
        }
        if unused.is_empty() {
            return;
        }
        let message = format!(
            "Configuration paths exist in your dbt_project.yml file which do not apply to any resources.\n\
             There are {} unused configuration paths:\n- {}",
            unused.len(),
            unused.join("\n- ")
        );
        let mut warning =
            Diagnostic::warning(Code::UNUSED_CONFIG_PATH, message).field("unused_config_paths", unused.as_slice());
        for place in places {
            warning = warning.at(place, "no resource lies below this");
        }
        problems.push(match meant {
            Some(similar) => warning.hint(format!("a similar name exists: `{similar}`")),
            None => warning,
        });
    }
}
