//! `clean`.

use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;

/// Remove the folders that clean-targets names, the target folder by default
#[derive(Debug, Args)]
pub(crate) struct Clean {}

impl Clean {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("clean", Map::new(), overrides, clean)
    }
}

fn clean(opening: &Opening) -> Result<Outcome, Diagnostics> {
    let project = &opening.config.project;
    let root = lexical(&project.root);
    let kept: Vec<PathBuf> = [&project.paths.model, &project.paths.seed, &project.paths.test, &project.paths.macros]
        .into_iter()
        .flatten()
        .map(|path| lexical(&root.join(path)))
        .collect();
    let targets: Vec<PathBuf> = project.clean_targets.iter().map(|target| lexical(&root.join(target))).collect();
    let outside: Vec<&PathBuf> = targets.iter().filter(|target| !target.starts_with(&root)).collect();
    if !outside.is_empty() && opening.config.flags.clean_project_files_only {
        let outside: Vec<_> = outside.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(Diagnostic::error(
            Code::INVALID_PROJECT,
            format!("dbt will not clean the following directories outside the project: {}", outside.join(", ")),
        )
        .note("nothing was removed")
        .hint("keep clean-targets inside the project, or give --no-clean-project-files-only")
        .into());
    }
    let protected: Vec<_> = targets
        .iter()
        .filter(|target| root.starts_with(target) || kept.iter().any(|kept| kept.starts_with(target)))
        .map(|target| format!("`{}`", target.display()))
        .collect();
    if !protected.is_empty() {
        return Err(Diagnostic::error(
            Code::INVALID_PROJECT,
            format!("dbt will not clean the following source paths: {}", protected.join(", ")),
        )
        .note("nothing was removed")
        .hint("take them out of clean-targets")
        .into());
    }
    let cleans = |folder: &Path| project.clean_targets.iter().any(|target| target == folder);
    if cleans(Path::new("dbt_modules")) && !cleans(&project.packages_install_path) {
        let message = format!(
            "the default package install path has changed from `dbt_modules` to `dbt_packages`. Packages are in `{}`, which clean-targets lacks",
            project.packages_install_path.display()
        );
        let warning = Diagnostic::warning(Code::DEPRECATED, message)
            .named("PackageInstallPathDeprecation")
            .hint("replace `dbt_modules` in clean-targets");
        opening.check(warning.into())?;
    }
    for target in targets {
        let path = target.to_string_lossy().into_owned();
        opening.report(&Event::CheckCleanPath { path: path.clone() });
        remove(&target)?;
        opening.report(&Event::ConfirmCleanPath { path });
    }
    opening.report(&Event::FinishedCleanPaths {});
    Ok(Outcome::Success)
}

/// Removes a folder; a link only as a link, so that nothing outside the project is touched.
fn remove(target: &Path) -> Result<(), Diagnostic> {
    let Ok(about) = std::fs::symlink_metadata(target) else { return Ok(()) };
    let removed = if about.is_dir() { std::fs::remove_dir_all(target) } else { std::fs::remove_file(target) };
    removed.map_err(|problem| {
        Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot remove `{}`: {problem}", target.display()))
    })
}

/// The path without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut done, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                done.pop();
            }
            other => done.push(other),
        }
        done
    })
}
