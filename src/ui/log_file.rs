//! The log file, `logs/dbt.log`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// An open log file that starts anew when it has grown too large.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
}

impl LogFile {
    /// Opens `dbt.log` in a folder, which is made where it is missing; none where that is impossible (a read-only
    /// project can still be run). A file above `max_bytes` becomes `dbt.log.1`; 0 means no limit.
    pub(super) fn open(folder: &Path, max_bytes: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let path = folder.join("dbt.log");
        let size = std::fs::metadata(&path).map_or(0, |about| about.len());
        if max_bytes > 0 && size > max_bytes {
            // If the rename fails the file only grows further.
            let _ = std::fs::rename(&path, folder.join("dbt.log.1"));
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).ok()?;
        Some(Self { file })
    }

    /// Adds a line. A full disk does not stop a run because of its log.
    pub(super) fn write(&mut self, line: &str) {
        let _ = self.file.write_all(format!("{line}\n").as_bytes());
    }
}
