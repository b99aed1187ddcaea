//! Which files a command is about: those of the folders that were named, or those that git says have changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use ignore::WalkBuilder;

/// All files that these paths name, and those of SQL and YAML that they hold, absolute, sorted, each once. An error names a path that is
/// not there.
pub fn project_files(working_dir: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        let path = absolute(working_dir, path);
        if !path.exists() {
            return Err(format!("there is no file or folder `{}`", path.display()));
        }
        if path.is_file() {
            files.push(path);
            continue;
        }
        let walk = WalkBuilder::new(&path).standard_filters(false).hidden(true).build();
        let found = walk.flatten().map(ignore::DirEntry::into_path);
        files.extend(found.filter(|file| is_of_project(file) && file.is_file()));
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Whether a file has SQL, by its name.
pub fn is_sql(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

fn is_of_project(path: &Path) -> bool {
    is_sql(path) || path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// Without `.` and `..`, from the working folder on.
fn absolute(working_dir: &Path, path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in working_dir.join(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}

/// Files of SQL and YAML in the repository around `folder` that differ from `reference` or are new, absolute. With `HEAD` these are the files
/// of the next commit and those that are not staged yet.
pub fn changed_files(folder: &Path, reference: &str) -> Result<Vec<PathBuf>, String> {
    let top = PathBuf::from(git(folder, &["rev-parse", "--show-toplevel"])?.trim_end());
    let changed = git(&top, &["diff", "--name-only", "--diff-filter=d", "-z", reference, "--"])?;
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = changed.split('\0').chain(new.split('\0')).filter(|name| !name.is_empty());
    let mut files: Vec<PathBuf> = names.map(|name| top.join(name)).filter(|file| is_of_project(file)).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(args).output();
    let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.lines().next().unwrap_or("git failed").to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
