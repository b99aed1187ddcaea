//! `run-operation`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value};

use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::Event;
use crate::manifest::CompiledNodes;
use crate::plan::RunResults;
use crate::runner::{Stop, run_operation};
use crate::yaml;

/// Call a macro
#[derive(Debug, Args)]
pub(crate) struct RunOperation {
    /// Its name, or package.name
    #[arg(value_name = "MACRO")]
    name: String,
    /// Its arguments: '{name: value}'
    #[arg(long, default_value = "{}", value_name = "YAML", allow_hyphen_values = true)]
    args: String,
}

impl RunOperation {
    /// The call that an earlier run's arguments tell of.
    pub(crate) fn of_arguments(args: &Map<String, Value>) -> Self {
        let name = args.get("macro").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { name, args: args.get("args").map_or_else(|| "{}".to_owned(), Value::to_string) }
    }

    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let mut args = Map::new();
        args.insert("macro".into(), self.name.clone().into());
        let given =
            yaml::parse_into(SourceMap::new().add("--args", self.args.as_str()), &self.args, &mut Diagnostics::new());
        args.insert("args".into(), given.map_or_else(|| Value::Object(Map::new()), |tree| tree.to_json()));
        with_project("run-operation", args, overrides, |opening| self.call(opening))
    }

    pub(crate) fn call(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let arguments = self.arguments(opening)?;
        let project = opening.parse()?;
        opening.report_found(&project.manifest);
        opening.write_manifest(&project, &CompiledNodes::default())?;
        let stop = Stop::new(false);
        stop.listen();
        let report = run_operation(&project.session, &project.manifest, &stop, &self.name, &arguments)?;
        opening.write_run_results(&RunResults::of_one(report.result))?;
        match report.problem {
            None => Ok(Outcome::Success),
            Some(problem) => {
                let text = crate::diagnostics::render::text(&problem, &opening.sources);
                let exc = format!("{}\n{}", problem.code.sort(), text.trim_end());
                opening.report(&Event::RunningOperationCaughtError { exc });
                Ok(Outcome::Failure)
            }
        }
    }

    fn arguments(&self, opening: &Opening) -> Result<Map<String, Value>, Diagnostics> {
        let mut problems = Diagnostics::new();
        let source = opening.sources.add("--args", self.args.as_str());
        let tree = yaml::parse_into(source, &self.args, &mut problems);
        opening.check(problems)?;
        match tree.map(|tree| tree.to_json()) {
            Some(Value::Object(arguments)) => Ok(arguments),
            None | Some(Value::Null) => Ok(Map::new()),
            Some(_) => Err(Diagnostic::error(Code::USAGE, "--args must be a YAML mapping")
                .hint("for example --args '{name: value}'")
                .into()),
        }
    }
}
