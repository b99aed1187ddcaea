//! `--state`, `--defer` and `--defer-state`: what another run left, to compare with and to defer to.

use std::collections::HashMap;
use std::path::Path;

use super::opening::Opening;
use super::parsed::ParsedProject;
use crate::adapters::Relation;
use crate::artifacts::read_previous_state;
use crate::context::deferred_relations;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::graph::selection::PreviousState;

impl Opening {
    /// What the folder of `--state` holds.
    pub(crate) fn previous_state(&self) -> Result<Option<PreviousState>, Diagnostics> {
        self.config.flags.state.as_deref().map(|folder| self.read_state(folder)).transpose()
    }

    fn read_state(&self, folder: &Path) -> Result<PreviousState, Diagnostics> {
        let project = &self.config.project;
        let target = project.root.join(&project.target_path);
        let state = project.root.join(folder);
        if state == target {
            let warning = Diagnostic::warning(
                Code::USAGE,
                format!(
                    "The state and target directories are the same: '{}'. This could lead to missing changes due to \
                     overwritten state including non-idempotent retries.",
                    folder.display()
                ),
            );
            self.check(warning.named("WarnStateTargetEqual").into())?;
        }
        let mut previous = read_previous_state(&state, Some(&target.join("sources.json")))?;
        let flag = self.config.flags.behavior.get("state_modified_compare_more_unrendered_values");
        previous.compares_as_written = flag.and_then(serde_json::Value::as_bool) == Some(true);
        let adapter = self.adapter()?;
        previous.built_in_packages = adapter.macro_packages();
        previous.enforced_constraints = adapter.enforced_constraints();
        previous.now = self.config.invocation.started_at;
        Ok(previous)
    }

    /// The relations of the state to defer to; none unless that is asked for.
    pub(crate) fn deferred(
        &self,
        project: &ParsedProject,
        is_required: bool,
    ) -> Result<HashMap<String, Relation>, Diagnostics> {
        let flags = &self.config.flags;
        if !flags.defer && !is_required {
            return Ok(HashMap::new());
        }
        let own = flags.defer_state.as_deref().map(|folder| self.read_state(folder)).transpose()?;
        let Some(state) = own.as_ref().or(project.previous.as_ref()) else {
            return Err(Diagnostic::error(
                Code::USAGE,
                "--state or --defer-state are required for deferral, but neither was provided",
            )
            .into());
        };
        let Some(manifest) = &state.manifest else {
            let folder = flags.defer_state.as_ref().or(flags.state.as_ref());
            let folder = folder.map(|folder| folder.display().to_string()).unwrap_or_default();
            return Err(
                Diagnostic::error(Code::USAGE, format!("Could not find manifest in --state path: '{folder}'")).into()
            );
        };
        Ok(deferred_relations(&project.session, &project.manifest, manifest))
    }
}
