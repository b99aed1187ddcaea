//! [`TargetFolder`]: the folder that a command writes to.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::CodePath;
use crate::diagnostics::{Code, Diagnostic};

/// The target folder. Every file in it is written beside its place first and then renamed, so that a reader sees the old
/// text or the new one, never a part. Shared between workers.
#[derive(Debug)]
pub struct TargetFolder {
    project: PathBuf,
    target: PathBuf,
    next_temporary: AtomicU64,
}

impl TargetFolder {
    /// The folder `target`, relative to the project's folder or absolute, as the user wrote it. It is made when needed.
    pub fn new(project: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self { project: project.into(), target: target.into(), next_temporary: AtomicU64::new(0) }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.project.join(&self.target)
    }

    /// Writes an artifact such as `manifest.json`; returns where.
    pub fn write_json(&self, name: &str, artifact: &impl Serialize) -> Result<PathBuf, Diagnostic> {
        let path = self.path().join(name);
        self.write(&path, |out| serde_json::to_writer(out, artifact).map_err(io::Error::from))?;
        Ok(path)
    }

    /// Writes a file that is ready; returns where.
    pub fn write_bytes(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Diagnostic> {
        let path = self.path().join(name);
        self.write(&path, |out| out.write_all(bytes))?;
        Ok(path)
    }

    /// Removes the files of a folder that are not among `kept`, which an earlier command left there.
    pub fn remove_others(&self, folder: &str, kept: &HashSet<&str>) {
        for entry in fs::read_dir(self.path().join(folder)).into_iter().flatten().flatten() {
            if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
                // It does no harm if it stays.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Writes the compiled SQL of a node; returns the path that the manifest shows: `target/compiled/…`.
    pub fn write_compiled(&self, code: &CodePath, sql: &str) -> Result<String, Diagnostic> {
        self.write_code("compiled", code, sql)
    }

    /// Writes the statement that is run for a node; returns the path that the manifest shows: `target/run/…`.
    pub fn write_run(&self, code: &CodePath, sql: &str) -> Result<String, Diagnostic> {
        self.write_code("run", code, sql)
    }

    /// Copies a folder with all in it, under a name of its own.
    pub fn copy_folder(&self, from: &Path, name: &str) -> Result<(), Diagnostic> {
        let entries = fs::read_dir(from).map_err(|error| {
            Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read {}: {error}", from.display()))
        })?;
        for entry in entries.flatten() {
            let below = format!("{name}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.copy_folder(&entry.path(), &below)?;
            } else {
                self.write(&self.path().join(below), |out| out.write_all(&fs::read(entry.path())?))?;
            }
        }
        Ok(())
    }

    /// Nothing reads this SQL to go on working, so a new file is written in its place at once; one that is there is replaced, and
    /// left alone where it says the same.
    fn write_code(&self, folder: &str, code: &CodePath, sql: &str) -> Result<String, Diagnostic> {
        let shown = self.target.join(folder).join(code.as_path());
        let path = self.project.join(&shown);
        match in_folder(&path, || File::create_new(&path)) {
            Ok(mut file) => file.write_all(sql.as_bytes()).map_err(|error| unwritable(&path, &error))?,
            Err(_) if fs::read(&path).is_ok_and(|known| known == sql.as_bytes()) => {}
            Err(_) => {
                self.write(&path, |out| out.write_all(sql.as_bytes()))?;
            }
        }
        Ok(shown.to_string_lossy().into_owned())
    }

    /// Writes a file as `fill` says; it is still open when it is in its place.
    pub(super) fn write(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<File, Diagnostic> {
        self.try_write(path, fill).map_err(|error| unwritable(path, &error))
    }

    fn try_write(&self, path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
        let file = in_folder(path, || File::create(&temporary))?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let written = fill(&mut out).and_then(|()| Ok(out.into_inner()?)).and_then(|file| {
            if crate::faults::fails("write") {
                return Err(io::Error::other("fault injected at write"));
            }
            fs::rename(&temporary, path)?;
            Ok(file)
        });
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Opens a file by `open`, whose folder is made only where it is missing: asking first would cost a call for each of many files.
fn in_folder(path: &Path, open: impl Fn() -> io::Result<File>) -> io::Result<File> {
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            open()
        }
        other => other,
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(Code::UNWRITABLE_FILE, format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{CodePath, TargetFolder};

    #[test]
    fn files_are_written_whole_and_leave_nothing_beside_them() {
        let project = tempfile::tempdir().unwrap();
        let folder = TargetFolder::new(project.path(), "target");
        let code = CodePath::new("shop", "models/a/b.sql", "a/b.sql");
        assert_eq!(folder.write_compiled(&code, "select 1").unwrap(), "target/compiled/shop/models/a/b.sql");
        assert_eq!(folder.write_compiled(&code, "select 2").unwrap(), "target/compiled/shop/models/a/b.sql");
        let parent = folder.path().join("compiled/shop/models/a");
        assert_eq!(std::fs::read_to_string(parent.join("b.sql")).unwrap(), "select 2");
        assert_eq!(std::fs::read_dir(parent).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_names_the_file() {
        let project = tempfile::tempdir().unwrap();
        std::fs::write(project.path().join("target"), "a file").unwrap();
        let problem = TargetFolder::new(project.path(), "target").write_json("manifest.json", &()).unwrap_err();
        assert_eq!(problem.code.id, "E0104");
        assert!(problem.message.contains("manifest.json"), "{}", problem.message);
    }
}
