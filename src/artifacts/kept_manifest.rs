//! Writing the manifest of a project that did not change: the one on disk is copied, and only says anew who wrote it when.
//!
//! A small file beside the manifest tells of which parse it was made and what the file system said of it then. Where anything
//! does not fit, there is nothing to copy, and the manifest has to be written whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::TargetFolder;
use crate::diagnostics::Diagnostic;
use crate::manifest::MetadataJson;
use crate::parser::ParseId;

const MANIFEST: &str = "manifest.json";
const SEMANTIC_MANIFEST: &str = "semantic_manifest.json";
const MARK: &str = "hetl_manifest_mark.json";
/// What a manifest begins with, before its metadata.
const BEGINNING: &str = "{\"metadata\":";

impl TargetFolder {
    /// Remembers that the manifest, as it was just written, is that of this parse, with nothing compiled.
    pub fn mark_manifest(&self, id: ParseId, metadata: &MetadataJson<'_>) -> Result<(), Diagnostic> {
        let Some(mark) = self.mark(id, metadata) else { return Ok(()) };
        self.write_json(MARK, &mark).map(|_| ())
    }

    /// Brings the manifest's metadata up to date, if it is that of this parse; returns where it is.
    pub fn renew_manifest(&self, id: ParseId, metadata: &MetadataJson<'_>) -> Option<PathBuf> {
        let mark = fs::read_to_string(self.path().join(MARK)).ok()?;
        if serde_json::from_str::<serde_json::Value>(&mark).ok()? != self.mark(id, metadata)? {
            return None;
        }
        let path = self.path().join(MANIFEST);
        let temporary = self.path().join(format!(".{MANIFEST}.{}-renewed.tmp", std::process::id()));
        let renewed = copy(&path, &temporary, metadata).and_then(|()| fs::rename(&temporary, &path));
        if renewed.is_err() {
            let _ = fs::remove_file(&temporary);
            return None;
        }
        self.mark_manifest(id, metadata).ok()?;
        Some(path)
    }

    fn mark(&self, id: ParseId, metadata: &MetadataJson<'_>) -> Option<serde_json::Value> {
        let manifest = stamp(&self.path().join(MANIFEST))?;
        let semantic = stamp(&self.path().join(SEMANTIC_MANIFEST))?;
        let length = serde_json::to_string(metadata).ok()?.len();
        Some(serde_json::json!({
            "parse": id.to_hex(), "manifest": manifest, "semantic_manifest": semantic, "metadata_length": length,
        }))
    }
}

/// What the file system says of a file.
fn stamp(path: &Path) -> Option<Vec<String>> {
    let metadata = fs::metadata(path).ok()?;
    let modified = metadata.modified().ok()?;
    #[cfg(unix)]
    let more = {
        use std::os::unix::fs::MetadataExt;
        [metadata.ino().to_string(), format!("{}.{}", metadata.ctime(), metadata.ctime_nsec())]
    };
    #[cfg(not(unix))]
    let more = [String::new(), String::new()];
    Some([metadata.len().to_string(), format!("{modified:?}")].into_iter().chain(more).collect())
}

fn copy(from: &Path, to: &Path, metadata: &MetadataJson<'_>) -> io::Result<()> {
    let text = serde_json::to_string(metadata)?;
    let mut beginning = vec![0; BEGINNING.len() + text.len() + 1];
    File::open(from)?.read_exact(&mut beginning)?;
    // The same length is not enough: the metadata must end where it did.
    if !beginning.starts_with(BEGINNING.as_bytes()) || !beginning.ends_with(b"},") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::copy(from, to)?;
    let mut file = OpenOptions::new().write(true).open(to)?;
    file.seek(SeekFrom::Start(BEGINNING.len() as u64))?;
    file.write_all(text.as_bytes())
}
