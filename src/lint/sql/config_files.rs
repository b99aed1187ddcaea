//! The settings of linters of SQL: `.sqlfluff`, `setup.cfg`, `tox.ini`, `pep8.ini` and `pyproject.toml`, nested as sqlfluff reads them.
//!
//! Later ones win: those of the user, of the folders down to the file, the nearest last; within a folder `pyproject.toml` comes last. What
//! the settings mean is known to the linter only; [`Settings`] carries the texts, and what the command line says above them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Invocation;

/// Files with settings in one folder, the last wins.
const NAMES: &[&str] = &["setup.cfg", "tox.ini", "pep8.ini", ".sqlfluff", "pyproject.toml"];

/// Files with their text, the last wins.
type Layers = Arc<Vec<(PathBuf, String)>>;

/// Everything that decides how a file is linted; equal settings can share one linter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Settings {
    /// Files with their text, the last wins.
    pub layers: Layers,
    /// `-- sqlfluff:` lines of the file itself.
    pub inline: Vec<String>,
    /// The dialect where no setting names one.
    pub dialect: String,
    /// `--rules`.
    pub rules: Option<Vec<String>>,
    /// `--exclude-rules`.
    pub exclude_rules: Option<Vec<String>>,
}

impl Settings {
    /// The same for a file with this text.
    #[must_use]
    pub fn with_directives(mut self, source: &str) -> Self {
        let is_directive = |line: &&str| line.starts_with("-- sqlfluff:");
        self.inline = source.lines().map(str::trim).filter(is_directive).map(str::to_owned).collect();
        self
    }

    /// The same with no rules but these.
    #[must_use]
    pub fn only(mut self, rules: &[&str]) -> Self {
        self.rules = Some(rules.iter().map(|&rule| rule.to_owned()).collect());
        self
    }
}

/// Finds and reads the files; each folder once.
#[derive(Debug)]
pub struct ConfigFiles {
    base: Settings,
    working_dir: PathBuf,
    /// The user's own folders, the weakest first.
    user: Vec<PathBuf>,
    home: Option<PathBuf>,
    texts: Mutex<HashMap<PathBuf, Layers>>,
    layers: Mutex<HashMap<PathBuf, Layers>>,
}

impl ConfigFiles {
    /// Files are looked for from the working folder and the home folder of this invocation. `base` is what holds for all files.
    pub fn new(invocation: &Invocation, base: Settings) -> Self {
        let home = invocation.home_dir.clone();
        let user_config = invocation
            .env("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| home.as_ref().map(|home| home.join(".config")))
            .map(|folder| folder.join("sqlfluff"));
        Self {
            base,
            working_dir: invocation.working_dir.clone(),
            user: user_config.into_iter().chain(home.clone()).collect(),
            home,
            texts: Mutex::default(),
            layers: Mutex::default(),
        }
    }

    /// The settings for files of a folder (absolute).
    pub fn of_folder(&self, folder: &Path) -> Settings {
        let known = lock(&self.layers).get(folder).cloned();
        let layers = known.unwrap_or_else(|| {
            let files = self.folders(folder).into_iter().flat_map(|folder| self.texts(folder).as_ref().clone());
            let layers: Layers = Arc::new(files.collect());
            lock(&self.layers).insert(folder.to_owned(), Arc::clone(&layers));
            layers
        });
        Settings { layers, ..self.base.clone() }
    }

    /// Folders whose files count, the weakest first, each once.
    fn folders(&self, folder: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = self.user.clone();
        // Below the folder that home and file share, which itself does not count unless it is one of the others.
        if let Some(home) = &self.home {
            found.extend(between(&shared(folder, home), folder).into_iter().skip(1));
        }
        found.extend(between(&shared(folder, &self.working_dir), folder));
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in found.into_iter().rev() {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders.reverse();
        folders
    }

    fn texts(&self, folder: PathBuf) -> Layers {
        if let Some(known) = lock(&self.texts).get(&folder) {
            return Arc::clone(known);
        }
        let read = |name: &&str| {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).ok()?;
            text.contains("sqlfluff").then_some((path, text))
        };
        let texts: Layers = Arc::new(NAMES.iter().filter_map(read).collect());
        lock(&self.texts).insert(folder, Arc::clone(&texts));
        texts
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The deepest folder above both.
fn shared(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

/// From a folder down to one below it, both included.
fn between(top: &Path, bottom: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        bottom.ancestors().take_while(|folder| folder.starts_with(top)).map(Path::to_owned).collect();
    folders.reverse();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(root: &Path) -> ConfigFiles {
        let mut invocation = Invocation::fixed("lint", root);
        invocation.home_dir = Some(root.join("home"));
        ConfigFiles::new(&invocation, Settings::default())
    }

    #[test]
    fn the_nearest_file_wins_and_each_counts_once() {
        let root = Path::new("/w");
        let folders = files(root).folders(Path::new("/w/models/staging"));
        let expected = ["/w/home/.config/sqlfluff", "/w/home", "/w", "/w/models", "/w/models/staging"];
        assert_eq!(folders, expected.map(PathBuf::from));
    }

    #[test]
    fn only_files_that_speak_of_sqlfluff_are_layers() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::write(folder.path().join("setup.cfg"), "[metadata]\nname = x\n").expect("it is written");
        fs::write(folder.path().join(".sqlfluff"), "[sqlfluff]\ndialect = duckdb\n").expect("it is written");
        let settings = files(folder.path()).of_folder(folder.path());
        let names: Vec<_> = settings.layers.iter().filter_map(|(path, _)| path.file_name()).collect();
        assert_eq!(names, [".sqlfluff"]);
    }

    #[test]
    fn directives_are_the_files_own() {
        let settings = Settings::default().with_directives("select 1\n-- sqlfluff:max_line_length:40\n");
        assert_eq!(settings.inline, ["-- sqlfluff:max_line_length:40"]);
    }
}
