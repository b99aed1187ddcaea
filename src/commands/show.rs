//! `show`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::compile::KINDS;
use super::inline::Inline;
use super::opening::{Opening, Outcome, with_project};
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::adapters::{Cell, Table};
use crate::config::Overrides;
use crate::context::{TableLimits, drawn_table, json_of_cell};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::plan::Mode;
use crate::python::json_yaml::json_line;
use crate::runner::Action;

/// Show some rows of a node or of a query, without making anything
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    inline: Inline,
    /// At most this many rows; -1 for all
    #[arg(long, default_value_t = 5, allow_negative_numbers = true, value_name = "N")]
    limit: i64,
    /// text or json
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: String,
}

impl Show {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let mut args = self.selection.to_map();
        args.insert("limit".into(), self.limit.into());
        args.insert("output".into(), self.output.clone().into());
        with_project("show", args, overrides, |opening| self.show(opening))
    }

    fn show(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let action = Action::Show(u64::try_from(self.limit).ok());
        if let Some(sql) = self.inline.instead_of(&self.selection)? {
            let finished = opening.run_inline(sql, action)?;
            if let Some(table) = finished.table {
                self.report(opening, "inline_query", &finished.unique_id, &table, true);
            }
            return Ok(Outcome::Success);
        }
        if self.selection.select.is_empty() && self.selection.selector.is_none() {
            return Err(Diagnostic::error(Code::USAGE, "Either --select or --inline must be passed to show").into());
        }
        let request = Request { selection: &self.selection, kinds: KINDS, mode: Mode::Topological, action };
        let mut finished = opening.run_nodes(&request)?;
        let Some(report) = &mut finished.report else { return Ok(Outcome::Success) };
        let outcome = opening.failed_nodes(report)?;
        let wanted = self.selection.select.first().cloned().unwrap_or_default();
        for result in report.results.results() {
            let Some(node) = finished.project.manifest.nodes.get(&result.unique_id) else { continue };
            let Some(table) = report.tables.get(&result.unique_id) else { continue };
            if wanted.is_empty() || wanted.contains(node.name.as_str()) {
                self.report(opening, &node.search_name(), &node.unique_id, table, false);
            } else {
                opening.report(&Event::QuietNote { msg: format!("Excluded node '{}' from results", node.name) });
            }
        }
        Ok(outcome)
    }

    fn report(&self, opening: &Opening, name: &str, unique_id: &str, table: &Table, is_inline: bool) {
        let preview = if self.output == "json" {
            json_line(&table_json(table))
        } else {
            drawn_table(Arc::new(table.clone()), TableLimits { rows: usize::MAX, ..TableLimits::default() }) + "\n"
        };
        opening.report(&Event::ShowNode {
            is_inline,
            node_name: name.to_owned(),
            output_format: self.output.clone(),
            preview,
            quiet: opening.config.flags.quiet,
            unique_id: unique_id.to_owned(),
        });
    }
}

/// The rows as JSON objects, in the order of columns.
fn table_json(table: &Table) -> Value {
    let object = |row: &[Cell]| table.column_names().map(str::to_owned).zip(row.iter().map(json_of_cell)).collect();
    Value::Array(table.rows().iter().map(|row| Value::Object(object(row))).collect())
}
