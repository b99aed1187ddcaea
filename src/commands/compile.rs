//! `compile`.

use std::process::ExitCode;

use clap::Args;

use super::inline::Inline;
use super::opening::{Opening, Outcome, with_project};
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::ResourceType;
use crate::plan::Mode;
use crate::runner::Action;

/// Make the SQL of models and tests and write it to target/compiled, without running it
#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    inline: Inline,
    /// text or json
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: String,
    /// Also check that every column which models select is there, by the columns of all that they select from
    #[arg(long)]
    strict: bool,
}

/// What can be compiled, as dbt has it: seeds have no SQL, and unit tests are made where they are run.
pub(crate) const KINDS: &[ResourceType] = &[
    ResourceType::Model,
    ResourceType::Test,
    ResourceType::Snapshot,
    ResourceType::Analysis,
    ResourceType::Operation,
    ResourceType::Seed,
    ResourceType::Function,
];

impl Compile {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("compile", self.selection.to_map(), overrides, |opening| self.compile(opening))
    }

    fn compile(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        if let Some(sql) = self.inline.instead_of(&self.selection)? {
            let finished = opening.run_inline(sql, Action::Compile)?;
            let code = finished.code.clone().unwrap_or_default();
            self.report(opening, "inline_query", &finished.unique_id, &code, true);
            return Ok(Outcome::Success);
        }
        let request =
            Request { selection: &self.selection, kinds: KINDS, mode: Mode::Topological, action: Action::Compile };
        let finished = opening.run_nodes(&request)?;
        let Some(report) = finished.report else { return Ok(Outcome::Success) };
        let outcome = opening.failed_nodes(&report)?;
        if self.strict {
            let lineage = opening.lineage(&finished.project)?;
            let ids = report.results.results().iter().map(|result| result.unique_id.clone()).collect();
            opening.check(opening.missing_columns(&lineage, &report.compiled, &ids))?;
        }
        if let Some(wanted) = self.selection.select.first() {
            for result in report.results.results() {
                let Some(node) = finished.project.manifest.nodes.get(&result.unique_id) else { continue };
                if wanted.contains(node.name.as_str()) {
                    let code = result.compiled_code.clone().unwrap_or_default();
                    self.report(opening, &node.name, &node.unique_id, &code, false);
                }
            }
        }
        Ok(outcome)
    }

    fn report(&self, opening: &Opening, name: &str, unique_id: &str, code: &str, is_inline: bool) {
        opening.report(&Event::CompiledNode {
            compiled: code.to_owned(),
            is_inline,
            node_name: name.to_owned(),
            output_format: self.output.clone(),
            quiet: opening.config.flags.quiet,
            unique_id: unique_id.to_owned(),
        });
    }
}
