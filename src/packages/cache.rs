//! Where downloads are kept between runs and projects: archives of the hub, tarballs, checkouts of git.
//!
//! Main type: [`Cache`]. What is in it was put there whole: it is written beside its place and renamed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::config::Invocation;
use crate::diagnostics::{Code, Diagnostic};

/// A folder of downloads.
pub(super) struct Cache {
    root: PathBuf,
    /// Held so that it is removed in the end, where there is no lasting folder.
    _temporary: Option<TempDir>,
}

impl Cache {
    /// The folder that `DBT_DOWNLOADS_DIR` names, else `hetl/packages` in the user's cache folder, else a temporary one.
    pub(super) fn open(invocation: &Invocation) -> Result<Self, Diagnostic> {
        let named = invocation.env("DBT_DOWNLOADS_DIR").filter(|path| !path.is_empty());
        let named = named.map(|path| invocation.working_dir.join(path));
        let lasting = named.or_else(|| Some(invocation.cache_dir()?.join("hetl").join("packages")));
        if let Some(root) = lasting.filter(|root| is_usable(root)) {
            return Ok(Self { root, _temporary: None });
        }
        let unwritable = |error: io::Error| {
            Diagnostic::error(Code::UNWRITABLE_FILE, format!("there is no folder for downloads: {error}"))
                .hint("name one in DBT_DOWNLOADS_DIR")
        };
        let temporary = tempfile::tempdir().map_err(unwritable)?;
        Ok(Self { root: temporary.path().to_owned(), _temporary: Some(temporary) })
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The archive of a version of a hub's package.
    pub(super) fn hub_archive(&self, hub: &str, package: &str, version: &str) -> PathBuf {
        self.place("hub", &[hub, package, version], package).with_extension("tar.gz")
    }

    /// The archive that was last found at a URL.
    pub(super) fn tarball(&self, url: &str) -> PathBuf {
        self.place("tarball", &[url], "").with_extension("tar.gz")
    }

    /// The files of a commit.
    pub(super) fn checkout(&self, url: &str, sha: &str, subdirectory: Option<&str>) -> PathBuf {
        self.place("git", &[url, sha, subdirectory.unwrap_or_default()], "")
    }

    /// A file that is locked while the packages of a folder are replaced.
    pub(super) fn lock_file(&self, packages_dir: &Path) -> PathBuf {
        self.place("locks", &[&packages_dir.to_string_lossy()], "")
    }

    /// A folder on the same disk, removed when it is dropped.
    pub(super) fn scratch(&self) -> Result<TempDir, Diagnostic> {
        tempfile::Builder::new().prefix(".unfinished-").tempdir_in(&self.root).map_err(|error| {
            Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write in {}: {error}", self.root.display()))
        })
    }

    /// Moves a finished file or folder to its place. One that another run has put there meanwhile stays.
    pub(super) fn keep(&self, finished: &Path, place: &Path) -> Result<(), Diagnostic> {
        let keep = || {
            fs::create_dir_all(place.parent().unwrap_or(&self.root))?;
            match fs::rename(finished, place) {
                Err(_) if finished.is_dir() && place.is_dir() => Ok(()),
                done => done,
            }
        };
        keep().map_err(|error| {
            Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {}: {error}", place.display()))
        })
    }

    /// A place named by a hash, so that no name leads elsewhere and no URL's token is seen; with a few letters for people.
    fn place(&self, kind: &str, parts: &[&str], shown: &str) -> PathBuf {
        let hash = blake3::hash(parts.join("\0").as_bytes()).to_hex();
        let shown: String =
            shown.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let name = if shown.is_empty() { hash[..32].to_owned() } else { format!("{shown}-{}", &hash[..32]) };
        self.root.join(kind).join(name)
    }
}

fn is_usable(root: &Path) -> bool {
    let made = fs::create_dir_all(root).is_ok();
    #[cfg(unix)]
    if made {
        use std::os::unix::fs::PermissionsExt;
        // Packages may be private. A folder of somebody else stays as it is.
        let _ = fs::set_permissions(root, fs::Permissions::from_mode(0o700));
    }
    made && tempfile::tempfile_in(root).is_ok()
}
