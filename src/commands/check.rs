//! `check`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::finding_args::FindingArgs;
use super::linting::{KINDS, Linting, deepen_stacks};
use super::opening::{Opening, Outcome, with_project};
use super::project_rules::{ProjectRules, unknown};
use super::selection_args::SelectionArgs;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::lint::{self, rules, sql};

/// Check the project by rules about models, sources, columns and what is said of them; needs no warehouse
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Only these rules, also those that are off; with commas between them
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    rules: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    exclude_rules: Vec<String>,
    #[command(flatten)]
    shown: FindingArgs,
    /// List the rules with their severities, and check nothing
    #[arg(long)]
    list: bool,
    /// Print the documentation of a rule, and check nothing
    #[arg(long, value_name = "RULE")]
    explain: Option<String>,
}

impl Check {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        deepen_stacks();
        with_project("check", Map::new(), overrides, |opening| self.check(opening))
    }

    fn check(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        if let Some(name) = &self.explain {
            let rule = lint::named(name).ok_or_else(|| unknown(name))?;
            opening.report(&Event::ListCmdOut { msg: rule.documentation() });
            return Ok(Outcome::Success);
        }
        let rules = ProjectRules::choose(opening, &self.rules, &self.exclude_rules)?;
        if self.list {
            opening.report(&Event::ListCmdOut { msg: listed(&rules.settings) });
            return Ok(Outcome::Success);
        }
        let linting = Linting::begin(opening, sql::Settings::default())?;
        let selected = if self.selection.is_empty() {
            None
        } else {
            Some(opening.select(&linting.project, &self.selection, KINDS, false)?.into_iter().collect())
        };
        let findings = rules.findings(&linting, selected)?;
        self.shown.hand_on(opening, findings, Vec::new(), &[])
    }
}

/// Each rule on a line: its severity, its name, what it finds.
fn listed(settings: &lint::Settings) -> String {
    let widest = rules::ALL.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let line = |rule: &&'static lint::Rule| {
        let level = match settings.level(rule.name, "").unwrap_or(rule.level) {
            lint::RuleLevel::Off => "off",
            lint::RuleLevel::At(severity) => severity.as_str(),
        };
        let documentation = rule.documentation();
        let first = documentation.lines().next().unwrap_or_default().trim_end_matches('.');
        format!("{level:<7}  {:<widest$}  {first}", rule.name)
    };
    rules::ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}
