//! `init`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::Map;

use super::opening::{Outcome, close, log_settings};
use crate::config::{Invocation, Overrides};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::events::{Event, Reporter};
use crate::ui::{self, Console};

/// Make a new project that builds at once, on a DuckDB file
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Name of the project: letters, digits and underscores
    project_name: Option<String>,
    /// Write no profiles.yml
    #[arg(short, long)]
    skip_profile_setup: bool,
}

/// Files of a new project; `{name}` becomes its name.
const FILES: &[(&str, &str)] = &[
    ("dbt_project.yml", include_str!("init/dbt_project.yml")),
    (".gitignore", include_str!("init/gitignore")),
    ("README.md", include_str!("init/README.md")),
    ("seeds/raw_orders.csv", include_str!("init/raw_orders.csv")),
    ("models/orders.sql", include_str!("init/orders.sql")),
    ("models/orders_by_day.sql", include_str!("init/orders_by_day.sql")),
    ("models/schema.yml", include_str!("init/schema.yml")),
];

const PROFILES: &str = include_str!("init/profiles.yml");

impl Init {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        let begin = Instant::now();
        let invocation = Invocation::from_process("init", Map::new());
        let console = Console::new(log_settings(&invocation, overrides, None));
        let sources = Arc::new(SourceMap::new());
        let folder = overrides.project_dir.clone().unwrap_or_else(|| invocation.working_dir.clone());
        let result = self.make(&folder, &console);
        close(&console, &sources, &invocation, begin, result)
    }

    fn make(&self, folder: &Path, console: &Console) -> Result<Outcome, Diagnostics> {
        if folder.join("dbt_project.yml").exists() {
            return Err(Diagnostic::error(Code::USAGE, "there is a project here already")
                .note(format!("`{}` has a dbt_project.yml", folder.display()))
                .hint("run `hetl init` in another folder")
                .into());
        }
        let name = match &self.project_name {
            Some(name) => name.clone(),
            None => ui::ask("Name of the project (letters, digits, underscores)", "my_project"),
        };
        check_name(&name)?;
        let root = folder.join(&name);
        if root.join("dbt_project.yml").exists() {
            return Err(Diagnostic::error(Code::USAGE, format!("a project called `{name}` exists here already")).into());
        }
        for (path, text) in FILES {
            write(&root.join(path), &text.replace("{name}", &name))?;
        }
        for empty in ["macros", "snapshots", "tests", "analyses"] {
            write(&root.join(empty).join(".gitkeep"), "")?;
        }
        if !self.skip_profile_setup {
            write(&root.join("profiles.yml"), &PROFILES.replace("{name}", &name))?;
        }
        console.report(&Event::ProjectCreated {
            project_name: name.clone(),
            docs_url: String::new(),
            slack_url: String::new(),
        });
        console.report(&Event::Note { msg: format!("Next: cd {name} && hetl build") });
        Ok(Outcome::Success)
    }
}

fn check_name(name: &str) -> Result<(), Diagnostic> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Diagnostic::error(Code::USAGE, format!("`{name}` is not a valid project name"))
        .hint("use letters, digits and underscores, and begin with a letter"))
}

fn write(path: &PathBuf, text: &str) -> Result<(), Diagnostic> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text)).map_err(|problem| {
        Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write `{}`: {problem}", path.display()))
    })
}
