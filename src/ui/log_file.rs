//! The log file, `logs/dbt.log`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long a line waits for others before they are written together: much less than anybody who follows the file would see.
const GATHERING: Duration = Duration::from_millis(5);

/// An open log file that starts anew when it has grown too large. Lines are written by a thread of their own, many at once where
/// many come; what waits is written when this is dropped.
#[derive(Debug)]
pub(super) struct LogFile {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<String>,
    came: Condvar,
    file: Mutex<File>,
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
        let shared = Arc::new(Shared { waiting: Mutex::default(), came: Condvar::new(), file: Mutex::new(file) });
        let writer = Arc::clone(&shared);
        std::thread::Builder::new().name("log".into()).spawn(move || writer.write_as_they_come()).ok()?;
        Some(Self { shared })
    }

    /// Adds a line. A full disk does not stop a run because of its log.
    pub(super) fn write(&self, line: &str) {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = waiting.is_empty();
        waiting.push_str(line);
        waiting.push('\n');
        drop(waiting);
        if is_first {
            self.shared.came.notify_one();
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&self) {
        self.shared.write_waiting();
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Shared {
    fn write_as_they_come(&self) {
        loop {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.came.wait_while(waiting, |waiting| waiting.is_empty()).unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(GATHERING);
            self.write_waiting();
        }
    }

    fn write_waiting(&self) {
        // The file is held first, lest what comes later is written earlier.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = file.write_all(lines.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::LogFile;

    #[test]
    fn lines_stand_in_the_order_in_which_they_came_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path(), 0).unwrap();
        let numbers: Vec<String> = (0..1000).map(|number: i32| number.to_string()).collect();
        for number in &numbers {
            log.write(number);
        }
        log.flush();
        let text = || std::fs::read_to_string(folder.path().join("dbt.log")).unwrap();
        assert_eq!(text().lines().collect::<Vec<_>>(), numbers);
        log.write("last");
        drop(log);
        assert!(text().ends_with("999\nlast\n"));
    }

    #[test]
    fn a_line_is_written_without_another_one_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path(), 0).unwrap();
        log.write("alone");
        let path = folder.path().join("dbt.log");
        let written = || std::fs::read_to_string(&path).unwrap() == "alone\n";
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !written() && std::time::Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(written());
        drop(log);
    }

    #[test]
    fn a_large_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("dbt.log"), "old\n").unwrap();
        LogFile::open(folder.path(), 2).unwrap().write("new");
        assert_eq!(std::fs::read_to_string(folder.path().join("dbt.log.1")).unwrap(), "old\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("dbt.log")).unwrap(), "new\n");
    }
}
