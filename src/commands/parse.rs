//! `parse`.

use std::process::ExitCode;

use clap::Args;
use serde_json::Map;

use super::opening::{Opening, Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::CompiledNodes;

/// Read the whole project, report every problem, and write target/manifest.json
#[derive(Debug, Args)]
pub(crate) struct Parse {}

impl Parse {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("parse", Map::new(), overrides, parse)
    }
}

fn parse(opening: &Opening) -> Result<Outcome, Diagnostics> {
    let path = match opening.renew_manifest()? {
        Ok(path) => path,
        Err(look) => {
            let project = opening.parse_after(look)?;
            opening.write_manifest(&project, &CompiledNodes::default())?;
            opening.config.project.target_dir().join("manifest.json")
        }
    };
    opening.report(&Event::Note { msg: format!("Parsed without errors; see {}", path.display()) });
    Ok(Outcome::Success)
}
