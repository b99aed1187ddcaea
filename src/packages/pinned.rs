//! A package at the one version that will be installed.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::git::is_commit;
use super::redact::Redaction;
use super::request::{Origin, Request, in_subdirectory};
use super::version::VersionSpecifier;
use crate::config::PackageSpec;
use crate::diagnostics::{Code, Diagnostic};

/// Where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pin {
    /// A folder, as written and as found.
    Local { location: String, folder: PathBuf },
    /// A commit.
    Git { url: String, url_unrendered: String, revision: String, subdirectory: Option<String> },
    /// An archive.
    Tarball { url: String, url_unrendered: String },
    /// A version on the hub, and the highest one that could be had, where it is known.
    Hub { package: String, version: String, latest: Option<String> },
}

/// A package at one version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pinned {
    /// The project's name, which is the name of its folder; unknown in lock files of dbt before 1.8.
    pub(super) name: Option<String>,
    pub(super) pin: Pin,
}

impl Pinned {
    /// What an entry of a lock file pins.
    pub(super) fn of_lock(spec: &PackageSpec, request: Request) -> Result<Self, Diagnostic> {
        let pin = match request.origin {
            Origin::Local { location, folder } => Pin::Local { location, folder },
            Origin::Tarball { url, url_unrendered, .. } => Pin::Tarball { url, url_unrendered },
            Origin::Git(git) => Pin::Git {
                url: git.url,
                url_unrendered: git.url_unrendered,
                revision: git.revisions.into_iter().next().unwrap_or_else(|| "HEAD".into()),
                subdirectory: git.subdirectory,
            },
            Origin::Hub(hub) => {
                let version = spec.values.get("version").and_then(serde_json::Value::as_str).unwrap_or_default();
                if !hub.versions.iter().all(VersionSpecifier::is_exact) || version.is_empty() {
                    return Err(Diagnostic::error(
                        Code::PACKAGE,
                        format!("package-lock.yml does not name one version of {}", hub.package),
                    )
                    .at(spec.span, "")
                    .hint("write it anew with `hetl deps --upgrade`"));
                }
                let version = version.trim_start_matches('=').to_owned();
                Pin::Hub { package: hub.package, version, latest: None }
            }
        };
        Ok(Self { name: spec.values.get("name").and_then(|name| name.as_str()).map(str::to_owned), pin })
    }

    /// The keys of its entry in a lock file. Secrets that are written out are hidden, as dbt does.
    pub(super) fn entry(&self, redaction: &Redaction) -> BTreeMap<&'static str, String> {
        let mut entry = BTreeMap::new();
        match &self.pin {
            Pin::Local { location, .. } => {
                entry.insert("local", location.clone());
            }
            Pin::Git { url_unrendered, revision, subdirectory, .. } => {
                entry.insert("git", redaction.secrets(url_unrendered));
                entry.insert("revision", revision.clone());
                entry.extend(subdirectory.as_ref().map(|folder| ("subdirectory", folder.clone())));
            }
            Pin::Tarball { url_unrendered, .. } => {
                entry.insert("tarball", redaction.secrets(url_unrendered));
            }
            Pin::Hub { package, version, .. } => {
                entry.insert("package", package.clone());
                entry.insert("version", version.clone());
            }
        }
        entry.extend(self.name.as_ref().map(|name| ("name", name.clone())));
        entry
    }

    /// How it is called while it is installed.
    pub(super) fn shown(&self) -> String {
        match &self.pin {
            Pin::Local { location, .. } => location.clone(),
            Pin::Git { url, subdirectory, .. } => in_subdirectory(url, subdirectory.as_deref()),
            Pin::Tarball { url, .. } => self.name.clone().unwrap_or_else(|| url.clone()),
            Pin::Hub { package, .. } => package.clone(),
        }
    }

    /// Where it was installed from.
    pub(super) fn version_name(&self) -> String {
        match &self.pin {
            Pin::Local { location, .. } => format!("<local @ {location}>"),
            Pin::Git { revision, .. } if revision == "HEAD" => "HEAD (default revision)".into(),
            Pin::Git { revision, .. } => format!("revision {revision}"),
            Pin::Tarball { url, .. } => format!("tarball (url: {url})"),
            Pin::Hub { version, .. } => format!("version {version}"),
        }
    }

    /// Whether its files can change while the lock file stays as it is.
    pub(super) fn may_change(&self) -> bool {
        matches!(&self.pin, Pin::Git { revision, .. } if !is_commit(revision))
    }
}

/// Whether a name is fit to be the name of a package's folder; else dbt's words why not.
pub(super) fn check_folder_name(name: &str, install_path: &Path) -> Result<(), Diagnostic> {
    let mut parts = Path::new(name).components();
    let is_one_name = matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name);
    if is_one_name && !name.contains(['/', '\\', '\0']) {
        return Ok(());
    }
    Err(Diagnostic::error(
        Code::PACKAGE,
        format!(
            "Invalid package name '{name}': resolves outside of the packages-install-path ('{}')",
            install_path.display()
        ),
    )
    .hint("nothing was installed; ask the package's author for another name"))
}
