//! SQL given on the command line.

use clap::Args;
use std::collections::HashMap;
use std::sync::Arc;

use super::opening::Opening;
use super::selection_args::SelectionArgs;
use crate::adapters::Table;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::manifest::Manifest;
use crate::plan::{Mode, Plan};
use crate::runner::{Action, inline_node};

/// `--inline`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Inline {
    /// SQL with Jinja instead of a selection
    #[arg(long, value_name = "SQL", allow_hyphen_values = true)]
    inline: Option<String>,
    /// SQL that goes to the warehouse as it is
    #[arg(long, value_name = "SQL", allow_hyphen_values = true, hide = true)]
    inline_direct: Option<String>,
}

impl Inline {
    /// The SQL, if it was given; a selection beside it is an error, as in dbt.
    pub(crate) fn instead_of(&self, selection: &SelectionArgs) -> Result<Option<String>, Diagnostic> {
        let direct = self.inline_direct.as_ref().map(|sql| format!("{{% raw %}}{sql}{{% endraw %}}"));
        let sql = self.inline.clone().or(direct);
        let given = [("--select", !selection.select.is_empty()), ("--selector", selection.selector.is_some())];
        match given.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if sql.is_some() => {
                Err(Diagnostic::error(Code::USAGE, format!("--inline and {flag} cannot both be given")))
            }
            _ => Ok(sql),
        }
    }
}

/// What became of SQL of the command line.
pub(crate) struct InlineFinished {
    pub(crate) unique_id: String,
    pub(crate) code: Option<String>,
    pub(crate) table: Option<Table>,
}

impl Opening {
    /// Compiles or shows SQL of the command line as a node of the project.
    pub(crate) fn run_inline(&self, sql: String, action: Action) -> Result<InlineFinished, Diagnostics> {
        let mut project = self.parse()?;
        self.report_found(&project.manifest);
        let node = inline_node(&project.session, &project.manifest, "inline_query", &sql);
        let unique_id = node.unique_id.clone();
        let mut manifest = Manifest::clone(&project.manifest);
        manifest.nodes.insert(unique_id.clone(), Arc::new(node));
        project.manifest = Arc::new(manifest);
        project.graph = Graph::build(&project.manifest)?;
        project.session.set_selected(vec![unique_id.clone()]);
        let plan = Plan::build(&project.graph, &project.manifest, [unique_id.as_str()], Mode::Independent);
        let finished = self.run_plan(project, plan, action, HashMap::new())?;
        let Some(mut report) = finished.report else {
            return Ok(InlineFinished { unique_id, code: None, table: None });
        };
        if let Some(failed) = report.results.results().iter().find(|result| result.is_failure()) {
            return Err(failed.diagnostics.iter().cloned().map(of_inline).collect());
        }
        Ok(InlineFinished {
            code: report.compiled.get(&unique_id).and_then(|node| node.code.clone()),
            table: report.tables.shift_remove(&unique_id),
            unique_id,
        })
    }
}

/// dbt reads inline SQL before anything is run, and says so.
fn of_inline(problem: Diagnostic) -> Diagnostic {
    match problem.code.sort() {
        "Compilation Error" => problem.note("Error parsing inline query"),
        _ => problem,
    }
}
