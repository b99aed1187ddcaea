//! Reads what `deps` needs of a package that is not part of the project yet: its name and the packages that it asks for.
//!
//! Main type: [`PackageReader`]. Nothing here fetches or installs.

use std::path::Path;

use super::locate::{PROJECT_FILE, read_yaml};
use super::packages::{package_specs, specified_in, specs};
use super::template::{TemplateScope, Templates};
use super::{Config, PackageSpec};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::yaml::{self, Node};

/// What a package says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageMetadata {
    /// `name` of its `dbt_project.yml`.
    pub name: String,
    /// What it asks for.
    pub packages: Vec<PackageSpec>,
}

/// Reads packages with the variables of the command line and with secrets, as dbt renders package files.
pub struct PackageReader<'a> {
    config: &'a Config,
    sources: &'a SourceMap,
}

impl<'a> PackageReader<'a> {
    /// A reader for packages of this project.
    pub fn new(config: &'a Config, sources: &'a SourceMap) -> Self {
        Self { config, sources }
    }

    fn templates(&self) -> Templates<'a> {
        let vars = self.config.vars.command_line().clone();
        let scope = TemplateScope { vars, allow_secrets: true, ..TemplateScope::default() };
        Templates::new(&self.config.invocation, &scope, self.sources)
    }

    /// What the package in a folder says of itself. `shown` is how messages call the folder.
    pub fn metadata(&self, folder: &Path, shown: &str) -> Result<PackageMetadata, Diagnostics> {
        let mut found = Diagnostics::new();
        let shown = if shown.is_empty() { String::new() } else { format!("{}/", shown.trim_end_matches('/')) };
        let path = folder.join(PROJECT_FILE);
        if !path.is_file() {
            return Err(Diagnostic::error(Code::PACKAGE, format!("there is no {shown}{PROJECT_FILE}")).into());
        }
        let file = read_yaml(&path, &format!("{shown}{PROJECT_FILE}"), self.sources, &mut found);
        let name = file.as_ref().and_then(|file| file.root.get("name")).and_then(Node::as_str);
        if name.is_none() && !found.has_errors() {
            found.push(
                Diagnostic::error(Code::PACKAGE, format!("{shown}{PROJECT_FILE} has no `name`"))
                    .hint("a package is a dbt project, and a project has a name"),
            );
        }
        let packages = package_specs(folder, &shown, &self.templates(), self.sources, &mut found);
        match name {
            Some(name) if !found.has_errors() => Ok(PackageMetadata { name: name.to_owned(), packages }),
            _ => Err(found),
        }
    }

    /// The packages that a text lists under `packages`: a lock file, or what the hub says of a package.
    pub fn listed(&self, shown: &str, text: &str) -> Result<Vec<PackageSpec>, Diagnostics> {
        let mut found = Diagnostics::new();
        let source = self.sources.add(shown, text);
        let tree = yaml::parse_into(source, text, &mut found);
        let list = tree.as_ref().and_then(|tree| tree.get("packages"));
        let packages = list.map(|list| {
            let rendered = self.templates().tree(list, &|_| false, &mut found);
            specs(&rendered, list, shown, &mut found)
        });
        if found.has_errors() { Err(found) } else { Ok(packages.unwrap_or_default()) }
    }

    /// What the project itself asks for, read again.
    pub fn of_project(&self) -> Result<Vec<PackageSpec>, Diagnostics> {
        let mut found = Diagnostics::new();
        let packages = package_specs(&self.config.project.root, "", &self.templates(), self.sources, &mut found);
        if found.has_errors() { Err(found) } else { Ok(packages) }
    }

    /// The file that the project lists its packages in: `packages.yml` or `dependencies.yml`.
    pub fn specified_in(&self) -> &'static str {
        specified_in(&self.config.project, self.sources)
    }
}
