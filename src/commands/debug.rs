//! `debug`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::Map;

use super::opening::{Opening, Outcome, close, log_settings, python};
use crate::config::{self, Invocation, Loaded, Overrides, ProfileOrigin};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, render};
use crate::events::{Event, Reporter};
use crate::ui::{Console, Style, pluralize};

/// Check the project, the profile and the connection
#[derive(Debug, Args)]
pub(crate) struct Debug {
    /// Only test the connection
    #[arg(long)]
    connection: bool,
    /// Print the folder of profiles.yml
    #[arg(long)]
    config_dir: bool,
}

/// The program that shows a folder on this system.
fn open_command() -> &'static str {
    match std::env::consts::OS {
        "macos" => "open",
        "windows" => "start",
        _ => "xdg-open",
    }
}

/// The folder of `profiles.yml`; without one, that of the project.
fn profiles_dir(opening: &Opening) -> String {
    let root = &opening.config.project.root;
    let folder = match &opening.config.profile.origin {
        ProfileOrigin::File(path) => path.parent().unwrap_or(path),
        ProfileOrigin::Default | ProfileOrigin::Unset => root,
    };
    folder.display().to_string()
}

struct Checks<'a> {
    console: &'a Console,
    sources: &'a SourceMap,
    failures: Vec<String>,
}

impl Checks<'_> {
    fn say(&self, msg: impl Into<String>) {
        self.console.report(&Event::DebugCmdOut { msg: msg.into() });
    }

    fn style(&self) -> Style {
        self.console.style()
    }

    fn fail(&mut self, problems: &[Diagnostic]) {
        let texts: Vec<String> = problems.iter().map(|problem| render::text(problem, self.sources)).collect();
        self.failures.push(texts.join("\n"));
    }
}

impl Debug {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let begin = Instant::now();
        let invocation = Invocation::from_process("debug", Map::new());
        let sources = Arc::new(SourceMap::new());
        let Loaded { config, diagnostics, .. } = config::load(invocation.clone(), overrides, &sources);
        let console = Arc::new(Console::new(log_settings(&invocation, overrides, config.as_ref())));
        let version = format!("={}", env!("CARGO_PKG_VERSION"));
        console.report(&Event::MainReportVersion { log_version: 3, version });
        let opening = config.map(|config| Opening {
            config,
            console: Arc::clone(&console),
            sources: Arc::clone(&sources),
            deprecations: Arc::default(),
        });
        if let (true, Some(opening)) = (self.config_dir, &opening) {
            opening
                .report(&Event::OpenCommand { open_cmd: open_command().into(), profiles_dir: profiles_dir(opening) });
            return close(&console, &sources, &invocation, begin, Ok(Outcome::Success));
        }
        let mut checks = Checks { console: &console, sources: &sources, failures: Vec::new() };
        checks.say(format!("dbt version: {}", config::DBT_VERSION));
        checks.say(format!("hetl version: {}", env!("CARGO_PKG_VERSION")));
        checks.say(format!("os info: {}-{}", std::env::consts::OS, std::env::consts::ARCH));
        let result = match opening {
            Some(opening) => {
                let result = opening.check(diagnostics).and_then(|()| self.check(&opening, &mut checks));
                opening.end(result)
            }
            // A folder that is not there is wrong usage, not a failed check; and dbt does not catch errors of templates here.
            None if diagnostics
                .iter()
                .any(|problem| problem.code == Code::USAGE || problem.code.sort() == "Compilation Error") =>
            {
                Err(diagnostics)
            }
            None => {
                explain(&mut checks, &invocation, overrides, diagnostics);
                Ok(Outcome::Failure)
            }
        };
        close(&console, &sources, &invocation, begin, result)
    }

    fn check(&self, opening: &Opening, checks: &mut Checks<'_>) -> Result<Outcome, Diagnostics> {
        let project = &opening.config.project;
        let profile = &opening.config.profile;
        let root = project.root.display();
        let ok = |words: &str| checks.style().green(format!("OK {words}"));
        match &profile.origin {
            ProfileOrigin::File(path) => {
                let folder = path.parent().unwrap_or(path).display().to_string();
                checks.say(format!("Using profiles dir at {folder}"));
                checks.say(format!("Using profiles.yml file at {}", path.display()));
            }
            ProfileOrigin::Default | ProfileOrigin::Unset => {
                checks.say("Using no profiles.yml: the database is a file beside dbt_project.yml");
            }
        }
        checks.say(format!("Using dbt_project.yml file at {root}/dbt_project.yml"));
        checks.say(format!("adapter type: {}", profile.adapter_type));
        checks.say(format!("adapter version: {}", env!("CARGO_PKG_VERSION")));
        if self.connection {
            checks.say("Skipping steps before connection verification");
        } else {
            checks.say("Configuration:");
            checks.say(format!("  profiles.yml file [{}]", ok("found and valid")));
            checks.say(format!("  dbt_project.yml file [{}]", ok("found and valid")));
            checks.say("Required dependencies:");
            checks.say(format!(" - none [{}]\n", ok("nothing else is needed")));
        }
        checks.say("Connection:");
        let adapter = match opening.adapter() {
            Ok(adapter) => adapter,
            Err(problems) => {
                checks.say(format!("  Connection test: [{}]\n", checks.style().red("ERROR")));
                checks.fail(&problems.into_iter().collect::<Vec<_>>());
                return Ok(conclude(checks));
            }
        };
        for (key, value) in adapter.connection_fields() {
            checks.say(format!("  {key}: {}", python(&value)));
        }
        let tested = adapter.connect().and_then(|mut connection| {
            let answered = connection.execute("select 1 as id", true);
            answered.map(drop).map_err(|error| Diagnostic::error(Code::CONNECTION, error.message))
        });
        match tested {
            Ok(()) => checks.say(format!("  Connection test: [{}]\n", ok("connection ok"))),
            Err(problem) => {
                checks.say(format!("  Connection test: [{}]\n", checks.style().red("ERROR")));
                checks.failures.push(format!(
                    "dbt was unable to connect to the specified database.\nThe database returned the following error:\n\n  >{}\n\nCheck your database credentials and try again.",
                    problem.message
                ));
            }
        }
        Ok(conclude(checks))
    }
}

/// What can be said where project or profile could not be read.
fn explain(checks: &mut Checks<'_>, invocation: &Invocation, overrides: &Overrides, diagnostics: Diagnostics) {
    let folder = overrides.project_dir.clone().unwrap_or_else(|| invocation.working_dir.clone());
    let profiles = overrides.profiles_dir.clone().unwrap_or_else(|| folder.clone());
    checks.say(format!("Using profiles dir at {}", profiles.display()));
    checks.say(format!("Using profiles.yml file at {}", profiles.join("profiles.yml").display()));
    checks.say(format!("Using dbt_project.yml file at {}", folder.join("dbt_project.yml").display()));
    checks.say("Configuration:");
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let (of_profile, of_project): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        errors.iter().partition(|problem| [Code::PROFILE_NOT_FOUND, Code::INVALID_PROFILE].contains(&problem.code));
    let (red, green) = (checks.style().red("ERROR invalid"), checks.style().green("OK found and valid"));
    let word = |problems: &[&Diagnostic]| if problems.is_empty() { green.clone() } else { red.clone() };
    checks.say(format!("  profiles.yml file [{}]", word(&of_profile)));
    checks.say(format!("  dbt_project.yml file [{}]", word(&of_project)));
    let file = profiles.join("profiles.yml");
    if overrides.profiles_dir.is_some() && !file.is_file() {
        checks.failures.push(format!("dbt looked for a profiles.yml file in {}, but did not find one", file.display()));
    } else if !of_profile.is_empty() {
        let texts: Vec<String> = of_profile.iter().map(|problem| render::text(problem, checks.sources)).collect();
        checks.failures.push(format!("Profile loading failed for the following reason:\n{}", texts.join("\n")));
    }
    for problem in &of_project {
        checks.fail(std::slice::from_ref(*problem));
    }
    conclude(checks);
}

fn conclude(checks: &mut Checks<'_>) -> Outcome {
    let report = |msg: String| checks.console.report(&Event::DebugCmdResult { msg });
    if checks.failures.is_empty() {
        report(checks.style().green("All checks passed!"));
        return Outcome::Success;
    }
    report(checks.style().red(format!("{} failed:", pluralize(checks.failures.len(), "check"))));
    for failure in &checks.failures {
        report(format!("{failure}\n"));
    }
    Outcome::Failure
}
