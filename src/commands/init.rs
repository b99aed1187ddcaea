//! `init`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::Map;

use super::opening::{Outcome, close, log_settings};
use super::profile_setup::{ProfileSetup, has_profile};
use crate::config::{self, Invocation, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::{Event, Reporter};
use crate::ui::{self, Console};
use crate::yaml;

/// Make a new project that builds at once, or set up the profile of the project one stands in
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Name of the project: letters, digits and underscores
    project_name: Option<String>,
    /// Write no profiles.yml, and ask nothing about it
    #[arg(short, long)]
    skip_profile_setup: bool,
}

/// Files of a new project; `{name}` becomes its name, `{profile}` that of its profile.
const FILES: &[(&str, &str)] = &[
    ("dbt_project.yml", include_str!("init/dbt_project.yml")),
    (".gitignore", include_str!("init/gitignore")),
    ("README.md", include_str!("init/README.md")),
    ("seeds/raw_orders.csv", include_str!("init/raw_orders.csv")),
    ("models/orders.sql", include_str!("init/orders.sql")),
    ("models/orders_by_day.sql", include_str!("init/orders_by_day.sql")),
    ("models/schema.yml", include_str!("init/schema.yml")),
];

impl Init {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let begin = Instant::now();
        let invocation = Invocation::from_process("init", Map::new());
        let console = Console::new(log_settings(&invocation, overrides, None));
        let sources = Arc::new(SourceMap::new());
        let result = match config::project_dir(&invocation, overrides) {
            Ok(project) => self.set_up(&project, &invocation, overrides, &console),
            Err(_) => self.make(&invocation, overrides, &console),
        };
        close(&console, &sources, &invocation, begin, result)
    }

    /// In a project only the profile is set up.
    fn set_up(
        &self,
        project: &Path,
        invocation: &Invocation,
        overrides: &Overrides,
        console: &Console,
    ) -> Result<Outcome, Diagnostics> {
        if overrides.profile.is_some() {
            return Err(Diagnostic::error(
                Code::USAGE,
                "--profile is for new projects: there is a project here already",
            )
            .note(format!("`{}` has a dbt_project.yml", project.display()))
            .hint("write the name of the profile into dbt_project.yml")
            .into());
        }
        if !self.skip_profile_setup {
            let setup = ProfileSetup { project, name: &profile_of(project)?, is_new_project: false };
            setup.run(invocation, overrides, console)?;
        }
        Ok(Outcome::Success)
    }

    fn make(&self, invocation: &Invocation, overrides: &Overrides, console: &Console) -> Result<Outcome, Diagnostics> {
        let name = self.name()?;
        let folder = invocation.working_dir.join(overrides.project_dir.clone().unwrap_or_default());
        let root = folder.join(&name);
        if root.exists() {
            return Err(Diagnostic::error(Code::USAGE, format!("A project called {name} already exists here.")).into());
        }
        let profile = overrides.profile.as_deref().unwrap_or(&name);
        if overrides.profile.is_some() && !has_profile(profile, invocation, overrides, &folder)? {
            return Err(Diagnostic::error(
                Code::PROFILE_NOT_FOUND,
                format!("Could not find profile named '{profile}'"),
            )
            .into());
        }
        for (path, text) in FILES {
            write(&root.join(path), &text.replace("{name}", &name).replace("{profile}", profile))?;
        }
        for empty in ["macros", "snapshots", "tests", "analyses"] {
            write(&root.join(empty).join(".gitkeep"), "")?;
        }
        console.report(&Event::ProjectCreated {
            project_name: name.clone(),
            docs_url: String::new(),
            slack_url: String::new(),
        });
        if overrides.profile.is_none() && !self.skip_profile_setup {
            let setup = ProfileSetup { project: &root, name: &name, is_new_project: true };
            setup.run(invocation, overrides, console)?;
        }
        console.report(&Event::Note { msg: format!("Next: cd {name} && hetl build") });
        Ok(Outcome::Success)
    }

    /// The name that was given, or the first answer that is a name.
    fn name(&self) -> Result<String, Diagnostic> {
        if let Some(name) = &self.project_name {
            return check_name(name).map(|()| name.clone());
        }
        loop {
            let Some(name) = ui::ask("Enter a name for your project (letters, digits, underscore)", None) else {
                return Err(Diagnostic::error(Code::USAGE, "the project has no name")
                    .hint("give it on the command line: `hetl init my_project`"));
            };
            match check_name(&name) {
                Ok(()) => return Ok(name),
                Err(problem) => ui::print_line(&problem.message),
            }
        }
    }
}

/// The `profile` of a project.
fn profile_of(project: &Path) -> Result<String, Diagnostics> {
    let path = project.join("dbt_project.yml");
    let text = std::fs::read_to_string(&path).map_err(|problem| {
        Diagnostic::error(Code::UNREADABLE_FILE, format!("dbt_project.yml cannot be read: {problem}"))
    })?;
    let sources = SourceMap::new();
    let root = yaml::parse(sources.add("dbt_project.yml", text.as_str()), &text)?;
    match root.get("profile").and_then(yaml::Node::as_str) {
        Some(profile) => Ok(profile.to_owned()),
        None => Err(Diagnostic::error(Code::PROFILE_NOT_FOUND, "dbt_project.yml names no profile")
            .hint("add `profile:` with a name")
            .into()),
    }
}

fn check_name(name: &str) -> Result<(), Diagnostic> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Diagnostic::error(Code::USAGE, format!("{name} is not a valid project name."))
        .hint("use letters, digits and underscores, and begin with a letter"))
}

pub(super) fn write(path: &PathBuf, text: &str) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text)).map_err(|problem| {
        Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write `{}`: {problem}", path.display()))
    })
}
