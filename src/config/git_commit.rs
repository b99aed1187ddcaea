//! The commit that a working tree stands on, read from git's files.

use std::fs;
use std::path::{Path, PathBuf};

/// The commit of the working tree that holds a folder; nothing where there is none.
pub(super) fn of_folder(folder: &Path) -> Option<String> {
    let entry = folder.ancestors().map(|above| above.join(".git")).find(|entry| entry.exists())?;
    let git = if entry.is_dir() { entry } else { linked(&entry)? };
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else { return commit(&head) };
    // The branches of a linked working tree are those of the repository.
    let shared = fs::read_to_string(git.join("commondir")).map_or_else(|_| git.clone(), |path| git.join(path.trim()));
    [&git, &shared].into_iter().find_map(|folder| of_branch(folder, name))
}

/// Where the `.git` file of a linked working tree or a submodule points to.
fn linked(entry: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(entry).ok()?;
    let path = text.trim().strip_prefix("gitdir: ")?;
    Some(entry.parent()?.join(path))
}

fn of_branch(git: &Path, name: &str) -> Option<String> {
    if let Ok(text) = fs::read_to_string(git.join(name)) {
        return commit(&text);
    }
    let packed = fs::read_to_string(git.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').and_then(commit))
}

/// A hash in hexadecimal digits.
fn commit(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::of_folder;
    use std::fs;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_branch_is_followed_also_where_it_is_packed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("shop/dbt_project.yml", "");
        let asked = || of_folder(&folder.path().join("shop"));
        write(".git/HEAD", &format!("{COMMIT}\n"));
        assert_eq!(asked().as_deref(), Some(COMMIT));
        write(".git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(asked(), None);
        write(".git/packed-refs", &format!("# pack-refs\n{COMMIT} refs/heads/main\n"));
        assert_eq!(asked().as_deref(), Some(COMMIT));
        write("tree/.git", "gitdir: ../.git/worktrees/tree\n");
        write(".git/worktrees/tree/HEAD", "ref: refs/heads/other\n");
        write(".git/worktrees/tree/commondir", "../..\n");
        write(".git/refs/heads/other", &COMMIT.replace('0', "f"));
        assert_eq!(of_folder(&folder.path().join("tree")), Some(COMMIT.replace('0', "f")));
    }
}
