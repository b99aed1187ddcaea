//! The file beside a database file that says which run writes to it.
//!
//! The lock is the operating system's, on `<database>.hetl-lock`; what the file holds only names its holder. A process that dies loses the lock,
//! so what is found in a file that can be locked was left by a dead run.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::adapters::LockHolder;

/// A lock on a database file.
#[derive(Debug)]
pub(super) struct LockFile {
    path: PathBuf,
    // Closing it unlocks it.
    _file: File,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It is held; with who left it behind.
    Taken(LockFile, Option<LockHolder>),
    /// Another process holds it.
    Held(Option<LockHolder>),
}

impl LockFile {
    /// Takes the lock of a database file, or says who has it.
    pub(super) fn try_lock(database: &Path, holder: &LockHolder) -> io::Result<Attempt> {
        let path = beside(database);
        loop {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Held(read(&mut file))),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // The holder before may have removed the file after it was opened here; then the lock is on nothing.
            if !is_at(&file, &path) {
                continue;
            }
            let left_by = read(&mut file);
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&serde_json::to_vec(holder)?)?;
            return Ok(Attempt::Taken(Self { path, _file: file }, left_by));
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Removed before it is unlocked; where an open file cannot be removed it stays, and means nothing.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The run that holds a database file now, if one does.
pub(super) fn holder(database: &Path) -> Option<LockHolder> {
    let mut file = File::open(beside(database)).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| read(&mut file)).flatten()
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".hetl-lock");
    PathBuf::from(name)
}

fn read(file: &mut File) -> Option<LockHolder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |own: std::fs::Metadata, there: std::fs::Metadata| (own.dev(), own.ino()) == (there.dev(), there.ino());
    file.metadata().ok().zip(std::fs::metadata(path).ok()).is_some_and(|(own, there)| same(own, there))
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me(command: &str) -> LockHolder {
        LockHolder {
            command: command.to_owned(),
            invocation_id: "i".to_owned(),
            place: "process 1 on a".to_owned(),
            since: "2024-02-29T12:00:00Z".to_owned(),
        }
    }

    #[test]
    fn a_second_one_learns_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.duckdb");
        let Attempt::Taken(lock, None) = LockFile::try_lock(&database, &me("build")).unwrap() else {
            panic!("it is free")
        };
        let Attempt::Held(held) = LockFile::try_lock(&database, &me("seed")).unwrap() else { panic!("it is held") };
        assert_eq!(held, Some(me("build")));
        assert_eq!(holder(&database), Some(me("build")));
        drop(lock);
        assert_eq!(holder(&database), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_dead_holder_is_told_and_does_not_hold() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.duckdb");
        std::fs::write(beside(&database), serde_json::to_vec(&me("build")).unwrap()).unwrap();
        assert_eq!(holder(&database), None);
        let Attempt::Taken(_lock, left_by) = LockFile::try_lock(&database, &me("seed")).unwrap() else {
            panic!("nobody holds it")
        };
        assert_eq!(left_by, Some(me("build")));
    }

    #[test]
    fn many_at_once_hold_it_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.duckdb");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut turns = 0;
                    while turns < 50 {
                        if let Attempt::Taken(lock, _) = LockFile::try_lock(&database, &me("build")).unwrap() {
                            assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                            inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                            drop(lock);
                            turns += 1;
                        }
                    }
                });
            }
        });
    }
}
