//! One package's `dbt_project.yml`, read, rendered and checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{ConfigKind, ConfigTree};
use crate::adapters::RelationParts;
use crate::diagnostics::{SourceId, Span};

/// Folders of a project, relative to its root, `/` between parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each field is the key of the same name
pub struct ProjectPaths {
    pub model: Vec<String>,
    pub seed: Vec<String>,
    pub test: Vec<String>,
    pub analysis: Vec<String>,
    pub macros: Vec<String>,
    pub snapshot: Vec<String>,
    pub docs: Vec<String>,
    pub asset: Vec<String>,
    pub function: Vec<String>,
}

/// SQL of `on-run-start` or `on-run-end`, not rendered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// As written.
    pub sql: String,
    /// Where it is written.
    pub span: Span,
}

/// One entry of `dispatch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchRule {
    /// The package whose macros are looked for.
    pub macro_namespace: String,
    /// The packages to look in, in order.
    pub search_order: Vec<String>,
}

/// `query-comment`, not rendered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryComment {
    /// Jinja; `None` is dbt's default comment, an empty text is no comment.
    pub comment: Option<String>,
    /// Whether it comes after the statement.
    pub append: bool,
    /// Where it is written.
    pub span: Option<Span>,
}

/// One entry of `packages.yml` or `dependencies.yml`, rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageSpec {
    /// `local`, `package`, `git`, `tarball` or `private`.
    pub kind: &'static str,
    /// The value under that key.
    pub location: String,
    /// All keys, rendered.
    pub values: Map<String, Value>,
    /// All keys as written.
    pub unrendered: Map<String, Value>,
    /// Where it is written.
    pub span: Span,
}

/// A project or installed package.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder, absolute.
    pub root: PathBuf,
    /// Its `dbt_project.yml`.
    pub source: SourceId,
    /// `name`.
    pub name: String,
    /// `version`, as text.
    pub version: Option<String>,
    /// `profile`, rendered.
    pub profile_name: Option<String>,
    /// All folders with resources.
    pub paths: ProjectPaths,
    /// `target-path`, relative to `root` or absolute; flags and environment are applied.
    pub target_path: PathBuf,
    /// `log-path`, likewise.
    pub log_path: PathBuf,
    /// `packages-install-path`, likewise.
    pub packages_install_path: PathBuf,
    /// `clean-targets`, relative to `root` or absolute.
    pub clean_targets: Vec<PathBuf>,
    /// `quoting` as written.
    pub quoting: RelationParts<Option<bool>>,
    /// `dispatch`.
    pub dispatch: Vec<DispatchRule>,
    /// `vars` as written, not rendered.
    pub vars: Map<String, Value>,
    /// `on-run-start`.
    pub on_run_start: Vec<Hook>,
    /// `on-run-end`.
    pub on_run_end: Vec<Hook>,
    /// `query-comment`.
    pub query_comment: QueryComment,
    /// `require-dbt-version`, each range as written.
    pub require_dbt_version: Vec<String>,
    /// `restrict-access`.
    pub restrict_access: bool,
    /// `flags` as written.
    pub flags: Map<String, Value>,
    /// `dbt-cloud` as written.
    pub dbt_cloud: Map<String, Value>,
    /// `models`, `seeds`, …: configs by folder.
    pub configs: IndexMap<ConfigKind, ConfigTree>,
    /// `selectors.yml`, rendered, if there is one.
    pub selectors: Option<crate::yaml::Node>,
    /// What `packages.yml` or `dependencies.yml` asks for.
    pub package_specs: Vec<PackageSpec>,
    /// Installed packages, each a project of its own; only the root project has them.
    pub packages: Vec<Arc<Project>>,
}

impl Project {
    /// Where compiled files and artifacts are written, absolute.
    pub fn target_dir(&self) -> PathBuf {
        self.root.join(&self.target_path)
    }

    /// The commit of git that the project's working tree stands on, where it is in one.
    pub fn git_commit(&self) -> Option<String> {
        super::git_commit::of_folder(&self.root)
    }

    /// Where logs are written, absolute.
    pub fn log_dir(&self) -> PathBuf {
        self.root.join(&self.log_path)
    }

    /// Where packages are installed, absolute.
    pub fn packages_dir(&self) -> PathBuf {
        self.root.join(&self.packages_install_path)
    }

    /// This project or one of its packages, by name.
    pub fn package(&self, name: &str) -> Option<&Project> {
        if self.name == name {
            return Some(self);
        }
        self.packages.iter().map(Arc::as_ref).find(|package| package.name == name)
    }

    /// This project, then its packages.
    pub fn all(&self) -> impl Iterator<Item = &Project> {
        std::iter::once(self).chain(self.packages.iter().map(Arc::as_ref))
    }

    /// Configs by folder for one kind of resource.
    pub fn config_tree(&self, kind: ConfigKind) -> Option<&ConfigTree> {
        self.configs.get(&kind)
    }

    /// The packages that `dispatch` looks in for macros of `namespace`, where the project says.
    pub fn search_order(&self, namespace: &str) -> Option<&[String]> {
        self.dispatch.iter().find(|rule| rule.macro_namespace == namespace).map(|rule| rule.search_order.as_slice())
    }

    /// How relations are quoted: what the project says, else the warehouse's default.
    pub fn resolved_quoting(&self, default: RelationParts<bool>) -> RelationParts<bool> {
        RelationParts {
            database: self.quoting.database.unwrap_or(default.database),
            schema: self.quoting.schema.unwrap_or(default.schema),
            identifier: self.quoting.identifier.unwrap_or(default.identifier),
        }
    }

    /// The name by which people know a file of this project: relative to the root where it lies inside.
    pub fn display_path(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}
