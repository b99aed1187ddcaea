//! `read_copy` of `hetl.yml`: after a run, a copy of the database for those who read it.

use std::path::{Path, PathBuf};

use super::opening::Opening;
use super::parsed::ParsedProject;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::{NodeResult, NodeStatus};

impl Opening {
    /// Where the target's copy goes, relative to the project: one path for every target, or a mapping of targets to paths.
    pub(crate) fn read_copy(&self) -> Result<Option<PathBuf>, Diagnostic> {
        let Some(setting) = self.config.settings.section("read_copy") else { return Ok(None) };
        let path = match setting.as_map() {
            Some(targets) => match targets.get(&self.config.profile.target_name) {
                Some(path) => path,
                None => return Ok(None),
            },
            None => setting,
        };
        path.as_str().filter(|path| !path.is_empty()).map(|path| Some(PathBuf::from(path))).ok_or_else(|| {
            Diagnostic::error(Code::YAML_VALUE, "`read_copy` must be a path, or a mapping of targets to paths")
                .at(path.span, "")
        })
    }

    /// Makes the copy, if one is wished and anything may have changed, or there is none yet.
    pub(crate) fn publish_read_copy(&self, project: &ParsedProject, results: &[NodeResult]) -> Result<(), Diagnostic> {
        let Some(path) = self.read_copy()? else { return Ok(()) };
        if results.iter().any(may_have_changed) || !self.config.project.root.join(&path).exists() {
            self.copy_for_readers(project, &path)?;
        }
        Ok(())
    }

    /// Makes the copy, if one is wished.
    pub(crate) fn renew_read_copy(&self, project: &ParsedProject) -> Result<(), Diagnostic> {
        self.read_copy()?.map_or(Ok(()), |path| self.copy_for_readers(project, &path))
    }

    fn copy_for_readers(&self, project: &ParsedProject, path: &Path) -> Result<(), Diagnostic> {
        if project.session.adapter().publish_copy(path)? {
            self.report(&Event::Note { msg: format!("{} is a copy of what is live now", path.display()) });
        }
        Ok(())
    }
}

/// Whether a node may have changed what is stored: a failed one may have before it failed, in its hooks.
fn may_have_changed(result: &NodeResult) -> bool {
    use ResourceType::{Function, Model, Operation, Seed, Snapshot};
    result.status != NodeStatus::Skipped
        && matches!(result.resource_type, Model | Seed | Snapshot | Function | Operation)
}
