//! The log file, `logs/dbt.log`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long a line waits for others before they are written together: much less than anybody who follows the file would see.
const GATHERING: Duration = Duration::from_millis(5);

/// How many log files are kept beside the one that is written, as in dbt.
const KEPT: u32 = 5;

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
    file: Mutex<Rotated>,
}

/// The file, and when it is put aside.
#[derive(Debug)]
struct Rotated {
    path: PathBuf,
    file: File,
    size: u64,
    max_bytes: u64,
}

impl LogFile {
    /// Opens `dbt.log` in a folder, which is made where it is missing; none where that is impossible (a read-only
    /// project can still be run). Before a line that would make it larger than `max_bytes` it becomes `dbt.log.1`, and
    /// that `dbt.log.2`, up to five; 0 means no limit.
    pub(super) fn open(folder: &Path, max_bytes: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).ok()?;
        let file = Rotated::open(folder.join("dbt.log"), max_bytes)?;
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
        file.append(&lines);
    }
}

impl Rotated {
    fn open(path: PathBuf, max_bytes: u64) -> Option<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path).ok()?;
        let size = file.metadata().map_or(0, |about| about.len());
        Some(Self { path, file, size, max_bytes })
    }

    fn append(&mut self, lines: &str) {
        if self.max_bytes == 0 || self.has_room_for(lines) {
            self.write(lines);
            return;
        }
        for line in lines.split_inclusive('\n') {
            if self.size > 0 && !self.has_room_for(line) {
                self.put_aside();
            }
            self.write(line);
        }
    }

    fn has_room_for(&self, text: &str) -> bool {
        self.size + (text.len() as u64) < self.max_bytes
    }

    fn write(&mut self, text: &str) {
        let _ = self.file.write_all(text.as_bytes());
        self.size += text.len() as u64;
    }

    /// If this fails the file only grows further.
    fn put_aside(&mut self) {
        let numbered = |number: u32| self.path.with_extension(format!("log.{number}"));
        for number in (1..KEPT).rev() {
            let _ = std::fs::rename(numbered(number), numbered(number + 1));
        }
        if std::fs::rename(&self.path, numbered(1)).is_ok()
            && let Some(next) = Self::open(self.path.clone(), self.max_bytes)
        {
            *self = next;
        }
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

    #[test]
    fn five_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFile::open(folder.path(), 12).unwrap();
        for number in 10..30 {
            log.write(&format!("line {number}"));
        }
        drop(log);
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["dbt.log", "dbt.log.1", "dbt.log.2", "dbt.log.3", "dbt.log.4", "dbt.log.5"]);
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!([text("dbt.log"), text("dbt.log.1"), text("dbt.log.5")], ["line 29\n", "line 28\n", "line 24\n"]);
    }
}
