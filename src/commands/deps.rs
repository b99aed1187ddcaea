//! `deps`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::opening::{Outcome, with_project};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic};
use crate::packages::{self, DepsOptions, NewPackage, PackageSource};

/// Install the packages that packages.yml or dependencies.yml asks for
#[derive(Debug, Args)]
pub(crate) struct Deps {
    /// Write package-lock.yml and install nothing
    #[arg(long)]
    lock: bool,
    /// Choose versions anew, although package-lock.yml fits
    #[arg(long)]
    upgrade: bool,
    /// Say what would be locked and installed, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Add a package to packages.yml first, as name@version
    #[arg(long, value_name = "PACKAGE")]
    add_package: Option<String>,
    /// Where the package to add comes from
    #[arg(long, value_enum, default_value_t = Source::Hub, ignore_case = true)]
    source: Source,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Source {
    Hub,
    Git,
    Local,
}

impl Deps {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        with_project("deps", self.args(), overrides, |opening| {
            let options = self.options()?;
            packages::deps(&opening.config, &opening.sources, opening.console.as_ref(), &options)?;
            Ok(Outcome::Success)
        })
    }

    fn new_package(&self) -> Option<NewPackage> {
        let source = match self.source {
            Source::Hub => PackageSource::Hub,
            Source::Git => PackageSource::Git,
            Source::Local => PackageSource::Local,
        };
        self.add_package.as_ref().map(|text| NewPackage::parse(text, source))
    }

    fn options(&self) -> Result<DepsOptions, Diagnostic> {
        let add_package = self.new_package();
        let lacks_version = |package: &&NewPackage| package.version.is_none() && package.source != PackageSource::Local;
        if let Some(package) = add_package.as_ref().filter(lacks_version) {
            let name = &package.name;
            return Err(Diagnostic::error(Code::USAGE, format!("--add-package {name} names no version"))
                .hint(format!("write it as --add-package {name}@1.0.0, or \"{name}@>=1.0.0,<2.0.0\"")));
        }
        Ok(DepsOptions { lock: self.lock, upgrade: self.upgrade, dry_run: self.dry_run, add_package })
    }

    /// The arguments under dbt's names.
    fn args(&self) -> Map<String, Value> {
        let mut args = Map::new();
        args.insert("lock".into(), self.lock.into());
        args.insert("upgrade".into(), self.upgrade.into());
        let source = format!("{:?}", self.source).to_lowercase();
        args.insert("source".into(), source.into());
        let added =
            self.new_package().map(|package| serde_json::json!({"name": package.name, "version": package.version}));
        args.insert("add_package".into(), added.unwrap_or_default());
        args
    }
}
