//! What projects ask for: one entry of a package file as a [`Request`], and several requests for one package made one.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::version::VersionSpecifier;
use crate::config::PackageSpec;
use crate::diagnostics::{Code, Diagnostic, Span};

/// Who asks, for messages.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    /// A file or a package: `packages.yml`, `dbt-labs/dbt_utils`.
    pub(super) name: String,
    /// Its folder, where it is a local package or the project itself.
    pub(super) folder: Option<PathBuf>,
}

/// One question for a package.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) by: String,
    /// The version, revision or range that is asked for.
    pub(super) version: String,
    pub(super) span: Span,
}

/// A package on the hub.
#[derive(Debug, Clone)]
pub(super) struct HubRequest {
    pub(super) package: String,
    pub(super) versions: Vec<VersionSpecifier>,
    pub(super) install_prerelease: bool,
}

/// A package in a git repository.
#[derive(Debug, Clone)]
pub(super) struct GitRequest {
    pub(super) url: String,
    pub(super) url_unrendered: String,
    pub(super) revisions: Vec<String>,
    pub(super) warn_unpinned: bool,
    pub(super) subdirectory: Option<String>,
}

/// Where a package comes from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A folder, as written, and as found.
    Local { location: String, folder: PathBuf },
    /// A git repository.
    Git(GitRequest),
    /// An archive at a URL, with the name that it is installed under.
    Tarball { url: String, url_unrendered: String, name: String },
    /// The hub.
    Hub(HubRequest),
}

/// A package that is asked for, by one or by several.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) origin: Origin,
    pub(super) asked: Vec<Asked>,
}

impl Request {
    /// Reads an entry. `root` is the project's folder, which local paths are relative to.
    pub(super) fn new(spec: &PackageSpec, asker: &Asker, root: &Path) -> Result<Self, Diagnostic> {
        let text = |key: &str| spec.values.get(key).and_then(scalar);
        let unrendered = |key: &str| spec.unrendered.get(key).and_then(scalar).unwrap_or_else(|| spec.location.clone());
        let warn = spec.values.get("warn-unpinned").or_else(|| spec.values.get("warn_unpinned"));
        let git = |url: String, url_unrendered: String| GitRequest {
            url,
            url_unrendered,
            revisions: text("revision").into_iter().collect(),
            warn_unpinned: warn != Some(&Value::Bool(false)),
            subdirectory: text("subdirectory").map(|folder| folder.trim_matches('/').to_owned()),
        };
        let origin = match spec.kind {
            "local" => local(&spec.location, asker.folder.as_deref(), root),
            "git" => Origin::Git(git(spec.location.clone(), unrendered("git"))),
            "private" => {
                let url = private_url(&spec.location, text("provider").as_deref(), spec.span)?;
                Origin::Git(git(url.clone(), url))
            }
            "tarball" => Origin::Tarball {
                url: spec.location.clone(),
                url_unrendered: unrendered("tarball"),
                name: tarball_name(spec)?,
            },
            _ => Origin::Hub(hub_request(spec)?),
        };
        let asked = Asked { by: asker.name.clone(), version: origin.version(), span: spec.span };
        Ok(Self { origin, asked: vec![asked] })
    }

    /// The names under which it may be known already; the first is its own.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.origin {
            Origin::Local { location, .. } => vec![location.clone()],
            Origin::Tarball { url, .. } => vec![url.clone()],
            Origin::Hub(hub) => vec![hub.package.clone()],
            Origin::Git(git) => {
                let other = git.url.strip_suffix(".git").map_or_else(|| format!("{}.git", git.url), str::to_owned);
                [&git.url, &other].map(|url| in_subdirectory(url, git.subdirectory.as_deref())).to_vec()
            }
        }
    }

    /// Takes in another request for the same package; the first's location stays.
    pub(super) fn incorporate(&mut self, other: Self) -> Result<(), Diagnostic> {
        match (&mut self.origin, &other.origin) {
            (Origin::Hub(own), Origin::Hub(hub)) => own.versions.extend(hub.versions.iter().cloned()),
            (Origin::Git(own), Origin::Git(git)) => {
                own.revisions.extend(git.revisions.iter().cloned());
                own.warn_unpinned &= git.warn_unpinned;
            }
            (Origin::Local { .. }, Origin::Local { .. }) | (Origin::Tarball { .. }, Origin::Tarball { .. }) => {}
            (own, other_origin) => {
                let message = format!(
                    "Cannot incorporate a {} package in a {} package: mismatched types",
                    other_origin.kind(),
                    own.kind()
                );
                let places = self.asked.iter().chain(&other.asked);
                return Err(places.fold(Diagnostic::error(Code::PACKAGE, message), |problem, asked| {
                    problem.at(asked.span, format!("asked for by {}", asked.by))
                }));
            }
        }
        self.asked.extend(other.asked);
        Ok(())
    }

    /// An error about this package that shows everyone who asks for it.
    pub(super) fn problem(&self, message: impl Into<String>) -> Diagnostic {
        let mut problem = Diagnostic::error(Code::PACKAGE, message);
        for asked in &self.asked {
            let version = if asked.version.is_empty() { String::new() } else { format!(": {}", asked.version) };
            problem = problem.at(asked.span, format!("asked for by {}{version}", asked.by));
        }
        problem
    }
}

impl Origin {
    /// dbt's name of the kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Local { .. } => "local",
            Self::Git(_) => "git",
            Self::Tarball { .. } => "tarball",
            Self::Hub(_) => "hub",
        }
    }

    fn version(&self) -> String {
        match self {
            Self::Local { .. } | Self::Tarball { .. } => String::new(),
            Self::Git(git) => git.revisions.join(", "),
            Self::Hub(hub) => hub.versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The name of a git package.
pub(super) fn in_subdirectory(url: &str, subdirectory: Option<&str>) -> String {
    subdirectory.map_or_else(|| url.to_owned(), |folder| format!("{url}/{folder}"))
}

/// A string or number as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// dbt takes local paths as relative to the project, whoever asks; where there is no package, the asker's folder is tried.
/// The location is then written as dbt would have to be told it.
fn local(location: &str, asker: Option<&Path>, root: &Path) -> Origin {
    let is_package = |folder: &PathBuf| folder.join("dbt_project.yml").is_file();
    let from_root = root.join(location);
    let from_asker = asker.map(|folder| folder.join(location));
    match from_asker.filter(|folder| !is_package(&from_root) && is_package(folder)) {
        Some(folder) => Origin::Local { location: relative(&folder, root), folder },
        None => Origin::Local { location: location.to_owned(), folder: from_root },
    }
}

/// A folder as seen from another one.
fn relative(folder: &Path, from: &Path) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (folder, from) = (real(folder), real(from));
    let common = folder.components().zip(from.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| "..".to_owned());
    let down = folder.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// Where a repository of a private package is, by its provider. SSH, as keys need no prompt; git's own `url.….insteadOf`
/// setting leads elsewhere.
fn private_url(path: &str, provider: Option<&str>, span: Span) -> Result<String, Diagnostic> {
    let path = path.trim_matches('/');
    let bare = path.strip_suffix(".git").unwrap_or(path);
    match provider.unwrap_or("github") {
        "github" => Ok(format!("git@github.com:{bare}.git")),
        "gitlab" => Ok(format!("git@gitlab.com:{bare}.git")),
        "ado" | "azure_devops" | "azure_active_directory" => Ok(format!("git@ssh.dev.azure.com:v3/{bare}")),
        other => Err(Diagnostic::error(
            Code::PACKAGE,
            format!("Cannot resolve private package {path} because git provider `{other}` is not known"),
        )
        .at(span, "")
        .hint("use github, gitlab or ado, or a `git` package with the repository's URL")),
    }
}

fn tarball_name(spec: &PackageSpec) -> Result<String, Diagnostic> {
    spec.values.get("name").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        Diagnostic::error(
            Code::PACKAGE,
            "The packages.yml file in this project is malformed: a tarball package has no name",
        )
        .at(spec.span, "")
        .hint("add `name:`, the name that the package is installed under")
    })
}

fn hub_request(spec: &PackageSpec) -> Result<HubRequest, Diagnostic> {
    let written: Vec<String> = match spec.values.get("version") {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(other) => scalar(other).into_iter().collect(),
        None => Vec::new(),
    };
    let versions: Result<Vec<_>, String> = written.iter().map(|text| VersionSpecifier::parse(text)).collect();
    let versions = versions.map_err(|message| {
        let problem = Diagnostic::error(Code::PACKAGE, message).at(spec.span, "");
        if written.iter().any(|text| text.contains(',')) {
            problem.hint("write several limits as a list: [\">=1.0.0\", \"<2.0.0\"]")
        } else {
            problem.hint("a version has three numbers, and no space after its operator: \">=1.0.0\"")
        }
    })?;
    let prerelease = spec.values.get("install_prerelease").or_else(|| spec.values.get("install-prerelease"));
    Ok(HubRequest {
        package: spec.location.clone(),
        versions,
        install_prerelease: prerelease == Some(&Value::Bool(true)),
    })
}
