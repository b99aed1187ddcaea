//! `shim`: a `dbt` for tools that call one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::ui;

/// Make a link named dbt in a folder, for tools that call dbt by its name
#[derive(Debug, Args)]
pub(crate) struct Shim {
    /// Where; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also replace a dbt that is there and is not hetl's
    #[arg(long)]
    force: bool,
}

impl Shim {
    /// Needs no project.
    pub(crate) fn run(&self) -> ExitCode {
        match self.make() {
            Ok(path) => {
                ui::print_line(&format!("{} is hetl", path.display()));
                ui::print_line(&format!("for this shell: export PATH=\"{}:$PATH\"", self.folder.display()));
                ExitCode::SUCCESS
            }
            Err(problem) => {
                ui::print_to_stderr(&format!("error: {problem}\n"));
                ExitCode::from(2)
            }
        }
    }

    fn make(&self) -> Result<PathBuf, String> {
        let executable = std::env::current_exe()
            .and_then(fs::canonicalize)
            .map_err(|error| format!("it is not known where hetl is: {error}"))?;
        let wrong = |error: io::Error| format!("cannot make a link in {}: {error}", self.folder.display());
        fs::create_dir_all(&self.folder).map_err(wrong)?;
        let path = self.folder.join(NAME);
        if path.symlink_metadata().is_ok() {
            if !self.force && !is_shim(&path, &executable) {
                return Err(format!("{} is there and is not hetl's; --force replaces it", path.display()));
            }
            fs::remove_file(&path).map_err(wrong)?;
        }
        place(&executable, &path).map_err(wrong)?;
        Ok(path)
    }
}

#[cfg(unix)]
const NAME: &str = "dbt";
#[cfg(not(unix))]
const NAME: &str = "dbt.cmd";

/// Whether what is there was made by `shim`, also by that of a hetl that is gone.
#[cfg(unix)]
fn is_shim(path: &Path, executable: &Path) -> bool {
    let is_hetl = |to: PathBuf| to == executable || to.file_name() == executable.file_name();
    fs::read_link(path).is_ok_and(is_hetl)
}

#[cfg(unix)]
fn place(executable: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(executable, path)
}

/// The first line of the batch file that stands for the link where links need rights.
#[cfg(not(unix))]
const MARK: &str = "@rem dbt by hetl";

#[cfg(not(unix))]
fn is_shim(path: &Path, _executable: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

#[cfg(not(unix))]
fn place(executable: &Path, path: &Path) -> io::Result<()> {
    fs::write(path, format!("{MARK}\r\n@\"{}\" %*\r\n", executable.display()))
}
