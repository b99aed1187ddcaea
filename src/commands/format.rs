//! `format`.

use std::fs;
use std::process::ExitCode;

use clap::Args;
use rayon::prelude::*;
use serde_json::Map;

use super::lint::{refuse_bad_settings, unwritable};
use super::linting::{FileArgs, Linting, deepen_stacks};
use super::opening::{Opening, Outcome, with_project};
use super::unified_diff::unified_diff;
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::lint::sql::{Mender, Settings, fix};
use crate::ui;

/// Write SQL in the layout and capitalization that the settings of sqlfluff ask for; queries stay the same
#[derive(Debug, Args)]
pub(crate) struct Format {
    #[command(flatten)]
    files: FileArgs,
    /// Change nothing; name the files that would be written otherwise, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would be written otherwise, and exit with 1 if it is anything
    #[arg(long)]
    diff: bool,
}

/// The rules that only move and capitalize.
pub(super) const RULES: &[&str] = &["layout", "capitalisation", "jinja.padding"];

impl Format {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        deepen_stacks();
        with_project("format", Map::new(), overrides, |opening| self.format(opening))
    }

    fn format(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let linting = Linting::begin(opening, Settings::default().only(RULES))?;
        let files = linting.read(linting.scope(&self.files)?.files)?;
        let dialect = linting.project.session.adapter().dialect();
        let texts = linting.for_each(files.par_iter(), |renderer, file| {
            let mender = Mender { renderer, linters: &linting.linters, dialect, path: &file.path };
            fix(&mender, &file.source, &file.settings).map(|outcome| outcome.text)
        });
        refuse_bad_settings(&linting, &files)?;
        linting.keep_findings();
        let mut changed = 0;
        for (file, text) in files.iter().zip(texts) {
            let text = match text {
                Ok(text) if text != file.source => text,
                Ok(_) => continue,
                Err(reason) => {
                    linting.report_skipped(&file.path, &reason);
                    continue;
                }
            };
            changed += 1;
            if self.diff {
                ui::print_raw(&unified_diff(&file.path, &file.source, &text));
            } else {
                ui::print_line(&file.path);
            }
            if !self.check && !self.diff {
                fs::write(&file.file, text).map_err(|error| unwritable(&file.path, &error))?;
            }
        }
        Ok(Outcome::from(changed == 0 || !(self.check || self.diff)))
    }
}
