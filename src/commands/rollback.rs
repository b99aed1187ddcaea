//! `rollback`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::opening::{Opening, Outcome, with_project};
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::{Mode, Plan};
use crate::runner::{PreviousVersion, Runner, Stop};
use crate::ui;

/// Bring back the versions that the last publication replaced and kept; once more undoes it
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Change nothing; show what can be brought back
    #[arg(long)]
    list: bool,
    /// text or json
    #[arg(long, default_value = "text", value_name = "FORMAT", value_parser = ["text", "json"])]
    output: String,
}

impl Rollback {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("rollback", self.selection.to_map(), overrides, |opening| self.roll_back(opening))
    }

    fn roll_back(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let project = opening.parse()?;
        let kinds = [ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot];
        let ids = opening.select(&project, &self.selection, &kinds, false)?;
        let chosen = ids.iter().map(String::as_str);
        let plan = Plan::build(&project.graph, &project.manifest, chosen, Mode::Topological);
        let stop = Stop::new(false);
        stop.listen();
        let runner = Runner::new(project.runner_parts(stop, opening.safeguards()?))?;
        if self.list {
            let versions = runner.previous_versions(&plan)?;
            self.show(opening, &versions, "can be brought back from");
        } else {
            let versions = runner.roll_back(&plan)?;
            opening.renew_read_copy(&project)?;
            self.show(opening, &versions, "is what it was before; what replaced it is kept as");
        }
        Ok(Outcome::Success)
    }

    fn show(&self, opening: &Opening, versions: &[PreviousVersion], what: &str) {
        if self.output == "json" {
            for version in versions {
                let line =
                    json!({"unique_id": version.unique_id, "relation": version.relation, "kept_as": version.kept_as});
                ui::print_line(&line.to_string());
            }
            return;
        }
        let lines = versions.iter().map(|version| format!("{} {what} {}", version.relation, version.kept_as));
        let lines: Vec<_> = lines.collect();
        let msg = if lines.is_empty() { "No version is kept".to_owned() } else { lines.join("\n") };
        opening.report(&Event::Formatting { msg });
    }
}
