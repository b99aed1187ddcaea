//! Files that `.sqlfluffignore` leaves out, in any folder above them; the patterns are those of `.gitignore`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Tells whether a file is to be left out; each `.sqlfluffignore` is read once.
#[derive(Debug)]
pub struct Ignored {
    /// Folders above this one do not count.
    top: PathBuf,
    known: Mutex<HashMap<PathBuf, Arc<Gitignore>>>,
}

impl Ignored {
    /// What the files in this folder and below say.
    pub fn new(top: impl Into<PathBuf>) -> Self {
        Self { top: top.into(), known: Mutex::default() }
    }

    /// Whether a file (absolute) is left out.
    pub fn contains(&self, file: &Path) -> bool {
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.top));
        folders.into_iter().any(|folder| self.rules(folder).matched_path_or_any_parents(file, false).is_ignore())
    }

    fn rules(&self, folder: &Path) -> Arc<Gitignore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = known.entry(folder.to_owned()).or_insert_with(|| {
            let mut builder = GitignoreBuilder::new(folder);
            let path = folder.join(".sqlfluffignore");
            if path.is_file() {
                // Lines that are no patterns are passed over, as by git.
                builder.add(path);
            }
            Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()))
        });
        Arc::clone(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn patterns_hold_below_their_folder() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let top = folder.path();
        fs::create_dir_all(top.join("models/old")).expect("it is made");
        fs::write(top.join(".sqlfluffignore"), "# generated\nmacros/\n").expect("it is written");
        fs::write(top.join("models/.sqlfluffignore"), "old/*.sql\n!old/kept.sql\n").expect("it is written");
        let ignored = Ignored::new(top);
        let left_out: Vec<bool> =
            ["macros/a.sql", "models/a.sql", "models/old/a.sql", "models/old/kept.sql", "old/a.sql"]
                .iter()
                .map(|path| ignored.contains(&top.join(path)))
                .collect();
        assert_eq!(left_out, [true, false, true, false, false]);
    }
}
