//! What every step of `deps` stands on, and the fetching of packages into the cache.
//!
//! Main type: [`Work`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::cache::Cache;
use super::git::{Git, is_commit};
use super::http::Http;
use super::hub::Hub;
use super::redact::Redaction;
use crate::config::WarningFate;
use crate::config::{Config, PackageReader};
use crate::diagnostics::{Code, Diagnostic, SourceMap};
use crate::events::{Event, Reporter};

/// One run of `deps`.
pub(super) struct Work<'a> {
    pub(super) config: &'a Config,
    pub(super) sources: &'a SourceMap,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) reader: PackageReader<'a>,
    pub(super) redaction: &'a Redaction,
    pub(super) cache: &'a Cache,
    pub(super) http: &'a Http<'a>,
    pub(super) hub: Hub<'a>,
    /// What was fetched in this run: archives by URL, checkouts by location and revision.
    pub(super) fetched: RefCell<BTreeMap<[String; 3], Checkout>>,
}

/// The files of a commit, in the cache.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    pub(super) sha: String,
    pub(super) folder: PathBuf,
}

impl Work<'_> {
    /// The project's folder.
    pub(super) fn root(&self) -> &Path {
        &self.config.project.root
    }

    /// Reports an event that warns; `name` is dbt's. Where the flags make an error of it, it is one.
    pub(super) fn warn(
        &self,
        name: &str,
        event: &Event,
        as_error: impl FnOnce() -> Diagnostic,
    ) -> Result<(), Diagnostic> {
        match self.config.flags.fate_of_warning(&[name]) {
            WarningFate::Silence => {}
            WarningFate::Error => return Err(as_error()),
            WarningFate::Warn => self.reporter.report(event),
        }
        Ok(())
    }

    /// Reports a warning of our own words under dbt's name of the event.
    pub(super) fn warn_of(&self, name: &str, warning: Diagnostic) -> Result<(), Diagnostic> {
        let event = Event::diagnosed(&warning, self.sources);
        self.warn(name, &event, || warning.into_error())
    }

    /// The archive of a hub's package in the cache, downloaded where it is not there. `fresh` leaves out what is there.
    pub(super) fn hub_archive(&self, package: &str, version: &str, fresh: bool) -> Result<PathBuf, Diagnostic> {
        let place = self.cache.hub_archive(self.hub.url(), package, version);
        if place.is_file() && !fresh {
            return Ok(place);
        }
        let known = self.hub.package(package)?;
        let Some(version) = known.as_ref().and_then(|known| known.versions.get(version)) else {
            return Err(Diagnostic::error(
                Code::PACKAGE,
                format!("the hub does not have version {version} of {package}"),
            )
            .hint("`hetl deps --upgrade` chooses versions anew"));
        };
        self.download(&version.tarball, &place)
    }

    /// The archive at a URL, or in a file. What was downloaded earlier is used only if it cannot be downloaded again.
    pub(super) fn tarball(&self, url: &str) -> Result<PathBuf, Diagnostic> {
        let file =
            url.strip_prefix("file://").map(|path| percent_decoded(path.strip_prefix("localhost").unwrap_or(path)));
        let file = file.or_else(|| (!url.contains("://")).then(|| url.to_owned()));
        if let Some(file) = file {
            let path = self.root().join(file);
            return if path.is_file() {
                Ok(path)
            } else {
                Err(Diagnostic::error(Code::PACKAGE, format!("there is no archive {}", path.display())))
            };
        }
        let place = self.cache.tarball(url);
        let key = [url.to_owned(), String::new(), String::new()];
        if self.fetched.borrow().contains_key(&key) {
            return Ok(place);
        }
        let archive = self.tarball_anew(url, place)?;
        self.fetched.borrow_mut().insert(key, Checkout { sha: String::new(), folder: archive.clone() });
        Ok(archive)
    }

    fn tarball_anew(&self, url: &str, place: PathBuf) -> Result<PathBuf, Diagnostic> {
        match self.download(url, &place) {
            Err(problem) if place.is_file() => {
                let problem = Diagnostic { severity: crate::diagnostics::Severity::Warning, ..problem };
                let used = "the archive of an earlier download is used";
                self.warn_of("RecordRetryException", problem.note(used).hint("run `hetl deps` again later"))
                    .map(|()| place)
            }
            done => done,
        }
    }

    fn download(&self, url: &str, place: &Path) -> Result<PathBuf, Diagnostic> {
        let scratch = self.cache.scratch()?;
        let unfinished = scratch.path().join("archive");
        self.http.download(url, &unfinished).map_err(|failure| {
            let message = self.redaction.text(&failure.message);
            Diagnostic::error(Code::PACKAGE, format!("a package cannot be downloaded: {message}"))
                .note(format!("asked for {}", self.redaction.text(url)))
                .hint("a proxy can be named in HTTPS_PROXY, a certificate authority in SSL_CERT_FILE")
        })?;
        self.cache.keep(&unfinished, place)?;
        Ok(place.to_owned())
    }

    /// The files of a revision of a git repository.
    pub(super) fn checkout(
        &self,
        url: &str,
        revision: &str,
        subdirectory: Option<&str>,
    ) -> Result<Checkout, Diagnostic> {
        let key = [url, revision, subdirectory.unwrap_or_default()].map(str::to_owned);
        if let Some(known) = self.fetched.borrow().get(&key) {
            return Ok(known.clone());
        }
        let checkout = self.checkout_anew(url, revision, subdirectory)?;
        self.fetched.borrow_mut().insert(key, checkout.clone());
        Ok(checkout)
    }

    fn checkout_anew(&self, url: &str, revision: &str, subdirectory: Option<&str>) -> Result<Checkout, Diagnostic> {
        if is_commit(revision) {
            let folder = self.cache.checkout(url, revision, subdirectory);
            if folder.is_dir() {
                return Ok(Checkout { sha: revision.to_owned(), folder });
            }
        }
        let git = Git {
            invocation: &self.config.invocation,
            redaction: self.redaction,
            reporter: self.reporter,
            root: self.root(),
        };
        let commit = git.find(url, revision)?;
        if let Some(sha) = &commit.sha {
            let folder = self.cache.checkout(url, sha, subdirectory);
            if folder.is_dir() {
                return Ok(Checkout { sha: sha.clone(), folder });
            }
        }
        let scratch = self.cache.scratch()?;
        let (repository, files) = (scratch.path().join("repository"), scratch.path().join("files"));
        fs::create_dir(&repository).map_err(|error| {
            Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {}: {error}", repository.display()))
        })?;
        let sha = git.export(url, &commit, subdirectory, &repository, &files)?;
        let folder = self.cache.checkout(url, &sha, subdirectory);
        self.cache.keep(&files, &folder)?;
        Ok(Checkout { sha, folder })
    }
}

/// `%20` is a space.
fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = hex.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
