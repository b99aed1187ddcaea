//! Packages in git repositories, fetched with the `git` executable: never a prompt, never more history than is needed.
//!
//! Main type: [`Git`]. Where checkouts are kept is not known here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::archive::follow;
use super::redact::Redaction;
use crate::config::Invocation;
use crate::diagnostics::{Code, Diagnostic};
use crate::events::{Event, Reporter};

/// Variables by which git is told of another repository: set while a hook runs.
const FOREIGN_VARIABLES: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"];
/// Settings for every call: nothing that a repository or a template brings along may run.
const SETTINGS: [&str; 6] =
    ["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "advice.detachedHead=false"];

/// A repository at a revision: what is to be fetched.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    /// The full id, where it is known before anything is fetched.
    pub(super) sha: Option<String>,
    /// What to ask the repository for.
    wanted: String,
}

/// Runs git.
pub(super) struct Git<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) redaction: &'a Redaction,
    pub(super) reporter: &'a dyn Reporter,
    /// The project's folder, which relative locations start from.
    pub(super) root: &'a Path,
}

impl Git<'_> {
    /// Finds the commit that a revision names. A tag is preferred to a branch; without a revision it is the default branch.
    pub(super) fn find(&self, url: &str, revision: &str) -> Result<Commit, Diagnostic> {
        let url = self.location(url);
        if url.starts_with('-') || revision.starts_with('-') {
            return Err(self.failed(&url, revision, "a location or revision cannot begin with a dash"));
        }
        if is_commit(revision) {
            return Ok(Commit { sha: Some(revision.to_owned()), wanted: revision.to_owned() });
        }
        self.reporter.report(&Event::GitProgressCheckoutRevision { revision: revision.to_owned() });
        let listed =
            self.run(self.root, ["ls-remote", "--", &url]).map_err(|said| self.failed(&url, revision, &said))?;
        let refs: BTreeMap<&str, &str> =
            listed.lines().filter_map(|line| line.split_once('\t')).map(|(sha, name)| (name, sha)).collect();
        let (tag, branch) = (format!("refs/tags/{revision}"), format!("refs/heads/{revision}"));
        let name = [tag.as_str(), &branch, revision].into_iter().find(|name| refs.contains_key(name));
        Ok(match name {
            Some(name) => Commit {
                // An annotated tag is an object of its own; what it stands for is listed after it.
                sha: refs.get(format!("{name}^{{}}").as_str()).or_else(|| refs.get(name)).map(|&sha| sha.to_owned()),
                wanted: name.to_owned(),
            },
            None => Commit { sha: None, wanted: revision.to_owned() },
        })
    }

    /// Fetches a commit and leaves its files, or those of a subdirectory, in `into`, which must not be there. `scratch` is an
    /// empty folder beside it. Returns the commit's id.
    pub(super) fn export(
        &self,
        url: &str,
        commit: &Commit,
        subdirectory: Option<&str>,
        scratch: &Path,
        into: &Path,
    ) -> Result<String, Diagnostic> {
        let location = self.location(url);
        let failed = |said: String| self.failed(&location, &commit.wanted, &said);
        self.reporter.report(&Event::GitProgressPullingNewDependency { dir: self.redaction.text(url) });
        self.run(scratch, ["init", "--quiet", "."]).map_err(failed)?;
        let shallow = ["fetch", "--quiet", "--depth", "1", "--no-tags", "--", &location, &commit.wanted];
        let sha = match self.run(scratch, shallow) {
            Ok(_) => "FETCH_HEAD".to_owned(),
            // A server may refuse to give a commit that no branch or tag names, and cannot know a shortened one.
            Err(refused) => {
                let whole = ["fetch", "--quiet", "--", &location, "+refs/*:refs/remotes/all/*"];
                self.run(scratch, whole).map_err(|_| failed(refused.clone()))?;
                commit.wanted.clone()
            }
        };
        let name = format!("{sha}^{{commit}}");
        let sha = self.run(scratch, ["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
        let sha = sha.map(|sha| sha.trim().to_owned()).map_err(|_| failed("there is no such revision".into()))?;
        self.run(scratch, ["checkout", "--quiet", "--detach", &sha]).map_err(failed)?;
        self.reporter.report(&Event::GitProgressCheckedOutAt { end_sha: sha.chars().take(7).collect() });
        let files = self.subfolder(url, scratch, subdirectory)?;
        let kept = keep(scratch, &files, into);
        kept.map_err(|error| {
            Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot keep {}: {error}", into.display()))
        })?;
        Ok(sha)
    }

    fn subfolder(&self, url: &str, scratch: &Path, subdirectory: Option<&str>) -> Result<PathBuf, Diagnostic> {
        let Some(subdirectory) = subdirectory else { return Ok(scratch.to_owned()) };
        self.reporter.report(&Event::GitSparseCheckoutSubdirectory { subdir: subdirectory.to_owned() });
        let parts: Vec<Component<'_>> = Path::new(subdirectory).components().collect();
        let is_below = parts.iter().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let folder = scratch.join(subdirectory);
        let is_real = is_below
            && folder
                .ancestors()
                .take_while(|above| *above != scratch)
                .all(|above| above.symlink_metadata().is_ok_and(|about| about.is_dir()));
        if is_real {
            return Ok(folder);
        }
        Err(Diagnostic::error(
            Code::PACKAGE,
            format!("the repository {} has no folder `{subdirectory}`", self.redaction.text(url)),
        ))
    }

    /// A relative path becomes one that does not depend on the working folder.
    fn location(&self, url: &str) -> String {
        if url.starts_with('.') { self.root.join(url).to_string_lossy().into_owned() } else { url.to_owned() }
    }

    fn failed(&self, url: &str, revision: &str, said: &str) -> Diagnostic {
        let url = self.redaction.text(url);
        let said = self.redaction.text(said.split("\nusage: git").next().unwrap_or(said).trim());
        Diagnostic::error(Code::PACKAGE, format!("Error checking out spec='{revision}' for repo {url}"))
            .note(if said.is_empty() { "git said nothing".into() } else { said })
            .hint("try `git ls-remote` with this address; hetl never asks for a password")
    }

    /// Standard output, or what git said on standard error.
    fn run<S: AsRef<OsStr>>(&self, folder: &Path, args: impl IntoIterator<Item = S>) -> Result<String, String> {
        let mut command = Command::new("git");
        command.args(SETTINGS).args(args).current_dir(folder).stdin(Stdio::null());
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").env("GCM_INTERACTIVE", "never");
        for name in FOREIGN_VARIABLES {
            command.env_remove(name);
        }
        if self.invocation.env("GIT_SSH_COMMAND").is_none() && self.invocation.env("GIT_SSH").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        let output = command.output().map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                self.reporter.report(&Event::EnsureGitInstalled {});
            }
            format!("git cannot be started: {error}")
        })?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

/// Whether it is the full id of a commit.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Moves a checkout to its place, without its history and without links that lead out of it.
fn keep(scratch: &Path, files: &Path, into: &Path) -> io::Result<()> {
    fs::remove_dir_all(scratch.join(".git"))?;
    let mut links = BTreeMap::new();
    collect_links(files, Path::new(""), &mut links)?;
    for path in links.keys().filter(|path| follow(&links, path, 0).is_none()) {
        fs::remove_file(files.join(path))?;
    }
    fs::rename(files, into)
}

fn collect_links(folder: &Path, below: &Path, links: &mut BTreeMap<PathBuf, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            links.insert(path, fs::read_link(entry.path())?);
        } else if kind.is_dir() {
            collect_links(&entry.path(), &path, links)?;
        }
    }
    Ok(())
}
