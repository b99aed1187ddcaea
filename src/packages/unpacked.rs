//! A package's archive, unpacked in a folder that is removed in the end.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::archive::{Refusal, unpack};
use super::work::Work;
use crate::diagnostics::{Code, Diagnostic};

/// Unpacks an archive in the cache's folder. Returns the temporary folder and the package's within it.
pub(super) fn unpacked(
    work: &Work<'_>,
    archive: &Path,
    url: &str,
    name: &str,
) -> Result<(TempDir, PathBuf), Diagnostic> {
    let scratch = work.cache.scratch()?;
    let folder = unpack_one(work, archive, scratch.path(), url, name).map_err(|problem| problem.diagnostic)?;
    Ok((scratch, folder))
}

/// Why a package's archive was not unpacked.
pub(super) struct Unusable {
    pub(super) diagnostic: Diagnostic,
    /// Whether it may have been damaged on its way.
    pub(super) is_damaged: bool,
}

/// Unpacks an archive that holds one folder. Returns that folder.
pub(super) fn unpack_one(
    work: &Work<'_>,
    archive: &Path,
    into: &Path,
    url: &str,
    name: &str,
) -> Result<PathBuf, Unusable> {
    let url = work.redaction.text(url);
    let certain = |diagnostic| Unusable { diagnostic, is_damaged: false };
    let top = unpack(archive, into).map_err(|refusal| match refusal {
        Refusal::Dangerous(why) => certain(
            Diagnostic::error(Code::PACKAGE_ARCHIVE, format!("the archive of `{name}` was refused: {why}"))
                .note(format!("it comes from {url}"))
                .hint("nothing was installed; an archive that reaches out of its folder is either broken or an attack"),
        ),
        Refusal::Unreadable(error) => Unusable {
            diagnostic: Diagnostic::error(Code::PACKAGE, format!("the archive of `{name}` cannot be read: {error}"))
                .note(format!("it comes from {url}"))
                .hint("a package's archive is a tar file, compressed with gzip"),
            is_damaged: true,
        },
        Refusal::Unwritable(path, error) => certain(Diagnostic::error(
            Code::UNWRITABLE_FILE,
            format!("cannot unpack `{name}` into {}: {error}", path.display()),
        )),
    })?;
    let only = top.iter().next().map(|first| into.join(first)).filter(|first| top.len() == 1 && first.is_dir());
    only.ok_or_else(|| {
        certain(Diagnostic::error(
            Code::PACKAGE,
            format!(
                "Incorrect structure for package extracted from {url}. The extracted package needs to follow the \
                 structure {name}/<package_contents>"
            ),
        ))
    })
}
